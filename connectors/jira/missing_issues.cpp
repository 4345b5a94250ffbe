// Stored issues that a listing lacks: gone, out of the query, or only out of sight.
#include <fmt/format.h>

#include <algorithm>

#include "connectors/jira/issue_reader.hpp"
#include "mappings/mapping/json_member.hpp"

namespace baselined::connectors::jira {

namespace asio = boost::asio;

namespace {

/// Stored texts are held in memory.
constexpr std::size_t stored_at_once = 1'000;
constexpr long status_forbidden = 403, status_not_found = 404;

bool is_archived(const rapidjson::Value& project) {
    const auto* archived = mappings::member(project, "archived");
    return archived != nullptr && archived->IsTrue();
}

/// As the subject of a sentence.
std::string issues_of(std::size_t count, const char* what) {
    return count == 1 ? fmt::format("an issue {}", what) : fmt::format("{} issues {}", count, what);
}

std::string words_of_unanswered(std::size_t count, const std::string& why) {
    return fmt::format(
        "{} could not be asked for by {} ({}): nothing is removed of {}, and the site is asked again later",
        issues_of(count, "that the search does not list"), count == 1 ? "its id" : "their ids", why,
        count == 1 ? "it" : "them");
}

std::string words_of_unindexed(std::size_t count, std::size_t left) {
    const std::string others =
        left == 0 ? "" : fmt::format(" (nor {} more that are still to be looked for)", left);
    return fmt::format(
        "{} by {}, and the search does not list {}{}: its index lags or is being rebuilt. They stay; should "
        "it last, ask the site's administrators to rebuild the index",
        count == 1 ? "an issue can be read" : fmt::format("{} issues can be read", count),
        count == 1 ? "its id" : "their ids", count == 1 ? "it" : "them", others);
}

}  // namespace

/// A listing may lack what has just been updated, or what moved while it was read, and an index that lags or
/// is being rebuilt lacks much. So each is looked for by its id before it is taken for gone, and what is
/// there leaves only where a search shows that it left.
asio::awaitable<Result<IssueReading::Missing>> IssueReading::sort_missing(std::vector<std::string> missing,
                                                                          ProjectCounts listed,
                                                                          PageSink sink) {
    Missing sorted;
    // What stands under a key came without an id, and is no record.
    const auto named = std::partition(missing.begin(), missing.end(), is_issue_id);
    sorted.gone.assign(named, missing.end());
    missing.erase(named, missing.end());
    auto stored = co_await set_aside_lost_projects(std::move(missing), listed, sorted);
    if (!stored) co_return stored.error();
    std::vector<std::string> ids;
    for (const auto& [id, updated_ms] : *stored) ids.push_back(id);
    auto look = co_await look_at(std::move(ids));
    if (!look) co_return look.error();
    std::vector<std::string> candidates;
    for (const auto& [id, seen] : look->alive) candidates.push_back(id);
    auto found = co_await read_ids(std::move(candidates), sink);
    if (!found) co_return found.error();
    AliveIssues left;
    for (const auto& [id, updated_ms] : *stored) {
        if (found->contains(id) || look->unlooked.contains(id) || look->withheld.contains(id)) continue;
        const auto alive = look->alive.find(id);
        if (alive == look->alive.end())
            sorted.unseen.push_back(id);
        else if (is_recent(alive->second) && listed.contains(alive->second.project))
            is_undecided_ = true;
        else if (alive->second.is_archived)
            sorted.archived.push_back(id);
        else
            left.insert(*alive);
    }
    sorted.look = std::move(*look);
    if (auto judged = co_await judge_left(std::move(left), std::move(*stored), sorted); !judged)
        co_return judged.error();
    co_return sorted;
}

bool IssueReading::is_recent(const Alive& issue) const {
    return issue.updated_ms > server_ms_ - index_lag_ms;
}

/// Of those that are there and that the query does not find. One that the index has, and that has changed
/// since it was stored, or is of another query, has left it. One that is as it was leaves a query, too, as
/// time passes or a project is renamed; but the nodes of a cluster have each an index, and the one that
/// answers may be another one than before: it has to show the issue among what the query does not let
/// through.
asio::awaitable<Result<void>> IssueReading::judge_left(AliveIssues left, StoredUpdates stored,
                                                       Missing& missing) {
    std::vector<std::string> ids, unchanged;
    for (const auto& [id, issue] : left)
        if (!issue.is_indexed) ids.push_back(id);
    auto indexed = co_await find_indexed(std::move(ids));
    if (!indexed) co_return indexed.error();
    for (const auto& [id, issue] : left) {
        if (!issue.is_indexed && !indexed->contains(id) && is_recent(issue))
            is_undecided_ = true;
        else if (!issue.is_indexed && !indexed->contains(id))
            missing.unindexed.push_back(id);
        else if (cursor_.is_of_others || issue.updated_ms > stored[id])
            missing.gone.push_back(id);
        else if (negated_jql(options_.jql).empty())
            missing.unindexed.push_back(id);
        else
            unchanged.push_back(id);
    }
    for (std::size_t at = 0; at < unchanged.size(); at += most_reconciled) {
        const auto part = part_of(unchanged, at, std::min(unchanged.size(), at + most_reconciled));
        auto shown = co_await ask_index(part, Scan::Within::rest);
        if (!shown && is_question_refused_) shown = co_await ask_index(part, Scan::Within::negation);
        // Some clauses cannot be negated: then the index has to do.
        if (!shown && !is_question_refused_) co_return shown.error();
        for (const std::string& id : part)
            (!shown || shown->contains(id) ? missing.gone : missing.unindexed).push_back(id);
    }
    co_return Result<void>{};
}

/// Of a project that has no issue left, the site is asked whether it shows the project: one that is archived,
/// or hidden, is no deletion, however few its issues are. Some sites show archived issues by their ids. Gives
/// those of other projects.
asio::awaitable<Result<IssueReading::StoredUpdates>> IssueReading::set_aside_lost_projects(
    std::vector<std::string> ids, ProjectCounts listed, Missing& missing) {
    StoredUpdates others;
    std::map<std::string, bool> is_lost;
    for (std::size_t at = 0; at < ids.size(); at += stored_at_once) {
        const auto part = part_of(ids, at, std::min(ids.size(), at + stored_at_once));
        const auto texts = co_await stored_->texts(part);
        for (std::size_t index = 0; index < part.size(); ++index) {
            rapidjson::Document stored;
            stored.Parse<rapidjson::kParseIterativeFlag>(texts[index].data(), texts[index].size());
            const std::string project = stored.IsObject() ? project_of(stored) : "";
            if (!project.empty() && !listed.contains(project) && !is_lost.contains(project)) {
                const auto asked = co_await is_lost_project(project);
                if (!asked) co_return asked.error();
                is_lost[project] = *asked;
                if (*asked) missing.lost_projects.push_back(project);
            }
            if (is_lost[project])
                missing.of_lost_projects.push_back(part[index]);
            else
                others[part[index]] = stored.IsObject() ? updated_of(stored).value_or(0) : 0;
        }
    }
    std::sort(missing.lost_projects.begin(), missing.lost_projects.end());
    co_return others;
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
    const Look& look = missing.look;
    const auto out_of_sight =
        static_cast<std::int64_t>(missing.unseen.size() + look.withheld.size() + look.unlooked.size());
    const bool is_half = (!missing.unseen.empty() || !look.withheld.empty()) && out_of_sight > 1 &&
                         out_of_sight * 2 >= compared;
    missing.gone.insert(missing.gone.end(), missing.archived.begin(), missing.archived.end());
    if (!is_half) missing.gone.insert(missing.gone.end(), missing.unseen.begin(), missing.unseen.end());
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
                        out_of_sight, compared));
    std::vector<std::string> sentences;
    if (!words.empty())
        sentences.push_back(
            fmt::format("{}: nothing is removed of them. Mend the account's permissions; "
                        "should they be gone for good, give the stream another name: it is "
                        "then read anew",
                        fmt::join(words, ", and ")));
    if (!missing.unindexed.empty())
        sentences.push_back(words_of_unindexed(missing.unindexed.size(), look.left));
    if (!look.unanswered.empty())
        sentences.push_back(words_of_unanswered(look.unlooked.size(), look.unanswered));
    keep_looks(missing);
    std::vector<std::string> ids = is_half ? missing.unseen : std::vector<std::string>{};
    for (const auto* more : {&missing.of_lost_projects, &missing.unindexed})
        ids.insert(ids.end(), more->begin(), more->end());
    if (is_half || !look.unanswered.empty())
        ids.insert(ids.end(), look.unlooked.begin(), look.unlooked.end());
    if (sentences.empty()) {
        cursor_.lost.reset();
        return;
    }
    // While others are gone, and leave in paces, no longer pause holds that up.
    if (cursor_.lost && look.left > 0 && !is_half && look.unanswered.empty()) cursor_.lost->pause_ms = 0;
    note_lost(fmt::format("{}", fmt::join(sentences, "; ")), ids, !words.empty());
}

/// Over the readings that a round takes. One that was not answered is not done.
void IssueReading::keep_looks(const Missing& missing) {
    const Look& look = missing.look;
    if (!look.unanswered.empty()) return;
    if (cursor_.looked_to.empty()) cursor_.looks = {};
    cursor_.looks.archived += static_cast<std::int64_t>(missing.archived.size());
    cursor_.looks.withheld += static_cast<std::int64_t>(look.withheld.size());
    if (!look.withheld.empty() && cursor_.looks.words.empty())
        cursor_.looks.words =
            fmt::format("{}: {}", look.withheld.begin()->first, look.withheld.begin()->second);
    cursor_.looks.left = static_cast<std::int64_t>(look.left);
    cursor_.looked_to = look.looked_to;
}

/// Remarks: the reading is whole, and goes on.
void IssueReading::note_looks() {
    const auto& [withheld, words, archived, left] = cursor_.looks;
    const auto remark = [this](std::string text) {
        notes_.push_back({std::move(text), Note::About::remark});
    };
    if (left > 0)
        remark(
            fmt::format("{} issues that the search lists no longer are still to be looked for by their "
                        "ids, some at each poll: they stay until then",
                        left));
    if (withheld > 0)
        remark(
            fmt::format("{} not shown to the account by {} any more ({}): what is stored of {} stays, "
                        "and is not renewed. Mend the account's permissions",
                        withheld == 1 ? "an issue is" : fmt::format("{} issues are", withheld),
                        withheld == 1 ? "its id" : "their ids", words, withheld == 1 ? "it" : "them"));
    if (archived > 0)
        remark(fmt::format("{} archived: {} left the figures without being deleted, until {} restored",
                           archived == 1 ? "an issue was" : fmt::format("{} issues were", archived),
                           archived == 1 ? "it" : "they", archived == 1 ? "it is" : "they are"));
}

}  // namespace baselined::connectors::jira
