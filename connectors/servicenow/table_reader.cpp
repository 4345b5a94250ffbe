#include "connectors/servicenow/table_reader.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>

namespace baselined::connectors::servicenow {

namespace asio = boost::asio;

namespace {

/// The newest seconds are left for the next reading: rows are committed after the moment they carry.
constexpr std::int64_t lag_ms = 2'000;
/// Clocks of one instance's nodes differ by seconds, not by more.
constexpr std::int64_t clock_tolerance_ms = 5 * 60'000;
constexpr std::size_t shown_ids = 5;

// g++ 12 cannot build a list in the same expression as co_await.
const std::vector<std::string> id_and_update{"sys_id", "sys_updated_on"};

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
      columns_(options_.fields),
      followed_(followed_references(options_.fields)) {
    options_.query = pages_.query();
    for (const char* needed : {"sys_id", "sys_updated_on"})
        if (!has(columns_, needed)) columns_.emplace_back(needed);
    // What tells a breach where the flag still lags.
    if (has(columns_, "has_breached"))
        for (const char* needed : {"end_time", "planned_end_time"}) {
            if (!has(columns_, needed)) columns_.emplace_back(needed);
            options_.needed.push_back({needed});
        }
    // What a field is walked to through tells an empty value from one that is hidden.
    for (const std::string& field : options_.fields)
        for (std::size_t dot = field.find('.'); dot != std::string::npos; dot = field.find('.', dot + 1))
            columns_.push_back(field.substr(0, dot));
    std::sort(columns_.begin(), columns_.end());
    columns_.erase(std::unique(columns_.begin(), columns_.end()), columns_.end());
    std::erase(columns_, "$link");
    note_columns();
}

void TableReading::note_columns() {
    seen_fields_.assign(columns_.size(), false);
    for (const std::string& field : columns_)
        references_.push_back(column(field.substr(0, field.rfind('.'))));
}

std::int64_t TableReading::server_ms() const {
    return pages_.server_ms() != 0 ? pages_.server_ms() : own_clock_ms();
}

std::size_t TableReading::column(const std::string& field) const {
    return static_cast<std::size_t>(std::find(columns_.begin(), columns_.end(), field) - columns_.begin());
}

std::string TableReading::fingerprint() const {
    const std::string text =
        fmt::format("{}\n{}\n{}\n{}{}", options_.table, options_.query, options_.since_ms,
                    fmt::join(columns_, ","), fmt::join(followed_, "\n"));
    return fmt::format("{:016x}", XXH3_64bits(text.data(), text.size()));
}

asio::awaitable<Result<Notes>> TableReading::run(StreamPosition position, PageSink sink) {
    if (auto ready = co_await begin(position, sink); !ready) co_return ready.error();
    const bool is_first = !cursor_.is_first_done;
    const bool is_from_beginning = is_first && cursor_.updated_ms == options_.since_ms - 1'000;
    const auto until = co_await find_end();
    if (!until) co_return until.error();
    if (auto read = co_await read_window(*until, sink); !read) co_return read.error();
    if (auto shown = co_await check_shown(position); !shown) co_return shown.error();
    position.wants_reconciling = position.wants_reconciling || cursor_.is_of_others;
    if (!cursor_.lost.empty() && !position.wants_reconciling) {
        const auto back = co_await is_back();
        if (!back) co_return back.error();
        position.wants_reconciling = *back;
    }
    if (auto read = co_await read_undated(!cursor_.is_first_done || position.wants_reconciling, sink); !read)
        co_return read.error();
    if (auto deleted = co_await find_deleted(sink); !deleted) co_return deleted.error();
    if (auto known = co_await check_vanished(position); !known) co_return known.error();
    if (position.wants_reconciling)
        if (auto compared = co_await reconcile(position.stored, sink); !compared) co_return compared.error();
    if (!is_first)
        if (auto followed = co_await follow_references(sink); !followed) co_return followed.error();
    cursor_.is_first_done = true;
    note_reach();
    note_hidden(is_from_beginning || position.wants_reconciling);
    Page last;
    last.columns = columns_;
    last.cursor = cursor_text();
    if (auto kept = co_await sink(std::move(last)); !kept) co_return kept.error();
    if (auto noted = co_await note_oddities(); !noted) co_return noted.error();
    co_return notes_;
}

/// A clone of an instance has the same ids; what stands behind them there is another matter.
bool TableReading::is_elsewhere(const Cursor& stored) const {
    return (!stored.url.empty() && stored.url != options_.url) ||
           (!stored.table.empty() && stored.table != options_.table);
}

/// Where the reading goes on, and how late it is there. What is stored of another instance, or table, leaves.
asio::awaitable<Result<void>> TableReading::begin(StreamPosition& position, PageSink sink) {
    auto allowed = co_await preflight();
    if (!allowed) co_return allowed.error();
    clock_ms_ = server_ms();
    here_ms_ = own_clock_ms();
    notes_ = std::move(*allowed);
    const auto stored = Cursor::parse(position.cursor);
    const bool is_anew = stored && is_elsewhere(*stored);
    if (is_anew) position = {{}, false, position.stored};
    const bool is_ours = stored && !is_anew && stored->fingerprint == fingerprint();
    cursor_ = is_ours ? *stored : Cursor{};
    cursor_.fingerprint = fingerprint();
    cursor_.url = options_.url;
    cursor_.table = options_.table;
    if (!is_ours) {
        cursor_.updated_ms = options_.since_ms - 1'000;
        cursor_.is_of_others = !position.cursor.empty();
    }
    if (is_anew) {
        Page page;
        page.columns = columns_;
        page.begins_anew = true;
        page.cursor = cursor_text();
        if (auto begun = co_await sink(std::move(page)); !begun) co_return begun;
    }
    begin_ = cursor_;
    cursor_.moved = {clock_ms_, here_ms_};  // unless the end shows that it did not
    cursor_.is_settled = false;
    if (cursor_.is_first_done && !begin_.is_settled) {
        cursor_.updated_ms = std::max(options_.since_ms - 1'000, cursor_.updated_ms - overlap_ms);
        cursor_.id.clear();
    }
    if (cursor_.lacks.empty()) co_return Result<void>{};
    const auto given = co_await is_field_given();
    if (!given) co_return given.error();
    if (*given) {  // rows that are as they were are passed over by what they say
        cursor_.lacks.clear();
        cursor_.updated_ms = options_.since_ms - 1'000;
        cursor_.id.clear();
        cursor_.is_first_done = false;
    }
    co_return Result<void>{};
}

/// Up to when rows are read. The instance's clock says it, unless rows are newer: its Date may be missing,
/// and ours wrong, or late by hours.
asio::awaitable<Result<std::int64_t>> TableReading::find_end() {
    const std::int64_t until = clock_ms_ - lag_ms;
    if (newest_ms_ == 0 && !is_empty_) {  // the rows that were looked at are hidden
        const auto newest = co_await pages_.page("sys_updated_on>" + stamp(until),
                                                 "ORDERBYDESCsys_updated_on", id_and_update);
        if (!newest) co_return newest.error();
        for (std::size_t index = 0; index < newest->rows(); ++index)
            newest_ms_ = std::max(newest_ms_, parse_stamp(newest->row(index)[1]).value_or(0));
    }
    if (cursor_.deletes_ms == 0)
        cursor_.deletes_ms = newest_ms_ == 0 ? clock_ms_ : std::min(clock_ms_, newest_ms_);
    // From before the first row was read: what changes while others are read is met by the second reading.
    for (const std::string& reference : followed_)
        cursor_.references.try_emplace(reference, Reach{cursor_.deletes_ms, {clock_ms_, here_ms_}, false});
    co_return newest_ms_ > clock_ms_ ? newest_ms_ : until;
}

/// A reading that began long after the newest row was met, and came to the same end, has met what was
/// committed late: the next ones go on from there, however many rows carry that row's minutes.
void TableReading::note_reach() {
    if (cursor_.updated_ms != begin_.updated_ms || cursor_.id != begin_.id) return;
    cursor_.moved = begin_.moved;
    cursor_.is_settled = begin_.is_settled || is_long_after(begin_.moved);
}

/// By both clocks what was committed late has been met since.
bool TableReading::is_long_after(const Moment& moment) const {
    return clock_ms_ - moment.there_ms >= overlap_ms && here_ms_ - moment.here_ms >= overlap_ms;
}

/// Only a look at the whole table can tell that nothing is hidden any more.
void TableReading::note_hidden(bool is_whole) {
    cursor_.is_hiding = pages_.is_hidden() || (cursor_.is_hiding && !is_whole);
}

asio::awaitable<Result<void>> TableReading::note_oddities() {
    if (cursor_.is_hiding && std::find(notes_.begin(), notes_.end(), hidden_rows()) == notes_.end())
        notes_.push_back(hidden_rows());
    if (auto noted = co_await note_unseen_fields(); !noted) co_return noted.error();
    if (!cursor_.lost.empty())
        notes_.push_back({cursor_.lost, cursor_.is_access_lost ? Note::About::loss : Note::About::other});
    if (newest_ms_ > clock_ms_ + clock_tolerance_ms)
        notes_.push_back({fmt::format(
            "table {}: a row says that it was updated at {}, and {} says {}: one of them is wrong. All rows "
            "are read, those beyond the clock at each poll again",
            options_.table, stamp(newest_ms_),
            pages_.server_ms() != 0 ? "the instance's clock (Date)"
                                    : "the clock here (the instance sends no Date)",
            stamp(clock_ms_))});
    if (undated_.empty()) co_return Result<void>{};
    std::vector<std::string> ids(undated_.begin(), undated_.end());
    ids.resize(std::min(ids.size(), shown_ids));
    notes_.push_back({fmt::format(
        "table {}: {}{} row{} no sys_updated_on that can be read (\"{}\"; sys_id {}{}): stored as they are, "
        "and asked for by id. Let the account read the field of every row, or mend the rows",
        options_.table, undated_.size(), undated_.size() == most_undated ? " or more" : "",
        undated_.size() == 1 ? " shows" : "s show", undated_example_, fmt::join(ids, ", "),
        undated_.size() > shown_ids ? ", .." : "")});
    co_return Result<void>{};
}

/// As it is stored. Rows that are hidden stand behind it: that they were met must outlast the reading. What
/// lies beyond the instance's clock is read again, and in a first reading the minutes before: what is
/// committed meanwhile may stand before them.
std::string TableReading::cursor_text() const {
    const std::int64_t settled = cursor_.is_first_done ? clock_ms_ : clock_ms_ - overlap_ms;
    Cursor kept = cursor_;
    kept.is_hiding = cursor_.is_hiding || pages_.is_hidden();
    if (kept.updated_ms <= settled) return kept.text();
    kept.updated_ms = std::max(settled, options_.since_ms - 1'000);
    kept.id.clear();
    return kept.text();
}

Page TableReading::page_to_store(TableAnswer answer) {
    note_lacks(answer);
    if (!pages_.knows_visible() && answer.rows() > 0)
        pages_.note_visible(std::string(answer.row(0)[column("sys_id")]));
    Page page = page_of(std::move(answer));
    page.cursor = cursor_text();
    return page;
}

asio::awaitable<Result<void>> TableReading::store(TableAnswer answer, PageSink sink) {
    co_return co_await sink(page_to_store(std::move(answer)));
}

/// Kept as they are: so many as can be asked for again.
void TableReading::note_undated(std::string_view id, std::string_view shown) {
    if (undated_.empty()) undated_example_ = shown;
    if (undated_.size() < most_undated) undated_.emplace(id);
    if (cursor_.undated.size() < most_undated) cursor_.undated.emplace(id);
}

Page TableReading::page_of(TableAnswer answer) {
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
        const auto at = parse_stamp(row[updated]);
        if (!at) note_undated(row[id], row[updated]);
        page.rows.push_back({row[id], at.value_or(0), std::span(cells).subspan(begin)});
    }
    return page;
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
    if (auto looked = co_await look_for_hidden_rows(*allowed); !looked) co_return looked.error();
    co_return Sample{page_of(std::move(*answer)), std::move(*allowed)};
}

}  // namespace baselined::connectors::servicenow
