#include "connectors/jira/search_api.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "connectors/json_text.hpp"
#include "mappings/mapping/conversion.hpp"
#include "mappings/mapping/json_member.hpp"
#include "mappings/record/json_writer.hpp"

namespace baselined::connectors::jira {

namespace {

using mappings::member;
using rapidjson::Value;
using Document = rapidjson::Document;

constexpr const char* sla_schema = "com.atlassian.servicedesk:sd-sla-field";
constexpr std::size_t words_bytes = 300, title_within_bytes = 4'000;
const std::vector<std::string> look_up_fields{"updated", "archiveddate"};

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return text;
}

std::string words_of(const Value& document) {
    std::string words;
    if (const Value* messages = member(document, "errorMessages"); messages != nullptr && messages->IsArray())
        for (const Value& message : messages->GetArray())
            if (message.IsString()) words += (words.empty() ? "" : "; ") + std::string(message.GetString());
    if (const Value* errors = member(document, "errors"); errors != nullptr && errors->IsObject())
        for (const auto& error : errors->GetObject())
            if (error.value.IsString())
                words += fmt::format("{}{}: {}", words.empty() ? "" : "; ", error.name.GetString(),
                                     error.value.GetString());
    if (words.empty()) words = text_of(document, "message");
    return words.substr(0, words_bytes);
}

/// Of a page for people: its title, where it has one.
std::string words_of_page(const std::string& page) {
    const std::string text = lower(page.substr(0, title_within_bytes));
    const std::string opening = "<title>";
    const std::size_t at = text.find(opening), end = text.find("</title>");
    std::string words = "a page for people";
    if (at != std::string::npos && end != std::string::npos && end > at)
        words += fmt::format(" ({})", page.substr(at + opening.size(), end - at - opening.size()));
    return words.substr(0, words_bytes);
}

bool is_html(const Response& response) {
    const std::size_t first = response.body.find_first_not_of(" \t\r\n");
    return first != std::string::npos && response.body[first] == '<';
}

std::optional<Error> refuse_page_for_people(const Response& response) {
    if (!is_html(response)) return std::nullopt;
    return Error{ErrorCode::unavailable, "answered a page for people instead of data"};
}

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// `order by` begins there, after a space, a parenthesis or a quote; any white space lies between the words.
bool is_order_at(const std::string& text, std::size_t at) {
    if (text.compare(at, 5, "order") != 0) return false;
    if (at > 0 && !is_space(text[at - 1]) && std::string_view(")\"'").find(text[at - 1]) == std::string::npos)
        return false;
    std::size_t by = at + 5;
    while (by < text.size() && is_space(text[by])) ++by;
    return by > at + 5 && text.compare(by, 2, "by") == 0 && (by + 2 == text.size() || is_space(text[by + 2]));
}

/// Where the query's own ORDER BY begins; its end when it has none. Words in quotes do not count.
std::size_t order_of(const std::string& jql) {
    const std::string text = lower(jql);
    char quote = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (quote != 0) {
            if (text[at] == '\\')
                ++at;
            else if (text[at] == quote)
                quote = 0;
        } else if (text[at] == '"' || text[at] == '\'') {
            quote = text[at];
        } else if (is_order_at(text, at)) {
            return at;
        }
    }
    return text.size();
}

void write_numbers(mappings::JsonWriter& writer, const char* name, const std::vector<std::string>& ids) {
    writer.Key(name);
    writer.StartArray();
    for (const std::string& id : ids)
        if (is_issue_id(id)) writer.RawValue(id.data(), id.size(), rapidjson::kNumberType);
    writer.EndArray();
}

std::optional<std::int64_t> time_of(const Value& issue, const char* name) {
    const Value* fields = member(issue, "fields");
    return fields == nullptr ? std::nullopt : parse_jira_time(text_of(*fields, name));
}

std::optional<std::int64_t> number_of(const Value& object, const char* name) {
    const Value* value = member(object, name);
    return value != nullptr && value->IsInt64() ? std::make_optional(value->GetInt64()) : std::nullopt;
}

Request post_request(const std::string& base, const std::string& path, std::string body) {
    Request request = get_request(base, path);
    request.method = "POST";
    request.body = std::move(body);
    request.headers.emplace_back("Content-Type", "application/json");
    return request;
}

}  // namespace

std::optional<std::int64_t> parse_jira_time(const std::string& text) {
    const auto at = mappings::to_timestamp(mappings::text_cell(text), "", mappings::find_zone("UTC"));
    return at ? std::make_optional<std::int64_t>(at->time_since_epoch().count()) : std::nullopt;
}

std::string text_of(const Value& object, const char* name) {
    const Value* value = member(object, name);
    return value != nullptr && value->IsString() ? std::string(value->GetString(), value->GetStringLength())
                                                 : "";
}

Request get_request(const std::string& base, const std::string& path) {
    Request request;
    request.url = base + path;
    request.headers = {{"Accept", "application/json"}};
    request.refusal = refuse_page_for_people;
    if (base.ends_with(".atlassian.net"))
        request.refusal_hint = "should it be a token with scopes, the source needs its site's `cloud_id`";
    return request;
}

std::string project_of(const Value& issue) {
    const std::string key = text_of(issue, "key");
    return key.substr(0, key.rfind('-'));
}

Request search_request(const std::string& base, Flavour flavour, const SearchQuery& query) {
    rapidjson::StringBuffer buffer;
    mappings::JsonWriter writer(buffer);
    writer.StartObject();
    writer.Key("jql");
    writer.String(query.jql.c_str());
    writer.Key("maxResults");
    writer.Int(query.most);
    writer.Key("fields");
    writer.StartArray();
    for (const std::string& field : query.fields) writer.String(field.c_str());
    writer.EndArray();
    if (flavour == Flavour::data_center) {
        writer.Key("startAt");
        writer.Int(query.start);
        if (!query.named.empty()) {
            writer.Key("validateQuery");
            writer.Bool(false);
        }
    } else {
        if (!query.token.empty()) {
            writer.Key("nextPageToken");
            writer.String(query.token.c_str());
        }
        if (!query.named.empty() && query.named.size() <= most_reconciled)
            write_numbers(writer, "reconcileIssues", query.named);
    }
    writer.EndObject();
    return post_request(base, flavour == Flavour::cloud ? "/rest/api/3/search/jql" : "/rest/api/2/search",
                        buffer.GetString());
}

Request look_up_request(const std::string& base, const std::string& id) {
    return get_request(base,
                       fmt::format("/rest/api/2/issue/{}?fields={}", id, fmt::join(look_up_fields, ",")));
}

Request bulk_request(const std::string& base, const std::vector<std::string>& ids) {
    rapidjson::StringBuffer buffer;
    mappings::JsonWriter writer(buffer);
    writer.StartObject();
    writer.Key("issueIdsOrKeys");
    writer.StartArray();
    for (const std::string& id : ids) writer.String(id.c_str());
    writer.EndArray();
    writer.Key("fields");
    writer.StartArray();
    for (const std::string& field : look_up_fields) writer.String(field.c_str());
    writer.EndArray();
    writer.EndObject();
    return post_request(base, "/rest/api/3/issue/bulkfetch", buffer.GetString());
}

Result<std::shared_ptr<Document>> parse_answer(const Response& response) {
    auto document = parse_json(response.body);
    if (!response.is_ok()) {
        const std::string words = document            ? words_of(**document)
                                  : is_html(response) ? words_of_page(response.body)
                                                      : "";
        const ErrorCode code = response.status >= 500 ? ErrorCode::unavailable : ErrorCode::bad_input;
        return Error{code, fmt::format("answered {}{}{}", response.status, words.empty() ? "" : ": ", words)};
    }
    if (response.body.empty())
        return Error{ErrorCode::unavailable, fmt::format("answered {} with nothing in it", response.status)};
    return document;
}

bool is_word_of_jira(const Response& response) {
    const auto document = parse_json(response.body);
    const Value* messages = document ? member(**document, "errorMessages") : nullptr;
    return !response.is_ok() && messages != nullptr && messages->IsArray();
}

Result<SearchPage> parse_search(const Response& response) {
    auto document = parse_answer(response);
    if (!document) return document.error();
    SearchPage page;
    page.document = *document;
    page.issues = member(*page.document, "issues");
    if (page.issues == nullptr || !page.issues->IsArray())
        return Error{ErrorCode::unavailable, "the answer has no `issues`"};
    page.next_token = text_of(*page.document, "nextPageToken");
    if (const Value* is_last = member(*page.document, "isLast"); is_last != nullptr && is_last->IsBool())
        page.is_last = is_last->IsTrue();
    page.total = number_of(*page.document, "total");
    page.start = number_of(*page.document, "startAt");
    return page;
}

Result<FieldList> parse_fields(const Response& response) {
    const auto document = parse_answer(response);
    if (!document) return document.error();
    if (!(*document)->IsArray()) return Error{ErrorCode::unavailable, "the list of fields is none"};
    FieldList list;
    for (const Value& field : (*document)->GetArray()) {
        const mappings::JiraField known{text_of(field, "name"), text_of(field, "id")};
        if (known.id.empty()) continue;
        list.fields.push_back(known);
        if (const Value* schema = member(field, "schema");
            schema != nullptr && text_of(*schema, "custom") == sla_schema)
            list.sla_fields.push_back(known);
    }
    return list;
}

bool is_issue_id(const std::string& text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

std::vector<std::string> part_of(const std::vector<std::string>& ids, std::size_t from, std::size_t to) {
    return {ids.begin() + static_cast<std::ptrdiff_t>(from), ids.begin() + static_cast<std::ptrdiff_t>(to)};
}

std::string unordered_jql(const std::string& jql) {
    std::string own = jql.substr(0, order_of(jql));
    while (!own.empty() && is_space(own.back())) own.pop_back();
    return own;
}

std::string negated_jql(const std::string& jql) {
    const std::string own = unordered_jql(jql);
    return own.empty() ? "" : "NOT (" + own + ")";
}

std::string bounded_jql(const std::string& jql, const std::string& more, const std::string& order) {
    const std::string own = unordered_jql(jql);
    const std::string both = own.empty() || more.empty() ? own + more : "(" + own + ") AND " + more;
    return both + " ORDER BY " + order;
}

std::optional<std::int64_t> updated_of(const Value& issue) {
    return time_of(issue, "updated");
}

std::optional<std::int64_t> created_of(const Value& issue) {
    return time_of(issue, "created");
}

}  // namespace baselined::connectors::jira
