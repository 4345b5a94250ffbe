// Who asks, what kind of site answers, and which of its fields are the ones meant: before anything is read.
#include <fmt/format.h>

#include <algorithm>

#include "connectors/jira/issue_reader.hpp"

namespace baselined::connectors::jira {

namespace asio = boost::asio;

namespace {

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
    if (!account) co_return Error{account.error().code, "who is logged in? " + account.error().text};
    if (text_of(**account, "accountId").empty() && text_of(**account, "name").empty() &&
        text_of(**account, "key").empty())
        co_return Error{ErrorCode::bad_input, "nobody is logged in: the login is not accepted any more"};
    co_return Result<void>{};
}

asio::awaitable<Result<void>> IssueReading::prepare() {
    if (auto found = co_await find_flavour(); !found) co_return found;
    if (auto known = co_await check_login(); !known) co_return known;
    if (!site_ahead_ms_)
        if (auto asked = co_await ask_time(); !asked) co_return asked;
    co_return co_await find_fields();
}

asio::awaitable<Result<void>> IssueReading::find_fields() {
    const auto fields = co_await get(api() + "/field");
    if (!fields) co_return fields.error();
    auto list = parse_fields(*fields);
    if (!list) co_return about(list.error());
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
            "read, and nothing removed, until the account's rights are mended{}. {}, {}",
            fmt::join(lost, ", "), is_of_mapping ? " or the mapping names it no longer" : "",
            is_of_mapping ? "Or" : "SLAs are shown to agents of a service project only",
            "should it be deleted for good, give the stream another name: it is then read anew")};
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
    for (const std::string& id : ids) named_.push_back({name, id});
    if (ids.empty())
        cursor_.met.by_name.erase(name);
    else
        cursor_.met.by_name[name] = std::move(ids);
    return Result<void>{};
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
