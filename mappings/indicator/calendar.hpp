// Periods of a configured time zone: half-open, from local midnight to local midnight.
#pragma once

#include <date/date.h>

#include <optional>
#include <string>
#include <string_view>

#include "mappings/measure/plan.hpp"
#include "mappings/record/time.hpp"

namespace baselined::mappings {

/// [begin, end) in UTC.
struct Period {
    Instant begin;
    Instant end;
    friend bool operator==(const Period&, const Period&) = default;
};

/// Cuts time into days, ISO weeks (from Monday), months or quarters of one zone.
/// Remembers the period it found last, because records come in clusters: one Calendar a thread.
class Calendar {
  public:
    /// `zone` outlives the calendar.
    Calendar(const date::time_zone* zone, PeriodLength length) : zone_(zone), length_(length) {}

    [[nodiscard]] PeriodLength length() const { return length_; }
    [[nodiscard]] const date::time_zone* zone() const { return zone_; }

    [[nodiscard]] Period containing(Instant at) const;
    [[nodiscard]] Period containing_day(date::sys_days day) const;
    [[nodiscard]] Period after(const Period& period) const { return containing(period.end); }
    [[nodiscard]] Period before(const Period& period) const { return containing(period.begin - Millis{1}); }
    /// 2026-09-30, 2026-W36, 2026-09 or 2026-Q3
    [[nodiscard]] std::string label(const Period& period) const;
    /// The period of such a label; empty when it is not one of this length.
    [[nodiscard]] std::optional<Period> find(std::string_view label) const;

    /// Local midnight at the start of that day.
    [[nodiscard]] Instant start_of(date::sys_days day) const;
    /// Local midnight at its end.
    [[nodiscard]] Instant end_of(date::sys_days day) const { return start_of(day + date::days{1}); }
    /// The local day that an instant falls on.
    [[nodiscard]] date::sys_days day_of(Instant at) const;

  private:
    [[nodiscard]] Period starting(date::sys_days first_day) const;
    [[nodiscard]] date::sys_days first_day(date::sys_days any_day) const;

    const date::time_zone* zone_;
    PeriodLength length_;
    mutable Period last_{};
};

/// As people say it: 31 Dec 2026.
std::string spoken_day(date::sys_days day);

}  // namespace baselined::mappings
