// Who asks, what kind of site answers, and which of its fields are the ones meant: before anything is read.
#include <fmt/format.h>

#include <algorithm>

#include "connectors/jira/issue_reader.hpp"
#include "mappings/mapping/json_member.hpp"

namespace baselined::connectors::jira {

namespace asio = boost::asio;

namespace {

constexpr long status_not_found = 404, status_gone = 410, status_failed = 500;

bool has(const std::vector<std::string>& texts, const std::string& text) {
    return std::find(texts.begin(), texts.end(), text) != texts.end();
}

}  // namespace

asio::awaitable<Result<Response>> IssueReading::get(std::string path) {
    Request request = get_request(base_, path);
    request.is_public = path.ends_with("/serverInfo");
    auto response = co_await exchange_.call(request);
    if (response) note_clock(*response);
    co_return response;
}

Error IssueReading::of(const std::string& question, const Error& error) const {
    return {error.code, fmt::format("{}{}: {}", base_, question, error.text)};
}

std::string IssueReading::wrong_flavour() const {
    return fmt::format(": is this site {}? Mend `flavour`, or leave it away to have it found out",
                       flavour_ == Flavour::cloud ? "Data Center" : "Cloud");
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
    if (!info) {
        Error error = of(options_.cloud_id.empty() ? "/rest/api/2/serverInfo"
                                                   : "/rest/api/2/serverInfo (is `cloud_id` this site's?)",
                         info.error());
        co_return error;
    }
    flavour_ = text_of(**info, "deploymentType") == "Cloud" ? Flavour::cloud : Flavour::data_center;
    co_return Result<void>{};
}

/// Of a site whose answers have no Date. One that does not tell it here either is read all the same.
asio::awaitable<Result<void>> IssueReading::ask_time() {
    const auto response = co_await get(api() + "/serverInfo");
    if (!response) co_return response.error();
    const auto info = parse_answer(*response);
    if (!info || site_ahead_ms_) co_return Result<void>{};
    if (const auto there_ms = parse_jira_time(text_of(**info, "serverTime"))) note_time(*there_ms);
    co_return Result<void>{};
}

/// Who are we? An expired token answers 200 to everything, with nothing in it: /myself tells.
asio::awaitable<Result<void>> IssueReading::check_login() {
    const auto myself = co_await get(api() + "/myself");
    if (!myself) co_return myself.error();
    const auto account = parse_answer(*myself);
    if (!account) {
        Error error = of(api() + "/myself", account.error());
        if (options_.flavour && (myself->status == status_not_found || myself->status == status_gone))
            error.text += wrong_flavour();
        co_return error;
    }
    if (text_of(**account, "accountId").empty() && text_of(**account, "name").empty() &&
        text_of(**account, "key").empty())
        co_return Error{ErrorCode::bad_input, "nobody is logged in: the login is not accepted any more"};
    co_return Result<void>{};
}

/// Phrases that no type of link has. A site that does not show its types says nothing of them.
asio::awaitable<void> IssueReading::find_links() {
    if (options_.links.empty()) co_return;
    Request request = get_request(base_, api() + "/issueLinkType");
    request.is_final = [](const Response& answer) { return answer.status >= status_failed; };
    const auto response = co_await exchange_.call(request);
    if (!response) co_return;
    const auto answer = parse_answer(*response);
    const auto* types = answer ? mappings::member(**answer, "issueLinkTypes") : nullptr;
    if (types == nullptr || !types->IsArray()) co_return;
    std::vector<std::string> phrases;
    for (const auto& type : types->GetArray())
        for (const char* direction : {"inward", "outward"})
            if (std::string phrase = text_of(type, direction); !has(phrases, phrase))
                phrases.push_back(std::move(phrase));
    for (const std::string& link : options_.links)
        if (!has(phrases, link))
            notes_.push_back(
                {fmt::format(
                     "the site knows no link \"{}\", only \"{}\": mend the phrase in the mapping, or leave "
                     "the field out of it",
                     link, fmt::join(phrases, "\", \"")),
                 has(options_.needed_links, link) ? Note::About::gap : Note::About::other});
}

asio::awaitable<Result<void>> IssueReading::prepare() {
    if (auto found = co_await find_flavour(); !found) co_return found;
    if (auto known = co_await check_login(); !known) co_return known;
    if (!site_ahead_ms_)
        if (auto asked = co_await ask_time(); !asked) co_return asked;
    if (auto found = co_await find_fields(); !found) co_return found;
    co_await find_links();
    co_return Result<void>{};
}

asio::awaitable<Result<void>> IssueReading::find_fields() {
    const auto fields = co_await get(api() + "/field");
    if (!fields) co_return fields.error();
    auto list = parse_fields(*fields);
    if (!list) co_return of(api() + "/field", list.error());
    known_ = std::move(*list);
    if (known_.fields.empty())
        co_return Error{ErrorCode::unavailable,
                        "the site's list of fields (/field) is empty, though every site has some: nothing is "
                        "read until it lists them"};
    if (const auto kept = check_lost_fields(); !kept) co_return kept;
    for (const std::string& name : options_.named_fields)
        if (const auto found = find_field(name); !found) co_return found;
    note_unlisted_fields();
    co_return Result<void>{};
}

bool IssueReading::is_listed(const std::string& id) const {
    return std::any_of(known_.fields.begin(), known_.fields.end(),
                       [&](const auto& field) { return field.id == id; });
}

/// By the mapping: by its id, or by a name that it has or had.
bool IssueReading::is_wanted(const std::string& id) const {
    const auto is_called_so = [&](const std::string& name) {
        const auto met = cursor_.met.by_name.find(name);
        return name == id || (met != cursor_.met.by_name.end() && has(met->second, id));
    };
    return has(options_.fields, id) ||
           std::any_of(options_.named_fields.begin(), options_.named_fields.end(), is_called_so);
}

/// What issues of the stream had values in, and the site lists no longer: read without it, their records
/// would be emptied, and those of SLAs removed.
Result<void> IssueReading::check_lost_fields() const {
    std::vector<std::string> lost;
    for (const auto& [id, name] : cursor_.met.shown)
        if (is_wanted(id) && !is_listed(id)) lost.push_back(fmt::format("\"{}\" ({})", name, id));
    const bool is_of_mapping = !lost.empty();
    if (options_.wants_slas)
        for (const auto& [id, name] : cursor_.met.slas)
            if (!is_listed(id)) lost.push_back(fmt::format("\"{}\" ({}, an SLA)", name, id));
    if (lost.empty()) return {};
    return Error{
        ErrorCode::bad_input,
        fmt::format(
            "the field {} was there and is no more, or the account may not see it any more: nothing is "
            "read, and nothing removed, until the account's rights are mended{}. {}Should it be deleted for "
            "good, "
            "give the stream another name: it is then read anew",
            fmt::join(lost, ", "), is_of_mapping ? " or the mapping names it no longer" : "",
            is_of_mapping ? "" : "SLAs are shown to agents of a service project only. ")};
}

/// All fields of that name: a site may have several. A renamed field is known by its id, and read on unless
/// the mapping has its new name, too; one that was there and is not ends the reading, as an empty field would
/// change figures in silence.
Result<void> IssueReading::find_field(const std::string& name) {
    std::vector<std::string> ids;
    bool is_renamed = false;
    for (const auto& field : known_.fields)
        if (field.name == name || field.id == name) ids.push_back(field.id);
    const bool is_found = !ids.empty();
    const std::vector<std::string> met = cursor_.met.by_name[name];
    for (const auto& field : known_.fields) {
        if (!has(met, field.id) || has(ids, field.id)) continue;
        if (is_found && !cursor_.met.shown.contains(field.id)) continue;
        is_renamed = true;
        if (has(options_.named_fields, field.name)) continue;
        ids.push_back(field.id);
        notes_.push_back(
            {fmt::format("the field \"{}\" is called \"{}\" now: it is read on, mend its name in the mapping",
                         name, field.name)});
    }
    if (ids.empty() && !is_renamed) {
        if (!met.empty())
            return Error{
                ErrorCode::bad_input,
                fmt::format("the field \"{}\" was there and is no more, or the account may not see it "
                            "any more: nothing is read until the mapping or the rights are mended",
                            name)};
        notes_.push_back({fmt::format("the field \"{}\" is not there, or the account may not see it", name),
                          Note::About::gap});
    }
    // What was read first goes on being read first.
    std::stable_sort(ids.begin(), ids.end(), [&](const std::string& a, const std::string& b) {
        return std::find(met.begin(), met.end(), a) < std::find(met.begin(), met.end(), b);
    });
    for (const std::string& id : ids) named_.push_back({name, id});
    if (ids.empty())
        cursor_.met.by_name.erase(name);
    else
        cursor_.met.by_name[name] = std::move(ids);
    return Result<void>{};
}

/// Of two fields of one name it matters which is read only where an issue has a value in each.
void IssueReading::note_differing_fields() {
    for (const std::string& name : options_.named_fields) {
        const auto issue = cursor_.met.differing.find(name);
        const std::vector<std::string>& ids = cursor_.met.by_name[name];
        if (issue == cursor_.met.differing.end() || ids.size() < 2) continue;
        notes_.push_back({fmt::format(
            "{} fields are called \"{}\" ({}), and issue {} has another value in each: {} goes before "
            "the others. Let the mapping name the one that is meant by its id, `fields.{}`",
            ids.size(), name, fmt::join(ids, ", "), issue->second, ids.front(), ids.front())});
    }
}

/// Custom fields by their ids, and SLAs, that were never there. Not every site lists all that Jira has of its
/// own.
void IssueReading::note_unlisted_fields() {
    for (const std::string& id : options_.fields)
        if (id.starts_with("customfield_") && !is_listed(id))
            notes_.push_back({fmt::format("the field {} is not there, or the account may not see it", id),
                              Note::About::gap});
    if (options_.wants_slas && known_.sla_fields.empty())
        notes_.push_back(
            {"the mapping reads SLAs, and the site lists no field of one: it has none, or the "
             "account may not see them (make it an agent of the service project)",
             Note::About::gap});
}

}  // namespace baselined::connectors::jira
