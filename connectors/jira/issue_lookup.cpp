// Issues past the stream's query: which are there, whether a search shows them or not.
#include <fmt/format.h>

#include <algorithm>

#include "connectors/jira/issue_reader.hpp"
#include "mappings/mapping/json_member.hpp"

namespace baselined::connectors::jira {

namespace asio = boost::asio;

namespace {

/// Cloud is asked for so many at a time, Data Center for each; of a reading so many requests are enough.
constexpr std::size_t looked_at_at_once = 100, most_requests = 100;
constexpr long status_forbidden = 403, status_not_found = 404;

}  // namespace

/// Data Center's search tells at once of those that its index has; for the others it is asked one by one.
asio::awaitable<Result<IssueReading::Look>> IssueReading::look_at(std::vector<std::string> ids) {
    Look look;
    const bool is_cloud = flavour_ == Flavour::cloud;
    if (!is_cloud) {
        auto indexed = co_await find_indexed(ids);
        if (!indexed) co_return indexed.error();
        look.alive = std::move(*indexed);
        std::erase_if(ids, [&](const std::string& id) { return look.alive.contains(id); });
    }
    const std::size_t most = most_requests * (is_cloud ? looked_at_at_once : 1);
    auto past_index = co_await look_past_index(next_pace(std::move(ids), most, look.unlooked));
    if (!past_index) co_return past_index.error();
    look.alive.merge(*past_index);
    co_return look;
}

/// Those behind the ones that the reading before has looked for; the others are left to the next ones.
std::vector<std::string> IssueReading::next_pace(std::vector<std::string> ids, std::size_t most,
                                                 IssueIds& unlooked) {
    std::sort(ids.begin(), ids.end());
    std::rotate(ids.begin(), std::upper_bound(ids.begin(), ids.end(), cursor_.looked_to), ids.end());
    cursor_.looked_to.clear();
    if (ids.size() <= most) return ids;
    unlooked.insert(ids.begin() + static_cast<std::ptrdiff_t>(most), ids.end());
    ids.resize(most);
    cursor_.looked_to = ids.back();
    return ids;
}

/// By their ids. A success that does not say what was asked for leaves it open.
asio::awaitable<Result<IssueReading::AliveIssues>> IssueReading::look_past_index(
    std::vector<std::string> ids) {
    AliveIssues alive;
    const bool is_cloud = flavour_ == Flavour::cloud;
    const std::size_t step = is_cloud ? looked_at_at_once : 1;
    for (std::size_t at = 0; at < ids.size(); at += step) {
        const auto part = part_of(ids, at, std::min(ids.size(), at + step));
        const Request request = is_cloud ? bulk_request(base_, part) : look_up_request(base_, part.front());
        const auto response = co_await exchange_.call(request);
        if (!response) co_return response.error();
        if (is_cloud && response->status >= 400 && response->status < 500) {
            for (const std::string& id : part)
                alive[id] = {};  // it cannot be asked so: the search has to tell
            continue;
        }
        if (response->status == status_not_found || response->status == status_forbidden) continue;
        const auto answer = parse_answer(*response);
        if (!answer) co_return about(answer.error());
        note_alive(**answer, alive);
        const bool says =
            is_cloud ? mappings::member(**answer, "issues") != nullptr : alive.contains(part.front());
        for (const std::string& id : part)
            if (!says && !alive.contains(id)) alive[id].is_certain = false;
    }
    co_return alive;
}

/// By the search, without the stream's query.
asio::awaitable<Result<IssueReading::AliveIssues>> IssueReading::find_indexed(std::vector<std::string> ids) {
    AliveIssues found;
    const std::size_t at_once = flavour_ == Flavour::cloud ? most_reconciled : most_ids_named;
    for (std::size_t at = 0; at < ids.size(); at += at_once) {
        auto some = co_await find_few_indexed(part_of(ids, at, std::min(ids.size(), at + at_once)));
        if (!some) co_return some;
        found.merge(*some);
    }
    co_return found;
}

/// One id that is not there lets a site refuse the whole list: then it is asked for in halves.
asio::awaitable<Result<IssueReading::AliveIssues>> IssueReading::find_few_indexed(
    std::vector<std::string> ids) {
    auto found = co_await ask_index(ids, Scan::Within::site);
    if (found || !is_question_refused_) co_return found;
    if (ids.size() == 1) co_return AliveIssues{};
    found = co_await find_few_indexed(part_of(ids, 0, ids.size() / 2));
    if (!found) co_return found;
    auto second = co_await find_few_indexed(part_of(ids, ids.size() / 2, ids.size()));
    if (!second) co_return second;
    found->merge(*second);
    co_return found;
}

asio::awaitable<Result<IssueReading::AliveIssues>> IssueReading::ask_index(std::vector<std::string> ids,
                                                                           Scan::Within within) {
    auto found = std::make_shared<AliveIssues>();
    IssueSink take = [found](SearchPage page) -> asio::awaitable<Result<void>> {
        for (const auto& issue : page.issues->GetArray()) note_alive(issue, *found);
        co_return Result<void>{};
    };
    Scan few{std::move(ids), std::nullopt, {"updated"}};
    few.within = within;
    if (auto read = co_await scan(std::move(few), take); !read) co_return read.error();
    for (auto& [id, issue] : *found) issue.is_indexed = true;
    co_return std::move(*found);
}

/// Of one issue, or of a list; those that Jira cannot give just now are there, too.
void IssueReading::note_alive(const rapidjson::Value& answer, AliveIssues& alive) {
    if (const std::string id = text_of(answer, "id"); !id.empty()) {
        const auto* fields = mappings::member(answer, "fields");
        Alive& issue = alive[id];
        issue.updated_ms = updated_of(answer).value_or(0);
        issue.project = project_of(answer);
        issue.is_seen = true;
        issue.is_certain = mappings::member(answer, "errorMessage") == nullptr;
        issue.is_archived = fields != nullptr && !text_of(*fields, "archiveddate").empty();
    }
    for (const char* name : {"issues", "issueErrors"}) {
        const auto* list = mappings::member(answer, name);
        if (list == nullptr || !list->IsArray()) continue;
        for (const auto& entry : list->GetArray()) note_alive(entry, alive);
    }
}

}  // namespace baselined::connectors::jira
