// How far a table has been read, as text for the store.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace baselined::connectors::servicenow {

/// Stored rows that lacked a field: some of them, with their version.
struct Lack {
    std::map<std::string, std::int64_t> rows;  ///< id: milliseconds of its update
    bool is_more = false;                      ///< there are others

    bool operator==(const Lack&) const = default;
};

/// All rows up to and with (updated, id), in the order of both, have been stored.
struct Cursor {
    std::string fingerprint;  ///< of table, query, fields and `since`: another one's cursor says nothing here
    std::int64_t updated_ms = 0;
    std::string id;
    bool is_first_done = false;  ///< the backfill reached its end once: from then on an overlap is read again
    std::int64_t deletes_ms = 0;          ///< deletions known up to here
    std::set<std::string> undated{};      ///< rows that showed no readable time: asked for by id
    std::string lost{};                   ///< what was told of rows that are no longer seen; empty: nothing
    std::set<std::string> lost_ids{};     ///< some of those rows: seen again, they are reason to compare
    std::map<std::string, Lack> lacks{};  ///< by field: what was stored without it

    [[nodiscard]] std::string text() const;
    static std::optional<Cursor> parse(std::string_view text);
};

}  // namespace baselined::connectors::servicenow
