#include "connectors/servicenow/table_api.hpp"

#include <fmt/format.h>
#include <rapidjson/document.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "connectors/json_text.hpp"
#include "connectors/servicenow/row_parser.hpp"
#include "mappings/mapping/json_member.hpp"
#include "mappings/record/time.hpp"

namespace baselined::connectors::servicenow {

namespace {

using mappings::member;
using rapidjson::Value;

constexpr std::size_t words_bytes = 300;

std::string words_of(const Value& document) {
    const Value* error = member(document, "error");
    if (error == nullptr) return {};
    std::string words;
    for (const char* name : {"message", "detail"})
        if (const Value* text = member(*error, name);
            text != nullptr && text->IsString() && text->GetStringLength() > 0)
            words += (words.empty() ? "" : ": ") + std::string(text->GetString());
    return words.substr(0, words_bytes);
}

constexpr const char* blanks = " \t\r\n";

std::optional<Error> refuse_page_for_people(const Response& response) {
    const std::size_t first = response.body.find_first_not_of(blanks);
    const bool is_markup = first != std::string::npos && response.body[first] == '<';
    if (!is_markup && response.header("Content-Type").find("html") == std::string_view::npos)
        return std::nullopt;
    return Error{
        ErrorCode::unavailable,
        "answered a page for people instead of data: the instance sleeps, asks for a login, or the address "
        "is another's"};
}

/// By its beginning, before the whole is taken: what is none of a table's answers may be one when it is asked
/// for again.
std::optional<Error> refuse_other_than_object(const Response& response) {
    if (auto refused = refuse_page_for_people(response)) return refused;
    const std::size_t first = response.body.find_first_not_of(blanks);
    if (first != std::string::npos && response.body[first] == '{') return std::nullopt;
    const auto document = parse_json(response.body);
    if (document) return std::nullopt;
    return Error{ErrorCode::unavailable, document.error().text};
}

constexpr std::string_view cancelled_words = "ransaction cancelled";

/// A list of names or ids is a third shorter with its commas as they are, and addresses are bounded.
std::string encoded_list(std::string_view text) {
    std::string result;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find(',', at), text.size());
        result += (at == 0 ? "" : ",") + encoded(text.substr(at, end - at));
        at = end + 1;
    }
    return result;
}

Error refusal(long status, const std::string& words) {
    if (words.find(cancelled_words) != std::string::npos) return {ErrorCode::limit, words};
    const ErrorCode code = status >= 500 ? ErrorCode::unavailable : ErrorCode::bad_input;
    return {code, fmt::format("answered {}{}{}", status, words.empty() ? "" : ": ", words)};
}

}  // namespace

bool has_id(const TableAnswer& answer, std::string_view id, std::size_t column) {
    for (std::size_t index = 0; index < answer.rows(); ++index)
        if (answer.row(index)[column] == id) return true;
    return false;
}

Request table_request(const std::string& url, const TableQuery& query) {
    Request request;
    request.headers = {{"Accept", "application/json"}};
    request.refusal = refuse_other_than_object;
    request.url = fmt::format(
        "{}/api/now/table/{}?sysparm_display_value=false&sysparm_exclude_reference_link=true"
        "&sysparm_suppress_pagination_header=true&sysparm_limit={}{}{}&sysparm_query={}",
        url, encoded(query.table), query.limit,
        query.offset > 0 ? fmt::format("&sysparm_offset={}", query.offset) : std::string{},
        query.fields.empty()
            ? std::string{}
            : "&sysparm_fields=" + encoded_list(fmt::format("{}", fmt::join(query.fields, ","))),
        encoded_list(query.query));
    return request;
}

Result<TableAnswer> parse_table(Response response, const std::vector<std::string>& fields) {
    if (auto refused = response.is_ok() ? refuse_other_than_object(response) : std::nullopt) return *refused;
    TableAnswer answer;
    answer.server_ms = parse_http_date(response.header("Date")).value_or(0);
    answer.is_to_somebody = response.header("X-Is-Logged-In") == "true";
    answer.is_to_nobody = response.header("X-Is-Logged-In") == "false";
    const auto total = response.header("X-Total-Count");
    std::int64_t count = 0;
    if (!total.empty() && std::from_chars(total.data(), total.data() + total.size(), count).ec == std::errc{})
        answer.total = count;
    if (!response.is_ok()) {
        const auto document = parse_json(response.body);
        const std::string words = document ? words_of(**document) : "";
        if (response.status != 404 || !words.starts_with("No Record found"))
            return refusal(response.status, words);
        answer.width = fields.size();
        answer.present.assign(fields.size(), false);
        return answer;
    }
    answer.texts.push_back(std::move(response.body));
    RowParser rows(fields, answer);
    // Whoever gave up among the rows may have gone on with other words: fewer rows may come whole.
    if (const auto parsed = rows.parse(answer.texts.front()); !parsed)
        return Error{rows.has_result() ? ErrorCode::limit : parsed.error().code, parsed.error().text};
    if (rows.has_error()) return refusal(response.status, rows.error_words());
    if (!rows.has_result()) return Error{ErrorCode::unavailable, "the answer has no `result`"};
    return answer;
}

std::optional<std::pair<std::string, std::string>> out_of_order(const TableAnswer& answer, std::size_t column,
                                                                Order order, std::int64_t asked_ms) {
    // From the newest row that was asked for to the oldest: none may be newer than one before it.
    std::optional<std::int64_t> oldest;
    std::string_view shown;
    for (std::size_t number = 0; number < answer.rows(); ++number) {
        const bool is_forward = order == Order::newest_first;
        const auto row = answer.row(is_forward ? number : answer.rows() - 1 - number);
        const auto at = parse_stamp(row[column]);
        if (!at) continue;
        if (oldest && *at > *oldest && *at < asked_ms - commit_ms) {
            std::pair<std::string, std::string> found{shown, row[column]};
            if (!is_forward) std::swap(found.first, found.second);
            return found;
        }
        if (oldest && *at > *oldest) continue;
        oldest = at;
        shown = row[column];
    }
    return std::nullopt;
}

bool is_cancelled(const Response& response) {
    return response.status == 500 && response.body.find(cancelled_words) != std::string::npos;
}

Request count_request(const std::string& url, const std::string& table, const std::string& query) {
    Request request;
    request.headers = {{"Accept", "application/json"}};
    request.refusal = refuse_page_for_people;
    request.url = fmt::format("{}/api/now/stats/{}?sysparm_count=true{}", url, encoded(table),
                              query.empty() ? "" : "&sysparm_query=" + encoded_list(query));
    return request;
}

std::optional<std::int64_t> parse_count(const Response& response) {
    const auto document = parse_json(response.body);
    if (!response.is_ok() || !document) return std::nullopt;
    const Value* value = member(**document, "result");
    for (const char* name : {"stats", "count"}) value = value != nullptr ? member(*value, name) : nullptr;
    if (value == nullptr || !value->IsString()) return std::nullopt;
    const std::string_view text(value->GetString(), value->GetStringLength());
    std::int64_t count = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), count);
    return parsed.ec == std::errc{} ? std::make_optional(count) : std::nullopt;
}

std::vector<std::string> field_names(const Response& response) {
    std::set<std::string> names{"sys_id", "sys_updated_on"};
    const auto document = parse_json(response.body);
    const Value* result = document ? member(**document, "result") : nullptr;
    if (result != nullptr && result->IsArray())
        for (const Value& row : result->GetArray())
            if (row.IsObject())
                for (const auto& field : row.GetObject()) names.insert(field.name.GetString());
    return {names.begin(), names.end()};
}

std::string stamp(std::int64_t milliseconds) {
    std::string text = mappings::format_rfc3339(mappings::Instant{mappings::Millis{milliseconds}});
    text = text.substr(0, 19);
    text[10] = ' ';
    return text;
}

std::optional<std::int64_t> parse_stamp(std::string_view text) {
    if (text.size() != 19 || text[10] != ' ') return std::nullopt;
    std::array<char, 20> iso{};
    std::copy(text.begin(), text.end(), iso.begin());
    iso[10] = 'T';
    iso[19] = 'Z';
    const auto at = mappings::parse_rfc3339({iso.data(), iso.size()});
    return at ? std::make_optional<std::int64_t>(at->time_since_epoch().count()) : std::nullopt;
}

namespace {

/// The terms of an encoded query, its order and its end mark left out.
std::vector<std::string_view> terms_of(std::string_view query) {
    std::vector<std::string_view> terms;
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('^'), query.size());
        const std::string_view term = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (!term.empty() && !term.starts_with("ORDERBY") && term != "EQ") terms.push_back(term);
    }
    return terms;
}

/// A condition's field, and its operator with the value; an empty field: it is none.
std::pair<std::string, std::string_view> split(std::string_view term) {
    if (term.starts_with("NQ") || term.starts_with("OR")) term.remove_prefix(2);
    const auto is_name = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
    };
    const auto end = std::find_if_not(term.begin(), term.end(), is_name);
    if (end == term.end()) return {};
    const auto name = static_cast<std::size_t>(end - term.begin());
    return {std::string(term.substr(0, name)), term.substr(name)};
}

}  // namespace

std::vector<std::string> fields_of_query(std::string_view query) {
    std::vector<std::string> fields;
    for (const std::string_view term : terms_of(query)) {
        std::string field = split(term).first;
        if (!field.empty() && std::find(fields.begin(), fields.end(), field) == fields.end())
            fields.push_back(std::move(field));
    }
    return fields;
}

std::vector<std::string> order_of_query(std::string_view query) {
    std::vector<std::string> fields;
    for (std::size_t at = 0; at <= query.size();) {
        const std::size_t end = std::min(query.find('^', at), query.size());
        const std::string_view term = query.substr(at, end - at);
        for (const std::string_view order : {"ORDERBYDESC", "ORDERBY"})
            if (term.starts_with(order)) {
                fields.emplace_back(term.substr(order.size()));
                break;
            }
        at = end + 1;
    }
    return fields;
}

std::vector<ImpossibleRange> impossible_ranges(std::string_view query) {
    constexpr std::pair<std::string_view, std::string_view> opposites[]{
        {">=", "<"}, {"<=", ">"}, {">", "<="}, {"<", ">="}};
    std::vector<ImpossibleRange> ranges;
    for (const std::string_view term : terms_of(query)) {
        const auto [field, rest] = split(term);
        const auto* found =
            std::find_if(std::begin(opposites), std::end(opposites),
                         [rest = rest](const auto& pair) { return rest.starts_with(pair.first); });
        if (field.empty() || found == std::end(opposites)) continue;
        const std::string_view value = rest.substr(found->first.size());
        ranges.push_back({fmt::format("{}{}", field, rest),
                          fmt::format("{}{}^{}{}{}", field, rest, field, found->second, value)});
    }
    return ranges;
}

std::string without_order(std::string_view query) {
    std::string kept;
    for (const std::string_view term : terms_of(query)) kept += (kept.empty() ? "" : "^") + std::string(term);
    return kept;
}

std::string backwards(std::string_view query) {
    constexpr std::string_view up = "ORDERBY", down = "ORDERBYDESC";
    std::string turned;
    for (std::size_t at = 0; at <= query.size();) {
        const std::size_t end = std::min(query.find('^', at), query.size());
        const std::string_view term = query.substr(at, end - at);
        if (at > 0) turned += '^';
        if (term.starts_with(down))
            turned.append(up).append(term.substr(down.size()));
        else if (term.starts_with(up))
            turned.append(down).append(term.substr(up.size()));
        else
            turned += term;
        at = end + 1;
    }
    return turned;
}

std::string behind_id(const std::string& condition, const std::string& id) {
    return id.empty() ? condition : condition + "^sys_id>" + id;
}

std::string both(const std::string& base, const std::string& more) {
    if (base.empty()) return more;
    std::string result;
    for (std::size_t at = 0; at <= base.size();) {
        const std::size_t end = std::min(base.find("^NQ", at), base.size());
        result += (at == 0 ? "" : "^NQ") + base.substr(at, end - at) + "^" + more;
        at = end + 3;
    }
    return result;
}

}  // namespace baselined::connectors::servicenow
