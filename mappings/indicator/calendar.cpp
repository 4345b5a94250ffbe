#include "mappings/indicator/calendar.hpp"

#include <fmt/format.h>

#include <array>

#include <charconv>

namespace baselined::mappings {

namespace {

using date::days;
using date::sys_days;
using date::year_month_day;

sys_days monday_of(sys_days day) {
    return day - (date::weekday{day} - date::Monday);
}

sys_days month_start(sys_days day, unsigned months_per_period) {
    const year_month_day ymd{day};
    const unsigned month = static_cast<unsigned>(ymd.month());
    return sys_days{ymd.year() / date::month{(month - 1) / months_per_period * months_per_period + 1} / 1};
}

sys_days next_start(sys_days first, PeriodLength length) {
    const year_month_day ymd{first};
    switch (length) {
        case PeriodLength::day:
            return first + days{1};
        case PeriodLength::week:
            return first + days{7};
        case PeriodLength::month:
            return sys_days{ymd + date::months{1}};
        case PeriodLength::quarter:
            return sys_days{ymd + date::months{3}};
    }
    return first + days{1};
}

/// The Thursday of an ISO week decides which year it counts to.
sys_days first_monday_of_iso_year(date::year year) {
    return monday_of(sys_days{year / 1 / 4});
}

std::optional<unsigned> digits(std::string_view text) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<sys_days> valid_day(unsigned year, unsigned month, unsigned day) {
    const year_month_day ymd{date::year{static_cast<int>(year)}, date::month{month}, date::day{day}};
    if (!ymd.ok()) return std::nullopt;
    return sys_days{ymd};
}

std::optional<sys_days> iso_week_start(unsigned year, unsigned week) {
    const date::year iso_year{static_cast<int>(year)};
    const sys_days monday = first_monday_of_iso_year(iso_year) + days{7 * (static_cast<int>(week) - 1)};
    if (week < 1 || monday >= first_monday_of_iso_year(iso_year + date::years{1})) return std::nullopt;
    return monday;
}

/// The first day that a label names, by its shape: 2026-09-30, 2026-W36, 2026-09, 2026-Q3.
std::optional<sys_days> first_day_of(std::string_view label, PeriodLength length) {
    if (label.size() < 7 || label[4] != '-') return std::nullopt;
    const auto year = digits(label.substr(0, 4));
    const std::string_view rest = label.substr(5);
    if (!year) return std::nullopt;
    switch (length) {
        case PeriodLength::day: {
            if (rest.size() != 5 || rest[2] != '-') return std::nullopt;
            const auto month = digits(rest.substr(0, 2)), day = digits(rest.substr(3));
            return month && day ? valid_day(*year, *month, *day) : std::nullopt;
        }
        case PeriodLength::week: {
            const auto week = rest.size() == 3 && rest[0] == 'W' ? digits(rest.substr(1)) : std::nullopt;
            return week ? iso_week_start(*year, *week) : std::nullopt;
        }
        case PeriodLength::month: {
            const auto month = rest.size() == 2 ? digits(rest) : std::nullopt;
            return month ? valid_day(*year, *month, 1) : std::nullopt;
        }
        case PeriodLength::quarter: {
            const auto quarter = rest.size() == 2 && rest[0] == 'Q' ? digits(rest.substr(1)) : std::nullopt;
            return quarter ? valid_day(*year, *quarter * 3 - 2, 1) : std::nullopt;
        }
    }
    return std::nullopt;
}

}  // namespace

Instant Calendar::start_of(sys_days day) const {
    return to_instant(LocalMillis{std::chrono::duration_cast<Millis>(day.time_since_epoch()).count()}, zone_);
}

sys_days Calendar::day_of(Instant at) const {
    const Millis local{static_cast<std::int64_t>(to_local(at, zone_))};
    return sys_days{date::floor<days>(local)};
}

sys_days Calendar::first_day(sys_days any_day) const {
    switch (length_) {
        case PeriodLength::day:
            return any_day;
        case PeriodLength::week:
            return monday_of(any_day);
        case PeriodLength::month:
            return month_start(any_day, 1);
        case PeriodLength::quarter:
            return month_start(any_day, 3);
    }
    return any_day;
}

Period Calendar::starting(sys_days first) const {
    return {start_of(first), start_of(next_start(first, length_))};
}

Period Calendar::containing_day(sys_days day) const {
    return starting(first_day(day));
}

Period Calendar::containing(Instant at) const {
    if (at >= last_.begin && at < last_.end) return last_;
    const sys_days first = first_day(day_of(at));
    last_ = starting(first);
    // Where clocks go back across midnight, an instant can lie on the eve by its date, yet after the first
    // midnight.
    if (at >= last_.end) last_ = starting(next_start(first, length_));
    return last_;
}

std::string Calendar::label(const Period& period) const {
    const sys_days first = day_of(period.begin);
    const year_month_day ymd{first};
    const int year = static_cast<int>(ymd.year());
    const unsigned month = static_cast<unsigned>(ymd.month());
    switch (length_) {
        case PeriodLength::day:
            return format_day(first);
        case PeriodLength::week: {
            const date::year iso_year = year_month_day{first + days{3}}.year();
            const auto week = (first - first_monday_of_iso_year(iso_year)).count() / 7 + 1;
            return fmt::format("{:04}-W{:02}", static_cast<int>(iso_year), week);
        }
        case PeriodLength::month:
            return fmt::format("{:04}-{:02}", year, month);
        case PeriodLength::quarter:
            return fmt::format("{:04}-Q{}", year, (month + 2) / 3);
    }
    return {};
}

std::optional<Period> Calendar::find(std::string_view label) const {
    const auto first = first_day_of(label, length_);
    if (!first) return std::nullopt;
    return starting(*first);
}

std::string spoken_day(date::sys_days day) {
    constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const date::year_month_day ymd{day};
    return fmt::format("{} {} {}", static_cast<unsigned>(ymd.day()),
                       months[static_cast<unsigned>(ymd.month()) - 1], static_cast<int>(ymd.year()));
}

}  // namespace baselined::mappings
