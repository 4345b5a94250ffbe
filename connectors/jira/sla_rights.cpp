// Whether the account is still shown SLAs: one that is no agent of a project any more sees null in their
// fields, as an issue without an SLA has.
#include <fmt/format.h>

#include "connectors/jira/issue_reader.hpp"
#include "connectors/jira/sla_cycles.hpp"

namespace baselined::connectors::jira {

namespace asio = boost::asio;

/// Jira takes no cycle away from an issue whose SLA is still there. One whose cycles are stored and that
/// shows no SLA has lost it where other issues of its project show theirs; where none does, the account lost
/// its rights, and the issue keeps what is stored of it.
asio::awaitable<Result<void>> IssueReading::keep_hidden_slas(const SearchPage& found) {
    kept_slas_.clear();
    if (!options_.wants_slas || !stored_ || cursor_.met.slas.empty()) co_return Result<void>{};
    for (const auto& issue : found.issues->GetArray())
        if (shows_sla(issue, known_.sla_fields)) with_slas_.insert(project_of(issue));
    std::vector<std::string> ids, projects;
    for (const auto& issue : found.issues->GetArray()) {
        std::string project = project_of(issue);
        if (with_slas_.contains(project)) continue;
        ids.push_back(text_of(issue, "id"));
        projects.push_back(std::move(project));
    }
    if (ids.empty()) co_return Result<void>{};
    const auto texts = co_await stored_->texts(ids);
    for (std::size_t index = 0; index < ids.size(); ++index) {
        rapidjson::Document document;
        const std::string& project = projects[index];
        if (with_slas_.contains(project) || stored_slas(document, texts[index]) == nullptr) continue;
        if (!cursor_.slaless.contains(project)) {
            const auto seen = co_await sees_slas(project);
            if (!seen) co_return seen.error();
            if (*seen) continue;
            cursor_.slaless.insert(project);
        }
        kept_slas_[ids[index]] = texts[index];
    }
    co_return Result<void>{};
}

/// By the newest issues of the project.
asio::awaitable<Result<bool>> IssueReading::sees_slas(std::string project) {
    SearchQuery query;
    query.jql = bounded_jql(options_.jql,
                            fmt::format("updated >= {} AND project = \"{}\"", options_.since_ms, project),
                            "updated DESC");
    for (const auto& field : known_.sla_fields) query.fields.push_back(field.id);
    const auto page = co_await ask(std::move(query));
    if (!page && !is_question_refused_) co_return page.error();
    bool is_seen = false;
    if (page)
        for (const auto& issue : page->issues->GetArray())
            is_seen = is_seen || shows_sla(issue, known_.sla_fields);
    if (is_seen) with_slas_.insert(std::move(project));
    co_return is_seen;
}

/// Once they are shown again, all is read again: what was read meanwhile lacks cycles that nobody knew of.
asio::awaitable<Result<void>> IssueReading::look_for_hidden_slas() {
    const std::set<std::string> hidden = cursor_.slaless;
    for (const std::string& project : hidden) {
        const auto seen = co_await sees_slas(project);
        if (!seen) co_return seen.error();
        if (!*seen) continue;
        cursor_.slaless.erase(project);
        cursor_.updated_ms = 0;
    }
    co_return Result<void>{};
}

/// What an issue has stored stands in for what is hidden; false: nothing is.
bool IssueReading::take_kept_slas(rapidjson::Value& issue, rapidjson::Document::AllocatorType& allocator) {
    const auto kept = kept_slas_.find(text_of(issue, "id"));
    if (kept == kept_slas_.end()) return false;
    rapidjson::Document document;
    const rapidjson::Value* slas = stored_slas(document, kept->second);
    issue.RemoveMember("slas");
    issue.AddMember(
        "slas",
        slas == nullptr ? rapidjson::Value(rapidjson::kArrayType) : rapidjson::Value(*slas, allocator),
        allocator);
    return true;
}

/// A site's list of fields says nothing of rights: who never was an agent sees null in each, as where no
/// promise was made.
void IssueReading::note_slas_never_seen() {
    if (options_.wants_slas && !known_.sla_fields.empty() && cursor_.met.slas.empty() &&
        cursor_.updated_ms > options_.since_ms)
        notes_.push_back(
            {"no issue shows an SLA: either none has one, or the account is no agent of the "
             "service project, who alone are shown them",
             Note::About::remark});
}

void IssueReading::note_hidden_slas() {
    if (cursor_.slaless.empty()) return;
    notes_.push_back(
        {fmt::format(
             "no issue of project {} shows an SLA any more, though some had cycles: the account is no "
             "agent of the service project now. What is stored of their SLAs stays, and once they are "
             "shown all is read again. Should the project have given them up, leave the mapping away, "
             "or give the stream another name: it is then read anew",
             fmt::join(cursor_.slaless, ", ")),
         Note::About::loss});
}

}  // namespace baselined::connectors::jira
