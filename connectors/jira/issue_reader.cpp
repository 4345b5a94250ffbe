#include "connectors/jira/issue_reader.hpp"

#include <fmt/format.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <xxhash.h>

#include <algorithm>

#include "connectors/jira/sla_cycles.hpp"

namespace baselined::connectors::jira {

namespace asio = boost::asio;

namespace {

/// The search index lags behind by seconds to minutes: so much is read again, and never passed by the cursor.
constexpr std::int64_t overlap_ms = 10 * 60'000;
constexpr int smallest_page = 10;
constexpr std::size_t ids_at_once = 100;

std::int64_t own_clock_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::string json_text(const rapidjson::Value& value) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    value.Accept(writer);
    return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace

IssueReading::IssueReading(Exchange& exchange, SiteOptions options)
    : exchange_(exchange), options_(std::move(options)), page_size_(options_.page_size) {
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

asio::awaitable<Result<Response>> IssueReading::get(std::string path) {
    const Request request = get_request(base_, path);
    auto response = co_await exchange_.call(request);
    co_return response;
}

asio::awaitable<Result<void>> IssueReading::find_flavour() {
    if (options_.flavour) {
        flavour_ = *options_.flavour;
        co_return Result<void>{};
    }
    auto response = co_await get("/rest/api/2/serverInfo");
    if (response && response->status == 404) response = co_await get("/rest/api/3/serverInfo");
    if (!response) co_return response.error();
    const auto info = parse_answer(*response);
    if (!info) co_return about(info.error());
    flavour_ = text_of(**info, "deploymentType") == "Cloud" ? Flavour::cloud : Flavour::data_center;
    co_return Result<void>{};
}

/// Who are we? An expired token answers 200 to everything, with nothing in it: /myself tells.
asio::awaitable<Result<void>> IssueReading::prepare() {
    if (auto found = co_await find_flavour(); !found) co_return found;
    const std::string api = flavour_ == Flavour::cloud ? "/rest/api/3" : "/rest/api/2";
    const auto myself = co_await get(api + "/myself");
    if (!myself) co_return myself.error();
    const auto account = parse_answer(*myself);
    if (!account) co_return Error{account.error().code, "who is logged in? " + account.error().text};
    if (text_of(**account, "accountId").empty() && text_of(**account, "name").empty() &&
        text_of(**account, "key").empty())
        co_return Error{ErrorCode::bad_input, "nobody is logged in: the login is not accepted any more"};
    const auto fields = co_await get(api + "/field");
    if (!fields) co_return fields.error();
    auto list = parse_fields(*fields);
    if (!list) co_return about(list.error());
    known_ = std::move(*list);
    for (const std::string& name : options_.named_fields) {
        const std::size_t before = named_.size();
        for (const auto& field : known_.fields)
            if (field.name == name || field.id == name) named_.push_back({name, field.id});
        if (named_.size() == before)
            notes_.push_back(
                fmt::format("the field \"{}\" is not there, or the account may not see it", name));
    }
    co_return Result<void>{};
}

asio::awaitable<Result<SearchPage>> IssueReading::ask(SearchQuery query) {
    for (;;) {
        query.most = page_size_;
        const Request request = search_request(base_, flavour_, query);
        auto response = co_await exchange_.call(request);
        if (!response) co_return response.error();
        auto page = parse_search(*response);
        if (page) {
            server_ms_ = std::max(server_ms_, page->server_ms != 0 ? page->server_ms : own_clock_ms());
            page_size_ = std::min(options_.page_size, page_size_ + page_size_ / 4 + 1);
            co_return page;
        }
        if (page.error().code != ErrorCode::limit || page_size_ <= smallest_page)
            co_return about(page.error());
        page_size_ = std::max(smallest_page, page_size_ / 2);
    }
}

asio::awaitable<Result<void>> IssueReading::scan(std::string more, std::optional<std::int64_t> from_ms,
                                                 std::vector<std::string> fields, IssueSink sink) {
    std::set<std::string> tokens;
    std::int64_t from = from_ms.value_or(0), newest = from;
    SearchQuery query;
    query.fields = std::move(fields);
    for (;;) {
        std::string bound = more;
        if (from_ms) bound += fmt::format("{}updated >= {}", bound.empty() ? "" : " AND ", from);
        query.jql = bounded_jql(options_.jql, bound, "updated ASC, key ASC");
        auto page = co_await ask(query);
        if (!page) co_return page.error();
        const auto count = static_cast<int>(page->issues->Size());
        const std::string token = page->next_token;
        const auto total = page->total;
        for (const auto& issue : page->issues->GetArray())
            newest = std::max(newest, updated_of(issue).value_or(newest));
        if (auto taken = co_await sink(std::move(*page)); !taken) co_return taken;
        const bool is_last =
            flavour_ == Flavour::cloud ? token.empty() : query.start + count >= total.value_or(0);
        if (is_last || (count == 0 && token.empty())) co_return Result<void>{};
        if (from_ms && newest > from) {
            // Issues move while pages are read: each page asks anew from where the one before ended, so that
            // none slips through (and Data Center, which answers 500 past ten thousand, is never asked so
            // deep).
            from = newest;
            query.token.clear();
            query.start = 0;
            tokens.clear();
            continue;
        }
        if (flavour_ == Flavour::cloud && !tokens.insert(token).second)
            co_return about({ErrorCode::bad_input, "the same page token comes again and again"});
        query.token = token;
        query.start += count;
    }
}

asio::awaitable<Result<Notes>> IssueReading::run(StreamPosition position, PageSink sink) {
    if (auto ready = co_await prepare(); !ready) co_return ready.error();
    const auto stored = Cursor::parse(position.cursor);
    const bool is_ours = stored && stored->fingerprint == fingerprint();
    cursor_ = is_ours ? *stored : Cursor{};
    cursor_.fingerprint = fingerprint();
    std::int64_t from = std::max(options_.since_ms, cursor_.updated_ms);
    if (cursor_.is_first_done) from = std::max(options_.since_ms, cursor_.updated_ms - overlap_ms);
    IssueSink take = [this, sink](SearchPage page) { return store(std::move(page), sink); };
    const std::string nothing_more;
    const auto fields = asked_fields();
    if (auto read = co_await scan(nothing_more, from, fields, take); !read) co_return read.error();
    if (auto read = co_await read_running(sink); !read) co_return read.error();
    if (position.wants_reconciling)
        if (auto counted = co_await take_census(std::move(position), sink); !counted)
            co_return counted.error();
    cursor_.is_first_done = true;
    Page last;
    last.is_json = true;
    last.cursor = cursor_.text();
    if (auto kept = co_await sink(std::move(last)); !kept) co_return kept.error();
    co_return notes_;
}

/// The index may still lack what was updated a moment ago: the cursor stays behind.
void IssueReading::move_cursor(std::int64_t updated_ms) {
    cursor_.updated_ms = std::max(cursor_.updated_ms, std::min(updated_ms, server_ms_ - overlap_ms));
}

asio::awaitable<Result<void>> IssueReading::store(SearchPage found, PageSink sink) {
    Page page = page_of(found);
    for (const SourceRowData& row : page.rows) move_cursor(row.version);
    page.cursor = cursor_.text();
    co_return co_await sink(std::move(page));
}

Page IssueReading::page_of(SearchPage& found) {
    Page page;
    page.is_json = true;
    page.columns = {"$json"};
    page.fields = named_;
    auto& allocator = found.document->GetAllocator();
    for (auto& issue : (*found.document)["issues"].GetArray()) {
        const std::string id = text_of(issue, "id");
        if (id.empty()) continue;
        issue.RemoveMember("expand");
        issue.RemoveMember("self");
        const std::string link = options_.url + "/browse/" + text_of(issue, "key");
        issue.AddMember("$link", rapidjson::Value(link.c_str(), allocator), allocator);
        if (options_.wants_slas) {
            add_slas(issue, known_.sla_fields, allocator);
            cursor_.running.erase(id);
            if (const auto due = next_breach(issue)) cursor_.running[id] = *due;
        }
        page.add(id, updated_of(issue).value_or(0), {json_text(issue)});
    }
    return page;
}

/// A breach by passing time bumps no `updated`.
asio::awaitable<Result<void>> IssueReading::read_running(PageSink sink) {
    std::vector<std::string> due;
    for (const auto& [issue, breach_ms] : cursor_.running)
        if (breach_ms <= server_ms_) due.push_back(issue);
    co_return co_await read_ids(std::move(due), sink);
}

asio::awaitable<Result<void>> IssueReading::read_ids(std::vector<std::string> ids, PageSink sink) {
    IssueSink take = [this, sink](SearchPage page) { return store(std::move(page), sink); };
    for (std::size_t at = 0; at < ids.size(); at += ids_at_once) {
        const auto begin = ids.begin() + static_cast<std::ptrdiff_t>(at);
        const auto end = ids.begin() + static_cast<std::ptrdiff_t>(std::min(ids.size(), at + ids_at_once));
        const std::string list = fmt::format("id in ({})", fmt::join(begin, end, ","));
        const std::optional<std::int64_t> whenever;
        const auto fields = asked_fields();
        if (auto read = co_await scan(list, whenever, fields, take); !read) co_return read;
    }
    co_return Result<void>{};
}

/// A deletion leaves nothing behind: all ids are listed, and what is stored and no longer there has gone.
asio::awaitable<Result<void>> IssueReading::take_census(StreamPosition position, PageSink sink) {
    std::set<std::string> there;
    IssueSink count = [&there](SearchPage page) -> asio::awaitable<Result<void>> {
        for (const auto& issue : page.issues->GetArray()) there.insert(text_of(issue, "id"));
        co_return Result<void>{};
    };
    const std::string nothing_more;
    const std::vector<std::string> fields{"updated"};
    if (auto listed = co_await scan(nothing_more, options_.since_ms, fields, count); !listed)
        co_return listed;
    const std::vector<std::string> stored = co_await position.stored_ids();
    Page page;
    page.is_json = true;
    page.is_reconciled = true;
    for (const std::string& id : stored)
        if (!there.contains(id)) page.deleted.push_back(id);
    if (page.deleted.size() > 1 && page.deleted.size() * 2 >= stored.size()) {
        notes_.push_back(
            fmt::format("{} of {} stored issues cannot be seen any more: rather access that was lost than "
                        "issues deleted; nothing is removed",
                        page.deleted.size(), stored.size()));
        co_return Result<void>{};
    }
    for (const std::string& id : page.deleted) cursor_.running.erase(id);
    for (const std::string& id : stored) there.erase(id);
    page.cursor = cursor_.text();
    if (auto kept = co_await sink(std::move(page)); !kept) co_return kept;
    std::vector<std::string> missed(there.begin(), there.end());
    co_return co_await read_ids(std::move(missed), sink);
}

asio::awaitable<Result<Page>> IssueReading::sample(int rows, bool all_fields) {
    if (auto ready = co_await prepare(); !ready) co_return ready.error();
    page_size_ = rows;
    SearchQuery query;
    query.jql = bounded_jql(options_.jql, fmt::format("updated >= {}", options_.since_ms), "updated DESC");
    query.fields = asked_fields();
    if (all_fields) query.fields.assign(1, "*all");
    auto found = co_await ask(query);
    if (!found) co_return found.error();
    Page page = page_of(*found);
    if (all_fields) page.fields = known_.fields;
    co_return page;
}

}  // namespace baselined::connectors::jira
