// Stored issues that a listing lacks: gone, out of the query, or only out of sight.
#include <fmt/format.h>

#include <algorithm>

#include "connectors/jira/issue_reader.hpp"
#include "mappings/mapping/json_member.hpp"

namespace baselined::connectors::jira {

namespace asio = boost::asio;

namespace {

/// Stored texts are held in memory.
constexpr std::ptrdiff_t stored_at_once = 1'000;
constexpr long status_forbidden = 403, status_not_found = 404;

bool is_archived(const rapidjson::Value& project) {
    const auto* archived = mappings::member(project, "archived");
    return archived != nullptr && archived->IsTrue();
}

}  // namespace

/// A listing may lack what has just been updated, or what moved while it was read. So each is looked for by
/// its id before it is taken for gone. What is there, in a project of the query, and has just been updated
/// may only be missing in the index: the next reading decides. What is there otherwise is of the query no
/// longer, however many they are: what can be seen was not lost.
asio::awaitable<Result<IssueReading::Missing>> IssueReading::sort_missing(std::vector<std::string> missing,
                                                                          ProjectCounts listed,
                                                                          PageSink sink) {
    Missing sorted;
    if (missing.empty()) co_return sorted;
    const auto alive = co_await look_at(missing);
    if (!alive) co_return alive.error();
    std::vector<std::string> candidates;
    for (const auto& [id, seen] : *alive) candidates.push_back(id);
    auto found = co_await read_ids(std::move(candidates), sink);
    if (!found) co_return found.error();
    for (std::string& id : missing) {
        if (found->contains(id)) continue;
        const auto entry = alive->find(id);
        const bool is_known = entry != alive->end();
        if (is_known && (!entry->second.is_certain || (entry->second.updated_ms > server_ms_ - index_lag_ms &&
                                                       listed.contains(entry->second.project))))
            is_undecided_ = true;
        else
            (is_known && entry->second.is_seen ? sorted.gone : sorted.unseen).push_back(std::move(id));
    }
    if (const auto read = co_await find_lost_projects(sorted, std::move(listed)); !read)
        co_return read.error();
    co_return sorted;
}

/// Of a project that has no issue left, the site is asked whether it shows the project: one that is archived,
/// or hidden, is no deletion, however few its issues are. Some sites show archived issues by their ids.
asio::awaitable<Result<void>> IssueReading::find_lost_projects(Missing& missing, ProjectCounts listed) {
    std::map<std::string, bool> is_lost;
    for (auto* ids : {&missing.gone, &missing.unseen}) {
        std::vector<std::string> kept;
        for (std::size_t at = 0; at < ids->size(); at += static_cast<std::size_t>(stored_at_once)) {
            const auto from = ids->begin() + static_cast<std::ptrdiff_t>(at);
            std::vector<std::string> part(from, from + std::min(ids->end() - from, stored_at_once));
            const auto texts = co_await stored_->texts(part);
            for (std::size_t index = 0; index < part.size(); ++index) {
                rapidjson::Document stored;
                stored.Parse<rapidjson::kParseIterativeFlag>(texts[index].data(), texts[index].size());
                const std::string project = stored.IsObject() ? project_of(stored) : "";
                if (!project.empty() && !listed.contains(project) && !is_lost.contains(project)) {
                    const auto asked = co_await is_lost_project(project);
                    if (!asked) co_return asked.error();
                    is_lost[project] = *asked;
                }
                const auto known = is_lost.find(project);
                (known != is_lost.end() && known->second ? missing.of_lost_projects : kept)
                    .push_back(std::move(part[index]));
            }
        }
        *ids = std::move(kept);
    }
    for (const auto& [project, is] : is_lost)
        if (is) missing.lost_projects.push_back(project);
    co_return Result<void>{};
}

/// The site does not show it, or as archived.
asio::awaitable<Result<bool>> IssueReading::is_lost_project(std::string project) {
    const auto response = co_await get(api() + "/project/" + project);
    if (!response) co_return response.error();
    if (response->status == status_not_found || response->status == status_forbidden) {
        const auto listed = co_await is_listed_project(std::move(project));
        if (!listed) co_return listed.error();
        co_return !*listed;
    }
    const auto answer = parse_answer(*response);
    if (!answer) co_return about(answer.error());
    co_return is_archived(**answer);
}

/// Among those that the site lists as live: what it does not show by its key it may list. A site without such
/// a list, or one that is not readable, lists nothing.
asio::awaitable<Result<bool>> IssueReading::is_listed_project(std::string project) {
    constexpr int most_pages = 200;
    int start = 0;
    for (int page = 0; page < most_pages; ++page) {
        // g++ 12 destroys what a condition makes within co_await twice.
        std::string path = api() + "/project";
        if (flavour_ == Flavour::cloud)
            path += fmt::format("/search?status=live&keys={}&startAt={}", project, start);
        const auto response = co_await get(std::move(path));
        if (!response) co_return response.error();
        const auto answer = parse_answer(*response);
        if (!answer) co_return false;
        const auto* values = (*answer)->IsArray() ? answer->get() : mappings::member(**answer, "values");
        if (values == nullptr || !values->IsArray() || values->Empty()) co_return false;
        for (const auto& entry : values->GetArray())
            if (text_of(entry, "key") == project && !is_archived(entry)) co_return true;
        const auto* is_last = mappings::member(**answer, "isLast");
        if (is_last == nullptr || !is_last->IsFalse()) co_return false;
        start += static_cast<int>(values->Size());
    }
    co_return false;
}

/// Half of all at once are rather out of sight than deleted. What stays is said, and what leaves is in
/// `gone`.
void IssueReading::note_missing(Missing& missing, std::int64_t compared) {
    const bool is_half = missing.unseen.size() > 1 && std::ssize(missing.unseen) * 2 >= compared;
    if (!is_half) {
        missing.gone.insert(missing.gone.end(), missing.unseen.begin(), missing.unseen.end());
        missing.unseen.clear();
    }
    constexpr const char* way_out =
        "nothing is removed of them. Mend the account's permissions; should they be gone for good, give the "
        "stream another name: it is then read anew";
    std::vector<std::string> words;
    if (!missing.lost_projects.empty())
        words.push_back(
            fmt::format("project {} cannot be seen any more (archived, deleted, or access was lost), and "
                        "{} issues with it",
                        fmt::join(missing.lost_projects, ", "), missing.of_lost_projects.size()));
    if (is_half)
        words.push_back(
            fmt::format("{} of {} stored issues cannot be seen any more: rather access that was lost "
                        "than issues deleted",
                        missing.unseen.size(), compared));
    std::vector<std::string> ids = missing.unseen;
    ids.insert(ids.end(), missing.of_lost_projects.begin(), missing.of_lost_projects.end());
    if (words.empty())
        cursor_.lost.reset();
    else
        note_lost(fmt::format("{}: {}", fmt::join(words, ", and "), way_out), ids);
}

}  // namespace baselined::connectors::jira
