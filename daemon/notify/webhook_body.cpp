#include "daemon/notify/webhook_body.hpp"

#include "daemon/cli/json.hpp"
#include "daemon/notify/chat_cards.hpp"
#include "daemon/report/html.hpp"
#include "mappings/record/utf8.hpp"

namespace baselined::daemon {

namespace {

constexpr int version = 1;

void begin(Json& json, const Notice& notice, std::string_view type) {
    json.object();
    json.key("type").text(type);
    json.key("version").number(version);
    json.key("id").text(notice.id);
    json.key("timestamp").instant(notice.created_at);
    json.key("data").object();
}

void end(Json& json, const Notice& notice) {
    if (notice.is_test) json.key("test").boolean(true);
    json.key("link").null();
    json.end_object();
    json.end_object();
}

void write_measure_body(Json& json, const Notice& notice, const MeasureNotice& measure) {
    begin(json, notice, "measure.potential_status");
    json.key("kind").text(name_of(measure.kind));
    json.key("measure");
    measure.measure_json.empty() ? json.null() : json.raw(measure.measure_json);
    json.key("records").array();
    for (const Ticket& ticket : measure.tickets) {
        json.object();
        json.key("number").text(ticket.number);
        json.key("url").optional_text(ticket.url);
        json.end_object();
    }
    json.end_array();
    end(json, notice);
}

void write_source_body(Json& json, const Notice& notice, const SourceNotice& source) {
    begin(json, notice, source.kind == NoticeKind::source_back ? "source.back" : "source.silent");
    json.key("kind").text(name_of(source.kind));
    json.key("source").object();
    json.key("name").text(source.name);
    json.key("text").text(source.text);
    json.end_object();
    json.key("measures").array();
    for (const std::string& id : source.measures) json.text(id);
    json.end_array();
    end(json, notice);
}

void write_remarks_body(Json& json, const Notice& notice) {
    begin(json, notice, "baselined.remark");
    json.key("remarks").array();
    for (const std::string& remark : notice.remarks) json.text(remark);
    json.end_array();
    end(json, notice);
}

std::string standard_body(const Notice& notice) {
    Json json;
    if (!notice.measures.empty())
        write_measure_body(json, notice, notice.measures.front());
    else if (!notice.sources.empty())
        write_source_body(json, notice, notice.sources.front());
    else
        write_remarks_body(json, notice);
    return std::string(json.str());
}

}  // namespace

std::string webhook_body(const Notice& notice, config::Webhook::Format format, mappings::Instant now) {
    using Format = config::Webhook::Format;
    const std::string body = format == Format::slack          ? slack_message(notice)
                             : format == Format::teams        ? teams_message(notice)
                             : format == Format::alertmanager ? alertmanager_alerts(notice, now)
                                                              : standard_body(notice);
    return mappings::valid_utf8(body);
}

}  // namespace baselined::daemon
