// Instants and local times, in the one precision that records have: milliseconds, UTC.
#pragma once

#include <date/date.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace date {
class time_zone;
}

namespace baselined::mappings {

using Millis = std::chrono::milliseconds;
using Instant = std::chrono::time_point<std::chrono::system_clock, Millis>;
/// A wall clock's reading without a zone, as milliseconds since 1970-01-01T00:00 on that clock.
enum class LocalMillis : std::int64_t {};

/// The zone of that IANA name, or nullptr. The pointer lives as long as the program.
/// The zone data is the system's (/usr/share/zoneinfo), read once; a zone is a constant, not input.
const date::time_zone* find_zone(std::string_view name);
std::string zone_name(const date::time_zone* zone);

/// The instant of a wall clock's reading: a time that occurs twice is the first, one that does not exist
/// takes the offset before it (design.md, "Exactly").
Instant to_instant(LocalMillis local, const date::time_zone* zone);
LocalMillis to_local(Instant at, const date::time_zone* zone);

/// RFC 3339 in UTC with seconds, and milliseconds only where there are any: 2016-02-29T00:16:00Z.
std::string format_rfc3339(Instant at);
/// 2026-12-31
std::string format_day(date::sys_days day);
/// RFC 3339 with an offset (or Z); fraction optional. Nothing else is accepted.
std::optional<Instant> parse_rfc3339(std::string_view text);

}  // namespace baselined::mappings
