// A source's id as the store keeps it (32 hexadecimal digits, as ServiceNow's are, in half the bytes), and
// the keys that rows and records are found by.
#pragma once

#include <sqlite3.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/store/key_filter.hpp"
#include "daemon/store/sqlite.hpp"
#include "daemon/store/store.hpp"

namespace baselined::daemon {

/// A view of `key` besides its packed form: must not outlive it, nor the statement's next step.
class PackedKey {
  public:
    explicit PackedKey(std::string_view key);
    void bind(Statement& statement, int index) const;
    [[nodiscard]] bool is_packed() const { return is_packed_; }
    [[nodiscard]] std::string_view bytes() const;

  private:
    std::string_view text_;
    std::array<char, 16> bytes_{};
    bool is_packed_ = false;
};

/// The id in a column that bind() filled.
std::string unpacked_key(const Statement& row, int column);

/// Of a source's id within a stream: what KeyTable finds a row by.
KeyFilter::Key row_key_of(StreamId stream, std::string_view key);
/// Of what makes a record one and the same.
RecordKey record_key_of(SourceId source, Kind kind, std::string_view id);

/// Makes `packed_key(text)`, `row_key(stream, key)`, `record_key(source, kind, body)` and `record_id(body)`
/// known to SQL: for a migration.
void add_key_functions(Database& database);

}  // namespace baselined::daemon
