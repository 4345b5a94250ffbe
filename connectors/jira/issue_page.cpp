// A page of issues as rows: what each says, with what Jira does not say of itself.
#include <fmt/format.h>

#include <algorithm>

#include "connectors/jira/issue_reader.hpp"
#include "connectors/jira/sla_cycles.hpp"
#include "mappings/mapping/json_member.hpp"
#include "mappings/record/json_writer.hpp"

namespace baselined::connectors::jira {

namespace {

std::string json_text(const rapidjson::Value& value) {
    rapidjson::StringBuffer buffer;
    mappings::JsonWriter writer(buffer);
    value.Accept(writer);
    return {buffer.GetString(), buffer.GetSize()};
}

/// When its status came into the category done, of an issue in it. Many workflows set no resolution, and with
/// it no resolutiondate; Cloud tells this time all the same.
void add_done_at(rapidjson::Value& issue, rapidjson::Document::AllocatorType& allocator) {
    using mappings::member;
    const auto* fields = member(issue, "fields");
    const auto* status = member(*fields, "status");
    const auto* category =
        status == nullptr || !status->IsObject() ? nullptr : member(*status, "statusCategory");
    issue.RemoveMember("$done_at");
    if (category == nullptr || !category->IsObject() || text_of(*category, "key") != "done") return;
    const std::string at = text_of(*fields, "statuscategorychangedate");
    if (!at.empty()) issue.AddMember("$done_at", rapidjson::Value(at.c_str(), allocator), allocator);
}

}  // namespace

Page IssueReading::page_of(SearchPage& found) {
    Page page;
    page.is_json = true;
    page.columns = {"$json"};
    page.fields = named_;
    auto& allocator = found.document->GetAllocator();
    const std::vector<std::string> asked = asked_fields();
    for (auto& issue : (*found.document)["issues"].GetArray()) {
        const std::string id = text_of(issue, "id");
        if (id.empty()) {
            leave_nameless(issue, page);
            continue;
        }
        if (is_bare(issue, asked)) {
            leave_out(id, text_of(issue, "key"));
            continue;
        }
        bare_.erase(id);
        take_name(text_of(issue, "key"), page);
        note_shown_fields(issue);
        note_difference(issue);
        add_done_at(issue, allocator);
        issue.RemoveMember("expand");
        issue.RemoveMember("self");
        const std::string link = options_.url + "/browse/" + text_of(issue, "key");
        issue.AddMember("$link", rapidjson::Value(link.c_str(), allocator), allocator);
        if (!take_kept_slas(issue, allocator)) cursor_.running.erase(id);
        if (options_.wants_slas && !kept_slas_.contains(id)) {
            add_slas(issue, known_.sla_fields, allocator);
            if (const auto due = next_breach(issue, known_.sla_fields, server_ms_ + 1))
                cursor_.running[id] = *due;
        }
        page.add(id, updated_of(issue).value_or(0), {json_text(issue)});
    }
    return page;
}

/// None of what was asked for has come: an answer that lacks it all says nothing of the issue. A field that
/// the issue's project does not have may be missing.
bool IssueReading::is_bare(const rapidjson::Value& issue, const std::vector<std::string>& asked) const {
    const auto* fields = mappings::member(issue, "fields");
    return fields == nullptr || !fields->IsObject() ||
           std::none_of(asked.begin(), asked.end(),
                        [&](const std::string& id) { return mappings::member(*fields, id) != nullptr; });
}

/// Taken as it is, it would empty the record that is stored. It is asked for by its id until it shows them;
/// of very many, the census finds the rest.
void IssueReading::leave_out(const std::string& id, const std::string& key) {
    constexpr std::size_t most_asked_again = 1'000;
    bare_[id] = key.empty() ? id : key;
    if (cursor_.running.contains(id) || bare_.size() <= most_asked_again) cursor_.running[id] = 0;
}

/// As a row under its key, which a mapping rejects and counts. It is asked for by the key until it has an id.
void IssueReading::leave_nameless(const rapidjson::Value& issue, Page& page) {
    const std::string key = text_of(issue, "key");
    nameless_.insert(key);
    if (key.empty()) return;
    cursor_.running[key] = 0;
    page.add(key, updated_of(issue).value_or(0), {json_text(issue)});
}

void IssueReading::take_name(const std::string& key, Page& page) {
    nameless_.erase(key);
    if (cursor_.running.erase(key) > 0) page.deleted.push_back(key);
}

void IssueReading::note_left_out() {
    constexpr std::size_t most_named = 5;
    if (!nameless_.empty())
        notes_.push_back(
            {nameless_.size() == 1
                 ? fmt::format("an issue came without an id ({}), and is left out", *nameless_.begin())
                 : fmt::format("{} issues came without an id ({}, ..), and are left out", nameless_.size(),
                               *nameless_.rbegin()),
             Note::About::gap});
    if (bare_.empty()) return;
    std::vector<std::string> names;
    for (const auto& [id, key] : bare_)
        if (names.size() < most_named) names.push_back(key);
    const bool is_one = bare_.size() == 1;
    notes_.push_back(
        {about({ErrorCode::bad_input,
                fmt::format("{} came without {} fields ({}{}): {} left out, what is stored of {} stays",
                            is_one ? "an issue" : fmt::format("{} issues", bare_.size()),
                            is_one ? "its" : "their", fmt::join(names, ", "),
                            bare_.size() > most_named ? ", .." : "", is_one ? "it is" : "they are",
                            is_one ? "it" : "them")})
             .text,
         Note::About::gap});
}

/// Of Jira's own, by ids that the mapping has wrong: asked for what it does not know, Jira says nothing.
/// Custom fields are known by the list alone.
void IssueReading::note_unknown_fields() {
    if (!has_shown_fields_) return;
    for (const auto& [ids, about] : {std::pair{&options_.needed_fields, Note::About::gap},
                                     std::pair{&options_.describing_fields, Note::About::remark}})
        for (const std::string& id : *ids)
            if (!id.starts_with("customfield_") && !is_listed(id) && !cursor_.met.unlisted.contains(id))
                notes_.push_back(
                    {fmt::format("the field {0} is not there: the site does not list it, and no issue shows "
                                 "it. Mend fields.{0} in the mapping, capitals and all",
                                 id),
                     about});
}

void IssueReading::note_difference(const rapidjson::Value& issue) {
    const auto* fields = mappings::member(issue, "fields");
    std::map<std::string, const rapidjson::Value*> first;
    for (const auto& field : named_) {
        const auto* value = mappings::member(*fields, field.id);
        if (value == nullptr || value->IsNull()) continue;
        const auto [known, is_new] = first.emplace(field.name, value);
        if (!is_new && *known->second != *value)
            cursor_.met.differing.emplace(field.name, text_of(issue, "key"));
    }
}

void IssueReading::note_shown_fields(const rapidjson::Value& issue) {
    const auto* fields = mappings::member(issue, "fields");
    const auto has_value = [fields](const std::string& id) {
        const auto* value = fields == nullptr ? nullptr : mappings::member(*fields, id);
        return value != nullptr && !value->IsNull() && !(value->IsArray() && value->Empty());
    };
    for (const auto& field : known_.fields)
        if (!cursor_.met.shown.contains(field.id) && is_wanted(field.id) && has_value(field.id))
            cursor_.met.shown[field.id] = field.name;
    has_shown_fields_ = true;
    for (const auto* ids : {&options_.needed_fields, &options_.describing_fields})
        for (const std::string& id : *ids)
            if (fields != nullptr && !is_listed(id) && mappings::member(*fields, id) != nullptr)
                cursor_.met.unlisted.insert(id);
    if (!options_.wants_slas) return;
    for (const auto& field : known_.sla_fields)
        if (!cursor_.met.slas.contains(field.id) && has_cycle(issue, field))
            cursor_.met.slas[field.id] = field.name;
}

}  // namespace baselined::connectors::jira
