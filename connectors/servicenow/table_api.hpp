// ServiceNow's Table API: what is asked, and what an answer means. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/http/request.hpp"
#include "mappings/record/result.hpp"

namespace baselined::connectors::servicenow {

struct TableQuery {
    std::string table;
    std::string query;                ///< encoded query, order included
    std::vector<std::string> fields;  ///< empty: all
    int limit = 1000;
    int offset = 0;
};

/// Stored values in UTC, references as sys_ids: sysparm_display_value=false,
/// sysparm_exclude_reference_link=true.
Request table_request(const std::string& url, const TableQuery& query);

/// A field that the account may not read is left out of the row; an empty one is "".
inline bool is_left_out(std::string_view value) {
    return value.data() == nullptr;
}

/// Rows without a copy: views into the body, which the answer keeps.
struct TableAnswer {
    std::size_t width = 0;                 ///< of a row: the fields asked for
    std::vector<std::string_view> values;  ///< row after row; see is_left_out()
    std::vector<bool> present;  ///< by field: in some row; a field left out is how a right that lacks shows
    std::deque<std::string> texts;       ///< the body, and what is not in it as it is
    std::int64_t hidden = 0;             ///< rows without anything in them, or without sys_id
    std::optional<std::int64_t> total;   ///< X-Total-Count: before access rules
    std::optional<std::int64_t> behind;  ///< of the total, what stands behind this page
    int limit = 0;                       ///< that was asked for
    std::int64_t server_ms = 0;          ///< the Date header; 0: none
    bool is_to_somebody = false;         ///< X-Is-Logged-In: true; a proxy may leave the header out
    bool is_to_nobody = false;           ///< X-Is-Logged-In: false

    /// By the instance's own count there is nothing that this page does not show.
    [[nodiscard]] bool is_last() const {
        return behind == 0 && rows() > 0 && static_cast<std::int64_t>(rows()) + hidden < limit;
    }
    [[nodiscard]] std::size_t rows() const { return width == 0 ? 0 : values.size() / width; }
    [[nodiscard]] std::span<const std::string_view> row(std::size_t index) const {
        return std::span(values).subspan(index * width, width);
    }
};

/// Whether one of the rows has the id, which stands in that column. Of rows that were asked for behind it:
/// the condition is not obeyed (which of two ids is the smaller one is the database's to say).
bool has_id(const TableAnswer& answer, std::string_view id, std::size_t column = 0);

/// A body that is cut, is no JSON, has `error` beside `result`, or is HTML is an error and never rows.
/// A 404 that says "No Record found" is an empty list: version 1 of the API answers so.
/// ErrorCode::limit: the page was too large for the server (transaction cancelled, body cut off or no JSON
/// any more among its rows): ask for fewer.
Result<TableAnswer> parse_table(Response response, const std::vector<std::string>& fields);

/// A row carries the moment at which its update began, and is committed a little later.
constexpr std::int64_t commit_ms = 60'000;
enum class Order { oldest_first, newest_first };
/// The first two rows of an answer whose times, in the column given, do not stand as they were asked for;
/// rows without a readable time say nothing. A row that was updated while the answer was made stands where it
/// stood before: it shows a time of then, `asked_ms` by the instance's clock.
std::optional<std::pair<std::string, std::string>> out_of_order(const TableAnswer& answer, std::size_t column,
                                                                Order order, std::int64_t asked_ms);

/// "Transaction cancelled" with 500: the page was too large, and asking for it again would not help.
bool is_cancelled(const Response& response);

/// How many rows of a table match, whoever may read them; the instance's word of it. Empty: it does not say.
Request count_request(const std::string& url, const std::string& table, const std::string& query);
std::optional<std::int64_t> parse_count(const Response& response);

/// The names of all fields that the answer's rows have.
std::vector<std::string> field_names(const Response& response);

/// "2026-01-05 10:11:12" in UTC.
std::string stamp(std::int64_t milliseconds);
std::optional<std::int64_t> parse_stamp(std::string_view text);
/// The field names in an encoded query, each once, its order left out.
std::vector<std::string> fields_of_query(std::string_view query);
/// The field names of its order.
std::vector<std::string> order_of_query(std::string_view query);
/// A range of a query, and a condition with its operator that no row can meet: an instance that lets rows
/// through has dropped the range, as it does where the account may not compare the field.
struct ImpossibleRange {
    std::string range;      ///< "opened_at>=2026-01-01"
    std::string condition;  ///< "opened_at>=2026-01-01^opened_at<2026-01-01"
};
std::vector<ImpossibleRange> impossible_ranges(std::string_view query);
/// A user's query without its order and the end mark that instances add when a filter is copied: what follows
/// them would not count.
std::string without_order(std::string_view query);
/// The same query with its order turned round.
std::string backwards(std::string_view query);
/// The condition, and behind the id; from the first row on where that is empty.
std::string behind_id(const std::string& condition, const std::string& id);
/// `a^b`, with a query of several parts (^NQ) given the same end in each.
std::string both(const std::string& base, const std::string& more);

}  // namespace baselined::connectors::servicenow
