// When a message is due: after a failed try, after quiet hours, once a week. Pure.
#pragma once

#include <date/date.h>

#include <chrono>
#include <optional>

#include "mappings/record/time.hpp"

namespace baselined::mappings {

/// One minute after the first failure, doubling to four hours.
Millis retry_pause(int failures);
/// How long a message is tried from its first try on, before it is given up.
constexpr Millis tried_for = std::chrono::hours{7 * 24};

/// A daily span of local time in which nobody is woken; `from` may lie after `to`: over midnight.
struct QuietHours {
    std::chrono::minutes from{0}, to{0};  ///< since local midnight
};
/// When it may be sent: `now` outside the quiet hours, else their end in that zone.
Instant after_quiet(const QuietHours& quiet, Instant now, const date::time_zone* zone);

/// A weekly appointment in local time.
struct Weekly {
    date::weekday day{1u};
    std::chrono::minutes at{8 * 60};
};
/// The newest appointment that is not after `now`.
Instant newest_of(const Weekly& weekly, Instant now, const date::time_zone* zone);

/// The first instant after that local day.
Instant end_of_day(date::sys_days day, const date::time_zone* zone);

}  // namespace baselined::mappings
