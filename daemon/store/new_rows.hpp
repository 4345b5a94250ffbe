// Records and rows of sources on their way into the database.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/store/bulk_insert.hpp"
#include "daemon/store/packed_key.hpp"
#include "daemon/store/store.hpp"

namespace baselined::daemon {

/// As a record's column has it: NULL for a file's row.
std::optional<std::int64_t> origin_or_null(const RowPlace& place);

/// What is new in `record` and `source_row`: it has its number at once, and is written together with those
/// that come after it. write() belongs before anybody looks into the tables. Works within the database's
/// transaction.
class NewRows {
  public:
    explicit NewRows(Database& database);

    struct NewRecord {
        RecordKey key{};
        Kind kind{};
        StreamId stream = 0;
        RowPlace place;
        std::uint64_t row_hash = 0;
        std::optional<Instant> updated_at;
    };
    RecordId add_record(const NewRecord& record, std::string_view body);
    std::int64_t add_source_row(StreamId stream, std::string_view key, const SourceRow& row);

    void write();
    /// What waits was rolled back, and so may be the rows whose numbers the next ones follow.
    void forget();

  private:
    struct WaitingRecord : NewRecord {
        RecordId id = 0;
        std::size_t body = 0, body_size = 0;  ///< within texts_
    };
    struct WaitingRow : SourceRow {
        StreamId stream = 0;
        std::size_t key = 0, key_size = 0;  ///< within texts_
    };

    std::int64_t next(std::optional<std::int64_t>& last, Statement& newest);
    std::size_t keep(std::string_view text);
    void write_records();
    void write_source_rows();

    Statement newest_record_, newest_row_;
    BulkInsert insert_records_, insert_rows_;
    std::optional<std::int64_t> last_record_, last_row_;  ///< the largest numbers; absent: to be asked for
    std::vector<WaitingRecord> records_;
    std::vector<WaitingRow> rows_;
    std::string texts_;
};

}  // namespace baselined::daemon
