#include "connectors/servicenow/table_api.hpp"

#include "connectors/servicenow/cursor.hpp"
#include "connectors/servicenow/table_reader.hpp"
#include "tests/support/catch.hpp"

using namespace baselined;
using namespace baselined::connectors;
using namespace baselined::connectors::servicenow;

namespace {

Response answer(long status, std::string body, Headers headers = {}) {
    Response response;
    response.status = status;
    response.body = std::move(body);
    response.headers = std::move(headers);
    return response;
}

std::vector<std::string> texts(std::span<const std::string_view> row) {
    return {row.begin(), row.end()};
}

const std::vector<std::string> fields{"sys_id", "state", "hidden"};

}  // namespace

TEST_CASE("rows, hidden rows and fields that are left out") {
    const auto table = parse_table(
        answer(
            200,
            R"({"result":[{"sys_id":"a","state":"3"},{},{"sys_id":"b","state":{"link":"x","value":"7"}}]})",
            {{"X-Total-Count", "9"}, {"Date", "Mon, 05 Jan 2026 10:11:12 GMT"}}),
        fields);
    REQUIRE(table.has_value());
    REQUIRE(table->rows() == 2);
    CHECK(table->hidden == 1);
    CHECK(table->total == 9);
    CHECK(table->server_ms == 1'767'607'872'000);
    CHECK(texts(table->row(0)) == std::vector<std::string>{"a", "3", ""});
    CHECK(table->present == std::vector<bool>{true, true, false});
    CHECK(texts(table->row(1)) == std::vector<std::string>{"b", "7", ""});
}

TEST_CASE("values of every shape, members in any order") {
    const auto table = parse_table(
        answer(
            200,
            R"({"status":{"x":[1,{}]},"result":[{"state":{"display_value":"Closed","value":"7"},"sys_id":"a\u00e9\"","more":[{"sys_id":"no"}]},{"sys_id":"b","state":null},{"hidden":true,"state":3,"sys_id":"c"},{"sys_id":""}],"error":null})"),
        fields);
    REQUIRE(table.has_value());
    REQUIRE(table->rows() == 3);
    CHECK(texts(table->row(0)) == std::vector<std::string>{"aé\"", "7", ""});
    CHECK(texts(table->row(1)) == std::vector<std::string>{"b", "", ""});
    CHECK(texts(table->row(2)) == std::vector<std::string>{"c", "3", "true"});
    CHECK(table->hidden == 1);
}

TEST_CASE("rows stand in the order asked for, or were updated while the answer was made") {
    const std::int64_t asked_ms = *parse_stamp("2026-01-05 12:00:00");
    const auto found = [&](const std::vector<std::string>& times, Order order) {
        std::string body = R"({"result":[)";
        for (const std::string& time : times)
            body += (body.back() == '[' ? "" : ",") + (R"({"sys_id":"a","state":")" + time + R"("})");
        const auto table = parse_table(answer(200, body + "]}"), fields);
        return out_of_order(*table, 1, order, asked_ms);
    };
    const std::string first = "2026-01-05 10:00:00", second = "2026-01-05 10:00:01",
                      moved = "2026-01-05 11:59:30", after = "2026-01-05 12:00:03";
    CHECK(!found({}, Order::oldest_first));
    CHECK(!found({first, first, "", second, "no time", moved, after}, Order::oldest_first));
    CHECK(!found({after, first, moved, second}, Order::oldest_first));
    CHECK(found({first, second, first}, Order::oldest_first) == std::pair{second, first});
    CHECK(found({second, "", first, after}, Order::oldest_first) == std::pair{second, first});
    CHECK(!found({after, moved, second, second, "", first}, Order::newest_first));
    CHECK(!found({second, first, moved, first, after}, Order::newest_first));
    CHECK(found({after, first, second, first}, Order::newest_first) == std::pair{first, second});
}

TEST_CASE("a text that no UTF-8 holds, or that others seldom see, stops no row") {
    const auto state = [](const std::string& text) {
        const auto table = parse_table(
            answer(200, R"({"result":[{"sys_id":"a","state":")" + text + R"("},{"sys_id":"b"}]})"), fields);
        REQUIRE(table.has_value());
        REQUIRE(table->rows() == 2);
        return std::string(table->row(0)[1]);
    };
    CHECK(state(R"(cut \ud83d)") == "cut \xEF\xBF\xBD");
    CHECK(state(R"(\ude00 \uD83D\uDE00)") == "\xEF\xBF\xBD \xF0\x9F\x98\x80");
    CHECK(state(R"(\\ud83d)") == R"(\ud83d)");
    CHECK(state(R"(x\u0000y)") == std::string("x\0y", 3));
    CHECK(state("M\xFCller") == "M\xFCller");
    CHECK(state(R"(1","more":)" + std::string(100'000, '[') + std::string(100'000, ']') + R"(,"m":")") ==
          "1");
    CHECK(state(R"(first","state":"last)") == "last");  // as every reader of JSON has it
}

TEST_CASE("a body that is no JSON is told as what it is") {
    const auto failure = [](const std::string& body) {
        return parse_table(answer(200, body), fields).error();
    };
    for (const char* body : {"", " \r\n"}) {
        CHECK((failure(body).code == ErrorCode::unavailable));
        CHECK(failure(body).text == "the answer is empty");
    }
    for (const char* body : {"Service Unavailable", "\xEF\xBB\xBF{}", "{result:[]}"}) {
        CHECK((failure(body).code == ErrorCode::unavailable));
        CHECK_THAT(failure(body).text, Catch::StartsWith("the answer is no JSON from byte "));
    }
    for (const std::string body : {"{\"resu", "{\"result\":[", "{\"result\":[{\"sys_id\":\"a\\ud8"}) {
        CHECK((failure(body).code == ErrorCode::limit));
        CHECK(failure(body).text == "the answer's JSON is cut off");
    }
    // Whoever gave up in the middle went on with words of his own: fewer rows may come whole.
    for (const std::string behind : {R"("error":{"detail":"Transaction cancelled"}})", "<html>", R"(]}")"}) {
        CHECK((failure(R"({"result":[{"sys_id":"a","state":)" + behind).code == ErrorCode::limit));
        CHECK_THAT(failure(R"({"result":[{"sys_id":"a","state":)" + behind).text,
                   Catch::StartsWith("the answer is no JSON from byte "));
    }
    CHECK_THAT(failure(std::string("{\"result\":[]}\0x", 15)).text,
               Catch::StartsWith("the answer is no JSON from byte 14 of 15 on: "));
}

// The bodies that other connectors took for the end of a table.
TEST_CASE("a truncated or refused answer is never rows") {
    const auto code = [](const Response& response) { return parse_table(response, fields).error().code; };
    CHECK((
        code(answer(
            200,
            R"({"result":[{"sys_id":"a"}],"error":{"detail":"Transaction cancelled: maximum execution time exceeded","message":"x"},"status":"failure"})")) ==
        ErrorCode::limit));
    CHECK((code(answer(500,
                       R"({"error":{"message":"Transaction cancelled","detail":""},"status":"failure"})")) ==
           ErrorCode::limit));
    CHECK((code(answer(200, R"({"result":[{"sys_id":"a"},{"sys)")) == ErrorCode::limit));
    CHECK((code(answer(200, "<html>hibernating</html>", {{"Content-Type", "text/html"}})) ==
           ErrorCode::unavailable));
    CHECK((code(answer(200, "{}")) == ErrorCode::unavailable));
    const auto refused = parse_table(
        answer(
            403,
            R"({"error":{"message":"Insufficient rights to query records","detail":"Field(s) present in the query do not have permission to be read"},"status":"failure"})"),
        fields);
    CHECK((refused.error().code == ErrorCode::bad_input));
    CHECK_THAT(refused.error().text, Catch::Contains("403: Insufficient rights to query records: Field(s)"));
    const auto unknown =
        parse_table(answer(400, R"({"error":{"message":"Invalid table x","detail":""}})"), fields);
    CHECK_THAT(unknown.error().text, Catch::EndsWith("400: Invalid table x"));
}

TEST_CASE("encoded queries") {
    CHECK(both("", "a=1") == "a=1");
    CHECK(both("type!=standard", "a=1") == "type!=standard^a=1");
    CHECK(both("x=1^NQy=2", "a=1") == "x=1^a=1^NQy=2^a=1");
    CHECK(fields_of_query("type!=standard^ORpriority<3^NQcmdb_ci.nameISNOTEMPTY^ORDERBYDESCnumber") ==
          std::vector<std::string>{"type", "priority", "cmdb_ci.name"});
    CHECK(fields_of_query("priority=1^ORpriority=2^opened_at>a^NQopened_at<b") ==
          std::vector<std::string>{"priority", "opened_at"});
    CHECK(backwards("a=1^ORb=ORDERBY^ORDERBYx^ORDERBYDESCsys_id") ==
          "a=1^ORb=ORDERBY^ORDERBYDESCx^ORDERBYsys_id");
    CHECK(backwards("") == "");
    CHECK(stamp(1'767'607'872'999) == "2026-01-05 10:11:12");
    CHECK(parse_stamp("2026-01-05 10:11:12") == 1'767'607'872'000);
    for (const char* text : {"", "2026-01-05", "2026-13-05 10:11:12", "UNKNOWN"})
        CHECK_FALSE(parse_stamp(text));
}

TEST_CASE("a cursor survives the store, and another's is none") {
    Cursor cursor{"f", 12, "a\"b", true, 34};
    const std::size_t plain = cursor.text().size();
    cursor.undated = {"x", "y"};
    cursor.lost = "3 of 4";
    cursor.lost_ids = {"z"};
    cursor.lacks["category"] = {{{"a\"b", 12}, {"c", 0}}, true};
    cursor.is_of_others = true;
    cursor.references = {{"task", {7, {8, 9}, true}}, {"sla", {}}};
    cursor.url = "https://acme.service-now.com";
    cursor.table = "incident";
    CHECK(cursor.text().size() > plain);
    const auto read = Cursor::parse(cursor.text());
    REQUIRE(read.has_value());
    CHECK(read->text() == cursor.text());
    CHECK(read->undated == cursor.undated);
    CHECK(read->lost_ids == cursor.lost_ids);
    CHECK(read->lacks == cursor.lacks);
    CHECK(read->is_of_others);
    CHECK(read->references == cursor.references);
    CHECK(read->url == cursor.url);
    CHECK(read->table == cursor.table);
    for (const char* text : {"", "{}", "[1]", R"({"updated":"x","id":1,"first_done":1,"deletes":2,"of":3})"})
        CHECK_FALSE(Cursor::parse(text).has_value());
}

TEST_CASE("an empty list of version 1, and what the statistics count") {
    const auto none = parse_table(
        answer(404, R"({"error":{"message":"No Record found","detail":"x"},"status":"failure"})"), fields);
    REQUIRE(none.has_value());
    CHECK(none->rows() == 0);
    CHECK_FALSE(parse_table(answer(404, R"({"error":{"message":"No such resource"}})"), fields).has_value());
    CHECK(parse_count(answer(200, R"({"result":{"stats":{"count":"12"}}})")) == 12);
    CHECK(parse_count(answer(200, R"({"result":{"stats":{"count":"0"}}})")) == 0);
    for (const char* body : {"", "{}", R"({"result":{"stats":{}}})", R"({"result":{"stats":{"count":"x"}}})"})
        CHECK_FALSE(parse_count(answer(200, body)).has_value());
    CHECK_FALSE(parse_count(answer(403, R"({"result":{"stats":{"count":"0"}}})")).has_value());
}

TEST_CASE("a query loses its order") {
    CHECK(without_order("active=true^ORDERBYnumber") == "active=true");
    CHECK(without_order("ORDERBYDESCa^x=1^ORy=2^NQz=3^EQ") == "x=1^ORy=2^NQz=3");
    CHECK(without_order("").empty());
}

TEST_CASE("the fields that a query is ordered by") {
    CHECK(order_of_query("a=1^ORDERBYb^ORDERBYDESCc.d") == std::vector<std::string>{"b", "c.d"});
    CHECK(order_of_query("a=1").empty());
}

TEST_CASE("ranges of a query, and what shows that they are obeyed") {
    const auto ranges =
        impossible_ranges("priority<=2^opened_at>=a^NQstate=1^ORnumber>b^x<c^y!=1^opened_atONToday");
    std::vector<std::string> conditions;
    for (const auto& range : ranges) conditions.push_back(range.condition);
    CHECK(conditions == std::vector<std::string>{"priority<=2^priority>2", "opened_at>=a^opened_at<a",
                                                 "number>b^number<=b", "x<c^x>=c"});
    CHECK(ranges.at(2).range == "number>b");
}

TEST_CASE("references are followed where more than a name is read of them") {
    CHECK(followed_references(
              {"sys_id", "cmdb_ci.name", "cmdb_ci", "assigned_to.user_name", "problem_id.number"})
              .empty());
    CHECK(followed_references({"task.priority", "task.number", "task.cmdb_ci.name", "sla.target"}) ==
          std::vector<std::string>{"sla", "task"});
    CHECK(followed_references({"task.cmdb_ci.u_tier", "task.cmdb_ci.name"}) ==
          std::vector<std::string>{"task", "task.cmdb_ci"});
}
