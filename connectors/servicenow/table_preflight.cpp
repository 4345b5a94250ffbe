// What an account may read of a table, asked before anything is read.
#include <fmt/format.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>

#include "connectors/servicenow/table_reader.hpp"

namespace baselined::connectors::servicenow {

namespace asio = boost::asio;

namespace {

/// One row may lack what others have: a reference that is empty, a field with rules of its own.
constexpr int looked_at = 10;
constexpr int most_tries = 3;
constexpr std::chrono::milliseconds shortest_pause{100};

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
asio::awaitable<Result<void>> TableReading::check_somebody_asks(std::string_view found) {
    TableQuery own{"sys_user", "user_name=javascript:gs.getUserName()", user_fields, 1, 0};
    const auto user = co_await pages_.ask(own);
    if (!user && is_retryable(user.error().code)) co_return user.error();
    if (user && user->rows() > 0 && !user->row(0)[1].empty() && user->row(0)[1] != "guest")
        co_return Result<void>{};
    co_return Error{
        ErrorCode::bad_input,
        fmt::format("table {}: {}, and nothing says that somebody is logged in: to nobody every table is "
                    "empty. Mend the login; if it is good, let the account read its own row of sys_user",
                    options_.table, found)};
}

/// They tell how late it is there, too, and whether an order is kept.
asio::awaitable<Result<TableAnswer>> TableReading::newest_rows() {
    TableQuery newest{options_.table, "ORDERBYDESCsys_updated_on", columns_, looked_at, 0};
    for (int tries = 1;; ++tries) {
        auto answer = co_await pages_.ask(newest);
        if (!answer) co_return answer;
        const auto found = out_of_order(*answer, column("sys_updated_on"), Order::newest_first, server_ms());
        if (!found) co_return answer;
        if (tries == most_tries) co_return disorder(*found, Order::newest_first);
    }
}

asio::awaitable<Result<Notes>> TableReading::preflight() {
    const auto newest = co_await newest_rows();
    if (!newest) co_return newest.error();
    if (newest->is_to_nobody)
        if (auto known = co_await check_somebody_asks("it answers as to nobody (X-Is-Logged-In: false)");
            !known)
            co_return known.error();
    Notes notes;
    is_shown_ = newest->rows() > 0;
    if (is_shown_) {
        seen_fields_ = newest->present;
        if (auto looked = co_await find_missing(); !looked) co_return looked.error();
        note_missing_fields(notes);
    }
    for (std::size_t index = 0; index < newest->rows(); ++index)
        newest_ms_ =
            std::max(newest_ms_, parse_stamp(newest->row(index)[column("sys_updated_on")]).value_or(0));
    if (newest->rows() > 0) pages_.note_visible(std::string(newest->row(0)[column("sys_id")]));
    const bool is_hidden = newest->total.value_or(0) > 0 || newest->hidden > 0;
    if (newest->rows() == 0 && newest->total == 0 && co_await is_truly_empty()) {
        if (!newest->is_to_somebody && !newest->is_to_nobody)
            if (auto known = co_await check_somebody_asks("not one row"); !known) co_return known.error();
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
    std::vector<std::string> ids;
    std::string id, shown;
    for (std::size_t index = 0; index < newest.rows(); ++index) {
        const auto row = newest.row(index);
        if (row[column("sys_id")].find(',') != std::string_view::npos) continue;  // cannot stand in a list
        ids.emplace_back(row[column("sys_id")]);
        if (!parse_stamp(row[column("sys_updated_on")])) continue;
        id = ids.back();
        shown = row[column("sys_updated_on")];
    }
    if (id.empty()) co_return Result<void>{};
    co_return co_await check_times(std::move(ids), std::move(id), std::move(shown));
}

/// Times in a query are UTC, as the ones shown are. Were they read in the account's zone, or the shown ones
/// given in it, then a part of the rows would be left out in silence: of the newest rows, those that show a
/// time have to be found at it, and no others. An index may lag behind its rows: they are looked for until
/// the exchange would give up.
asio::awaitable<Result<void>> TableReading::check_times(std::vector<std::string> ids, std::string id,
                                                        std::string shown) {
    const auto deadline = std::chrono::steady_clock::now() + exchange_.give_up();
    const std::string among = fmt::format("sys_idIN{}", fmt::join(ids, ","));
    for (std::chrono::milliseconds pause = shortest_pause;; pause *= 2) {
        const std::int64_t second = *parse_stamp(shown);
        TableQuery at{options_.table,
                      fmt::format("{}^sys_updated_on>{}^sys_updated_on<={}^ORDERBYsys_id", among,
                                  stamp(second - 1'000), shown),
                      id_and_update, looked_at, 0};
        const auto found = co_await pages_.ask(at);
        if (!found) co_return found.error();
        bool is_met = false, are_others_met = false;
        for (std::size_t index = 0; index < found->rows(); ++index) {
            is_met = is_met || found->row(index)[0] == id;
            are_others_met =
                are_others_met || (parse_stamp(found->row(index)[1]) && found->row(index)[1] != shown);
        }
        if (is_met && !are_others_met) co_return Result<void>{};
        TableQuery again{options_.table, "sys_id=" + id, id_and_update, 1, 0};
        const auto row = co_await pages_.ask(again);
        if (!row) co_return row.error();
        if (row->rows() == 0) co_return Result<void>{};  // deleted meanwhile
        const std::string now(row->row(0)[1]);
        if (std::chrono::steady_clock::now() + pause > deadline)
            co_return Error{
                ErrorCode::bad_input,
                fmt::format(
                    "table {}: row {} shows sys_updated_on {}, and asked for what was updated then the "
                    "instance gives {}: it disregards the condition, or takes times in queries in "
                    "another time zone than those it shows; nothing is read, because rows would be "
                    "missed. Let the account query sys_updated_on, and give it stored values, in UTC "
                    "(see its time zone)",
                    options_.table, id, shown, are_others_met ? "rows of other times" : "not this one")};
        if (parse_stamp(now)) shown = now;  // updated meanwhile
        asio::steady_timer timer(co_await asio::this_coro::executor, pause);
        co_await timer.async_wait(asio::use_awaitable);
    }
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
    co_return co_await check_ranges();
}

/// An operator may be denied where its field is not.
asio::awaitable<Result<void>> TableReading::check_ranges() {
    for (const ImpossibleRange& range : impossible_ranges(options_.query)) {
        const auto is_dropped = co_await lets_through(range.condition);
        if (!is_dropped) co_return is_dropped.error();
        if (*is_dropped)
            co_return Error{
                ErrorCode::bad_input,
                fmt::format("table {}: the instance disregards {} of the query, as where the account may not "
                            "compare that field: it would return other rows",
                            options_.table, range.range)};
    }
    co_return Result<void>{};
}

/// What a reading finds out page by page; who only looks is told what the first page shows of it.
asio::awaitable<Result<void>> TableReading::look_for_hidden_rows(Notes& notes) {
    if (is_empty_) co_return Result<void>{};
    const std::string condition = fmt::format("sys_updated_on>{}", stamp(options_.since_ms - 1'000));
    if (auto looked = co_await pages_.look(condition, "ORDERBYsys_updated_on^ORDERBYsys_id"); !looked)
        co_return looked.error();
    if (pages_.is_hidden() && std::find(notes.begin(), notes.end(), hidden_rows()) == notes.end())
        notes.push_back(hidden_rows());
    co_return Result<void>{};
}

Note TableReading::hidden_rows() const {
    return {fmt::format("table {}: access rules hide rows from the account", options_.table),
            Note::About::gap};
}

}  // namespace baselined::connectors::servicenow
