#include "daemon/notify/notice.hpp"

#include <fmt/format.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <array>
#include <charconv>

#include "daemon/cli/json.hpp"
#include "mappings/mapping/json_member.hpp"

namespace baselined::daemon {

namespace {

using mappings::member;
using JsonValue = rapidjson::Value;

constexpr std::array<std::string_view, 12> kind_names{
    "weakening", "off_track",     "reminder",    "resolved",     "unknown", "definition_changed",
    "relapse",   "source_silent", "source_back", "silence_ends", "digest",  "test"};

// Each struct has one pair: put writes what take reads. A member that is empty is left out.

void put(Json& json, std::string_view key, const std::string& value) {
    if (!value.empty()) json.key(key).text(value);
}

void put(Json& json, std::string_view key, const std::optional<double>& value) {
    if (value) json.key(key).number(value);
}

void put(Json& json, std::string_view key, const std::vector<std::string>& values) {
    json.key(key).array();
    for (const auto& value : values) json.text(value);
    json.end_array();
}

void put(Json& json, const Chart& chart) {
    json.key("chart").object();
    json.key("periods").array();
    for (const ChartPeriod& period : chart.periods) {
        json.object();
        put(json, "label", period.label);
        json.key("baseline").boolean(period.baseline);
        json.key("settled").boolean(period.settled);
        put(json, "value", period.value);
        put(json, "expected", period.expected);
        put(json, "lower", period.lower);
        put(json, "upper", period.upper);
        put(json, "forecast", period.forecast);
        put(json, "forecast_low", period.forecast_low);
        put(json, "forecast_high", period.forecast_high);
        json.end_object();
    }
    json.end_array();
    put(json, "baseline", chart.baseline);
    put(json, "target", chart.target);
    put(json, "unit", chart.unit);
    json.end_object();
}

void put(Json& json, const MeasureNotice& measure) {
    json.object();
    json.key("kind").text(name_of(measure.kind));
    put(json, "why", measure.why);
    put(json, "was", measure.was);
    put(json, "id", measure.id);
    put(json, "name", measure.name);
    put(json, "programme", measure.programme);
    put(json, "owner", measure.owner);
    put(json, "potential_status", measure.potential_status);
    put(json, "implementation_status", measure.implementation_status);
    put(json, "indicator_title", measure.indicator_title);
    put(json, "unit", measure.unit);
    put(json, "sentence", measure.sentence);
    put(json, "p_deliver", measure.p_deliver);
    put(json, "money_at_risk", measure.money_at_risk);
    json.key("is_due_past").boolean(measure.is_due_past);
    put(json, "currency", measure.currency);
    json.key("reasons").array();
    for (const auto& reason : measure.reasons) {
        json.object();
        put(json, "code", reason.code);
        put(json, "text", reason.text);
        json.end_object();
    }
    json.end_array();
    json.key("tickets").array();
    for (const Ticket& ticket : measure.tickets) {
        json.object();
        put(json, "number", ticket.number);
        put(json, "url", ticket.url);
        put(json, "title", ticket.title);
        json.end_object();
    }
    json.end_array();
    put(json, "ticket_count", measure.ticket_count);
    put(json, "measure_json", measure.measure_json);
    put(json, measure.chart);
    json.end_object();
}

void put(Json& json, const SourceNotice& source) {
    json.object();
    json.key("kind").text(name_of(source.kind));
    put(json, "name", source.name);
    put(json, "text", source.text);
    put(json, "measures", source.measures);
    json.end_object();
}

/// A document whose numbers are read to the last bit by the standard library: RapidJSON 1.1 does so too
/// (kParseFullPrecisionFlag), but shifts by an undefined width where it meets a zero such as 0e-30.
class ExactDocument : public rapidjson::Document {
  public:
    /// False where the text is no JSON, or holds a number beyond a double.
    [[nodiscard]] bool read(std::string_view text) {
        constexpr unsigned flags = rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag;
        rapidjson::Reader reader;
        rapidjson::MemoryStream stream(text.data(), text.size());
        auto parse = [&](rapidjson::Document&) { return !reader.Parse<flags>(stream, *this).IsError(); };
        Populate(parse);
        return !reader.HasParseError();
    }
    bool RawNumber(const char* text, rapidjson::SizeType length, bool /*copy*/) {
        const char* end = text + length;
        std::int64_t whole = 0;
        if (const auto read = std::from_chars(text, end, whole); read.ec == std::errc{} && read.ptr == end)
            return Int64(whole);
        double number = 0;
        const auto read = std::from_chars(text, end, number);
        return read.ec == std::errc{} && read.ptr == end && Double(number);
    }
};

/// Reads members and remembers the first that is of another type than it was written with.
class Taker {
  public:
    void take(const JsonValue& from, std::string_view key, std::string& into) {
        if (const JsonValue* value = wanted(from, key, &JsonValue::IsString))
            into.assign(value->GetString(), value->GetStringLength());
    }
    void take(const JsonValue& from, std::string_view key, std::optional<double>& into) {
        if (const JsonValue* value = wanted(from, key, &JsonValue::IsNumber)) into = value->GetDouble();
    }
    void take(const JsonValue& from, std::string_view key, bool& into) {
        if (const JsonValue* value = wanted(from, key, &JsonValue::IsBool)) into = value->GetBool();
    }
    void take(const JsonValue& from, std::string_view key, std::vector<std::string>& into) {
        each(from, key, [&](const JsonValue& item) {
            if (item.IsString())
                into.emplace_back(item.GetString(), item.GetStringLength());
            else
                wrong(key);
        });
    }
    void take(const JsonValue& from, NoticeKind& into) {
        std::string name;
        take(from, "kind", name);
        const auto kind = notice_kind_of(name);
        kind ? void(into = *kind) : wrong("kind");
    }
    void take(const JsonValue& from, Chart& chart) {
        const JsonValue* found = wanted(from, "chart", &JsonValue::IsObject);
        if (found == nullptr) return;
        each(*found, "periods", [&](const JsonValue& item) { take(item, chart.periods.emplace_back()); });
        take(*found, "baseline", chart.baseline);
        take(*found, "target", chart.target);
        take(*found, "unit", chart.unit);
    }
    void take(const JsonValue& item, ChartPeriod& period) {
        take(item, "label", period.label);
        take(item, "baseline", period.baseline);
        take(item, "settled", period.settled);
        take(item, "value", period.value);
        take(item, "expected", period.expected);
        take(item, "lower", period.lower);
        take(item, "upper", period.upper);
        take(item, "forecast", period.forecast);
        take(item, "forecast_low", period.forecast_low);
        take(item, "forecast_high", period.forecast_high);
    }
    void take(const JsonValue& item, MeasureNotice& measure) {
        take(item, measure.kind);
        take(item, "why", measure.why);
        take(item, "was", measure.was);
        take(item, "id", measure.id);
        take(item, "name", measure.name);
        take(item, "programme", measure.programme);
        take(item, "owner", measure.owner);
        take(item, "potential_status", measure.potential_status);
        take(item, "implementation_status", measure.implementation_status);
        take(item, "indicator_title", measure.indicator_title);
        take(item, "unit", measure.unit);
        take(item, "sentence", measure.sentence);
        take(item, "p_deliver", measure.p_deliver);
        take(item, "money_at_risk", measure.money_at_risk);
        take(item, "is_due_past", measure.is_due_past);
        take(item, "currency", measure.currency);
        each(item, "reasons", [&](const JsonValue& reason) {
            auto& made = measure.reasons.emplace_back();
            take(reason, "code", made.code);
            take(reason, "text", made.text);
        });
        each(item, "tickets", [&](const JsonValue& ticket) {
            auto& made = measure.tickets.emplace_back();
            take(ticket, "number", made.number);
            take(ticket, "url", made.url);
            take(ticket, "title", made.title);
        });
        take(item, "ticket_count", measure.ticket_count);
        take(item, "measure_json", measure.measure_json);
        take(item, measure.chart);
    }
    void take(const JsonValue& item, SourceNotice& source) {
        take(item, source.kind);
        take(item, "name", source.name);
        take(item, "text", source.text);
        take(item, "measures", source.measures);
    }

    template <class Each>
    void each(const JsonValue& from, std::string_view key, Each act) {
        if (const JsonValue* list = wanted(from, key, &JsonValue::IsArray))
            for (const JsonValue& item : list->GetArray()) act(item);
    }
    void wrong(std::string_view key) {
        if (fault_.empty()) fault_ = key;
    }
    [[nodiscard]] const std::string& fault() const { return fault_; }

  private:
    const JsonValue* wanted(const JsonValue& from, std::string_view key, bool (JsonValue::*is)() const) {
        const JsonValue* value = member(from, key);
        if (value == nullptr || (value->*is)()) return value;
        wrong(key);
        return nullptr;
    }

    std::string fault_;
};

}  // namespace

std::string_view name_of(NoticeKind kind) {
    return kind_names[static_cast<std::size_t>(kind)];
}

std::optional<NoticeKind> notice_kind_of(std::string_view name) {
    for (std::size_t i = 0; i < kind_names.size(); ++i)
        if (kind_names[i] == name) return static_cast<NoticeKind>(i);
    return std::nullopt;
}

std::string to_json(const Notice& notice) {
    Json json;
    json.object();
    put(json, "id", notice.id);
    json.key("created_at").number(static_cast<double>(notice.created_at.time_since_epoch().count()));
    json.key("is_test").boolean(notice.is_test);
    json.key("measures").array();
    for (const MeasureNotice& measure : notice.measures) put(json, measure);
    json.end_array();
    json.key("sources").array();
    for (const SourceNotice& source : notice.sources) put(json, source);
    json.end_array();
    put(json, "title", notice.title);
    put(json, "remarks", notice.remarks);
    json.end_object();
    return std::string(json.str());
}

Result<Notice> notice_from_json(std::string_view text) {
    ExactDocument document;
    if (!document.read(text) || !document.IsObject())
        return Error{ErrorCode::corrupt, "the stored notice is no JSON object"};
    Notice notice;
    Taker taker;
    taker.take(document, "id", notice.id);
    const JsonValue* created = member(document, "created_at");
    if (created != nullptr && created->IsInt64())
        notice.created_at = mappings::Instant{mappings::Millis{created->GetInt64()}};
    else
        taker.wrong("created_at");
    taker.take(document, "is_test", notice.is_test);
    taker.each(document, "measures",
               [&](const JsonValue& item) { taker.take(item, notice.measures.emplace_back()); });
    taker.each(document, "sources",
               [&](const JsonValue& item) { taker.take(item, notice.sources.emplace_back()); });
    taker.take(document, "title", notice.title);
    taker.take(document, "remarks", notice.remarks);
    if (!taker.fault().empty())
        return Error{ErrorCode::corrupt,
                     fmt::format("the stored notice: `{}` is not what was written", taker.fault())};
    return notice;
}

}  // namespace baselined::daemon
