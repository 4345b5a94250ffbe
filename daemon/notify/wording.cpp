#include "daemon/notify/wording.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "daemon/report/figure_text.hpp"

namespace baselined::daemon {

namespace {

std::string capital(std::string text) {
    if (!text.empty() && text.front() >= 'a' && text.front() <= 'z')
        text.front() = static_cast<char>(text.front() - 32);
    return text;
}

std::string sentence(std::string text) {
    if (text.empty()) return text;
    text = capital(std::move(text));
    if (std::string_view(".!?").find(text.back()) == std::string_view::npos) text += '.';
    return text;
}

std::string label_of(const MeasureNotice& measure) {
    const std::string status = spoken(measure.potential_status);
    switch (measure.kind) {
        case NoticeKind::weakening:
            return "Weakening";
        case NoticeKind::off_track:
            return "Off track";
        case NoticeKind::reminder:
            return "Still " + (status.empty() ? "weakening" : status);
        case NoticeKind::resolved:
            if (measure.was == "definition_changed") return "Comparable again";
            return measure.potential_status == "on_track" ? "Back on track" : "No longer weakening";
        case NoticeKind::unknown:
            return "Status unknown";
        case NoticeKind::definition_changed:
            return "Definition changed";
        case NoticeKind::relapse:
            return "Relapse after closure";
        case NoticeKind::silence_ends:
            return "Silence ends soon";
        case NoticeKind::digest:
            return status.empty() ? "Digest" : capital(status);
        case NoticeKind::source_silent:
            return "Source silent";
        case NoticeKind::source_back:
            return "Source back";
        case NoticeKind::test:
            return "Test";
    }
    return {};
}

std::string meaning_of(const MeasureNotice& measure) {
    switch (measure.kind) {
        case NoticeKind::unknown:
            return "Unknown is not good news: at present nobody can say whether the promised value is still "
                   "likely.";
        case NoticeKind::definition_changed:
            return "This is no weakening. Its status stays unknown while the definition differs from the one "
                   "that its baseline was frozen with: undo the change, and the next evaluation has its "
                   "status "
                   "again.";
        case NoticeKind::relapse:
            return "It was closed as delivered; what was measured since says that the value does not hold.";
        case NoticeKind::test:
            return "Nothing has happened: this shows how an alert would look, with the figures of today.";
        default:
            return {};
    }
}

std::string how_sure(const MeasureNotice& measure) {
    std::string words = measure.p_deliver
                            ? "Chance to deliver: " + mappings::percent(*measure.p_deliver) + "."
                            : "Chance to deliver: not known.";
    if (!measure.sentence.empty()) words += " " + sentence(measure.sentence);
    return words;
}

/// As far as it is shown: a cent or more.
bool is_money_at_risk(const MeasureNotice& measure) {
    return measure.money_at_risk && std::round(*measure.money_at_risk * 100) > 0;
}

std::string at_risk(const MeasureNotice& measure) {
    if (!measure.money_at_risk) return "Money at risk: not known.";
    if (!is_money_at_risk(measure))
        return measure.is_due_past
                   ? "Money at risk: none; the saving at the target date reached the target saving."
                   : "Money at risk: none; the forecast saving at the target date reaches the target saving.";
    return fmt::format("Money at risk: {} (target saving minus {}saving at the target date{}; provisional).",
                       money_text(*measure.money_at_risk, measure.currency),
                       measure.is_due_past ? "" : "forecast ", measure.is_due_past ? ", which is past" : "");
}

std::string tickets_label(const MeasureNotice& measure) {
    const auto& periods = measure.chart.periods;
    const auto newest = std::find_if(periods.rbegin(), periods.rend(), [](const ChartPeriod& period) {
        return period.settled && !period.forecast && period.value && !period.label.empty();
    });
    return newest == periods.rend() ? "Tickets" : "Tickets of " + newest->label;
}

std::string shown_by(const MeasureNotice& measure, std::size_t most) {
    if (measure.tickets.empty()) return {};
    std::string words = tickets_label(measure);
    for (std::size_t i = 0; i < std::min(most, measure.tickets.size()); ++i)
        words += (i == 0 ? ": " : ", ") + measure.tickets[i].number;
    return words + more_tickets(measure, most) + ".";
}

std::string facts_of(const MeasureNotice& measure) {
    std::vector<std::string> facts;
    const auto add = [&](std::string_view name, const std::string& value) {
        if (!value.empty()) facts.push_back(fmt::format("{}: {}", name, value));
    };
    add("Measure", measure.id);
    add("Programme", measure.programme);
    add("Owner", measure.owner);
    add("Indicator", measure.indicator_title);
    add("Potential Status", spoken(measure.potential_status));
    add("Implementation Status", spoken(measure.implementation_status));
    return fmt::format("{}", fmt::join(facts, " · "));
}

/// What needs somebody comes first.
int rank_of(const MeasureNotice& measure) {
    const bool is_off_track = measure.potential_status == "off_track";
    const bool is_weakening = measure.potential_status == "weakening";
    switch (measure.kind) {
        case NoticeKind::off_track:
            return 0;
        case NoticeKind::relapse:
            return 1;
        case NoticeKind::weakening:
            return 2;
        case NoticeKind::reminder:
            return is_off_track ? 3 : 4;
        case NoticeKind::definition_changed:
            return 5;
        case NoticeKind::unknown:
            return 6;
        case NoticeKind::silence_ends:
            return 7;
        case NoticeKind::resolved:
            return 8;
        default:
            return is_off_track ? 9 : is_weakening ? 10 : measure.potential_status == "unknown" ? 11 : 12;
    }
}

std::string lower(std::string text) {
    if (!text.empty() && text.front() >= 'A' && text.front() <= 'Z')
        text.front() = static_cast<char>(text.front() + 32);
    return text;
}

/// "2 off track, 3 weakening"
std::string counted(const Notice& notice) {
    std::vector<std::pair<std::string, std::size_t>> counts;
    for (const MeasureNotice* measure : by_urgency(notice)) {
        const std::string label = lower(label_of(*measure));
        const auto known = std::find_if(counts.begin(), counts.end(),
                                        [&](const auto& count) { return count.first == label; });
        known == counts.end() ? void(counts.emplace_back(label, 1)) : void(++known->second);
    }
    std::vector<std::string> words;
    for (const auto& [label, count] : counts) words.push_back(fmt::format("{} {}", count, label));
    return fmt::format("{}", fmt::join(words, ", "));
}

std::string named(const MeasureNotice& measure) {
    return !has_own_name(measure) ? measure.id : fmt::format("{} ({})", measure.name, measure.id);
}

}  // namespace

std::string spoken(std::string_view status) {
    std::string words(status);
    std::replace(words.begin(), words.end(), '_', ' ');
    return words;
}

bool has_own_name(const MeasureNotice& measure) {
    return !measure.name.empty() && measure.name != measure.id;
}

MeasureWords words_of(const MeasureNotice& measure, std::size_t tickets) {
    MeasureWords words;
    words.label = label_of(measure);
    words.what = fmt::format("{}: {}.", words.label, named(measure));
    words.why = sentence(measure.why);
    if (!words.why.empty()) words.what += " " + words.why;
    if (measure.p_deliver) words.chance = mappings::percent(*measure.p_deliver);
    if (is_money_at_risk(measure)) words.money = money_text(*measure.money_at_risk, measure.currency);
    words.how_sure = how_sure(measure);
    words.at_risk = at_risk(measure);
    words.tickets_label = tickets_label(measure);
    words.shown_by = shown_by(measure, tickets);
    words.meaning = meaning_of(measure);
    words.facts = facts_of(measure);
    return words;
}

std::string more_tickets(const MeasureNotice& measure, std::size_t named) {
    const auto known = static_cast<double>(measure.tickets.size());
    const auto all = std::max(known, measure.ticket_count.value_or(known));
    const auto more = all - std::min(known, static_cast<double>(named));
    return more > 0 ? fmt::format(" and {:.0f} more", more) : std::string{};
}

SourceWords words_of(const SourceNotice& source) {
    if (source.kind == NoticeKind::source_back)
        return {"Source back",
                fmt::format("The source {} answers again. {}", source.name, sentence(source.text))};
    return {"Source silent", fmt::format("The source {} is silent. {}", source.name, sentence(source.text))};
}

bool is_digest(const Notice& notice) {
    return std::any_of(notice.measures.begin(), notice.measures.end(),
                       [](const MeasureNotice& measure) { return measure.kind == NoticeKind::digest; });
}

std::vector<const MeasureNotice*> by_urgency(const Notice& notice) {
    std::vector<const MeasureNotice*> measures;
    for (const MeasureNotice& measure : notice.measures) measures.push_back(&measure);
    std::stable_sort(measures.begin(), measures.end(), [](const MeasureNotice* a, const MeasureNotice* b) {
        if (rank_of(*a) != rank_of(*b)) return rank_of(*a) < rank_of(*b);
        return a->money_at_risk.value_or(0) > b->money_at_risk.value_or(0);
    });
    return measures;
}

std::string subject_of(const Notice& notice) {
    std::vector<std::string> parts;
    if (notice.measures.size() == 1) {
        const MeasureNotice& only = notice.measures.front();
        parts.push_back(fmt::format("{}: {}", label_of(only), named(only)));
    } else if (notice.measures.size() > 1) {
        parts.push_back(fmt::format("{} measures: {}", notice.measures.size(), counted(notice)));
    }
    for (std::size_t i = 0; i < std::min<std::size_t>(notice.sources.size(), 3); ++i)
        parts.push_back(fmt::format("{}: {}", words_of(notice.sources[i]).label, notice.sources[i].name));
    if (notice.sources.size() > 3) parts.push_back(fmt::format("{} more sources", notice.sources.size() - 3));
    if (parts.empty() && !notice.title.empty()) parts.push_back(notice.title);
    if (parts.empty()) parts.push_back(notice.remarks.empty() ? "Nothing to tell" : notice.remarks.front());
    return fmt::format("{}{}{}", notice.is_test ? "[Test] " : "", is_digest(notice) ? "Digest: " : "",
                       fmt::join(parts, "; "));
}

std::string summary_of(const Notice& notice) {
    if (notice.measures.size() < 2) return {};
    std::map<std::string, double> at_risk;
    for (const MeasureNotice& measure : notice.measures)
        if (measure.money_at_risk && *measure.money_at_risk > 0 && measure.kind != NoticeKind::resolved)
            at_risk[measure.currency] += *measure.money_at_risk;
    std::vector<std::string> sums;
    for (const auto& [currency, sum] : at_risk) sums.push_back(money_text(sum, currency));
    if (sums.empty()) return {};
    return fmt::format("Together {} at risk (target saving minus forecast saving; provisional).",
                       fmt::join(sums, " and "));
}

}  // namespace baselined::daemon
