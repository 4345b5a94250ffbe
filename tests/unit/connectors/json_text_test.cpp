#include "connectors/json_text.hpp"

#include "tests/support/catch.hpp"

using baselined::ErrorCode;
using namespace baselined::connectors;

namespace {

/// The text of `{"t": "..."}`.
std::string text_in(const std::string& escaped) {
    const auto document = parse_json("{\"t\":\"" + escaped + "\",\"n\":1}");
    REQUIRE(document.has_value());
    CHECK((**document)["n"].GetInt() == 1);
    return {(**document)["t"].GetString(), (**document)["t"].GetStringLength()};
}

}  // namespace

TEST_CASE("half of a surrogate pair is taken as U+FFFD") {
    CHECK(text_in(R"(a\ud83d\ude00b)") ==
          "a\xF0\x9F\x98\x80"
          "b");
    CHECK(text_in(R"(a\ud83d)") == "a\xEF\xBF\xBD");
    CHECK(text_in(R"(\uD83Dx\udE00)") == "\xEF\xBF\xBDx\xEF\xBF\xBD");
    CHECK(text_in(R"(\ud83d\ud83d\ude00)") == "\xEF\xBF\xBD\xF0\x9F\x98\x80");
    CHECK(text_in(R"(\ud83d\n\ud7ff)") == "\xEF\xBF\xBD\n\xED\x9F\xBF");
    CHECK(text_in(R"(\\ud83d and \\\ud83d)") == "\\ud83d and \\\xEF\xBF\xBD");
    CHECK(text_in(R"(plain \u00e4 \" \\)") == "plain \xC3\xA4 \" \\");
}

TEST_CASE("an answer that is cut off at any byte is told from one that is no JSON") {
    const std::string whole =
        R"({"issues":[{"id":"1","a":[true,null,-1.5e3],"t":"x\ud83d\ude00\u00e4\n"}],"b":{}})";
    REQUIRE(parse_json(whole).has_value());
    for (std::size_t size = 1; size < whole.size(); ++size) {
        CAPTURE(size);
        const auto cut = parse_json(whole.substr(0, size));
        REQUIRE_FALSE(cut.has_value());
        CHECK((cut.error().code == ErrorCode::limit));
    }
    const auto text = [](const std::string& body) { return parse_json(body).error().text; };
    CHECK(text(" ") == "the answer is empty");
    CHECK_THAT(text(whole + " trailing"), Catch::StartsWith("the answer is no JSON from byte 83 of 90 on: "));
    CHECK_THAT(text(R"({"a":"\x","b":1})"),
               Catch::StartsWith("the answer is no JSON from byte 7 of 16 on: "));
    CHECK_THAT(text(R"({"a":tru,"b":1})"), Catch::StartsWith("the answer is no JSON from byte"));
    CHECK_THAT(text(std::string("{\"a\":\"x\0y\"}", 11)),
               Catch::StartsWith("the answer is no JSON from byte 8 of 11"));
    CHECK(parse_json("\xEF\xBB\xBF" + whole).has_value());
    CHECK((parse_json(whole + "x").error().code == ErrorCode::unavailable));
}

TEST_CASE("an answer that is nested without end is an error, and breaks no stack") {
    constexpr std::size_t levels = 100'000;
    std::string objects;
    for (std::size_t level = 0; level < levels; ++level) objects += "{\"a\":";
    const std::string arrays(levels, '[');
    for (const std::string& body : {arrays, arrays + std::string(levels, ']'), "{\"a\":" + arrays, objects,
                                    objects + "1" + std::string(levels, '}')}) {
        const auto refused = parse_json(body);
        REQUIRE_FALSE(refused.has_value());
        CHECK((refused.error().code == ErrorCode::bad_input));
        CHECK(refused.error().text == "the answer's JSON is nested deeper than 500 levels");
    }
    CHECK(parse_json(std::string(500, '[') + std::string(500, ']')).has_value());
    const auto side_by_side = "[" + arrays.substr(0, 499) + std::string(499, ']') + ",{},[]]";
    CHECK(parse_json(side_by_side).has_value());
}
