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

/// A moment by two clocks: one that was set, or lags for hours, does not make time pass.
struct Moment {
    std::int64_t there_ms = 0;  ///< by the instance's
    std::int64_t here_ms = 0;   ///< by ours

    bool operator==(const Moment&) const = default;
};

/// How far changes of what a field is walked through are known.
struct Reach {
    std::int64_t newest_ms = 0;  ///< of the changes met
    Moment moved{};              ///< when the reading began that met it
    bool is_settled = false;     ///< a reading that began long after it met nothing: no overlap is needed

    bool operator==(const Reach&) const = default;
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
    bool is_access_lost = false;          ///< half of the rows and more are no longer seen
    std::set<std::string> lost_ids{};     ///< some of those rows: seen again, they are reason to compare
    std::map<std::string, Lack> lacks{};  ///< by field: what was stored without it
    Moment moved{};                       ///< when the reading began that brought the newest row
    bool is_settled = false;     ///< a reading that began long after it brought nothing: no overlap is needed
    bool is_hiding = false;      ///< the last look at the whole table, or one since, met hidden rows
    std::string url{}, table{};  ///< where its rows are; empty in cursors of before
    std::map<std::string, Reach> references{};  ///< by the field that refers to another table
    bool is_of_others = false;  ///< rows are stored that another query may have met: to be compared

    [[nodiscard]] std::string text() const;
    static std::optional<Cursor> parse(std::string_view text);
};

}  // namespace baselined::connectors::servicenow
