#include "connectors/jira/issue_reader.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>

namespace baselined::connectors::jira {

namespace asio = boost::asio;

namespace {

constexpr int smallest_page = 10, largest_page = 5'000;  // Cloud takes no larger number
constexpr long status_bad_request = 400, status_not_found = 404, status_gone = 410, status_failed = 500;
/// From there on a failure may mean that Data Center pages no deeper.
constexpr int smallest_window = 1'000;

template <typename Clock>
std::int64_t now_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(Clock::now().time_since_epoch()).count();
}

}  // namespace

IssueReading::IssueReading(Exchange& exchange, SiteOptions options)
    : exchange_(exchange), options_(std::move(options)) {
    page_size_ = options_.page_size = std::min(options_.page_size, largest_page);
    base_ = options_.url;
    // Scoped tokens and OAuth reach a site by its id; one of one's own (a proxy, a test) keeps its address.
    if (!options_.cloud_id.empty())
        base_ = (base_.ends_with(".atlassian.net") ? "https://api.atlassian.com" : base_) + "/ex/jira/" +
                options_.cloud_id;
}

Error IssueReading::about(const Error& error) const {
    return {error.code, fmt::format("jql \"{}\": {}", options_.jql, error.text)};
}

std::string IssueReading::fingerprint() const {
    const std::string text =
        fmt::format("{}\n{}\n{}", options_.jql, options_.since_ms, fmt::join(asked_fields(), ","));
    return fmt::format("{:016x}", XXH3_64bits(text.data(), text.size()));
}

std::vector<std::string> IssueReading::asked_fields() const {
    std::vector<std::string> fields = options_.fields;
    fields.emplace_back("updated");
    for (const auto& field : named_) fields.push_back(field.id);
    if (options_.wants_slas)
        for (const auto& field : known_.sla_fields) fields.push_back(field.id);
    std::sort(fields.begin(), fields.end());
    fields.erase(std::unique(fields.begin(), fields.end()), fields.end());
    return fields;
}

asio::awaitable<Result<SearchPage>> IssueReading::ask(SearchQuery query) {
    for (;;) {
        query.most = page_size_;
        Request request = search_request(base_, flavour_, query);
        if (query.start >= smallest_window)
            request.is_final = [](const Response& answer) { return answer.status == status_failed; };
        auto response = co_await exchange_.call(request);
        is_question_refused_ =
            response && response->status == status_bad_request && is_word_of_jira(*response);
        is_too_deep_ = response && query.start >= smallest_window &&
                       (response->status == status_failed || is_question_refused_);
        auto page = response ? parse_search(*response) : Result<SearchPage>(response.error());
        if (page) {
            note_clock(*response);
            set_time_of(*page);
            page_size_ = std::min(options_.page_size, page_size_ + page_size_ / 4 + 1);
            co_return page;
        }
        if (page.error().code == ErrorCode::limit && page_size_ > smallest_page) {
            page_size_ = std::max(smallest_page, page_size_ / 2);
            continue;
        }
        if (!response) co_return response.error();
        Error error = about(page.error());
        if (response->status == status_gone || response->status == status_not_found)
            error.text += wrong_flavour();
        co_return error;
    }
}

void IssueReading::note_clock(const Response& answer) {
    if (const auto date = parse_http_date(answer.header("Date"))) note_time(*date);
}

void IssueReading::note_time(std::int64_t there_ms) {
    site_ahead_ms_ = there_ms - now_ms<std::chrono::steady_clock>();
}

/// Where the site does not tell the time, the clock here may be hours off: then what has settled is judged by
/// the issues themselves, and what time it is by whichever is later.
void IssueReading::set_time_of(SearchPage& page) {
    for (const auto& issue : page.issues->GetArray())
        newest_seen_ms_ = std::max(newest_seen_ms_, updated_of(issue).value_or(0));
    const std::int64_t own_ms = now_ms<std::chrono::system_clock>();
    const auto there_ms = site_ahead_ms_ ? now_ms<std::chrono::steady_clock>() + *site_ahead_ms_
                                         : std::max(own_ms, newest_seen_ms_);
    page.server_ms = site_ahead_ms_ ? there_ms : std::min(own_ms, newest_seen_ms_);
    server_ms_ = std::max(server_ms_, there_ms);
}

std::string IssueReading::bound_of(const Scan& what, const PageWalk& walk) {
    if (!what.from_ms) return fmt::format("id in ({})", fmt::join(what.ids, ","));
    if (what.by == PageWalk::By::updated) return fmt::format("updated >= {}", *walk.from_ms());
    std::string bound = fmt::format("updated >= {}", *what.from_ms);
    if (what.to_ms) bound += fmt::format(" AND updated < {}", *what.to_ms);
    if (*walk.from_ms() > 0) bound += fmt::format(" AND created >= {}", *walk.from_ms());
    return bound;
}

/// Where more issues were updated in an instant than Data Center pages through, they are read by the time of
/// their creation.
asio::awaitable<Result<void>> IssueReading::scan(Scan what, IssueSink sink) {
    const bool is_by_creation = what.by == PageWalk::By::created;
    PageWalk walk(flavour_, is_by_creation ? 0 : what.from_ms, what.by);
    SearchQuery query;
    query.fields = what.fields;
    if (is_by_creation) query.fields.emplace_back("created");
    query.named = what.ids;
    const std::string limit = what.within == Scan::Within::query      ? options_.jql
                              : what.within == Scan::Within::rest     ? rest_jql(options_.jql)
                              : what.within == Scan::Within::negation ? negated_jql(options_.jql)
                                                                      : "";
    for (;;) {
        query.jql = bounded_jql(limit, bound_of(what, walk),
                                is_by_creation ? "created ASC, key ASC" : "updated ASC, key ASC");
        query.token = walk.token();
        query.start = walk.start();
        auto page = co_await ask(query);
        if (!page && is_question_refused_)
            if (const auto refused = walk.take_refusal()) {
                if (*refused == PageWalk::Next::ask) continue;
                break;
            }
        if (!page && !is_too_deep_) co_return page.error();
        auto next = page ? walk.take(*page) : PageWalk::Next::too_deep;
        if (page) {
            page->is_by_update = what.from_ms && !is_by_creation && walk.is_in_order();
            if (auto taken = co_await sink(std::move(*page)); !taken) co_return taken;
        }
        if (!next) {  // nobody may have been answered so
            const auto known = co_await check_login();
            co_return known ? Result<void>{about(next.error())} : known;
        }
        if (*next == PageWalk::Next::end) break;
        if (*next == PageWalk::Next::ask) continue;
        if (is_by_creation)
            co_return about({ErrorCode::bad_input,
                             page ? "more issues than the site pages through were created and updated within "
                                    "the same second: divide the stream by its `jql`"
                                  : page.error().text});
        Scan instant{{}, walk.from_ms(), what.fields, PageWalk::By::created, walk.instant_end_ms()};
        if (auto read = co_await scan(std::move(instant), sink); !read) co_return read;
        if (!walk.pass_instant()) break;
    }
    paged_instant_ms_ = std::max(paged_instant_ms_, walk.paged_instant_ms().value_or(0));
    co_return Result<void>{};
}

/// An address is a site's name; behind one address (a gateway's) its id is.
bool IssueReading::is_elsewhere(const Cursor& stored) const {
    const auto differ = [](const std::string& before, const std::string& now) {
        return !before.empty() && !now.empty() && before != now;
    };
    return differ(stored.site, options_.url) || differ(stored.cloud_id, options_.cloud_id);
}

/// Where the reading goes on. Another site's ids mean other issues: what is stored leaves.
asio::awaitable<Result<void>> IssueReading::begin(const StreamPosition& position, PageSink sink) {
    const auto stored = Cursor::parse(position.cursor);
    const bool is_anew = stored && is_elsewhere(*stored);
    if (stored && !is_anew) cursor_.met = stored->met;
    if (auto ready = co_await prepare(); !ready) co_return ready.error();
    if (stored && !is_anew && stored->fingerprint == fingerprint()) {
        auto met = std::move(cursor_.met);
        cursor_ = *stored;
        cursor_.met = std::move(met);
    } else {
        cursor_.is_of_others = stored && !is_anew;
    }
    cursor_.fingerprint = fingerprint();
    cursor_.site = options_.url;
    cursor_.cloud_id = options_.cloud_id;
    if (!is_anew) co_return Result<void>{};
    Page page;
    page.is_json = true;
    page.begins_anew = true;
    page.cursor = cursor_.text();
    co_return co_await sink(std::move(page));
}

asio::awaitable<Result<Notes>> IssueReading::run(StreamPosition position, PageSink sink) {
    if (auto begun = co_await begin(position, sink); !begun) co_return begun.error();
    stored_ = position.stored;
    const bool had_no_cycle = cursor_.is_first_done && cursor_.met.slas.empty();
    if (auto looked = co_await look_for_hidden_slas(); !looked) co_return looked.error();
    const std::int64_t known_until_ms = cursor_.is_first_done ? cursor_.updated_ms : 0;
    if (auto read = co_await read_news(sink); !read) co_return read.error();
    const auto vanished = co_await has_vanished(position);
    if (!vanished) co_return vanished.error();
    if (auto read = co_await read_running(position.wants_reconciling, sink); !read) co_return read.error();
    // Where tokens led through an instant that is new, an issue may have slipped through.
    if (position.wants_reconciling || cursor_.is_of_others || paged_instant_ms_ > known_until_ms ||
        cursor_.lost || !cursor_.looked_to.empty() || *vanished) {
        const auto is_lost = co_await is_still_lost(sink);
        if (!is_lost) co_return is_lost.error();
        if (*is_lost)
            notes_.push_back(note_of(*cursor_.lost));
        else if (auto counted = co_await take_census(std::move(position), sink); !counted)
            co_return counted.error();
    }
    cursor_.is_first_done = true;
    // The first cycle of all: issues that were read before may have had theirs hidden.
    if (had_no_cycle && !cursor_.met.slas.empty()) cursor_.updated_ms = 0;
    Page last;
    last.is_json = true;
    last.cursor = cursor_.text();
    if (auto kept = co_await sink(std::move(last)); !kept) co_return kept.error();
    note_left_out();
    note_unknown_fields();
    note_looks();
    note_differing_fields();
    note_hidden_slas();
    note_slas_never_seen();
    co_return notes_;
}

/// What was updated since, and a while before: an issue at least, the one that the cursor stands at. Where
/// a page has none, we may have become nobody in the middle.
asio::awaitable<Result<void>> IssueReading::read_news(PageSink sink) {
    constexpr std::int64_t second_ms = 1'000;  // within one, Data Center's index has no order
    const std::int64_t overlap_ms = cursor_.is_first_done ? index_lag_ms : cursor_.updated_ms % second_ms;
    Scan news{{}, std::max(options_.since_ms, cursor_.updated_ms - overlap_ms), asked_fields()};
    auto in_last_page = std::make_shared<std::size_t>(0);
    IssueSink take = [this, sink, in_last_page](SearchPage page) {
        *in_last_page = page.issues->Size();
        has_news_ = has_news_ || !page.issues->Empty();
        if (began_ms_ == 0) began_ms_ = page.server_ms;
        for (const auto& issue : page.issues->GetArray())
            newest_ms_ = std::max(newest_ms_, updated_of(issue).value_or(0));
        return store(std::move(page), sink);
    };
    if (auto read = co_await scan(std::move(news), take); !read) co_return read;
    if (*in_last_page == 0)
        if (auto known = co_await check_login(); !known) co_return known;
    move_cursor(std::min(newest_ms_, began_ms_ - index_lag_ms));
    co_return Result<void>{};
}

void IssueReading::move_cursor(std::int64_t updated_ms) {
    cursor_.updated_ms = std::max(cursor_.updated_ms, updated_ms);
}

/// The index may still lack what was updated a moment ago, and what it shows of then may stand anywhere: such
/// an issue moves the cursor only when all has been read.
asio::awaitable<Result<void>> IssueReading::store(SearchPage found, PageSink sink) {
    if (const auto kept = co_await keep_hidden_slas(found); !kept) co_return kept;
    Page page = page_of(found);
    if (found.is_by_update)
        for (const SourceRowData& row : page.rows)
            if (row.version <= found.server_ms - index_lag_ms) move_cursor(row.version);
    page.cursor = cursor_.text();
    co_return co_await sink(std::move(page));
}

asio::awaitable<Result<Sample>> IssueReading::sample(std::string cursor, int rows, bool all_fields) {
    if (const auto stored = Cursor::parse(cursor); stored && !is_elsewhere(*stored))
        cursor_.met = stored->met;
    if (auto ready = co_await prepare(); !ready) co_return ready.error();
    page_size_ = rows;
    SearchQuery query;
    query.jql = bounded_jql(options_.jql, fmt::format("updated >= {}", options_.since_ms), "updated DESC");
    query.fields = asked_fields();
    if (all_fields) query.fields.assign(1, "*all");
    auto found = co_await ask(query);
    if (!found) co_return found.error();
    if (found->issues->Empty()) {
        if (auto known = co_await check_login(); !known) co_return known.error();
        co_return co_await why_none();
    }
    Page page = page_of(*found);
    if (all_fields) page.fields = known_.fields;
    note_left_out();
    if (!all_fields) note_unknown_fields();
    note_differing_fields();
    co_return Sample{std::move(page), notes_};
}

}  // namespace baselined::connectors::jira
