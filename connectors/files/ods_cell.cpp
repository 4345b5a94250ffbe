#include "connectors/files/ods_cell.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "connectors/files/number_format.hpp"

namespace baselined::connectors {

namespace {

using mappings::Cell;
using mappings::CellType;

/// PT26H30M00.5S in seconds, rounded; nullopt for anything else.
std::optional<std::int64_t> duration_of(std::string_view text) {
    const bool is_negative = text.starts_with('-');
    if (is_negative) text.remove_prefix(1);
    if (!text.starts_with('P')) return std::nullopt;
    text.remove_prefix(1);
    double seconds = 0;
    while (!text.empty()) {
        if (text.front() == 'T') {
            text.remove_prefix(1);
            continue;
        }
        double number = 0;
        const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
        if (read.ec != std::errc{} || read.ptr == text.data() + text.size()) return std::nullopt;
        const char unit = *read.ptr;
        const double factor = unit == 'D'   ? 86'400
                              : unit == 'H' ? 3'600
                              : unit == 'M' ? 60
                              : unit == 'S' ? 1
                                            : -1;
        if (factor < 0) return std::nullopt;
        seconds += number * factor;
        text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()) + 1);
    }
    if (seconds > 1e12) return std::nullopt;
    return std::llround(is_negative ? -seconds : seconds);
}

/// What a spreadsheet shows of a formula that failed.
bool is_error_text(std::string_view text) {
    constexpr std::array<std::string_view, 7> errors{"#DIV/0!", "#N/A",  "#NAME?", "#NULL!",
                                                     "#NUM!",   "#REF!", "#VALUE!"};
    return std::find(errors.begin(), errors.end(), text) != errors.end() || text.starts_with("Err:5");
}

}  // namespace

std::int64_t ods_count(std::string_view text) {
    std::int64_t count = 1;
    std::from_chars(text.data(), text.data() + text.size(), count);
    return std::clamp<std::int64_t>(count, 1, INT32_MAX);
}

void OdsParagraphs::clear() {
    text_.clear();
    count_ = 0;
}

void OdsParagraphs::begin() {
    if (count_++ > 0) text_ += '\n';
    at_start_ = true;
    has_loose_blank_ = false;
}

void OdsParagraphs::end() {
    if (has_loose_blank_) text_.pop_back();
    has_loose_blank_ = false;
}

void OdsParagraphs::add(std::string_view text) {
    for (const char c : text) {
        const bool is_blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (is_blank && (at_start_ || has_loose_blank_)) continue;
        text_ += is_blank ? ' ' : c;
        has_loose_blank_ = is_blank;
        at_start_ = false;
    }
}

void OdsParagraphs::keep(char c) {
    text_ += c;
    at_start_ = has_loose_blank_ = false;
}

void OdsParagraphs::keep_blanks(std::size_t count) {
    text_.append(std::min(count, longest), ' ');
    at_start_ = has_loose_blank_ = false;
}

void OdsCell::clear(bool is_covered) {
    is_covered_ = is_covered;
    is_error_ = has_formula_ = has_string_ = false;
    repeats_ = 1;
    style_.clear();
    type_.clear();
    value_.clear();
    columns_ = 1;
    paragraphs_.clear();
}

void OdsCell::read(std::string_view name, std::string_view value) {
    if (name == "office:value-type") {
        if (type_ != "error") type_ = value;
    } else if (name == "calcext:value-type") {
        is_error_ = value == "error";
    } else if (name == "office:value" || name == "office:date-value" || name == "office:time-value" ||
               name == "office:boolean-value") {
        value_ = value;
    } else if (name == "office:string-value") {
        value_ = value;
        has_string_ = true;
    } else if (name == "table:formula") {
        has_formula_ = true;
    } else if (name == "table:number-columns-repeated") {
        repeats_ = ods_count(value);
    } else if (name == "table:number-columns-spanned") {
        columns_ = ods_count(value);
    } else if (name == "table:style-name") {
        style_ = value;
    }
}

Cell OdsCell::value(std::string_view style, const OdsStyles& styles) const {
    if (is_covered_) return {};
    if (is_error_) return {CellType::error, paragraphs_.text(), 0, 0};
    if (type_ == "string" || (type_.empty() && !paragraphs_.text().empty())) return text_value();
    if (type_.empty()) return has_formula_ ? Cell{CellType::uncached, {}, 0, 0} : Cell{};
    if (type_ == "boolean") return {CellType::boolean, {}, value_ == "true" ? 1.0 : 0.0, 0};
    if (type_ == "date") {
        const Cell cell = cell_of_iso(value_);
        return cell.type == CellType::empty ? mappings::text_cell(paragraphs_.text()) : cell;
    }
    return type_ == "time" ? time_value(style, styles) : number_value(style, styles);
}

Cell OdsCell::text_value() const {
    const std::string& text = has_string_ ? value_ : paragraphs_.text();
    if (has_formula_ && is_error_text(text)) return {CellType::error, text, 0, 0};
    return text.empty() && !has_formula_ ? Cell{} : mappings::text_cell(text);
}

Cell OdsCell::time_value(std::string_view style, const OdsStyles& styles) const {
    const auto seconds = duration_of(value_);
    if (!seconds) return mappings::text_cell(paragraphs_.text());
    const bool is_duration = *seconds < 0 || *seconds >= 86'400 || styles.is_duration(style);
    return {is_duration ? CellType::duration : CellType::time, {}, 0, *seconds};
}

Cell OdsCell::number_value(std::string_view style, const OdsStyles& styles) const {
    double number = 0;
    const char* last = value_.data() + value_.size();
    const auto read = std::from_chars(value_.data(), last, number);
    if (read.ec != std::errc{} || read.ptr != last) return mappings::text_cell(paragraphs_.text());
    if (!std::isfinite(number)) return {CellType::error, value_, 0, 0};
    const bool is_boolean = (number == 0 || number == 1) && styles.is_boolean(style);
    return is_boolean ? Cell{CellType::boolean, {}, number, 0} : mappings::number_cell(number);
}

}  // namespace baselined::connectors
