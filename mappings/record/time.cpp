#include "mappings/record/time.hpp"

#include <date/tz.h>
#include <fmt/format.h>

#include <charconv>

namespace baselined::mappings {

namespace {

using date::sys_seconds;

/// The offset in force around an instant. Looking it up costs a search and a copy of the zone's abbreviation,
/// and records come in clusters: what was found last is kept for each thread.
struct KnownOffset {
    const date::time_zone* zone = nullptr;
    sys_seconds begin{}, end{};
    std::chrono::seconds offset{};
};
thread_local KnownOffset known;

std::chrono::seconds offset_at(sys_seconds at, const date::time_zone* zone) {
    if (known.zone == zone && at >= known.begin && at < known.end) return known.offset;
    const date::sys_info info = zone->get_info(at);
    known = {zone, info.begin, info.end, info.offset};
    return info.offset;
}

/// Away from a transition both sides of it agree; only near one the zone has to be asked what local times
/// mean.
constexpr auto far_from_transition = std::chrono::hours{26};

std::optional<int> number(std::string_view text, std::size_t at, std::size_t length) {
    if (at + length > text.size()) return std::nullopt;
    int value = 0;
    for (const char c : text.substr(at, length)) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + (c - '0');
    }
    return value;
}

}  // namespace

const date::time_zone* find_zone(std::string_view name) {
    try {
        return date::locate_zone(std::string(name));
    } catch (const std::exception&) {
        return nullptr;  // the library's way to say: no such zone
    }
}

std::string zone_name(const date::time_zone* zone) {
    return zone->name();
}

Instant to_instant(LocalMillis local, const date::time_zone* zone) {
    const Millis millis{static_cast<std::int64_t>(local)};
    const auto seconds = date::floor<std::chrono::seconds>(millis);
    const sys_seconds guess{seconds};
    if (known.zone == zone && guess - far_from_transition >= known.begin &&
        guess + far_from_transition < known.end)
        return Instant{millis - known.offset};
    const date::local_info info = zone->get_info(date::local_seconds{seconds});
    offset_at(sys_seconds{seconds - info.first.offset}, zone);
    // Unique and ambiguous: the first. Nonexistent: the offset before the gap.
    return Instant{millis - info.first.offset};
}

LocalMillis to_local(Instant at, const date::time_zone* zone) {
    const auto offset = offset_at(date::floor<std::chrono::seconds>(at), zone);
    return LocalMillis{(at.time_since_epoch() + offset).count()};
}

std::string format_day(date::sys_days day) {
    const date::year_month_day ymd{day};
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(ymd.year()), static_cast<unsigned>(ymd.month()),
                       static_cast<unsigned>(ymd.day()));
}

std::string format_rfc3339(Instant at) {
    const auto day = date::floor<date::days>(at);
    const date::hh_mm_ss time{at - day};
    const auto text = fmt::format("{}T{:02}:{:02}:{:02}", format_day(day), time.hours().count(),
                                  time.minutes().count(), time.seconds().count());
    const auto millis = time.subseconds().count();
    return millis == 0 ? text + "Z" : fmt::format("{}.{:03}Z", text, millis);
}

std::optional<Instant> parse_rfc3339(std::string_view text) {
    const auto year = number(text, 0, 4), month = number(text, 5, 2), day = number(text, 8, 2);
    const auto hour = number(text, 11, 2), minute = number(text, 14, 2), second = number(text, 17, 2);
    if (!year || !month || !day || !hour || !minute || !second || text.size() < 20) return std::nullopt;
    if (text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't') || text[13] != ':' ||
        text[16] != ':')
        return std::nullopt;
    const auto ymd = date::year{*year} / *month / *day;
    if (!ymd.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    std::size_t at = 19;
    std::int64_t millis = 0;
    if (text[at] == '.') {
        std::int64_t scale = 100;
        for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10)
            millis += (text[at] - '0') * scale;
    }
    std::chrono::minutes offset{0};
    if (text.substr(at) != "Z" && text.substr(at) != "z") {
        const auto hours = number(text, at + 1, 2), minutes = number(text, at + 4, 2);
        if (!hours || !minutes || text.size() != at + 6 || text[at + 3] != ':' ||
            (text[at] != '+' && text[at] != '-'))
            return std::nullopt;
        offset = (std::chrono::hours{*hours} + std::chrono::minutes{*minutes}) * (text[at] == '-' ? -1 : 1);
    }
    return Instant{date::sys_days{ymd}.time_since_epoch() + std::chrono::hours{*hour} +
                   std::chrono::minutes{*minute} + std::chrono::seconds{*second} + Millis{millis} - offset};
}

}  // namespace baselined::mappings
