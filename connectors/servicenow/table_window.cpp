// The rows of a window of time, page by page, and those of one second by their ids.
#include <fmt/format.h>

#include "connectors/servicenow/table_reader.hpp"

namespace baselined::connectors::servicenow {

namespace asio = boost::asio;

namespace {

/// Rows without a readable time, one after the other: more of them, and it is the field that is hidden.
constexpr int most_undated_in_a_row = 10'000;
constexpr int most_tries = 3;

}  // namespace

/// What the instance says by an order that it does not keep: everything behind the page may be missed.
Error TableReading::disorder(const std::pair<std::string, std::string>& rows, Order order) const {
    return {ErrorCode::bad_input,
            fmt::format(
                "table {}: asked for rows in the order of sys_updated_on, {} first, got one of {} before "
                "one of {}: the instance disregards the order; nothing is taken, because rows would be "
                "missed. Let the account query sys_updated_on",
                options_.table, order == Order::oldest_first ? "oldest" : "newest", rows.first, rows.second)};
}

/// A page of a window. A row of an update that took long may stand out of its order once, and not again.
asio::awaitable<Result<TableAnswer>> TableReading::window_page(std::string condition, int skip) {
    for (int tries = 1;; ++tries) {
        const std::int64_t asked_ms = server_ms();
        auto answer = co_await pages_.page(condition, "ORDERBYsys_updated_on^ORDERBYsys_id", columns_, skip);
        if (!answer) co_return answer;
        const auto found = out_of_order(*answer, column("sys_updated_on"), Order::oldest_first, asked_ms);
        if (!found) co_return answer;
        if (tries == most_tries) co_return disorder(*found, Order::oldest_first);
    }
}

asio::awaitable<Result<void>> TableReading::read_window(std::int64_t until_ms, PageSink sink) {
    const std::size_t id_column = column("sys_id"), updated_column = column("sys_updated_on");
    const auto disregarded = [this, updated_column](std::span<const std::string_view> row) {
        return Error{ErrorCode::bad_input,
                     fmt::format("table {}: asked for rows updated after {}, got one of {}: the instance "
                                 "disregards the condition (are sys_updated_on and its operators readable?)",
                                 options_.table, stamp(cursor_.updated_ms), row[updated_column])};
    };
    int undated = 0;  // rows without a time that can be read, right behind the cursor
    for (;;) {
        if (!cursor_.id.empty())
            if (auto drained = co_await drain_tie(sink); !drained) co_return drained.error();
        const std::string condition =
            fmt::format("sys_updated_on>{}^sys_updated_on<={}", stamp(cursor_.updated_ms), stamp(until_ms));
        const std::int64_t moved_ms = server_ms() - commit_ms;
        auto answer = co_await window_page(condition, undated);
        if (!answer) co_return answer.error();
        if (answer->rows() == 0) co_return Result<void>{};
        std::int64_t last = cursor_.updated_ms;
        std::string id;
        bool is_dated = false, is_old = false;
        for (std::size_t index = 0; index < answer->rows(); ++index) {
            const auto row = answer->row(index);
            const auto updated = parse_stamp(row[updated_column]);
            if (!updated) continue;
            if (*updated <= cursor_.updated_ms) co_return disregarded(row);
            is_dated = true;
            if (*updated > until_ms) continue;  // updated since: met again
            // The last of them, not the newest, and as long as there are such, one that cannot have been
            // updated while the page was made: a row that was shows another time than the one it stands at.
            if (is_old && *updated >= moved_ms) continue;
            is_old = *updated < moved_ms;
            last = *updated;
            id = row[id_column];
        }
        // A backfill asks on: only the page behind its last row shows that the condition is obeyed.
        const bool is_last = cursor_.is_first_done && answer->is_last();
        if (!is_dated) {
            undated += static_cast<int>(answer->rows());
            if (undated > most_undated_in_a_row) co_return disregarded(answer->row(0));
        } else {
            undated = 0;
        }
        cursor_.updated_ms = last;
        if (!id.empty()) cursor_.id = id;
        const bool is_end = is_last || (is_dated && id.empty());
        if (auto stored = co_await store(std::move(*answer), sink); !stored) co_return stored.error();
        if (is_end) co_return Result<void>{};
    }
}

/// A bulk edit puts thousands of rows into one second: the rest of them, by id.
asio::awaitable<Result<void>> TableReading::drain_tie(PageSink sink) {
    for (;;) {
        const std::string at = stamp(cursor_.updated_ms);
        auto answer = co_await pages_.page(fmt::format("sys_updated_on={}^sys_id>{}", at, cursor_.id),
                                           "ORDERBYsys_id", columns_);
        if (!answer) co_return answer.error();
        if (answer->rows() == 0) co_return Result<void>{};
        const std::string before = cursor_.id;
        bool is_behind = true;
        for (std::size_t index = 0; index < answer->rows(); ++index) {
            const auto row = answer->row(index);
            const std::string_view shown = row[column("sys_updated_on")];
            if (row[column("sys_id")] == before) is_behind = false;
            if (shown == at || !parse_stamp(shown)) cursor_.id = row[column("sys_id")];
        }
        if (!is_behind || cursor_.id == before)
            co_return Error{
                ErrorCode::bad_input,
                fmt::format("table {}: asked for rows of {} behind the last one, got that one or others: the "
                            "instance "
                            "disregards the condition (are sys_updated_on and sys_id readable in queries?)",
                            options_.table, at)};
        if (auto stored = co_await store(std::move(*answer), sink); !stored) co_return stored.error();
    }
}

}  // namespace baselined::connectors::servicenow
