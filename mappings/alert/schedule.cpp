#include "mappings/alert/schedule.hpp"

#include <algorithm>

namespace baselined::mappings {

namespace {

constexpr Millis first_pause = std::chrono::minutes{1}, longest_pause = std::chrono::hours{4};
constexpr Millis a_day = std::chrono::hours{24};

Millis wall_clock(Instant at, const date::time_zone* zone) {
    return Millis{static_cast<std::int64_t>(to_local(at, zone))};
}

Instant instant_of(Millis wall, const date::time_zone* zone) {
    return to_instant(LocalMillis{wall.count()}, zone);
}

Millis midnight_before(Millis wall) {
    return std::chrono::floor<date::days>(wall);
}

}  // namespace

Millis retry_pause(int failures) {
    constexpr int doublings_to_longest = 8;
    return std::min(longest_pause, first_pause * (1 << std::clamp(failures - 1, 0, doublings_to_longest)));
}

Instant after_quiet(const QuietHours& quiet, Instant now, const date::time_zone* zone) {
    const Millis wall = wall_clock(now, zone), midnight = midnight_before(wall), hour = wall - midnight;
    const bool is_over_midnight = quiet.from > quiet.to;
    const bool is_quiet =
        is_over_midnight ? hour >= quiet.from || hour < quiet.to : hour >= quiet.from && hour < quiet.to;
    if (!is_quiet) return now;
    const bool ends_tomorrow = is_over_midnight && hour >= quiet.from;
    return instant_of(midnight + (ends_tomorrow ? a_day : Millis{0}) + quiet.to, zone);
}

Instant newest_of(const Weekly& weekly, Instant now, const date::time_zone* zone) {
    const Millis midnight = midnight_before(wall_clock(now, zone));
    const date::sys_days today{std::chrono::duration_cast<date::days>(midnight)};
    const date::days since = date::weekday{today} - weekly.day;
    const Instant at = instant_of(midnight - since + weekly.at, zone);
    return at <= now ? at : instant_of(midnight - since - 7 * a_day + weekly.at, zone);
}

Instant end_of_day(date::sys_days day, const date::time_zone* zone) {
    return instant_of((day + date::days{1}).time_since_epoch(), zone);
}

}  // namespace baselined::mappings
