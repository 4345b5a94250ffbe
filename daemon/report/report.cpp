// `report`: one self-contained page of the portfolio, to look at and to pass on. No scripts.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "daemon/cli/commands.hpp"
#include "daemon/report/chart.hpp"
#include "daemon/report/figure_text.hpp"
#include "daemon/report/html.hpp"
#include "daemon/report/measure_picture.hpp"
#include "mappings/record/utf8.hpp"

namespace baselined::daemon {

namespace {

using mappings::one_line;

constexpr const char* style = R"(
:root { color-scheme: light dark; --ink: #1d2126; --faint: #5a626b; --paper: #ffffff; --line: #dcdfe3; --card: #f6f7f8;
        --good: #0a6b4f; --warn: #8a5200; --bad: #a1260d; }
@media (prefers-color-scheme: dark) { :root { --ink: #e9ebee; --faint: #a6adb6; --paper: #16181b; --line: #33383e; --card: #1f2226;
        --good: #5bc8a3; --warn: #f2b457; --bad: #ff8a73; } }
* { box-sizing: border-box; }
body { overflow-wrap: break-word; margin: 0 auto; max-width: 60rem; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin: 0; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid var(--line); }
td:first-child { overflow-wrap: anywhere; min-width: 8rem; } td + td { white-space: nowrap; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
a { color: inherit; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem; margin: 1.2rem 0; }
img { width: 100%; height: auto; }
.faint { color: var(--faint); } .on_track, .done { color: var(--good); } .weakening, .delayed { color: var(--warn); } .off_track, .blocked { color: var(--bad); }
.status { font-weight: 600; }
@media (max-width: 40rem) {
th { display: none; } tr, td, td.number { display: block; text-align: left; white-space: normal; } td { padding: .1rem 0; border: 0; }
tr { padding: .5rem 0; border-bottom: 1px solid var(--line); }
td[data-label]::before { content: attr(data-label) ": "; color: var(--faint); }
}
)";

std::string base64(std::string_view bytes) {
    constexpr const char* letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 3; ++i)
            bits = bits << 8 | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0u);
        for (std::size_t i = 0; i < 4; ++i)
            text += at + i <= bytes.size() ? letters[bits >> (18 - 6 * i) & 63] : '=';
    }
    return text;
}

std::string picture(const MeasureView& view) {
    const Chart chart = chart_of(view);
    const auto source = [&](ColourScheme scheme) {
        return "data:image/svg+xml;base64," + base64(draw_svg(chart, scheme));
    };
    return fmt::format(
        "<picture><source media=\"(prefers-color-scheme: dark)\" srcset=\"{}\"><img alt=\"{}\" "
        "src=\"{}\"></picture>",
        source(ColourScheme::dark), escaped(describe(chart)), source(ColourScheme::light));
}

constexpr std::size_t tickets_shown = 8;

std::string status_text(std::string_view status) {
    std::string words(status);
    for (char& c : words)
        if (c == '_') c = ' ';
    return fmt::format("<span class=\"status {}\">{}</span>", status, words);
}

/// A table that a narrow screen shows as lines, each with its heading before it.
class Table {
  public:
    struct Column {
        std::string heading;
        bool is_number = false;
        bool has_label = true;  ///< on a narrow screen; what names the row needs none
    };
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {
        html_ = "<table><tr>";
        for (const Column& column : columns_)
            html_ += fmt::format("<th{}>{}</th>", number_class(column), column.heading);
        html_ += "</tr>\n";
    }

    /// Cells are HTML, one a column.
    void add(const std::vector<std::string>& cells) {
        html_ += "<tr>";
        for (std::size_t i = 0; i < columns_.size(); ++i)
            html_ += fmt::format(
                "<td{}{}>{}</td>", number_class(columns_[i]),
                columns_[i].has_label ? fmt::format(" data-label=\"{}\"", columns_[i].heading) : "",
                cells[i]);
        html_ += "</tr>\n";
    }
    [[nodiscard]] std::string html() const { return html_ + "</table>\n"; }

  private:
    static const char* number_class(const Column& column) {
        return column.is_number ? " class=\"number\"" : "";
    }

    std::vector<Column> columns_;
    std::string html_;
};

std::string money_table(const mappings::Assessment& assessment) {
    const auto& saving = assessment.saving;
    if (!saving) return {};
    const auto money = [&](double amount) { return escaped(money_text(amount, saving->currency)); };
    Table table({{"Target saving", true},
                 {"Expected by now", true},
                 {"Actual, provisional", true},
                 {assessment.is_due_past ? "By the target date" : "Forecast", true},
                 {"Confirmed", true}});
    table.add({money(saving->target), money(saving->expected),
               saving->actual ? money(*saving->actual) + " ± " + money(*saving->actual_se) : "–",
               money(assessment.is_due_past ? saving->by_target : saving->forecast), money(0)});
    return table.html();
}

std::string ticket_text(const CountedRecord& ticket) {
    const bool is_link = is_web_address(ticket.url);
    const std::string text = escaped(one_line(ticket.number));
    const std::string number =
        is_link ? fmt::format("<a href=\"{}\">{}</a>", escaped(one_line(ticket.url)), text) : text;
    return fmt::format("<li>{} <span class=\"faint\">{}</span> {}</li>", number,
                       ticket.at ? mappings::format_rfc3339(*ticket.at).substr(0, 10) : "",
                       escaped(one_line(ticket.title)));
}

std::string tickets_text(const MeasureView& view, const NewestTickets& tickets) {
    if (tickets.newest.empty()) return {};
    std::string items;
    for (const CountedRecord& ticket : tickets.newest) items += ticket_text(ticket);
    return fmt::format("<details><summary>Newest of {} record{} {} {}</summary><ul>{}</ul></details>",
                       tickets.count, tickets.count == 1 ? "" : "s",
                       tickets.are_misses ? "that fell short in" : "behind", escaped(view.actual->label),
                       items);
}

std::string measure_text(const MeasureView& view, const NewestTickets& tickets) {
    const auto& measure = *view.plan->measure;
    std::string html = fmt::format(
        "<section id=\"{}\"><h2>{}{}</h2><p>Work: {} · Value: {} · <span "
        "class=\"faint\">{}, owner {}</span></p>{}",
        escaped(measure.id), escaped(measure.name),
        measure.name == measure.id ? ""
                                   : fmt::format(" <span class=\"faint\">{}</span>", escaped(measure.id)),
        status_text(name_of(view.assessment.implementation)), status_text(name_of(view.assessment.potential)),
        escaped(view.plan->indicator->title),
        escaped(measure.owner.name.empty() ? "not named" : measure.owner.name), picture(view));
    if (!view.assessment.sentence.empty())
        html += fmt::format("<p>{}</p>", escaped(view.assessment.sentence));
    std::string reasons;
    for (const auto& reason : view.assessment.reasons)
        if (reason.text != view.assessment.sentence)
            reasons += fmt::format("<li>{}</li>", escaped(one_line(reason.text)));
    if (!reasons.empty()) html += "<ul>" + reasons + "</ul>";
    return html + money_table(view.assessment) + tickets_text(view, tickets) + "</section>\n";
}

std::string portfolio_table(const std::vector<MeasureView>& views) {
    Table table({{"Measure", false, false},
                 {"Work"},
                 {"Value"},
                 {"Chance to deliver", true},
                 {"Money at risk", true}});
    for (const MeasureView& view : views) {
        const auto& assessment = view.assessment;
        const auto at_risk = assessment.money_at_risk();
        table.add({fmt::format("<a href=\"#{}\">{}</a>", escaped(view.plan->measure->id),
                               escaped(view.plan->measure->name)),
                   status_text(name_of(assessment.implementation)),
                   status_text(name_of(assessment.potential)),
                   assessment.p_deliver && assessment.is_comparable
                       ? fmt::format("{:.0f} %", *assessment.p_deliver * 100)
                       : "–",
                   at_risk ? escaped(money_text(*at_risk, assessment.saving->currency)) : "–"});
    }
    return table.html();
}

std::string spoken_moment(Instant at, const date::time_zone* zone) {
    using std::chrono::floor, std::chrono::milliseconds, std::chrono::minutes;
    const milliseconds local{static_cast<std::int64_t>(mappings::to_local(at, zone))};
    const auto day = floor<date::days>(local);
    const auto minute = floor<minutes>(local - day).count();
    return fmt::format("{}, {:02}:{:02} ({})", mappings::spoken_day(date::sys_days{day}), minute / 60,
                       minute % 60, mappings::zone_name(zone));
}

}  // namespace

int write_report(Invocation& invocation, const std::string& path) {
    const auto store = open_sqlite_store(invocation.portfolio->configuration().store, StoreMode::read);
    store->use_attributes(invocation.portfolio->schemas());
    const auto views = views_of(invocation, *store, {});
    std::string html = fmt::format(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
        "content=\"width=device-width, initial-scale=1\">"
        "<title>Measures and their value</title><style>{}</style></head><body><main><h1>Measures and their "
        "value</h1><p class=\"faint\">As of {}. Forecasts are "
        "forecasts; an actual saving is confirmed only when a controller has signed it.</p>\n",
        style, spoken_moment(invocation.now, invocation.portfolio->configuration().zone));
    html += portfolio_table(*views);
    FigureBook figures(*invocation.portfolio, *store, invocation.clock);
    std::vector<const MeasureView*> shown;
    for (const MeasureView& view : *views) shown.push_back(&view);
    const auto tickets = newest_tickets(figures, shown, tickets_shown);
    for (std::size_t i = 0; i < views->size(); ++i) html += measure_text((*views)[i], tickets[i]);
    html += "</main></body></html>\n";
    std::ofstream file(path, std::ios::binary);
    file << html;
    file.close();
    if (file) return exit_done;
    fmt::print(stderr, "cannot write {}: check that its folder exists and is writable\n", path);
    return exit_failed;
}

}  // namespace baselined::daemon
