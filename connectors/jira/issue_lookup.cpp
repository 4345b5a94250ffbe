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
    const std::size_t most =
        is_cloud ? most_requests * looked_at_at_once : most_requests - looked_for_singly_;
    auto pace = next_pace(std::move(ids), most, look);
    if (auto looked = co_await look_past_index(std::move(pace), look); !looked) co_return looked.error();
    // What was not answered is asked for again.
    if (!look.unanswered.empty()) look.looked_to = cursor_.looked_to;
    co_return look;
}

/// Those behind the ones that the readings before have looked for, and as many as may be asked for; the
/// others behind are left to the next readings. With the last of them the round ends: those that stay are
/// looked for again when ids are next compared.
std::vector<std::string> IssueReading::next_pace(std::vector<std::string> ids, std::size_t most,
                                                 Look& look) const {
    std::sort(ids.begin(), ids.end());
    const auto first = std::upper_bound(ids.begin(), ids.end(), cursor_.looked_to);
    const auto last = first + static_cast<std::ptrdiff_t>(
                                  std::min(most, static_cast<std::size_t>(std::distance(first, ids.end()))));
    look.unlooked.insert(ids.begin(), first);
    look.unlooked.insert(last, ids.end());
    look.left = static_cast<std::size_t>(std::distance(last, ids.end()));
    if (look.left > 0) look.looked_to = *std::prev(last);
    return {first, last};
}

/// By their ids. Where anything but Jira answers, or Jira answers something else, the rest is not asked for:
/// it would be answered alike.
asio::awaitable<Result<void>> IssueReading::look_past_index(std::vector<std::string> ids, Look& look) {
    const bool is_cloud = flavour_ == Flavour::cloud;
    const std::size_t step = is_cloud ? looked_at_at_once : 1;
    for (std::size_t at = 0; at < ids.size(); at += step) {
        const auto part = part_of(ids, at, std::min(ids.size(), at + step));
        const Request request = is_cloud ? bulk_request(base_, part) : look_up_request(base_, part.front());
        const auto response = co_await exchange_.call(request);
        if (!response) co_return response.error();
        if (take_look_up(*response, part, look)) continue;
        look.unlooked.insert(ids.begin() + static_cast<std::ptrdiff_t>(at), ids.end());
        break;
    }
    co_return Result<void>{};
}

/// False: it is no answer to what was asked. Data Center says of each whether it is there; 403 is of a
/// security level, say, that is hidden from the account. Cloud leaves out what is not there, and names what
/// it cannot give just now.
bool IssueReading::take_look_up(const Response& response, const std::vector<std::string>& ids,
                                Look& look) const {
    const auto answer = parse_answer(response);
    const std::string& first = ids.front();
    if (flavour_ == Flavour::data_center) {
        if (answer) note_alive(**answer, look.alive);
        if (look.alive.contains(first)) return true;
        if (is_word_of_jira(response) && response.status == status_not_found) return true;
        if (is_word_of_jira(response) && response.status == status_forbidden) {
            look.withheld[first] = answer.error().text;
            return true;
        }
    } else if (const auto* issues = answer ? mappings::member(**answer, "issues") : nullptr;
               issues != nullptr && issues->IsArray()) {
        for (const auto& issue : issues->GetArray()) note_alive(issue, look.alive);
        if (const auto* errors = mappings::member(**answer, "issueErrors");
            errors != nullptr && errors->IsArray())
            for (const auto& error : errors->GetArray())
                look.withheld[text_of(error, "id")] = "said " + text_of(error, "errorMessage");
        return true;
    }
    look.unanswered =
        answer ? fmt::format("answered {} without what was asked for", response.status) : answer.error().text;
    return false;
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

void IssueReading::note_alive(const rapidjson::Value& issue, AliveIssues& alive) {
    const std::string id = text_of(issue, "id");
    if (id.empty()) return;
    const auto* fields = mappings::member(issue, "fields");
    alive[id].updated_ms = updated_of(issue).value_or(0);
    alive[id].project = project_of(issue);
    alive[id].is_archived = fields != nullptr && !text_of(*fields, "archiveddate").empty();
}

}  // namespace baselined::connectors::jira
