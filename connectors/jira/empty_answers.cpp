// A reading that was shown no issue: there is nothing new, nothing at all, or nothing that the account may
// see.
#include <fmt/format.h>

#include <algorithm>

#include "connectors/jira/issue_reader.hpp"
#include "mappings/mapping/json_member.hpp"

namespace baselined::connectors::jira {

namespace asio = boost::asio;

namespace {

constexpr std::size_t most_looked_for = 100;  // as many as Cloud is asked for at a time
/// Data Center is asked for them one by one.
constexpr std::size_t most_looked_for_singly = 10;

}  // namespace

/// True: those that are stored are rather gone, hidden, or of another query, and ids have to be compared. An
/// error where nothing shows that the account may see issues of the stream: then "nothing new" means nothing.
asio::awaitable<Result<bool>> IssueReading::has_vanished(const StreamPosition& position) {
    if (has_news_) co_return false;
    const auto& lost = cursor_.lost;  // it is known, and the reading is not complete by it
    if (lost && lost->is_access && server_ms_ < lost->again_ms) co_return false;
    auto stored = co_await position.stored->newest(most_looked_for);
    std::erase_if(stored, [](const std::string& id) { return !is_issue_id(id); });
    const bool is_none_met = cursor_.updated_ms == 0 && (stored.empty() || cursor_.is_of_others);
    if (stored.size() > 1) {  // a single one is rather deleted
        const auto shown = co_await shows_some(std::move(stored));
        if (!shown) co_return shown.error();
        if (!*shown) {
            const auto some = co_await matches_some();
            if (!some) co_return some.error();
            if (*some) co_return true;
            co_return about({ErrorCode::bad_input,
                             "the search shows no issue, and nothing that is stored can be seen any more: "
                             "the account lost its rights, or all was deleted. Nothing is removed. Mend the "
                             "account's permissions; should they be gone for good, give the stream another "
                             "name: it is then read anew"});
        }
    }
    if (is_none_met) co_return co_await why_none();
    co_return false;
}

/// By their ids, whether the search lists them or not.
asio::awaitable<Result<bool>> IssueReading::shows_some(std::vector<std::string> ids) {
    if (flavour_ == Flavour::data_center) {
        const auto indexed = co_await find_indexed(ids);
        if (!indexed) co_return indexed.error();
        if (!indexed->empty()) co_return true;
        ids.resize(std::min(ids.size(), most_looked_for_singly));
        looked_for_singly_ = ids.size();
    }
    Look look;
    if (const auto looked = co_await look_past_index(std::move(ids), look); !looked) co_return looked.error();
    if (look.alive.empty() && !look.unanswered.empty())
        co_return about({ErrorCode::unavailable,
                         fmt::format("the search shows no issue, and what is stored could not be asked for "
                                     "by its ids ({})",
                                     look.unanswered)});
    co_return !look.alive.empty();
}

/// Whenever it was updated.
asio::awaitable<Result<bool>> IssueReading::matches_some() {
    SearchQuery query;
    query.jql = bounded_jql(options_.jql, fmt::format("updated >= {}", options_.since_ms), "updated DESC");
    query.fields = {"id"};
    const auto page = co_await ask(std::move(query));
    if (!page) co_return page.error();
    co_return !page->issues->Empty();
}

/// Of a query that matches nothing the site does not tell whether there is nothing: an account without rights
/// is answered alike. One that may browse nothing is shown no project.
asio::awaitable<Error> IssueReading::why_none() {
    const auto shown = co_await shows_projects();
    if (!shown) co_return shown.error();
    if (*shown == false)
        co_return Error{ErrorCode::bad_input,
                        fmt::format("{} shows not one project to this account: give it the permission to "
                                    "browse the projects of the stream",
                                    options_.url)};
    co_return about({ErrorCode::bad_input,
                     "it matches no issue that was updated since `since`: there is none, or the account may "
                     "not see them"});
}

/// None: the site does not tell.
asio::awaitable<Result<std::optional<bool>>> IssueReading::shows_projects() {
    std::string path = api() + "/project";
    if (flavour_ == Flavour::cloud) path += "/search?maxResults=1";
    const auto response = co_await get(std::move(path));
    if (!response) co_return response.error();
    const auto answer = parse_answer(*response);
    if (!answer) co_return std::nullopt;
    const auto* values = (*answer)->IsArray() ? answer->get() : mappings::member(**answer, "values");
    if (values == nullptr || !values->IsArray()) co_return std::nullopt;
    co_return std::make_optional(!values->Empty());
}

}  // namespace baselined::connectors::jira
