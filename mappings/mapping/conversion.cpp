#include "mappings/mapping/conversion.hpp"

#include <date/date.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <ctime>

namespace baselined::mappings {

namespace {

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
    while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
    return text;
}

bool is_digits(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// The digits of a whole number without the signs that group them: by threes, or as in India the last three
/// and twos before them. A sign elsewhere is a decimal sign of another country, not to be passed over.
std::optional<std::string> without_groups(std::string_view whole, std::string_view group) {
    std::string digits;
    if (whole.starts_with('-') || whole.starts_with('+')) {
        digits = whole.front() == '-' ? "-" : "";
        whole.remove_prefix(1);
    }
    for (bool is_first = true;; is_first = false) {
        const std::size_t end = std::min(whole.find(group), whole.size());
        const std::string_view part = whole.substr(0, end);
        const bool is_last = end == whole.size();
        const bool fits = is_first ? is_last || (!part.empty() && part.size() <= 3)
                                   : part.size() == 3 || (part.size() == 2 && !is_last);
        if (!fits || !is_digits(part)) return std::nullopt;
        digits += part;
        if (is_last) return digits;
        whole.remove_prefix(end + group.size());
    }
}

/// A text with a decimal sign and a group sign of its own, as C++ writes it.
std::optional<std::string> plain_number(std::string_view text, std::string_view decimal,
                                        std::string_view group) {
    if (decimal != "." && group != "." && text.find('.') != std::string_view::npos) return std::nullopt;
    const std::size_t point = std::min(text.find(decimal), text.size());
    std::string plain(text.substr(0, point));
    if (!group.empty() && plain.find(group) != std::string::npos) {
        const auto digits = without_groups(plain, group);
        if (!digits) return std::nullopt;
        plain = *digits;
    }
    if (point == text.size()) return plain;
    const std::string_view fraction = text.substr(point + decimal.size());
    if (fraction.find('.') != std::string_view::npos) return std::nullopt;
    return plain + "." + std::string(fraction);
}

/// 31, -0.5, +7.5%, 1e3.
std::optional<double> parse_number(std::string_view text) {
    const bool is_percentage = text.ends_with('%');
    if (is_percentage) text = trimmed(text.substr(0, text.size() - 1));
    if (text.starts_with('+')) text.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
        return std::nullopt;
    return is_percentage ? value / 100 : value;
}

/// Reads digits, at least one and at most `most`.
bool take_digits(std::string_view& text, std::size_t most, int& value) {
    std::size_t count = 0;
    value = 0;
    while (count < most && count < text.size() && text[count] >= '0' && text[count] <= '9')
        value = value * 10 + (text[count++] - '0');
    text.remove_prefix(count);
    return count > 0;
}

bool take(std::string_view& text, char wanted) {
    if (!text.starts_with(wanted)) return false;
    text.remove_prefix(1);
    return true;
}

struct Reading {
    int year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0;
    std::int64_t millis = 0;
    std::optional<int> offset_seconds;
};

/// Years before this are a two-digit year that was taken for four, or no date at all.
constexpr int earliest_year = 1000;

std::optional<Instant> instant_of(const Reading& reading, const date::time_zone* zone) {
    const auto ymd = date::year{reading.year} / reading.month / reading.day;
    if (reading.month < 1 || reading.day < 1 || !ymd.ok() || reading.year < earliest_year)
        return std::nullopt;
    if (reading.hour > 23 || reading.minute > 59 || reading.second > 60) return std::nullopt;
    const Millis local = std::chrono::duration_cast<Millis>(date::sys_days{ymd}.time_since_epoch()) +
                         std::chrono::hours{reading.hour} + std::chrono::minutes{reading.minute} +
                         std::chrono::seconds{reading.second} + Millis{reading.millis};
    if (reading.offset_seconds) return Instant{local - std::chrono::seconds{*reading.offset_seconds}};
    return to_instant(LocalMillis{local.count()}, zone);
}

bool take_offset(std::string_view& text, Reading& reading) {
    if (text.empty()) return true;
    if (text == "Z" || text == "z") {
        reading.offset_seconds = 0;
        return true;
    }
    const int sign = text.front() == '-' ? -1 : 1;
    if (!take(text, '+') && !take(text, '-')) return false;
    int hours = 0, minutes = 0;
    if (!take_digits(text, 2, hours)) return false;
    take(text, ':');
    if (!text.empty() && !take_digits(text, 2, minutes)) return false;
    reading.offset_seconds = sign * (hours * 3600 + minutes * 60);
    return text.empty() && hours <= 15 && minutes <= 59;
}

/// 2026-01-05, with T or a blank 10:11[:12[.345]], and an offset.
std::optional<Instant> parse_iso(std::string_view text, const date::time_zone* zone) {
    Reading reading;
    if (!take_digits(text, 4, reading.year) || reading.year < earliest_year || !take(text, '-') ||
        !take_digits(text, 2, reading.month) || !take(text, '-') || !take_digits(text, 2, reading.day))
        return std::nullopt;
    if (text.empty()) return instant_of(reading, zone);
    if (!take(text, 'T') && !take(text, ' ')) return std::nullopt;
    if (!take_digits(text, 2, reading.hour) || !take(text, ':') || !take_digits(text, 2, reading.minute))
        return std::nullopt;
    if (take(text, ':') && !take_digits(text, 2, reading.second)) return std::nullopt;
    if (take(text, '.') || take(text, ',')) {
        std::int64_t scale = 100;
        if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
        for (; !text.empty() && text.front() >= '0' && text.front() <= '9';
             text.remove_prefix(1), scale /= 10)
            reading.millis += (text.front() - '0') * scale;
    }
    if (take(text, ' ') && text.empty()) return std::nullopt;
    if (!take_offset(text, reading)) return std::nullopt;
    return instant_of(reading, zone);
}

/// strptime would take it for local time of the process.
constexpr std::string_view epoch_seconds = "%s";

/// glibc's strptime does the reading; what it lets pass (31 February, text behind the date) is refused here.
std::optional<Instant> parse_format(std::string_view text, const std::string& format,
                                    const date::time_zone* zone) {
    std::array<char, 80> buffer;
    if (text.size() >= buffer.size()) return std::nullopt;
    if (format == epoch_seconds) {
        const auto seconds = is_digits(text) ? parse_number(text) : std::nullopt;
        return seconds ? std::optional{Instant{Millis{std::llround(*seconds * 1000)}}} : std::nullopt;
    }
    std::copy(text.begin(), text.end(), buffer.begin());
    buffer[text.size()] = '\0';
    std::tm time{};
    time.tm_mday = 1;
    time.tm_gmtoff = -1;
    const char* end = ::strptime(buffer.data(), format.c_str(), &time);
    if (end == nullptr || *end != '\0') return std::nullopt;
    Reading reading{
        time.tm_year + 1900, time.tm_mon + 1, time.tm_mday, time.tm_hour, time.tm_min, time.tm_sec, 0, {}};
    if (format.find("%z") != std::string::npos) reading.offset_seconds = static_cast<int>(time.tm_gmtoff);
    return instant_of(reading, zone);
}

/// Whole numbers digit by digit: ids of 17 digits are no powers of ten.
std::string number_text(double number) {
    constexpr double longest_whole = 1e18;
    if (std::floor(number) == number && std::abs(number) < longest_whole)
        return fmt::format("{:.0f}", number);
    return fmt::format("{}", number);
}

std::optional<double> parse_clock(std::string_view text) {
    const bool is_negative = take(text, '-');
    int hours = 0, minutes = 0, seconds = 0;
    if (!take_digits(text, 7, hours) || !take(text, ':') || !take_digits(text, 2, minutes))
        return std::nullopt;
    if (take(text, ':') && !take_digits(text, 2, seconds)) return std::nullopt;
    if (!text.empty() || minutes > 59 || seconds > 59) return std::nullopt;
    const double total = hours * 3600.0 + minutes * 60.0 + seconds;
    return is_negative ? -total : total;
}

}  // namespace

bool is_format(std::string_view format) {
    constexpr std::string_view known = "YymbBhdejHkIlMSpaADFTRzntC%";
    if (format == epoch_seconds) return true;
    for (std::size_t at = format.find('%'); at != std::string_view::npos; at = format.find('%', at + 2))
        if (at + 1 == format.size() || known.find(format[at + 1]) == std::string_view::npos) return false;
    return true;
}

std::string text_of(const Cell& cell) {
    const auto clock = [](std::int64_t seconds) {
        return fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    };
    const auto day = [](std::int64_t days) { return format_day(date::sys_days{date::days{days}}); };
    const std::int64_t days = (cell.seconds - (cell.seconds % 86400 + 86400) % 86400) / 86400;
    switch (cell.type) {
        case CellType::text:
        case CellType::error:
        case CellType::tree:
            return std::string(cell.text);
        case CellType::list: {
            std::string text;
            for (const char c : cell.text)
                text += c == list_separator ? std::string(", ") : std::string(1, c);
            return text;
        }
        case CellType::number:
            return number_text(cell.number);
        case CellType::boolean:
            return cell.number != 0 ? "true" : "false";
        case CellType::date:
            return day(days);
        case CellType::datetime:
            return day(days) + "T" + clock(cell.seconds - days * 86400);
        case CellType::time:
        case CellType::duration:
            return clock(cell.seconds);
        default:
            return {};
    }
}

std::optional<double> to_number(const Cell& cell, std::string_view decimal, std::string_view group) {
    if (cell.type == CellType::number || cell.type == CellType::boolean) return cell.number;
    if (cell.type != CellType::text) return std::nullopt;
    const std::string_view text = trimmed(cell.text);
    if (group.empty() && decimal == ".") return parse_number(text);
    const auto plain = plain_number(text, decimal, group);
    return plain ? parse_number(*plain) : std::nullopt;
}

std::optional<std::int64_t> to_integer(const Cell& cell, std::string_view group) {
    const auto number = to_number(cell, group == "." ? "," : ".", group);
    if (!number || *number != std::floor(*number) || std::abs(*number) > 9.0e15) return std::nullopt;
    return static_cast<std::int64_t>(*number);
}

std::optional<bool> to_boolean(const Cell& cell) {
    if (cell.type == CellType::boolean ||
        (cell.type == CellType::number && (cell.number == 0 || cell.number == 1)))
        return cell.number != 0;
    if (cell.type != CellType::text) return std::nullopt;
    std::string text(trimmed(cell.text));
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (text == "true" || text == "yes" || text == "1" || text == "x") return true;
    if (text == "false" || text == "no" || text == "0") return false;
    return std::nullopt;
}

std::optional<double> to_duration(const Cell& cell) {
    if (cell.type == CellType::duration || cell.type == CellType::time)
        return static_cast<double>(cell.seconds);
    if (cell.type == CellType::number) return cell.number;
    if (cell.type != CellType::text) return std::nullopt;
    const std::string_view text = trimmed(cell.text);
    if (const auto number = parse_number(text)) return number;
    if (const auto clock = parse_clock(text)) return clock;
    // ServiceNow keeps durations as a time after the epoch.
    const auto since_epoch = parse_iso(text, find_zone("UTC"));
    if (!since_epoch) return std::nullopt;
    return static_cast<double>(since_epoch->time_since_epoch().count()) / 1000;
}

std::optional<Instant> to_timestamp(const Cell& cell, const std::string& format,
                                    const date::time_zone* zone) {
    if (cell.type == CellType::date || cell.type == CellType::datetime)
        return to_instant(LocalMillis{cell.seconds * 1000}, zone);
    constexpr double earliest_millis = 1e11,
                     latest_millis = 1e14;  // 1973 to 5138: a serial day number is no epoch
    if (cell.type == CellType::number) {
        if (!format.empty()) return parse_format(text_of(cell), format, zone);
        if (cell.number < earliest_millis || cell.number > latest_millis) return std::nullopt;
        return Instant{Millis{std::llround(cell.number)}};
    }
    if (cell.type != CellType::text) return std::nullopt;
    const std::string_view text = trimmed(cell.text);
    if (!format.empty()) return parse_format(text, format, zone);
    if (const auto iso = parse_iso(text, zone)) return iso;
    const auto number = parse_number(text);
    if (!number || *number < earliest_millis || *number > latest_millis) return std::nullopt;
    return Instant{Millis{std::llround(*number)}};
}

}  // namespace baselined::mappings
