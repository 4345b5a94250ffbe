// Issues by their ids: those whose SLA may have been breached meanwhile, and the census that finds what is
// gone.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "connectors/jira/issue_reader.hpp"
#include "mappings/mapping/json_member.hpp"

namespace baselined::connectors::jira {

namespace asio = boost::asio;

namespace {

/// What its row stands under: one that comes without an id is kept under its key, and rejected.
std::string name_of(const rapidjson::Value& issue) {
    const std::string id = text_of(issue, "id");
    return id.empty() ? text_of(issue, "key") : id;
}

}  // namespace

/// A breach by passing time bumps no `updated`. Nor does a goal or calendar that an administrator changes, or
/// a cycle that ends with it: all that run, breached and paused ones as well, are looked at where ids are
/// compared. What slips through between two pages is due at the next poll, too.
asio::awaitable<Result<void>> IssueReading::read_running(bool all, PageSink sink) {
    std::vector<std::string> due;
    for (const auto& [issue, breach_ms] : cursor_.running)
        if (all || breach_ms <= server_ms_) due.push_back(issue);
    auto found = co_await read_ids(std::move(due), sink, most_ids_named);
    if (!found) co_return found.error();
    // One that the query finds no longer is the census' to judge.
    std::erase_if(cursor_.running,
                  [&](const auto& entry) { return entry.second == 0 && !found->contains(entry.first); });
    co_return Result<void>{};
}

asio::awaitable<Result<IssueIds>> IssueReading::read_ids(std::vector<std::string> ids, PageSink sink,
                                                         std::size_t at_once) {
    IssueIds found;
    for (std::size_t at = 0; at < ids.size(); at += at_once) {
        auto some = co_await read_few(part_of(ids, at, std::min(ids.size(), at + at_once)), sink);
        if (!some) co_return some;
        found.merge(*some);
    }
    co_return found;
}

/// One id that is not there lets a site refuse the whole list: then it is asked for in parts, and in halves.
asio::awaitable<Result<IssueIds>> IssueReading::read_few(std::vector<std::string> ids, PageSink sink) {
    auto found = std::make_shared<IssueIds>();
    IssueSink take = [this, sink, found](SearchPage page) {
        for (const auto& issue : page.issues->GetArray()) found->insert(name_of(issue));
        return store(std::move(page), sink);
    };
    Scan few{ids, std::nullopt, asked_fields()};
    const auto read = co_await scan(std::move(few), take);
    if (read) co_return *found;
    if (!is_question_refused_) co_return read.error();
    if (ids.size() == 1) {
        cursor_.running.erase(ids.front());
        co_return IssueIds{};
    }
    if (ids.size() > most_reconciled) co_return co_await read_ids(std::move(ids), sink);
    auto first_half = part_of(ids, 0, ids.size() / 2);
    auto found_first = co_await read_few(std::move(first_half), sink);
    if (!found_first) co_return found_first;
    auto second_half = part_of(ids, ids.size() / 2, ids.size());
    auto found_second = co_await read_few(std::move(second_half), sink);
    if (!found_second) co_return found_second;
    found_first->merge(*found_second);
    co_return found_first;
}

asio::awaitable<Result<IssueReading::Listing>> IssueReading::list_all(std::shared_ptr<StoredRows> stored) {
    auto listing = std::make_shared<Listing>();
    IssueSink take = [this, listing, stored](SearchPage page) -> asio::awaitable<Result<void>> {
        co_await compare(page, stored, listing);
        co_await find_old_keys(page, stored, listing);
        co_return Result<void>{};
    };
    Scan everything{{}, options_.since_ms, {"updated"}};
    if (auto listed = co_await scan(std::move(everything), take); !listed) co_return listed.error();
    // Broken off, the reading after finds them again by those that are not read yet.
    std::reverse(listing->under_old_keys.begin(), listing->under_old_keys.end());
    co_return std::move(*listing);
}

asio::awaitable<void> IssueReading::compare(SearchPage page, std::shared_ptr<StoredRows> stored,
                                            std::shared_ptr<Listing> listing) {
    std::vector<ListedRow> listed;
    for (const auto& issue : page.issues->GetArray()) {
        listed.push_back({name_of(issue), updated_of(issue).value_or(0)});
        ++listing->projects[project_of(issue)];
    }
    auto unmet = co_await stored->unmet(std::move(listed));
    listing->unmet.insert(unmet.begin(), unmet.end());
}

/// A project's key that is renamed gives all of its issues other keys, and none a new `updated`. One of each
/// project and page tells, as it is stored: not one that is read again anyway.
asio::awaitable<void> IssueReading::find_old_keys(SearchPage page, std::shared_ptr<StoredRows> stored,
                                                  std::shared_ptr<Listing> listing) {
    std::map<std::string, std::string> samples;  // ids by project
    for (const auto& issue : page.issues->GetArray())
        if (const std::string id = text_of(issue, "id");
            !id.empty() && !listing->unmet.contains(id) && !cursor_.running.contains(id))
            samples.emplace(project_of(issue), id);
    std::vector<std::string> ids, projects;
    for (const auto& [project, id] : samples) {
        ids.push_back(id);
        projects.push_back(project);
    }
    const auto texts = co_await stored->texts(std::move(ids));
    std::set<std::string> renamed;
    for (std::size_t at = 0; at < texts.size(); ++at) {
        rapidjson::Document text;
        text.Parse<rapidjson::kParseIterativeFlag>(texts[at].data(), texts[at].size());
        const std::string before = text.IsObject() ? project_of(text) : "";
        if (before.empty() || before == projects[at]) continue;
        renamed.insert(projects[at]);
        ++listing->projects[before];  // it is not lost
    }
    if (renamed.empty()) co_return;
    for (const auto& issue : page.issues->GetArray())
        if (renamed.contains(project_of(issue))) listing->under_old_keys.push_back(text_of(issue, "id"));
}

/// All ids are not listed at each poll while nothing has changed: a few of the lost ones are looked for.
asio::awaitable<Result<bool>> IssueReading::is_still_lost(PageSink sink) {
    if (!cursor_.lost || server_ms_ >= cursor_.lost->again_ms) co_return false;
    std::vector<std::string> ids = cursor_.lost->ids;
    if (flavour_ == Flavour::cloud) {  // whose search refuses a list for one that is not there
        Look look;
        if (const auto looked = co_await look_past_index(ids, look); !looked) co_return looked.error();
        ids.clear();
        for (const auto& [id, seen] : look.alive) ids.push_back(id);
    }
    auto found = co_await read_ids(std::move(ids), sink);
    if (!found) co_return found.error();
    co_return found->empty();
}

Note IssueReading::note_of(const LostAccess& lost) {
    return {lost.note, lost.is_access ? Note::About::loss : Note::About::other};
}

void IssueReading::note_lost(std::string note, const std::vector<std::string>& ids, bool is_access) {
    constexpr std::int64_t first_pause_ms = 10 * 60'000, longest_pause_ms = 24 * 3'600'000;
    constexpr std::size_t looked_for = 20;  // of which some may be deleted, or have moved away
    LostAccess lost;
    lost.note = std::move(note);
    lost.is_access = is_access;
    lost.pause_ms =
        std::clamp(cursor_.lost ? 2 * cursor_.lost->pause_ms : 0, first_pause_ms, longest_pause_ms);
    lost.again_ms = server_ms_ + lost.pause_ms;
    for (std::size_t at = 0; at < ids.size() && lost.ids.size() < looked_for;
         at += std::max<std::size_t>(1, ids.size() / looked_for))
        lost.ids.push_back(ids[at]);
    notes_.push_back(note_of(lost));
    cursor_.lost = std::move(lost);
}

/// A deletion leaves nothing behind: all ids are listed, and what is stored and no longer there has gone.
/// What is there in a newer version than the stored one was missed, and is read.
asio::awaitable<Result<void>> IssueReading::take_census(StreamPosition position, PageSink sink) {
    auto there = co_await list_all(position.stored);
    if (!there) co_return there.error();
    std::vector<std::string> unmet(there->unmet.begin(), there->unmet.end());
    if (auto read = co_await read_ids(std::move(unmet), sink); !read) co_return read.error();
    auto renamed = std::move(there->under_old_keys);
    if (auto read = co_await read_ids(std::move(renamed), sink, most_ids_named); !read)
        co_return read.error();
    auto [ids, compared] = co_await position.stored->unlisted(options_.since_ms);
    if (!ids.empty())
        if (auto known = co_await check_login(); !known) co_return known;
    auto missing = co_await sort_missing(std::move(ids), there->projects, sink);
    if (!missing) co_return missing.error();
    if (!missing->unseen.empty())  // to nobody, nothing is there
        if (auto known = co_await check_login(); !known) co_return known;
    note_missing(*missing, compared);
    cursor_.is_of_others =
        cursor_.is_of_others && (is_undecided_ || !missing->unindexed.empty() || missing->look.left > 0 ||
                                 !missing->look.unanswered.empty());
    Page page;
    page.is_json = true;
    page.is_reconciled = !is_undecided_;
    page.deleted = std::move(missing->gone);
    for (const std::string& id : page.deleted) cursor_.running.erase(id);
    page.cursor = cursor_.text();
    co_return co_await sink(std::move(page));
}

}  // namespace baselined::connectors::jira
