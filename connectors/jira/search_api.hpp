// Jira's REST search, Cloud and Data Center: what is asked, and what an answer means. Pure.
#pragma once

#include <rapidjson/document.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/http/request.hpp"
#include "mappings/mapping/compiled_mapping.hpp"
#include "mappings/record/result.hpp"

namespace baselined::connectors::jira {

enum class Flavour { cloud, data_center };

struct SearchQuery {
    std::string jql;
    std::vector<std::string> fields;
    int most = 100;
    std::string token;  ///< Cloud: of the page before; empty: the first page
    int start = 0;      ///< Data Center
    /// The issues that the query names: Cloud looks past its index for them, unless they are more than it
    /// does that for; Data Center passes over those that are not there, instead of 400.
    std::vector<std::string> named;
};
constexpr std::size_t most_reconciled = 50;
/// Cloud has answered 500 to queries that name many more.
constexpr std::size_t most_ids_named = 500;

/// POST /rest/api/3/search/jql, or /rest/api/2/search: neither has a limit on the length of the JQL.
Request search_request(const std::string& base, Flavour flavour, const SearchQuery& query);
Request get_request(const std::string& base, const std::string& path);

struct SearchPage {
    std::shared_ptr<rapidjson::Document> document;
    const rapidjson::Value* issues = nullptr;  ///< an array within the document
    std::string next_token;                    ///< Cloud; empty: none was given
    std::optional<bool> is_last;               ///< Cloud, where it says so
    std::optional<std::int64_t> total, start;  ///< Data Center
    std::int64_t server_ms = 0;                ///< what was updated before has settled; 0: not known
    bool is_by_update = true;                  ///< all that was updated before its last issue has come
};

/// ErrorCode::limit: the body is cut: ask for fewer.
Result<SearchPage> parse_search(const Response& response);
/// Any other answer's JSON, or what Jira (or whoever answers for it) says instead.
Result<std::shared_ptr<rapidjson::Document>> parse_answer(const Response& response);

/// A refusal in Jira's own form, `{"errorMessages": [..], ..}`; whatever stands before it (a proxy, a login
/// page) answers in another.
bool is_word_of_jira(const Response& response);

/// POST /rest/api/3/issue/bulkfetch, Cloud: at most 100 ids, read past the index; what is gone or hidden is
/// left out of `issues`, what cannot be given just now stands in `issueErrors`.
Request bulk_request(const std::string& base, const std::vector<std::string>& ids);
/// GET /rest/api/2/issue/ID, Data Center: the same of one.
Request look_up_request(const std::string& base, const std::string& id);

struct FieldList {
    std::vector<mappings::JiraField> fields;
    std::vector<mappings::JiraField> sla_fields;  ///< found by their schema, whatever they are called
};
Result<FieldList> parse_fields(const Response& response);

/// The query without its own order, in parentheses, and more: `(project = OPS) AND updated >= 1 ORDER BY
/// ...`.
std::string bounded_jql(const std::string& jql, const std::string& more, const std::string& order);

std::string unordered_jql(const std::string& jql);

/// All that the query does not let through, without its order: `NOT (project = OPS)`. Empty: it lets all
/// through. An issue whose field is empty may be in neither.
std::string negated_jql(const std::string& jql);

/// The same with those whose field is empty: `(NOT (labels = x) OR labels IS EMPTY)`. Of fields that are
/// never empty, and of what is not understood, as negated_jql. A site may refuse it: not every field knows
/// EMPTY.
std::string rest_jql(const std::string& jql);

/// Milliseconds since 1970 of `fields.updated`; nullopt: it is none.
std::optional<std::int64_t> updated_of(const rapidjson::Value& issue);
std::optional<std::int64_t> created_of(const rapidjson::Value& issue);
/// `2026-01-05T10:11:12.345+0000`.
std::optional<std::int64_t> parse_jira_time(const std::string& text);
std::string text_of(const rapidjson::Value& object, const char* name);
/// Rather than a key.
bool is_issue_id(const std::string& text);
/// Those from one place of the list up to another.
std::vector<std::string> part_of(const std::vector<std::string>& ids, std::size_t from, std::size_t to);
/// Of an issue's key: `OPS` of `OPS-12`.
std::string project_of(const rapidjson::Value& issue);

}  // namespace baselined::connectors::jira
