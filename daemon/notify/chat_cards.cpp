#include "daemon/notify/chat_cards.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/cli/json.hpp"
#include "daemon/notify/wording.hpp"
#include "daemon/report/html.hpp"
#include "mappings/record/utf8.hpp"

namespace baselined::daemon {

namespace {

/// What a chat shows of a notice; webhooks tell of one measure.
constexpr std::size_t most_measures = 10;
constexpr std::size_t slack_header = 150, slack_section = 3000;

/// At most so many bytes, cut between characters.
std::string shortened(std::string text, std::size_t most) {
    if (text.size() <= most) return text;
    std::size_t end = most - 3;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    return text.substr(0, end) + "\u2026";
}

/// Slack's three control characters (https://api.slack.com/reference/surfaces/formatting#escaping).
std::string for_slack(std::string_view text) {
    std::string result;
    for (const char c : text)
        result += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
    return result;
}

std::string for_markdown(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (std::string_view("\\`*_[]()#+!|<>~").find(c) != std::string_view::npos) result += '\\';
        result += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
    return result;
}

/// A link's address ends where its syntax ends it, so those characters are percent-encoded.
std::string for_link(std::string_view url) {
    std::string result;
    for (const char c : url)
        result += static_cast<unsigned char>(c) <= ' ' ||
                          std::string_view("<>|()[]\\\"").find(c) != std::string_view::npos
                      ? fmt::format("%{:02X}", static_cast<unsigned char>(c))
                      : std::string(1, c);
    return result;
}

using Link = std::string (*)(const Ticket& ticket);

std::string slack_link(const Ticket& ticket) {
    return is_web_address(ticket.url)
               ? fmt::format("<{}|{}>", for_slack(for_link(ticket.url)), for_slack(ticket.number))
               : for_slack(ticket.number);
}

std::string markdown_link(const Ticket& ticket) {
    return is_web_address(ticket.url)
               ? fmt::format("[{}]({})", for_markdown(ticket.number), for_link(ticket.url))
               : for_markdown(ticket.number);
}

std::string ticket_links(const MeasureNotice& measure, const MeasureWords& words, Link link) {
    if (measure.tickets.empty()) return {};
    std::string text = words.tickets_label;
    for (std::size_t i = 0; i < std::min(most_tickets, measure.tickets.size()); ++i)
        text += (i == 0 ? ": " : ", ") + link(measure.tickets[i]);
    text += more_tickets(measure, most_tickets);
    return text;
}

std::vector<const MeasureNotice*> shown_measures(const Notice& notice) {
    auto measures = by_urgency(notice);
    if (measures.size() > most_measures) measures.resize(most_measures);
    return measures;
}

void slack_text(Json& json, const char* type, const char* text_type, const std::string& text,
                std::size_t most) {
    json.object();
    json.key("type").text(type);
    json.key("text").object();
    json.key("type").text(text_type);
    json.key("text").text(shortened(text, most));
    json.end_object();
    json.end_object();
}

void teams_text(Json& json, const std::string& text, const char* weight, bool is_subtle) {
    if (text.empty()) return;
    json.object();
    json.key("type").text("TextBlock");
    json.key("text").text(text);
    json.key("wrap").boolean(true);
    if (weight != nullptr) {
        json.key("weight").text(weight);
        json.key("size").text("Medium");
    }
    if (is_subtle) json.key("isSubtle").boolean(true);
    json.end_object();
}

constexpr std::chrono::hours lasting{24 * 366};  ///< a firing alert ends when we say so, not by itself
constexpr std::chrono::minutes test_lasting{5};

struct AlertTimes {
    mappings::Instant starts, ends;
};

void write_alert(Json& json, const std::vector<std::pair<std::string, std::string>>& labels,
                 const std::vector<std::pair<std::string, std::string>>& annotations,
                 const AlertTimes& times) {
    json.object();
    json.key("labels").object();
    for (const auto& [name, value] : labels)
        if (!value.empty()) json.key(name).text(mappings::valid_utf8(value));
    json.end_object();
    json.key("annotations").object();
    for (const auto& [name, value] : annotations)
        if (!value.empty()) json.key(name).text(mappings::valid_utf8(value));
    json.end_object();
    json.key("startsAt").instant(times.starts);
    json.key("endsAt").instant(times.ends);
    json.end_object();
}

std::string_view severity_of(const MeasureNotice& measure) {
    if (measure.kind == NoticeKind::resolved) return {};
    if (measure.kind == NoticeKind::unknown || measure.kind == NoticeKind::definition_changed) return "info";
    if (measure.potential_status == "off_track" || measure.kind == NoticeKind::off_track) return "critical";
    return measure.potential_status == "unknown" ? "info" : "warning";
}

void write_measure_alerts(Json& json, const MeasureNotice& measure, bool is_test, mappings::Instant starts,
                          mappings::Instant now) {
    const MeasureWords words = words_of(measure);
    const std::vector<std::pair<std::string, std::string>> annotations{
        {"summary", words.what},
        {"description", fmt::format("{} {} {}", words.how_sure, words.at_risk, words.shown_by)},
        {"owner", measure.owner},
        {"kind", std::string(name_of(measure.kind))}};
    const auto write = [&](const char* name, std::string_view severity, const AlertTimes& times) {
        write_alert(json,
                    {{"alertname", name},
                     {"measure", measure.id},
                     {"programme", measure.programme},
                     {"severity", std::string(severity)}},
                    annotations, times);
    };
    if (is_test) return write("BaselinedTest", "info", {starts, now + test_lasting});
    const std::string_view holds = severity_of(measure);
    for (const std::string_view severity : {"critical", "warning", "info"})
        write("MeasurePotentialStatus", severity,
              severity == holds ? AlertTimes{starts, now + lasting} : AlertTimes{starts, now});
}

}  // namespace

std::string slack_message(const Notice& notice) {
    Json json;
    json.object();
    json.key("text").text(for_slack(subject_of(notice)));
    json.key("blocks").array();
    slack_text(json, "header", "plain_text", subject_of(notice), slack_header);
    for (const std::string& remark : notice.remarks)
        slack_text(json, "section", "mrkdwn", for_slack(remark), slack_section);
    for (const SourceNotice& source : notice.sources)
        slack_text(json, "section", "mrkdwn", for_slack(words_of(source).what), slack_section);
    for (const MeasureNotice* measure : shown_measures(notice)) {
        const MeasureWords words = words_of(*measure);
        slack_text(json, "section", "mrkdwn",
                   fmt::format("{}\n{}\n{} {}\n{}", for_slack(words.what), for_slack(words.how_sure),
                               for_slack(words.at_risk), ticket_links(*measure, words, slack_link),
                               for_slack(words.meaning)),
                   slack_section);
        slack_text(json, "section", "mrkdwn", for_slack(words.facts), slack_section);
    }
    json.end_array();
    json.end_object();
    return std::string(json.str());
}

std::string teams_message(const Notice& notice) {
    Json json;
    json.object();
    json.key("type").text("message");
    json.key("attachments").array();
    json.object();
    json.key("contentType").text("application/vnd.microsoft.card.adaptive");
    json.key("contentUrl").null();
    json.key("content").object();
    json.key("$schema").text("http://adaptivecards.io/schemas/adaptive-card.json");
    json.key("type").text("AdaptiveCard");
    json.key("version").text("1.4");
    json.key("body").array();
    teams_text(json, for_markdown(subject_of(notice)), "Bolder", false);
    for (const std::string& remark : notice.remarks) teams_text(json, for_markdown(remark), nullptr, false);
    for (const SourceNotice& source : notice.sources)
        teams_text(json, for_markdown(words_of(source).what), nullptr, false);
    for (const MeasureNotice* measure : shown_measures(notice)) {
        const MeasureWords words = words_of(*measure);
        teams_text(json, for_markdown(words.what), nullptr, false);
        teams_text(json, for_markdown(words.how_sure), nullptr, false);
        teams_text(
            json,
            fmt::format("{} {}", for_markdown(words.at_risk), ticket_links(*measure, words, markdown_link)),
            nullptr, false);
        teams_text(json, for_markdown(words.meaning), nullptr, false);
        teams_text(json, for_markdown(words.facts), nullptr, true);
    }
    json.end_array();
    json.end_object();
    json.end_object();
    json.end_array();
    json.end_object();
    return std::string(json.str());
}

std::string alertmanager_alerts(const Notice& notice, mappings::Instant now) {
    const mappings::Instant starts = std::min(notice.created_at, now);
    Json json;
    json.array();
    for (const MeasureNotice& measure : notice.measures)
        write_measure_alerts(json, measure, notice.is_test, starts, now);
    for (const SourceNotice& source : notice.sources)
        write_alert(json,
                    {{"alertname", notice.is_test ? "BaselinedTest" : "SourceSilent"},
                     {"source", source.name},
                     {"severity", "warning"}},
                    {{"summary", words_of(source).what},
                     {"measures", fmt::format("{}", fmt::join(source.measures, ", "))}},
                    {starts, source.kind == NoticeKind::source_back ? now : now + lasting});
    json.end_array();
    return std::string(json.str());
}

}  // namespace baselined::daemon
