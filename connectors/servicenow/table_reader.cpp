#include "connectors/servicenow/table_reader.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <map>

namespace baselined::connectors::servicenow {

namespace asio = boost::asio;

namespace {

/// Rows are committed a little after the moment they carry, and a little out of order: the newest seconds are
/// left for the next reading, and the minutes before are read again (what is the same is dropped).
constexpr std::int64_t lag_ms = 2'000;
constexpr std::int64_t overlap_ms = 10 * 60'000;

// g++ 12 cannot build a list in the same expression as co_await.
const std::vector<std::string> id_only{"sys_id"};
const std::vector<std::string> id_and_update{"sys_id", "sys_updated_on"};
const std::vector<std::string> deletion_fields{"sys_id", "documentkey", "tablename", "sys_created_on"};

std::int64_t own_clock_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

bool has(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

TableReading::TableReading(Exchange& exchange, TableOptions options)
    : exchange_(exchange),
      options_(std::move(options)),
      pages_(exchange, options_.url, options_.table, without_order(options_.query), options_.page_size),
      columns_(options_.fields) {
    options_.query = pages_.query();
    for (const char* needed : {"sys_id", "sys_updated_on"})
        if (!has(columns_, needed)) columns_.emplace_back(needed);
    // What tells a breach where the flag still lags.
    if (has(columns_, "has_breached"))
        for (const char* needed : {"end_time", "planned_end_time"})
            if (!has(columns_, needed)) columns_.emplace_back(needed);
    std::sort(columns_.begin(), columns_.end());
    columns_.erase(std::unique(columns_.begin(), columns_.end()), columns_.end());
    std::erase(columns_, "$link");
    seen_fields_.assign(columns_.size(), false);
}

std::int64_t TableReading::server_ms() const {
    return pages_.server_ms() != 0 ? pages_.server_ms() : own_clock_ms();
}

std::size_t TableReading::column(const std::string& field) const {
    return static_cast<std::size_t>(std::find(columns_.begin(), columns_.end(), field) - columns_.begin());
}

std::string TableReading::fingerprint() const {
    const std::string text = fmt::format("{}\n{}\n{}\n{}", options_.table, options_.query, options_.since_ms,
                                         fmt::join(columns_, ","));
    return fmt::format("{:016x}", XXH3_64bits(text.data(), text.size()));
}

/// No row may also mean no right. Counts are taken before access rules: a table is empty only where both the
/// list and the statistics say that there is nothing.
asio::awaitable<bool> TableReading::is_truly_empty() {
    const std::string whole;
    co_return co_await pages_.count(whole) == 0;
}

asio::awaitable<Result<Notes>> TableReading::preflight() {
    TableQuery any{options_.table, "ORDERBYsys_id", columns_, 1, 0};
    const auto first = co_await pages_.ask(any);
    if (!first) co_return first.error();
    Notes notes;
    // A field that is walked to through an empty reference may be left out of that row alone.
    for (std::size_t i = 0; i < columns_.size() && first->rows() > 0; ++i)
        if (!first->present[i] && columns_[i].find('.') == std::string::npos)
            note_missing(columns_[i], notes);
    if (first->rows() > 0) pages_.note_visible(std::string(first->row(0)[column("sys_id")]));
    const bool is_hidden = first->total.value_or(0) > 0 || first->hidden > 0;
    if (first->rows() == 0 && first->total == 0 && co_await is_truly_empty()) co_return notes;
    if (first->rows() == 0 && !is_hidden)
        co_return Error{ErrorCode::bad_input,
                        fmt::format("table {}: not one row: it is empty, or the account may not read it",
                                    options_.table)};
    if (first->rows() == 0 && first->total.value_or(0) <= 1)
        co_return Error{ErrorCode::bad_input,
                        fmt::format("table {}: the account may not read its rows", options_.table)};
    if (first->rows() == 0) notes.push_back(hidden_rows());  // perhaps all of them: a reading tells
    // A term that the instance drops lets everything through: an impossible id shows it.
    TableQuery none{options_.table, both(options_.query, "sys_id=baselined-none") + "^ORDERBYsys_id", id_only,
                    1, 0};
    const auto impossible = co_await pages_.ask(none);
    if (!impossible) co_return impossible.error();
    if (impossible->rows() > 0)
        co_return Error{
            ErrorCode::bad_input,
            fmt::format("table {}: the instance disregards conditions of the query", options_.table)};
    std::vector<std::string> queried = fields_of_query(options_.query);
    if (queried.empty() || first->rows() == 0) co_return notes;
    queried.emplace_back("sys_id");
    TableQuery of_fields{options_.table, "ORDERBYsys_id", queried, 1, 0};
    const auto row = co_await pages_.ask(of_fields);
    if (!row) co_return row.error();
    for (std::size_t i = 0; i + 1 < queried.size() && row->rows() > 0; ++i)
        if (!row->present[i])
            co_return Error{
                ErrorCode::bad_input,
                fmt::format("table {}: the query names {}, which is not there or may not be read; the "
                            "instance would drop that condition",
                            options_.table, queried[i])};
    co_return notes;
}

void TableReading::note_missing(const std::string& field, Notes& notes) const {
    if (!has(options_.required, field)) return;
    const std::string text = fmt::format(
        "table {}: the field {} is not there, or the account may not read it", options_.table, field);
    if (!has(notes, text)) notes.push_back(text);
}

std::string TableReading::hidden_rows() const {
    return fmt::format("table {}: access rules hide rows from the account", options_.table);
}

asio::awaitable<Result<Notes>> TableReading::run(StreamPosition position, PageSink sink) {
    auto allowed = co_await preflight();
    if (!allowed) co_return allowed.error();
    notes_ = std::move(*allowed);
    const auto stored = Cursor::parse(position.cursor);
    const bool is_ours = stored && stored->fingerprint == fingerprint();
    cursor_ = is_ours ? *stored : Cursor{};
    cursor_.fingerprint = fingerprint();
    if (!is_ours) cursor_.updated_ms = options_.since_ms - 1'000;
    if (cursor_.is_first_done) {
        cursor_.updated_ms = std::max(options_.since_ms - 1'000, cursor_.updated_ms - overlap_ms);
        cursor_.id.clear();
    }
    if (cursor_.deletes_ms == 0) cursor_.deletes_ms = server_ms();
    const std::int64_t until = server_ms() - lag_ms;
    if (auto read = co_await read_window(until, sink); !read) co_return read.error();
    if (rows_seen_ == 0 && pages_.is_hidden() && !cursor_.is_first_done)
        co_return Error{
            ErrorCode::bad_input,
            fmt::format("table {}: the instance counts rows and shows none: the account may not read them",
                        options_.table)};
    if (auto deleted = co_await find_deleted(sink); !deleted) co_return deleted.error();
    if (position.wants_reconciling)
        if (auto compared = co_await reconcile(std::move(position), sink); !compared)
            co_return compared.error();
    cursor_.is_first_done = true;
    Page last;
    last.columns = columns_;
    last.cursor = cursor_.text();
    if (auto kept = co_await sink(std::move(last)); !kept) co_return kept.error();
    if (pages_.is_hidden() && !has(notes_, hidden_rows())) notes_.push_back(hidden_rows());
    for (std::size_t i = 0; i < columns_.size() && rows_seen_ > 0; ++i)
        if (!seen_fields_[i]) note_missing(columns_[i], notes_);
    co_return notes_;
}

asio::awaitable<Result<void>> TableReading::read_window(std::int64_t until_ms, PageSink sink) {
    for (;;) {
        if (!cursor_.id.empty())
            if (auto drained = co_await drain_tie(sink); !drained) co_return drained.error();
        const std::string condition =
            fmt::format("sys_updated_on>{}^sys_updated_on<={}", stamp(cursor_.updated_ms), stamp(until_ms));
        auto answer = co_await pages_.page(condition, "ORDERBYsys_updated_on^ORDERBYsys_id", columns_);
        if (!answer) co_return answer.error();
        if (answer->rows() == 0) co_return Result<void>{};
        const std::size_t id_column = column("sys_id"), updated_column = column("sys_updated_on");
        std::int64_t last = cursor_.updated_ms;
        std::string id;
        for (std::size_t index = 0; index < answer->rows(); ++index) {
            const auto row = answer->row(index);
            const auto updated = parse_stamp(row[updated_column]);
            if (!updated || *updated <= cursor_.updated_ms)
                co_return Error{
                    ErrorCode::bad_input,
                    fmt::format("table {}: asked for rows updated after {}, got one of {}: the instance "
                                "disregards the condition (are sys_updated_on and its operators readable?)",
                                options_.table, stamp(cursor_.updated_ms), row[updated_column])};
            if (*updated > until_ms) continue;  // updated since: met again
            // The last of them, not the newest: a row that was updated while the page was made stands before
            // older ones.
            last = *updated;
            id = row[id_column];
        }
        if (id.empty()) co_return co_await store(std::move(*answer), sink);
        cursor_.updated_ms = last;
        cursor_.id = id;
        // A backfill asks on: only the page behind its last row shows that the condition is obeyed.
        const bool is_last = cursor_.is_first_done && answer->is_last();
        if (auto stored = co_await store(std::move(*answer), sink); !stored) co_return stored.error();
        if (is_last) co_return Result<void>{};
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
        for (std::size_t index = 0; index < answer->rows(); ++index)
            if (const auto row = answer->row(index); row[column("sys_updated_on")] == at)
                cursor_.id = row[column("sys_id")];
        if (cursor_.id == before)
            co_return Error{
                ErrorCode::bad_input,
                fmt::format(
                    "table {}: the same page of {} comes again and again: the instance disregards the "
                    "condition on sys_id",
                    options_.table, at)};
        if (auto stored = co_await store(std::move(*answer), sink); !stored) co_return stored.error();
    }
}

asio::awaitable<Result<void>> TableReading::store(TableAnswer answer, PageSink sink) {
    note_missing_fields(answer);
    Page page = page_of(std::move(answer));
    page.cursor = cursor_.text();
    co_return co_await sink(std::move(page));
}

void TableReading::note_missing_fields(const TableAnswer& answer) {
    rows_seen_ += static_cast<std::int64_t>(answer.rows());
    for (std::size_t i = 0; i < columns_.size(); ++i)
        if (answer.present[i]) seen_fields_[i] = true;
}

Page TableReading::page_of(TableAnswer answer) const {
    Page page;
    page.columns = columns_;
    page.columns.emplace_back("$link");
    const std::size_t id = column("sys_id"), updated = column("sys_updated_on"),
                      breached = column("has_breached"), end = column("end_time"),
                      planned = column("planned_end_time");
    const std::string address = fmt::format("{}/{}.do?sys_id=", options_.url, options_.table);
    std::size_t link_bytes = 0;
    for (std::size_t index = 0; index < answer.rows(); ++index)
        link_bytes += address.size() + answer.row(index)[id].size();
    page.texts->texts = std::move(answer.texts);  // each text stays where it is
    auto& links = page.texts->texts.emplace_back();
    links.reserve(link_bytes);  // views look into it
    auto& cells = page.texts->cells.emplace_back();
    cells.reserve(answer.rows() * page.columns.size());
    for (std::size_t index = 0; index < answer.rows(); ++index) {
        const auto row = answer.row(index);
        const std::size_t begin = cells.size(), link = links.size();
        cells.insert(cells.end(), row.begin(), row.end());
        // Recomputed by jobs that may lag for days: the times themselves say it. Equal is met.
        if (breached < row.size() && !row[end].empty() && !row[planned].empty() && row[end] > row[planned])
            cells[begin + breached] = "true";
        links += address;
        links += row[id];
        cells.push_back(std::string_view(links).substr(link));
        page.rows.push_back(
            {row[id], parse_stamp(row[updated]).value_or(0), std::span(cells).subspan(begin)});
    }
    return page;
}

/// The audit of deletions, where the account may read it; elsewhere the comparison of ids finds them.
asio::awaitable<Result<void>> TableReading::find_deleted(PageSink sink) {
    const std::int64_t from = cursor_.deletes_ms - overlap_ms;
    std::string after;
    for (;;) {
        TableQuery query{"sys_audit_delete",
                         fmt::format("tablename={}^sys_created_on>{}{}^ORDERBYsys_id", options_.table,
                                     stamp(from), after.empty() ? "" : "^sys_id>" + after),
                         deletion_fields, pages_.page_size(), 0};
        const auto answer = co_await pages_.ask(query);
        if (!answer && answer.error().code == ErrorCode::unavailable) co_return answer.error();
        if (!answer || answer->rows() == 0) break;
        Page page;
        page.columns = columns_;
        for (std::size_t index = 0; index < answer->rows(); ++index)
            if (const auto row = answer->row(index); row[2] == options_.table && !row[1].empty())
                page.deleted.emplace_back(row[1]);
        const std::string_view last = answer->row(answer->rows() - 1)[0];
        if (last <= after) break;
        after = last;
        page.cursor = cursor_.text();
        if (auto stored = co_await sink(std::move(page)); !stored) co_return stored.error();
    }
    cursor_.deletes_ms = server_ms();
    co_return Result<void>{};
}

asio::awaitable<Result<void>> TableReading::reconcile(StreamPosition position, PageSink sink) {
    std::map<std::string, std::int64_t> there;  // when each was updated
    std::string after;
    for (;;) {
        std::string condition = fmt::format("sys_updated_on>{}", stamp(options_.since_ms - 1'000));
        if (!after.empty()) condition += "^sys_id>" + after;
        const auto answer = co_await pages_.page(condition, "ORDERBYsys_id", id_and_update);
        if (!answer) co_return answer.error();
        if (answer->rows() == 0) break;
        const std::size_t before = there.size();
        for (std::size_t index = 0; index < answer->rows(); ++index)
            there.emplace(answer->row(index)[0], parse_stamp(answer->row(index)[1]).value_or(0));
        if (there.size() == before)
            co_return Error{ErrorCode::bad_input,
                            fmt::format("table {}: the same ids come again and again", options_.table)};
        after = answer->row(answer->rows() - 1)[0];
    }
    const std::vector<StoredRow> stored = co_await position.stored_rows();
    std::vector<std::string> missing, unmet;
    for (const StoredRow& row : stored) {
        const auto found = there.find(row.id);
        if (found == there.end())
            missing.push_back(row.id);
        else if (found->second <= row.version)
            there.erase(found);
    }
    // Never met, or older than it is there: committed late, or made visible.
    for (const auto& [id, updated] : there) unmet.push_back(id);
    if (const auto read = co_await read_ids(std::move(unmet), sink); !read) co_return read.error();
    if (missing.size() > 1 && missing.size() * 2 >= stored.size()) {
        notes_.push_back(
            fmt::format("table {}: {} of {} stored rows cannot be seen any more: rather rights that were "
                        "lost than rows deleted; nothing is removed",
                        options_.table, missing.size(), stored.size()));
        co_return Result<void>{};
    }
    // Asked for by id: a listing lacks what moved while it was read.
    const auto still_there = co_await read_ids(missing, sink);
    if (!still_there) co_return still_there.error();
    Page page;
    page.columns = columns_;
    page.is_reconciled = true;
    for (std::string& id : missing)
        if (!still_there->contains(id)) page.deleted.push_back(std::move(id));
    page.cursor = cursor_.text();
    co_return co_await sink(std::move(page));
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
        if (auto stored = co_await store(std::move(*answer), sink); !stored) co_return stored.error();
    }
    co_return met;
}

asio::awaitable<Result<Sample>> TableReading::sample(int rows, bool all_fields) {
    auto allowed = co_await preflight();
    if (!allowed) co_return allowed.error();
    TableQuery query{options_.table, both(options_.query, "sys_idISNOTEMPTY") + "^ORDERBYDESCsys_updated_on",
                     columns_, rows, 0};
    if (all_fields) {
        query.fields.clear();  // none named: all are given
        const Request request = table_request(options_.url, query);
        const auto response = co_await exchange_.call(request);
        if (!response) co_return response.error();
        columns_ = field_names(*response);
        query.fields = columns_;
    }
    auto answer = co_await pages_.ask(query);
    if (!answer) co_return answer.error();
    co_return Sample{page_of(std::move(*answer)), std::move(*allowed)};
}

}  // namespace baselined::connectors::servicenow
