// What an account may read of a table, asked before anything is read.
#include <fmt/format.h>

#include <algorithm>

#include "connectors/servicenow/table_reader.hpp"

namespace baselined::connectors::servicenow {

namespace asio = boost::asio;

namespace {

/// One row may lack what others have: a reference that is empty, a field with rules of its own.
constexpr int looked_at = 10;
constexpr int most_tries = 3;

// g++ 12 cannot build a list in the same expression as co_await.
const std::vector<std::string> id_only{"sys_id"};
const std::vector<std::string> id_and_update{"sys_id", "sys_updated_on"};
const std::vector<std::string> user_fields{"sys_id", "user_name"};

bool is_walked(const std::string& field) {
    return field.find('.') != std::string::npos;
}

}  // namespace

/// No row may also mean no right. Counts are taken before access rules: a table is empty only where both the
/// list and the statistics say that there is nothing.
asio::awaitable<bool> TableReading::is_truly_empty() {
    const std::string whole;
    co_return co_await pages_.count(whole) == 0;
}

/// To nobody an instance may show every table as empty and count none, with 200. Where its answers do not say
/// that somebody is logged in, the account's own row of sys_user has to.
asio::awaitable<Result<void>> TableReading::check_somebody_asks() {
    TableQuery own{"sys_user", "user_name=javascript:gs.getUserName()", user_fields, 1, 0};
    const auto user = co_await pages_.ask(own);
    if (!user && is_retryable(user.error().code)) co_return user.error();
    if (user && user->rows() > 0 && !user->row(0)[1].empty() && user->row(0)[1] != "guest")
        co_return Result<void>{};
    co_return Error{
        ErrorCode::bad_input,
        fmt::format("table {}: not one row, and nothing says that somebody is logged in: to nobody every "
                    "table is empty. Mend the login; if it is good and the table is empty, let the account "
                    "read its own row of sys_user",
                    options_.table)};
}

asio::awaitable<Result<Notes>> TableReading::preflight() {
    // The newest ones: they tell how late it is there, too.
    TableQuery any{options_.table, "ORDERBYDESCsys_updated_on", columns_, looked_at, 0};
    const auto newest = co_await pages_.ask(any);
    if (!newest) co_return newest.error();
    Notes notes;
    if (newest->rows() > 0) {
        if (auto looked = co_await look_for_fields(*newest); !looked) co_return looked.error();
        note_missing_fields(notes);
    }
    for (std::size_t index = 0; index < newest->rows(); ++index)
        newest_ms_ =
            std::max(newest_ms_, parse_stamp(newest->row(index)[column("sys_updated_on")]).value_or(0));
    if (newest->rows() > 0) pages_.note_visible(std::string(newest->row(0)[column("sys_id")]));
    const bool is_hidden = newest->total.value_or(0) > 0 || newest->hidden > 0;
    if (newest->rows() == 0 && newest->total == 0 && co_await is_truly_empty()) {
        if (!newest->is_to_somebody)
            if (auto known = co_await check_somebody_asks(); !known) co_return known.error();
        is_empty_ = true;
        co_return notes;
    }
    if (newest->rows() == 0 && !is_hidden)
        co_return Error{ErrorCode::bad_input,
                        fmt::format("table {}: not one row: it is empty, or the account may not read it",
                                    options_.table)};
    if (newest->rows() == 0 && newest->total.value_or(0) <= looked_at)
        co_return Error{ErrorCode::bad_input,
                        fmt::format("table {}: the account may not read its rows", options_.table)};
    if (newest->rows() == 0) notes.push_back(hidden_rows());  // perhaps all of them: a reading tells
    if (auto checked = co_await check_conditions(*newest); !checked) co_return checked.error();
    if (newest->rows() > 0)
        if (auto checked = co_await check_queried_fields(); !checked) co_return checked.error();
    co_return notes;
}

asio::awaitable<Result<void>> TableReading::check_conditions(const TableAnswer& newest) {
    // A term that the instance drops lets everything through: an impossible id shows it.
    TableQuery none{options_.table, both(options_.query, "sys_id=baselined-none") + "^ORDERBYsys_id", id_only,
                    1, 0};
    const auto impossible = co_await pages_.ask(none);
    if (!impossible) co_return impossible.error();
    if (impossible->rows() > 0)
        co_return Error{
            ErrorCode::bad_input,
            fmt::format("table {}: the instance disregards conditions of the query", options_.table)};
    for (std::size_t index = newest.rows(); index-- > 0;) {
        const auto row = newest.row(index);
        if (!parse_stamp(row[column("sys_updated_on")])) continue;
        co_return co_await check_times(std::string(row[column("sys_id")]),
                                       std::string(row[column("sys_updated_on")]));
    }
    co_return Result<void>{};
}

/// Times in a query are UTC, as the ones shown are. Were they read in the account's zone, or the shown ones
/// given in it, then a part of the rows would be left out in silence: a row has to be found at the time that
/// it shows.
asio::awaitable<Result<void>> TableReading::check_times(std::string id, std::string shown) {
    for (int tries = 0; tries < most_tries; ++tries) {
        TableQuery at{options_.table, fmt::format("sys_id={}^sys_updated_on={}", id, shown), id_only, 1, 0};
        const auto found = co_await pages_.ask(at);
        if (!found) co_return found.error();
        if (found->rows() > 0) co_return Result<void>{};
        TableQuery again{options_.table, "sys_id=" + id, id_and_update, 1, 0};
        const auto row = co_await pages_.ask(again);
        if (!row) co_return row.error();
        if (row->rows() == 0) break;  // deleted meanwhile
        const std::string now(row->row(0)[1]);
        if (now == shown)
            co_return Error{
                ErrorCode::bad_input,
                fmt::format("table {}: row {} shows sys_updated_on {} and is not found at that time: the "
                            "instance takes times in queries in another time zone than those it shows, or "
                            "disregards them; nothing is read, because rows would be missed. The account has "
                            "to be given stored values, in UTC (see its time zone, and sys_updated_on)",
                            options_.table, id, shown)};
        shown = now;  // updated meanwhile
    }
    co_return Result<void>{};
}

asio::awaitable<Result<void>> TableReading::check_queried_fields() {
    std::vector<std::string> queried = fields_of_query(options_.query);
    if (queried.empty()) co_return Result<void>{};
    queried.emplace_back("sys_id");
    TableQuery of_fields{options_.table, "ORDERBYsys_id", queried, looked_at, 0};
    const auto rows = co_await pages_.ask(of_fields);
    if (!rows) co_return rows.error();
    for (std::size_t i = 0; i + 1 < queried.size() && rows->rows() > 0; ++i) {
        if (rows->present[i]) continue;
        Result<bool> is_there = false;
        if (is_walked(queried[i])) is_there = co_await is_readable(queried[i]);
        if (!is_there) co_return is_there.error();
        if (!*is_there)
            co_return Error{
                ErrorCode::bad_input,
                fmt::format("table {}: the query names {}, which is not there or may not be read; the "
                            "instance would drop that condition",
                            options_.table, queried[i])};
    }
    co_return Result<void>{};
}

Note TableReading::hidden_rows() const {
    return {fmt::format("table {}: access rules hide rows from the account", options_.table)};
}

}  // namespace baselined::connectors::servicenow
