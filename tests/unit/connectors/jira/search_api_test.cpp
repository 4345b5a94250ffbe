#include "connectors/jira/search_api.hpp"

#include "connectors/jira/sla_cycles.hpp"
#include "tests/support/catch.hpp"

using namespace baselined::connectors;
using namespace baselined::connectors::jira;

TEST_CASE("a user's query keeps its meaning when it is bounded") {
    const auto bounded = [](const char* jql) { return bounded_jql(jql, "updated >= 1", "updated ASC"); };
    CHECK(bounded("project = OPS or project = X") ==
          "(project = OPS or project = X) AND updated >= 1 ORDER BY updated ASC");
    CHECK(bounded("project = OPS Order By created DESC") ==
          "(project = OPS) AND updated >= 1 ORDER BY updated ASC");
    CHECK(bounded("summary ~ \"by order by mail\"") ==
          "(summary ~ \"by order by mail\") AND updated >= 1 ORDER BY updated ASC");
    CHECK(bounded("summary ~ \"x\"ORDER\t BY rank") ==
          "(summary ~ \"x\") AND updated >= 1 ORDER BY updated ASC");
    CHECK(bounded("reorder by = 1") == "(reorder by = 1) AND updated >= 1 ORDER BY updated ASC");
    CHECK(bounded("") == "updated >= 1 ORDER BY updated ASC");
    CHECK(bounded("order by key") == "updated >= 1 ORDER BY updated ASC");
}

TEST_CASE("all that a query does not let through") {
    CHECK(negated_jql("project = OPS or labels = x order by key") == "NOT (project = OPS or labels = x)");
    CHECK(negated_jql(" order by key").empty());
}

TEST_CASE("what a query does not let through has the issues whose field is empty") {
    CHECK(rest_jql("project = CHG AND labels = chg ORDER BY key") ==
          "(NOT (project = CHG) OR (NOT (labels = chg) OR labels IS EMPTY))");
    CHECK(rest_jql("project = CHG or not(\"Own field\" in (a, \"b) or\") && priority>3)") ==
          "(NOT (project = CHG) AND ((\"Own field\" in (a, \"b) or\") OR \"Own field\" IS EMPTY) AND "
          "(priority>3 "
          "OR priority IS EMPTY)))");
    CHECK(rest_jql("labels not in (a) and cf[10010] != x") ==
          "((NOT (labels not in (a)) OR labels IS EMPTY) OR (NOT (cf[10010] != x) OR cf[10010] IS EMPTY))");
    // Empty ones may be let through.
    for (const char* jql :
         {"project = CHG", "resolution = Unresolved", "assignee in (bot, EMPTY)", "labels is not empty",
          "assignee was bot", "status changed from a to b", "summary !~ x"})
        CHECK(rest_jql(jql) == "NOT (" + std::string(jql) + ")");
    // Not understood: the site says what is wrong with it.
    for (const char* jql :
         {"labels = x and", "labels = \"x", "(labels = x", "labels = x)", "labels", "not", "()"})
        CHECK(rest_jql(jql) == "NOT (" + std::string(jql) + ")");
    CHECK(rest_jql(std::string(2'000, '(') + "labels = x").starts_with("NOT ("));
    CHECK(rest_jql("order by key").empty());
}

TEST_CASE("SLA fields in their four states") {
    rapidjson::Document issue;
    const std::string json = R"({"id":"7","fields":{"a":null,"b":{"id":"1","name":"TTR","completedCycles":[]},
        "c":{"name":"TTR","completedCycles":[{"startTime":{"epochMillis":1},"stopTime":{"epochMillis":9},"breachTime":{"epochMillis":5},"breached":false}],
             "ongoingCycle":{"startTime":{"epochMillis":20},"breachTime":{"epochMillis":30},"breached":false,"paused":true}},
        "d":"no SLA"}})";
    issue.Parse(json.data(), json.size());
    const std::vector<baselined::mappings::JiraField> fields{
        {"A", "a"}, {"B", "b"}, {"C", "c"}, {"D", "d"}, {"E", "e"}};
    add_slas(issue, fields, issue.GetAllocator());
    const auto& slas = issue["slas"];
    REQUIRE(slas.Size() == 2);
    CHECK(text_of(slas[0], "id") == "7-c-1");
    CHECK(text_of(slas[0], "state") == "completed");
    CHECK(slas[0]["breached"].IsFalse());  // trusted, though it stopped after its breach time
    CHECK(text_of(slas[1], "id") == "7-c-2");
    CHECK(text_of(slas[1], "state") == "paused");
    CHECK(slas[1]["ended_at"].IsNull());
    CHECK(next_breach(issue, fields, 25) == 30);
    issue["fields"]["c"]["ongoingCycle"]["breached"] = true;
    CHECK(next_breach(issue, fields, 25) == no_breach_ms);
    issue["fields"]["c"].RemoveMember("ongoingCycle");
    CHECK_FALSE(next_breach(issue, fields, 25));
}

TEST_CASE("answers of both flavours, and what Jira says instead") {
    Response response;
    response.status = 200;
    response.body =
        R"({"issues":[{"id":"1","fields":{"updated":"2026-01-05T21:11:12.345+1100"}}],"isLast":true,"nextPageToken":"t"})";
    const auto page = parse_search(response);
    REQUIRE(page.has_value());
    CHECK(page->next_token == "t");
    CHECK(page->is_last == true);
    CHECK_FALSE(page->total);
    CHECK(updated_of((*page->issues)[0]) == 1'767'607'872'345);
    response.body = R"({"issues":[)";
    CHECK((parse_search(response).error().code == baselined::ErrorCode::limit));
    response.body = "";
    CHECK(parse_search(response).error().text == "answered 200 with nothing in it");
    response.status = 400;
    response.body =
        R"({"errorMessages":["Unbounded JQL queries are not allowed here."],"errors":{"jql":"bad"}})";
    CHECK_THAT(parse_search(response).error().text,
               Catch::Contains("400: Unbounded JQL queries are not allowed here.; jql: bad"));
}

TEST_CASE("what is Jira's own word of a refusal, and what somebody else's") {
    Response response;
    response.status = 404;
    response.body = R"({"errorMessages":["Issue Does Not Exist"],"errors":{}})";
    CHECK(is_word_of_jira(response));
    response.body = R"({"message":"null for uri","status-code":404})";
    CHECK_FALSE(is_word_of_jira(response));
    CHECK(parse_answer(response).error().text == "answered 404: null for uri");
    response.body = "<!DOCTYPE html><html><head><TITLE>Access denied</TITLE></head></html>";
    CHECK_FALSE(is_word_of_jira(response));
    CHECK(parse_answer(response).error().text == "answered 404: a page for people (Access denied)");
    response.body = "<p>No title";
    CHECK(parse_answer(response).error().text == "answered 404: a page for people");
    response.body = "";
    CHECK_FALSE(is_word_of_jira(response));
    response.body = R"({"errorMessages":[]})";
    response.status = 200;
    CHECK_FALSE(is_word_of_jira(response));
}
