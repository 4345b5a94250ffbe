#include "daemon/notify/notice.hpp"

#include <random>

#include "tests/support/catch.hpp"

using namespace baselined;
using namespace baselined::daemon;

namespace {

/// Texts that JSON, mails and pages could stumble over.
const std::vector<std::string> nasty{"", "Zürich – 北京 🚀", "\"quoted\" \\ </script> & {}",
                                     "line\r\nbreak\tand\x01 control", std::string("a\0b", 3)};

MeasureNotice full_measure(const std::string& text, double number) {
    MeasureNotice measure;
    measure.kind = NoticeKind::relapse;
    for (std::string* member :
         {&measure.why, &measure.id, &measure.name, &measure.programme, &measure.owner,
          &measure.potential_status, &measure.implementation_status, &measure.indicator_title, &measure.unit,
          &measure.sentence, &measure.currency, &measure.measure_json})
        *member = text + std::to_string(member - &measure.why);
    measure.p_deliver = number;
    measure.money_at_risk = number * 1e5;
    measure.is_due_past = true;
    measure.reasons = {{"code", text}, {text, "text"}};
    measure.tickets = {{"INC1", text, ""}, {text, "https://a.example/1", text}};
    measure.chart = {
        {{text, true, false, number, number * 2, number * 3, number * 4, number * 5, number * 6, number * 7},
         {}},
        number / 3,
        number / 7,
        text};
    return measure;
}

bool is_same(const ChartPeriod& a, const ChartPeriod& b) {
    return a.label == b.label && a.baseline == b.baseline && a.settled == b.settled && a.value == b.value &&
           a.expected == b.expected && a.lower == b.lower && a.upper == b.upper && a.forecast == b.forecast &&
           a.forecast_low == b.forecast_low && a.forecast_high == b.forecast_high;
}

void require_same(const MeasureNotice& a, const MeasureNotice& b) {
    CHECK(a.kind == b.kind);
    CHECK(a.why == b.why);
    CHECK(a.id == b.id);
    CHECK(a.name == b.name);
    CHECK(a.programme == b.programme);
    CHECK(a.owner == b.owner);
    CHECK(a.potential_status == b.potential_status);
    CHECK(a.implementation_status == b.implementation_status);
    CHECK(a.indicator_title == b.indicator_title);
    CHECK(a.unit == b.unit);
    CHECK(a.sentence == b.sentence);
    CHECK(a.p_deliver == b.p_deliver);
    CHECK(a.money_at_risk == b.money_at_risk);
    CHECK(a.is_due_past == b.is_due_past);
    CHECK(a.currency == b.currency);
    CHECK(a.measure_json == b.measure_json);
    REQUIRE(a.reasons.size() == b.reasons.size());
    for (std::size_t i = 0; i < a.reasons.size(); ++i)
        CHECK((a.reasons[i].code == b.reasons[i].code && a.reasons[i].text == b.reasons[i].text));
    REQUIRE(a.tickets.size() == b.tickets.size());
    for (std::size_t i = 0; i < a.tickets.size(); ++i)
        CHECK((a.tickets[i].number == b.tickets[i].number && a.tickets[i].url == b.tickets[i].url &&
               a.tickets[i].title == b.tickets[i].title));
    CHECK((a.chart.baseline == b.chart.baseline && a.chart.target == b.chart.target &&
           a.chart.unit == b.chart.unit));
    REQUIRE(a.chart.periods.size() == b.chart.periods.size());
    for (std::size_t i = 0; i < a.chart.periods.size(); ++i)
        CHECK(is_same(a.chart.periods[i], b.chart.periods[i]));
}

}  // namespace

TEST_CASE("a stored notice is UTF-8 whatever it was told of") {
    Notice notice;
    notice.remarks = {"\xff no UTF-8 \xc3"};
    const auto read = notice_from_json(to_json(notice));
    REQUIRE(read.has_value());
    CHECK(read->remarks == std::vector<std::string>{"\xEF\xBF\xBD no UTF-8 \xEF\xBF\xBD"});
}

TEST_CASE("a notice comes back from JSON as it went in, whatever stands in it") {
    for (const std::string& text : nasty) {
        Notice notice;
        notice.id = "msg_" + text;
        notice.created_at = mappings::Instant{mappings::Millis{1'767'607'872'123}};
        notice.is_test = true;
        notice.measures = {full_measure(text, 0.1), full_measure(text, 1.0 / 3), {}};
        notice.sources = {{NoticeKind::source_back, text, text, {text, "M-2"}}};
        notice.remarks = {text, "second"};
        const auto read = notice_from_json(to_json(notice));
        REQUIRE(read.has_value());
        CHECK(read->id == notice.id);
        CHECK(read->created_at == notice.created_at);
        CHECK(read->is_test);
        CHECK(read->remarks == notice.remarks);
        REQUIRE(read->measures.size() == 3);
        for (std::size_t i = 0; i < 3; ++i) require_same(read->measures[i], notice.measures[i]);
        REQUIRE(read->sources.size() == 1);
        CHECK(read->sources[0].kind == NoticeKind::source_back);
        CHECK((read->sources[0].name == text && read->sources[0].text == text));
        CHECK(read->sources[0].measures == notice.sources[0].measures);
    }
}

TEST_CASE("a zero is a zero in each of its spellings, and what no double holds is refused") {
    const auto read = [](const std::string& number) {
        return notice_from_json(R"({"created_at":1,"measures":[{"kind":"weakening","p_deliver":)" + number +
                                "}]}");
    };
    for (const char* zero : {"0", "-0", "0.0", "0e-30", "0.000e55", "-0e-30"}) {
        CAPTURE(zero);
        const auto notice = read(zero);
        REQUIRE(notice.has_value());
        CHECK(notice->measures[0].p_deliver == 0.0);
    }
    for (const char* number : {"1e999", "01", "1.", "+1", "0x1", "nan"}) {
        CAPTURE(number);
        CHECK_FALSE(read(number).has_value());
    }
}

TEST_CASE("numbers come back to the last bit") {
    std::mt19937_64 random(7);
    std::uniform_real_distribution<double> exponent(-300, 300);
    for (int i = 0; i < 2000; ++i) {
        Notice notice;
        notice.measures.emplace_back().p_deliver = std::pow(10.0, exponent(random));
        const auto read = notice_from_json(to_json(notice));
        REQUIRE(read.has_value());
        REQUIRE(read->measures[0].p_deliver == notice.measures[0].p_deliver);
    }
}

TEST_CASE("what is no notice is told by its place") {
    CHECK_FALSE(notice_from_json("").has_value());
    CHECK_FALSE(notice_from_json("[]").has_value());
    CHECK_FALSE(notice_from_json("{\"id\": \"a\"").has_value());
    const auto fault = [](const char* text) { return notice_from_json(text).error().text; };
    CHECK(fault(R"({"id": 3, "created_at": 0})") == "the stored notice: `id` is not what was written");
    CHECK(fault(R"({"created_at": 0, "measures": [{"kind": "gone"}]})") ==
          "the stored notice: `kind` is not what was written");
    CHECK(fault(R"({"created_at": 0, "remarks": [1]})") ==
          "the stored notice: `remarks` is not what was written");
    CHECK(fault(R"({})") == "the stored notice: `created_at` is not what was written");
}

TEST_CASE("every kind has a name that leads back to it") {
    for (int i = 0; i <= static_cast<int>(NoticeKind::test); ++i)
        CHECK(notice_kind_of(name_of(static_cast<NoticeKind>(i))) == static_cast<NoticeKind>(i));
    CHECK_FALSE(notice_kind_of("weak"));
}
