#include "connectors/files/number_format.hpp"

#include <date/date.h>

#include <cmath>

namespace baselined::connectors {

namespace {

using mappings::Cell;
using mappings::CellType;

constexpr std::int64_t seconds_a_day = 86'400;
constexpr std::int64_t days_to_1970_from_1900 = 25'569;  // of the serial number of 1970-01-01
constexpr std::int64_t days_to_1970_from_1904 = 24'107;
constexpr std::int64_t last_day_1900 = 2'958'465;  // 9999-12-31
constexpr std::int64_t day_that_never_was = 60;    // 1900-02-29

/// Walks a format code: what stands in quotes, after a backslash or in brackets is not part of the pattern.
class FormatCode {
  public:
    explicit FormatCode(std::string_view code) : rest_(code) {}

    /// The next letter of the pattern; 0 at the section's end. Brackets are handed on as their first letter
    /// in upper case when they hold elapsed time ([h], [mm], [ss]).
    char next() {
        while (!rest_.empty()) {
            const char c = rest_.front();
            rest_.remove_prefix(1);
            if (c == ';') return 0;
            if (c == '"')
                skip_past('"');
            else if (c == '\\' || c == '_' || c == '*')
                rest_.remove_prefix(rest_.empty() ? 0 : 1);
            else if (c == '[') {
                if (const char elapsed = bracket(); elapsed != 0) return elapsed;
            } else
                return c;
        }
        return 0;
    }
    [[nodiscard]] std::string_view rest() const { return rest_; }

  private:
    void skip_past(char end) {
        const std::size_t at = rest_.find(end);
        rest_.remove_prefix(at == std::string_view::npos ? rest_.size() : at + 1);
    }

    char bracket() {
        const std::string_view inside = rest_.substr(0, rest_.find(']'));
        skip_past(']');
        const bool is_elapsed = !inside.empty() && inside.find_first_not_of(
                                                       inside.front() == 'h' || inside.front() == 'H'   ? "hH"
                                                       : inside.front() == 'm' || inside.front() == 'M' ? "mM"
                                                       : inside.front() == 's' || inside.front() == 'S'
                                                           ? "sS"
                                                           : "") == std::string_view::npos;
        return is_elapsed ? 'E' : '\0';
    }

    std::string_view rest_;
};

bool is_general(std::string_view code) {
    constexpr std::string_view general = "general";
    if (code.size() < general.size()) return false;
    for (std::size_t i = 0; i < general.size(); ++i)
        if ((code[i] | 0x20) != general[i]) return false;
    return true;
}

/// Reads exactly `count` digits, then `end` (0: nothing).
bool take(std::string_view& text, int count, char end, int& value) {
    value = 0;
    for (int i = 0; i < count; ++i, text.remove_prefix(1)) {
        if (text.empty() || text.front() < '0' || text.front() > '9') return false;
        value = value * 10 + (text.front() - '0');
    }
    if (end == 0) return true;
    if (!text.starts_with(end)) return false;
    text.remove_prefix(1);
    return true;
}

/// Seconds since midnight, rounded; -1: no time.
std::int64_t take_time(std::string_view& text) {
    int hour = 0, minute = 0, second = 0;
    if (!take(text, 2, ':', hour) || !take(text, 2, 0, minute)) return -1;
    if (text.starts_with(':')) {
        text.remove_prefix(1);
        if (!take(text, 2, 0, second)) return -1;
    }
    bool rounds_up = false;
    if (text.starts_with('.') || text.starts_with(',')) {
        rounds_up = text.size() > 1 && text[1] >= '5';
        text.remove_prefix(1);
        while (!text.empty() && text.front() >= '0' && text.front() <= '9') text.remove_prefix(1);
    }
    if (hour > 24 || minute > 59 || second > 60) return -1;
    return hour * 3600 + minute * 60 + second + (rounds_up ? 1 : 0);
}

}  // namespace

Cell cell_of_iso(std::string_view text) {
    if (text.size() > 2 && text[2] == ':') {
        const std::int64_t time = take_time(text);
        return time < 0 ? Cell{} : Cell{CellType::time, {}, 0, time};
    }
    int year = 0, month = 0, day = 0;
    if (!take(text, 4, '-', year) || !take(text, 2, '-', month) || !take(text, 2, 0, day)) return {};
    const auto date = date::year{year} / month / day;
    if (month < 1 || day < 1 || !date.ok()) return {};
    const std::int64_t midnight = date::sys_days{date}.time_since_epoch().count() * seconds_a_day;
    if (text.empty()) return {CellType::date, {}, 0, midnight};
    text.remove_prefix(1);
    const std::int64_t time = take_time(text);
    if (time < 0) return {};
    return {time == 0 ? CellType::date : CellType::datetime, {}, 0, midnight + time};
}

NumberMeaning meaning_of(std::string_view code) {
    if (code.starts_with("\"TRUE\";\"TRUE\";\"FALSE\"")) return NumberMeaning::boolean;
    if (code == "BOOLEAN") return NumberMeaning::boolean;
    if (is_general(code)) return NumberMeaning::number;
    FormatCode pattern(code);
    bool has_moment = false, has_day = false, has_clock = false;
    for (char c = pattern.next(); c != 0; c = pattern.next()) {
        if (c == 'E' && pattern.rest().starts_with('+')) return NumberMeaning::number;  // 0.00E+00
        if (c == 'E' && pattern.rest().starts_with('-')) return NumberMeaning::number;
        if (c == 'E') return NumberMeaning::duration;
        if (c == '0' || c == '#' || c == '?') {
            if (!has_moment) return NumberMeaning::number;  // after ss it is 00.0 of a second
            continue;
        }
        const char lower = static_cast<char>(c | 0x20);
        if (lower == 'y' || lower == 'd') has_day = true;
        if (lower == 'h' || lower == 's') has_clock = true;
        if (has_day || has_clock || lower == 'm') has_moment = true;
    }
    if (has_clock && !has_day) return NumberMeaning::clock;  // then m is a minute
    return has_moment ? NumberMeaning::moment : NumberMeaning::number;
}

NumberMeaning meaning_of_builtin(int format) {
    if (format == 46) return NumberMeaning::duration;
    if ((format >= 18 && format <= 21) || format == 32 || format == 33 || format == 45 || format == 47)
        return NumberMeaning::clock;
    const bool is_moment = (format >= 14 && format <= 22) || (format >= 27 && format <= 36) ||
                           (format >= 45 && format <= 47) || (format >= 50 && format <= 58);
    return is_moment ? NumberMeaning::moment : NumberMeaning::number;
}

Cell cell_of_number(double number, NumberMeaning meaning, DateSystem system) {
    const Cell plain = mappings::number_cell(number);
    if (meaning == NumberMeaning::boolean && (number == 0 || number == 1))
        return {CellType::boolean, {}, number, 0};
    if (meaning == NumberMeaning::number || meaning == NumberMeaning::boolean || std::abs(number) > 1e9)
        return plain;
    const std::int64_t seconds = std::llround(number * static_cast<double>(seconds_a_day));
    if (meaning == NumberMeaning::duration) return {CellType::duration, {}, 0, seconds};
    if (seconds < 0) return plain;
    std::int64_t day = seconds / seconds_a_day;
    const std::int64_t time = seconds % seconds_a_day;
    // The first day of 1904 is a day, too: there the format tells whether a time of it is meant.
    if (day == 0 && (system == DateSystem::from_1900 || meaning == NumberMeaning::clock))
        return {CellType::time, {}, 0, time};
    if (system == DateSystem::from_1900 && (day == day_that_never_was || day > last_day_1900)) return plain;
    // Before the day that never was, the numbers of 1900 are one behind.
    if (system == DateSystem::from_1900 && day < day_that_never_was) ++day;
    day -= system == DateSystem::from_1900 ? days_to_1970_from_1900 : days_to_1970_from_1904;
    if (day > last_day_1900 - days_to_1970_from_1900) return plain;
    const CellType type = time == 0 ? CellType::date : CellType::datetime;
    return {type, {}, 0, day * seconds_a_day + time};
}

}  // namespace baselined::connectors
