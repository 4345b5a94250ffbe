// Who asks, what kind of site answers, and which of its fields are the ones meant: before anything is read.
#include <fmt/format.h>

#include <algorithm>

#include "connectors/jira/issue_reader.hpp"

namespace baselined::connectors::jira {

namespace asio = boost::asio;

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
    const auto fields = co_await get(api() + "/field");
    if (!fields) co_return fields.error();
    auto list = parse_fields(*fields);
    if (!list) co_return about(list.error());
    known_ = std::move(*list);
    for (const std::string& name : options_.named_fields)
        if (const auto found = find_field(name); !found) co_return found;
    co_return Result<void>{};
}

/// All fields of that name: a site may have several. A renamed field is known by its id; one that was there
/// and is not ends the reading, as an empty field would change figures in silence.
Result<void> IssueReading::find_field(const std::string& name) {
    const std::size_t before = named_.size();
    for (const auto& field : known_.fields)
        if (field.name == name || field.id == name) named_.push_back({name, field.id});
    if (named_.size() == before && cursor_.fields.contains(name)) {
        for (const auto& field : known_.fields) {
            const auto& ids = cursor_.fields[name];
            if (std::find(ids.begin(), ids.end(), field.id) == ids.end()) continue;
            named_.push_back({name, field.id});
            notes_.push_back({fmt::format(
                "the field \"{}\" is called \"{}\" now: it is read on, mend its name in the mapping", name,
                field.name)});
        }
        if (named_.size() == before)
            return Error{
                ErrorCode::bad_input,
                fmt::format("the field \"{}\" was there and is no more, or the account may not see it "
                            "any more: nothing is read until the mapping or the rights are mended",
                            name)};
    }
    if (named_.size() == before)
        notes_.push_back({fmt::format("the field \"{}\" is not there, or the account may not see it", name),
                          Note::About::field});
    auto& ids = cursor_.fields[name];
    ids.clear();
    for (std::size_t at = before; at < named_.size(); ++at) ids.push_back(named_[at].id);
    if (ids.empty()) cursor_.fields.erase(name);
    return Result<void>{};
}

}  // namespace baselined::connectors::jira
