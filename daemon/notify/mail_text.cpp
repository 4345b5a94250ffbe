#include <fmt/format.h>

#include "daemon/notify/mail.hpp"
#include "daemon/notify/wording.hpp"
#include "daemon/report/html.hpp"
#include "mappings/record/utf8.hpp"

namespace baselined::daemon {

namespace {

class TextWriter {
  public:
    explicit TextWriter(const Notice& notice) : notice_(notice) {}

    std::string write(std::size_t charts) {
        if (notice_.is_test) line("This is a test. Nothing has happened.\n");
        for (const std::string& remark : notice_.remarks) line(remark + "\n");
        for (const SourceNotice& source : notice_.sources) write_source(source);
        if (const std::string summary = summary_of(notice_); !summary.empty()) line(summary + "\n");
        const auto measures = by_urgency(notice_);
        for (std::size_t i = 0; i < measures.size(); ++i) write_measure(*measures[i], i < charts);
        line(
            "-- \nbaselined tells the people a measure names, as its routes say. Figures are provisional "
            "unless a\n"
            "controller has signed them; a forecast is no actual.");
        return mappings::valid_utf8(text_);
    }

  private:
    /// A text from outside stays on its line.
    static std::string flat(std::string text) {
        for (char& c : text)
            if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
        return text;
    }
    void line(const std::string& text) {
        text_ += text;
        text_ += '\n';
    }

    void write_source(const SourceNotice& source) {
        line(flat(words_of(source).what));
        if (!source.measures.empty())
            line(fmt::format("Measures that hang on it{}: {}",
                             source.kind == NoticeKind::source_silent ? " and read unknown meanwhile" : "",
                             flat(fmt::format("{}", fmt::join(source.measures, ", ")))));
        line("");
    }

    void write_measure(const MeasureNotice& measure, bool with_details) {
        const MeasureWords words = words_of(measure);
        line(flat(words.what));
        line(flat(words.how_sure));
        line(flat(words.at_risk + (words.shown_by.empty() ? "" : " " + words.shown_by)));
        if (!words.meaning.empty()) line(flat(words.meaning));
        if (with_details) write_details(measure);
        line(flat(words.facts));
        line("");
    }

    void write_details(const MeasureNotice& measure) {
        for (const auto& reason : measure.reasons)
            if (reason.text != measure.sentence) line("  - " + flat(reason.text));
        if (!measure.chart.periods.empty()) line("  " + flat(describe(measure.chart)));
        std::size_t shown = 0;
        for (const Ticket& ticket : measure.tickets) {
            if (shown++ == most_tickets) break;
            if (is_web_address(ticket.url))
                line(flat(fmt::format("  {} {} {}", ticket.number, ticket.url, ticket.title)));
        }
    }

    const Notice& notice_;
    std::string text_;
};

}  // namespace

std::string plain_text_of(const Notice& notice, std::size_t charts) {
    return TextWriter(notice).write(charts);
}

}  // namespace baselined::daemon
