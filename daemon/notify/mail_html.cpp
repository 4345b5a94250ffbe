#include <fmt/format.h>

#include "daemon/notify/mail.hpp"
#include "daemon/notify/wording.hpp"
#include "daemon/report/html.hpp"
#include "mappings/record/utf8.hpp"

namespace baselined::daemon {

namespace {

using mappings::one_line;

/// Colours stand in the style twice; what a client without it shows is black on white, and whole.
constexpr const char* head = R"(<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<style>
:root { color-scheme: light dark; }
body { margin: 0; padding: 16px; background: #ffffff; color: #1d2126; font: 16px/1.5 -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; }
.page { max-width: 640px; margin: 0 auto; overflow-wrap: anywhere; }
h1 { font-size: 20px; line-height: 1.3; margin: 0 0 12px; }
h2 { font-size: 18px; line-height: 1.3; margin: 0 0 8px; }
h3 { font-size: 16px; margin: 12px 0 4px; }
p { margin: 0 0 8px; }
ul { margin: 0 0 8px; padding-left: 20px; }
a { color: #00589c; }
.measure { border-top: 3px solid #8a929b; padding: 14px 0 6px; margin: 14px 0 0; }
.bad { border-top-color: #a1260d; } .warn { border-top-color: #8a5200; } .good { border-top-color: #0a6b4f; }
.label { font-weight: bold; color: #454c54; } .bad .label { color: #a1260d; } .warn .label { color: #8a5200; } .good .label { color: #0a6b4f; }
.faint { color: #565e67; font-size: 14px; }
.chart { display: block; width: 100%; max-width: 640px; height: auto; border-radius: 6px; margin: 8px 0; }
@media (prefers-color-scheme: dark) {
body { background: #16181b; color: #e9ebee; }
a { color: #8cc4ff; }
.label { color: #c3c9d0; } .bad .label { color: #ff8a73; } .warn .label { color: #f2b457; } .good .label { color: #5bc8a3; }
.bad { border-top-color: #ff8a73; } .warn { border-top-color: #f2b457; } .good { border-top-color: #5bc8a3; }
.faint { color: #a6adb6; }
}
</style>
)";

const char* class_of(const MeasureNotice& measure) {
    if (measure.kind == NoticeKind::resolved) return measure.potential_status == "on_track" ? "good" : "";
    if (measure.potential_status == "off_track" || measure.kind == NoticeKind::relapse) return "bad";
    if (measure.potential_status == "weakening") return "warn";
    return measure.potential_status == "on_track" ? "good" : "";
}

class HtmlWriter {
  public:
    explicit HtmlWriter(const Notice& notice) : notice_(notice) {}

    std::string write(std::size_t charts) {
        const std::string title = escaped(subject_of(notice_));
        html_ = fmt::format(
            "<!DOCTYPE html>\n<html lang=\"en\"><head>\n{}<title>{}</title></head>\n<body><div "
            "class=\"page\">\n",
            head, title);
        if (notice_.measures.size() != 1) html_ += fmt::format("<h1>{}</h1>\n", title);
        if (notice_.is_test) paragraph("", "<b>This is a test. Nothing has happened.</b>");
        for (const std::string& remark : notice_.remarks) paragraph("", escaped(remark));
        for (const SourceNotice& source : notice_.sources) write_source(source);
        if (const std::string summary = summary_of(notice_); !summary.empty())
            paragraph("", escaped(summary));
        const auto measures = by_urgency(notice_);
        for (std::size_t i = 0; i < std::min(charts, measures.size()); ++i) write_measure(*measures[i], i);
        if (measures.size() > charts) write_rest(measures, charts);
        paragraph("faint",
                  "baselined tells the people a measure names, as its routes say. Figures are provisional "
                  "unless a controller has signed them; a forecast is no actual.");
        html_ += "</div></body></html>\n";
        return mappings::valid_utf8(html_);
    }

  private:
    void paragraph(std::string_view kind, std::string_view html) {
        if (html.empty()) return;
        html_ += kind.empty() ? fmt::format("<p>{}</p>\n", html)
                              : fmt::format("<p class=\"{}\">{}</p>\n", kind, html);
    }

    void write_source(const SourceNotice& source) {
        paragraph("", escaped(words_of(source).what));
        if (source.measures.empty()) return;
        paragraph("",
                  fmt::format("Measures that hang on it{}: {}",
                              source.kind == NoticeKind::source_silent ? " and read unknown meanwhile" : "",
                              escaped(fmt::format("{}", fmt::join(source.measures, ", ")))));
    }

    void write_measure(const MeasureNotice& measure, std::size_t place) {
        const MeasureWords words = words_of(measure);
        const char* level = notice_.measures.size() == 1 ? "h1" : "h2";
        const std::string id = escaped(measure.id);
        const std::string name = has_own_name(measure) ? fmt::format("{} <span class=\"faint\">{}</span>",
                                                                     escaped(measure.name), id)
                                                       : id;
        html_ += fmt::format("<div class=\"measure {}\">\n<{}><span class=\"label\">{}:</span> {}</{}>\n",
                             class_of(measure), level, words.label, name, level);
        paragraph("", escaped(words.why));
        paragraph("", stressed(words.how_sure, words.chance));
        paragraph("", stressed(words.at_risk, words.money) + tickets(measure, words));
        paragraph("", escaped(words.meaning));
        if (!measure.chart.periods.empty())
            html_ += fmt::format("<img class=\"chart\" width=\"640\" src=\"cid:{}\" alt=\"{}\">\n",
                                 content_id(notice_, place), escaped(describe(measure.chart)));
        write_reasons(measure);
        paragraph("faint", escaped(words.facts));
        html_ += "</div>\n";
    }

    /// The text with the first place of that part in bold.
    static std::string stressed(const std::string& text, const std::string& part) {
        const std::size_t at = part.empty() ? std::string::npos : text.find(part);
        if (at == std::string::npos) return escaped(text);
        return escaped(text.substr(0, at)) + "<b>" + escaped(part) + "</b>" +
               escaped(text.substr(at + part.size()));
    }

    static std::string tickets(const MeasureNotice& measure, const MeasureWords& words) {
        if (measure.tickets.empty()) return {};
        std::string html = " " + escaped(words.tickets_label) + ":";
        for (std::size_t i = 0; i < std::min(most_tickets, measure.tickets.size()); ++i) {
            const Ticket& ticket = measure.tickets[i];
            html += i == 0 ? " " : ", ";
            html += is_web_address(ticket.url)
                        ? fmt::format("<a href=\"{}\" title=\"{}\">{}</a>", escaped(one_line(ticket.url)),
                                      escaped(one_line(ticket.title)), escaped(one_line(ticket.number)))
                        : escaped(one_line(ticket.number));
        }
        return html + more_tickets(measure, most_tickets) + ".";
    }

    void write_reasons(const MeasureNotice& measure) {
        std::string items;
        for (const auto& reason : measure.reasons)
            if (reason.text != measure.sentence) items += fmt::format("<li>{}</li>\n", escaped(reason.text));
        if (!items.empty()) html_ += fmt::format("<ul>\n{}</ul>\n", items);
    }

    void write_rest(const std::vector<const MeasureNotice*>& measures, std::size_t from) {
        paragraph("",
                  fmt::format("<b>{} more measures</b>, without their charts, so that this mail stays small:",
                              measures.size() - from));
        html_ += "<ul>\n";
        for (std::size_t i = from; i < measures.size(); ++i) {
            const MeasureWords words = words_of(*measures[i], 3);
            html_ += fmt::format("<li>{} {} {} {}</li>\n", escaped(words.what), escaped(words.how_sure),
                                 escaped(words.at_risk), escaped(words.shown_by));
        }
        html_ += "</ul>\n";
    }

    const Notice& notice_;
    std::string html_;
};

}  // namespace

std::string html_of(const Notice& notice, std::size_t charts) {
    return HtmlWriter(notice).write(charts);
}

}  // namespace baselined::daemon
