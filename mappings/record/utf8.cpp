#include "mappings/record/utf8.hpp"

#include <fmt/format.h>

namespace baselined::mappings {

namespace {

bool is_continuation(unsigned char byte) {
    return (byte & 0xC0) == 0x80;
}

/// The length of the character that `text` begins with; 0 where it begins with none (Unicode 15, table 3-7).
std::size_t character_length(std::string_view text) {
    const auto byte = [&](std::size_t i) {
        return static_cast<unsigned char>(i < text.size() ? text[i] : 0);
    };
    const unsigned char first = byte(0), second = byte(1);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return is_continuation(second) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        const unsigned char low = first == 0xE0 ? 0xA0 : 0x80, high = first == 0xED ? 0x9F : 0xBF;
        return second >= low && second <= high && is_continuation(byte(2)) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        const unsigned char low = first == 0xF0 ? 0x90 : 0x80, high = first == 0xF4 ? 0x8F : 0xBF;
        return second >= low && second <= high && is_continuation(byte(2)) && is_continuation(byte(3)) ? 4
                                                                                                       : 0;
    }
    return 0;
}

/// The character that `text` begins with, `length` bytes long.
char32_t character(std::string_view text, std::size_t length) {
    constexpr unsigned char first_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    auto code = static_cast<char32_t>(static_cast<unsigned char>(text[0]) & first_bits[length]);
    for (std::size_t at = 1; at < length; ++at)
        code = code << 6 | (static_cast<unsigned char>(text[at]) & 0x3F);
    return code;
}

bool is_blank(char32_t c) {
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200D) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
           c == 0x2060 || c == 0x3000 || c == 0xFEFF;
}

/// Beside blanks: control characters, soft hyphens, marks of direction.
bool is_unseen(char32_t c) {
    return c != ' ' && (is_blank(c) || c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x200E ||
                        c == 0x200F || (c >= 0x202A && c <= 0x202E) || (c >= 0x2061 && c <= 0x206F));
}

/// Moves a terminal, ends a line of a log or shows words in another order than they have.
bool is_control(char32_t c) {
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069);
}

std::string_view without_leading_blanks(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = character_length(text);
        if (length == 0 || !is_blank(character(text, length))) break;
        text.remove_prefix(length);
    }
    return text;
}

std::string_view without_trailing_blanks(std::string_view text) {
    while (!text.empty()) {
        std::size_t start = text.size() - 1;
        while (start > 0 && is_continuation(static_cast<unsigned char>(text[start]))) --start;
        const std::string_view last = text.substr(start);
        if (character_length(last) != last.size() || !is_blank(character(last, last.size()))) break;
        text.remove_suffix(last.size());
    }
    return text;
}

}  // namespace

std::string_view without_outer_blanks(std::string_view text) {
    return without_trailing_blanks(without_leading_blanks(text));
}

std::string visible(std::string_view text) {
    std::string shown;
    while (!text.empty()) {
        const std::size_t length = character_length(text);
        if (length == 0)
            shown += "\uFFFD";
        else if (is_unseen(character(text, length)))
            shown += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(character(text, length)));
        else
            shown += text.substr(0, length);
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return shown;
}

std::string valid_utf8(std::string_view text) {
    std::string valid;
    valid.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = character_length(text);
        if (length == 0)
            valid += "\uFFFD";
        else
            valid += text.substr(0, length);
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return valid;
}

std::string one_line(std::string_view text) {
    const std::string valid = valid_utf8(text);
    std::string line;
    line.reserve(valid.size());
    for (std::string_view rest = valid; !rest.empty();) {
        const std::size_t length = character_length(rest);
        if (is_control(character(rest, length)))
            line += ' ';
        else
            line += rest.substr(0, length);
        rest.remove_prefix(length);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
}

}  // namespace baselined::mappings
