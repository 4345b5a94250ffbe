// Rows by their ids: those that show no time, those that were deleted, and the comparison that finds both.
#include <fmt/format.h>

#include <algorithm>

#include "connectors/servicenow/table_reader.hpp"

namespace baselined::connectors::servicenow {

namespace asio = boost::asio;

namespace {

/// Of what has vanished, so many are looked for again at each reading.
constexpr std::size_t most_lost_ids = 10;
/// So many stored rows are enough to tell whether the account may read any.
constexpr std::size_t most_looked_for = 200;

// g++ 12 cannot build a list in the same expression as co_await.
const std::vector<std::string> id_and_update{"sys_id", "sys_updated_on"};
const std::vector<std::string> deletion_fields{"sys_id", "documentkey", "tablename", "sys_created_on"};
enum DeletionColumn : std::size_t { audit_id, deleted_id, deleted_from, deleted_at };

/// So many at once are rather out of sight than deleted.
bool is_half(std::size_t missing, std::int64_t compared) {
    return missing > 1 && static_cast<std::int64_t>(missing) * 2 >= compared;
}

std::string_view last_id(const TableAnswer& answer) {
    return answer.row(answer.rows() - 1)[0];
}

}  // namespace

/// Rows whose sys_updated_on is empty, hidden or no time are met by no window of time, or not again: those
/// known are asked for by id each time, the others are looked for with the comparison.
asio::awaitable<Result<void>> TableReading::read_undated(bool wants_listing, PageSink sink) {
    std::set<std::string> ids = cursor_.undated;
    std::string after;
    while (wants_listing) {
        const auto answer =
            co_await pages_.page(behind_id("sys_updated_onISEMPTY", after), "ORDERBYsys_id", id_and_update);
        if (!answer) co_return answer.error();
        if (answer->rows() == 0) break;
        if (has_id(*answer, after))
            co_return Error{ErrorCode::bad_input,
                            fmt::format("table {}: the same ids come again and again", options_.table)};
        bool is_obeyed = false;
        for (std::size_t index = 0; index < answer->rows(); ++index)
            if (!parse_stamp(answer->row(index)[1])) {
                ids.emplace(answer->row(index)[0]);
                is_obeyed = true;
            }
        if (!is_obeyed) break;  // it would list the whole table
        after = last_id(*answer);
    }
    for (const std::string& id : undated_) ids.erase(id);  // just read
    std::vector<std::string> asked(ids.begin(), ids.end());
    if (const auto read = co_await read_ids(std::move(asked), sink); !read) co_return read.error();
    cursor_.undated = undated_;
    co_return Result<void>{};
}

/// The audit of deletions, where the account may read it; elsewhere the comparison of ids finds them. What it
/// names is asked for by id first: a deletion can be undone.
asio::awaitable<Result<void>> TableReading::find_deleted(PageSink sink) {
    TablePages audits = pages_.of("sys_audit_delete", "tablename=" + options_.table);
    const std::int64_t from = cursor_.deletes_ms - overlap_ms;
    std::int64_t newest = cursor_.deletes_ms;
    std::string after;
    const auto without_audit = [this](std::string_view why) {
        notes_.push_back(
            {fmt::format("table sys_audit_delete: {}: deletions in {} are found when ids are "
                         "compared, not before",
                         why, options_.table)});
    };
    for (;;) {
        const auto answer = co_await audits.page(behind_id("sys_created_on>" + stamp(from), after),
                                                 "ORDERBYsys_id", deletion_fields);
        if (!answer && answer.error().code == ErrorCode::unavailable) co_return answer.error();
        if (!answer) co_return Result<void>{};  // no right to read it: as documented
        if (answer->rows() == 0) break;
        if (has_id(*answer, after)) {
            without_audit("the same rows come again, the instance disregards the condition on sys_id");
            co_return Result<void>{};
        }
        for (const std::size_t field : {deleted_id, deleted_from})
            if (!answer->present[field]) {
                without_audit(fmt::format("the field {} may not be read", deletion_fields[field]));
                co_return Result<void>{};
            }
        std::vector<std::string> named;
        for (std::size_t index = 0; index < answer->rows(); ++index) {
            const auto row = answer->row(index);
            const auto at = parse_stamp(row[deleted_at]);
            if (at && *at <= from) {
                without_audit("the instance disregards the condition on sys_created_on");
                co_return Result<void>{};
            }
            newest = std::max(newest, at.value_or(newest));
            if (row[deleted_from] == options_.table && !row[deleted_id].empty())
                named.emplace_back(row[deleted_id]);
        }
        auto gone = co_await find_gone(std::move(named), sink);
        if (!gone) co_return gone.error();
        after = last_id(*answer);
        Page page;
        page.columns = columns_;
        page.deleted = std::move(*gone);
        page.cursor = cursor_text();
        if (auto stored = co_await sink(std::move(page)); !stored) co_return stored.error();
    }
    // By the audit's own times: a clock that is wrong makes no gap.
    cursor_.deletes_ms = std::max(cursor_.deletes_ms, std::min(newest, clock_ms_));
    co_return Result<void>{};
}

/// Rows that were no longer seen are seen again.
asio::awaitable<Result<bool>> TableReading::is_back() {
    const std::vector<std::string> ids(cursor_.lost_ids.begin(), cursor_.lost_ids.end());
    for (std::size_t at = 0; at < ids.size();) {
        const auto answer = co_await pages_.rows_of(ids, at, id_and_update);
        if (!answer) co_return answer.error();
        if (answer->rows() > 0) co_return true;
    }
    co_return false;
}

/// A reading that was shown no row is complete where nothing speaks of hidden ones, or where rows that are
/// stored can be seen still. Else the account may read nothing any more, and "nothing new" means nothing.
asio::awaitable<Result<void>> TableReading::check_shown(const StreamPosition& position) {
    if (rows_seen_ > 0 || is_empty_ || (is_shown_ && !pages_.is_hidden())) co_return Result<void>{};
    const std::vector<std::string> stored = co_await position.stored->newest(most_looked_for);
    if (stored.empty() && !pages_.is_hidden()) co_return Result<void>{};
    TablePages whole = pages_.of(options_.table, "");
    for (std::size_t at = 0; at < stored.size();) {
        const auto answer = co_await whole.rows_of(stored, at, id_and_update);
        if (!answer) co_return answer.error();
        if (answer->rows() > 0) co_return Result<void>{};
    }
    co_return Error{ErrorCode::bad_input,
                    fmt::format("table {}: the instance counts rows and shows none: the account may not "
                                "read them",
                                options_.table)};
}

/// A table that showed rows and is empty now: what the audit of deletions names is gone, and nothing else is
/// removed.
asio::awaitable<Result<void>> TableReading::check_vanished(StreamPosition position) {
    if (!is_empty_ || position.cursor.empty()) co_return Result<void>{};
    const std::int64_t stored = co_await position.stored->count();
    if (stored == 0) co_return Result<void>{};
    co_return Error{
        ErrorCode::bad_input,
        fmt::format("table {}: it showed rows before, and shows and counts none now: the account lost its "
                    "rights, or all was deleted. Nothing is removed: the {} stored rows stay. If they are "
                    "gone for good, take the stream out of the configuration",
                    options_.table, stored)};
}

/// Lists all ids, and reads what was never met or is another version than there: committed late, made
/// visible, or put back to an earlier update. And what no longer shows its time: it is said, and asked for by
/// id from now on.
asio::awaitable<Result<void>> TableReading::read_unmet(std::shared_ptr<StoredRows> stored, PageSink sink) {
    const std::string condition = fmt::format("sys_updated_on>{}", stamp(options_.since_ms - 1'000));
    std::string after;
    for (;;) {
        const auto answer = co_await pages_.page(behind_id(condition, after), "ORDERBYsys_id", id_and_update);
        if (!answer) co_return answer.error();
        if (answer->rows() == 0) co_return Result<void>{};
        if (has_id(*answer, after))
            co_return Error{ErrorCode::bad_input,
                            fmt::format("table {}: the same ids come again and again", options_.table)};
        after = last_id(*answer);
        std::vector<ListedRow> listed;
        std::vector<std::string> hidden;
        for (std::size_t index = 0; index < answer->rows(); ++index) {
            const std::string id(answer->row(index)[0]);
            const auto updated = parse_stamp(answer->row(index)[1]);
            if (!updated && !undated_.contains(id) && undated_.size() + hidden.size() < most_undated)
                hidden.push_back(id);
            listed.push_back({id, updated.value_or(0)});
        }
        auto unmet = co_await stored->unmet(std::move(listed));
        for (const std::string& id : hidden)
            if (std::find(unmet.begin(), unmet.end(), id) == unmet.end()) unmet.push_back(id);
        if (const auto read = co_await read_ids(std::move(unmet), sink); !read) co_return read.error();
    }
}

/// Why rows that a listing does not show are not taken for deleted; empty: nothing speaks against it.
std::string TableReading::why_kept(std::size_t missing, std::int64_t compared) const {
    const std::string lost = fmt::format("table {}: {} of {} stored rows cannot be seen any more",
                                         options_.table, missing, compared);
    if (is_half(missing, compared))
        return lost + ": rather rights that were lost than rows deleted; nothing is removed";
    if (missing > 0 && pages_.is_hidden())
        return lost + ", and access rules hide rows: nothing is removed but what sys_audit_delete names";
    return {};
}

/// Those of the ids that are there without the stream's query: rows that are not of the stream any more.
asio::awaitable<Result<std::set<std::string>>> TableReading::find_elsewhere(std::vector<std::string> ids) {
    std::set<std::string> there;
    TablePages whole = pages_.of(options_.table, "");
    for (std::size_t at = 0; at < ids.size() && !options_.query.empty();) {
        const auto answer = co_await whole.rows_of(ids, at, id_and_update);
        if (!answer) co_return answer.error();
        for (std::size_t index = 0; index < answer->rows(); ++index) there.emplace(answer->row(index)[0]);
    }
    co_return there;
}

asio::awaitable<Result<void>> TableReading::reconcile(std::shared_ptr<StoredRows> stored, PageSink sink) {
    if (auto read = co_await read_unmet(stored, sink); !read) co_return read.error();
    auto [missing, compared] = co_await stored->unlisted(options_.since_ms);
    std::erase_if(missing, [this](const std::string& id) { return undated_.contains(id); });
    const auto elsewhere = co_await find_elsewhere(missing);
    if (!elsewhere) co_return elsewhere.error();
    std::erase_if(missing, [&](const std::string& id) { return elsewhere->contains(id); });
    std::vector<std::string> asked(elsewhere->begin(), elsewhere->end());
    cursor_.lost = why_kept(missing.size(), compared);
    cursor_.is_access_lost = is_half(missing.size(), compared);
    cursor_.lost_ids.clear();
    if (cursor_.lost.empty())
        asked.insert(asked.end(), missing.begin(), missing.end());
    else
        cursor_.lost_ids.insert(missing.begin(), missing.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                                       missing.size(), most_lost_ids)));
    // Asked for by id: a listing lacks what moved while it was read.
    auto gone = co_await find_gone(std::move(asked), sink);
    if (!gone) co_return gone.error();
    cursor_.is_of_others = false;
    Page page;
    page.columns = columns_;
    page.is_reconciled = true;
    page.deleted = std::move(*gone);
    page.cursor = cursor_text();
    co_return co_await sink(std::move(page));
}

/// Those of the ids that are not there any more: by the word of an instance that still knows the login.
asio::awaitable<Result<std::vector<std::string>>> TableReading::find_gone(std::vector<std::string> ids,
                                                                          PageSink sink) {
    const auto there = co_await read_ids(ids, sink);
    if (!there) co_return there.error();
    std::erase_if(ids, [&](const std::string& id) { return there->contains(id); });
    if (!ids.empty())
        if (auto known = co_await pages_.check_login(); !known) co_return known.error();
    co_return ids;
}

/// Stores the rows of these ids; which of them are there.
asio::awaitable<Result<std::set<std::string>>> TableReading::read_ids(std::vector<std::string> ids,
                                                                      PageSink sink) {
    std::set<std::string> met;
    for (std::size_t at = 0; at < ids.size();) {
        auto answer = co_await pages_.rows_of(ids, at, columns_);
        if (!answer) co_return answer.error();
        for (std::size_t index = 0; index < answer->rows(); ++index)
            met.emplace(answer->row(index)[column("sys_id")]);
        Page page = page_to_store(std::move(*answer));
        page.is_as_of_now = true;
        if (auto stored = co_await sink(std::move(page)); !stored) co_return stored.error();
    }
    co_return met;
}

}  // namespace baselined::connectors::servicenow
