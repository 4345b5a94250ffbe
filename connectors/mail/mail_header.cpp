#include "connectors/mail/mail_header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "connectors/secrets.hpp"
#include "mappings/record/utf8.hpp"

namespace baselined::connectors {

namespace {

constexpr std::size_t line_width = 76;
constexpr std::size_t longest_name = 9;         ///< "Subject: " before the first line
constexpr std::size_t bytes_of_a_word = 39;     ///< 52 characters in base64, 64 as an encoded word
constexpr std::size_t longest_local_part = 64;  ///< RFC 5321, 4.5.3.1.1
constexpr std::size_t longest_address = 254;    ///< RFC 5321, erratum 1690
constexpr std::string_view fold = "\r\n ";

bool is_plain(std::string_view text) {
    return text.find("=?") == std::string_view::npos &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

/// One line of UTF-8.
std::string cleaned(std::string_view text) {
    std::string line = mappings::valid_utf8(text);
    for (char& c : line)
        if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
    return line;
}

std::string encoded_words(std::string_view text) {
    std::string words;
    while (!text.empty()) {
        std::size_t end = std::min(bytes_of_a_word, text.size());
        // A character is never cut: step back over continuation bytes.
        while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
        // Cut behind a space where there is one: some readers take the fold for another.
        if (const std::size_t space = text.substr(0, end).rfind(' ');
            end < text.size() && space != std::string_view::npos && space > end / 2)
            end = space + 1;
        if (!words.empty()) words += fold;
        words += fmt::format("=?UTF-8?B?{}?=", base64(text.substr(0, end)));
        text.remove_prefix(end);
    }
    return words;
}

/// Breaks lines at spaces; false when a word is longer than a line.
bool fold_plain(std::string_view text, std::string& folded) {
    std::size_t column = longest_name;
    while (!text.empty()) {
        // A word with the spaces before it: folding adds none and takes none away.
        const std::size_t word = text.find_first_not_of(' ');
        if (word == std::string_view::npos) break;  // spaces at the end would be lost on the way
        const std::size_t end = std::min(text.find(' ', word), text.size());
        if (end > line_width - longest_name) return false;
        if (word > 0 && column + end > line_width) {
            folded += "\r\n";
            column = 0;
        }
        folded += text.substr(0, end);
        column += end;
        text.remove_prefix(end);
    }
    return true;
}

}  // namespace

std::string header_text(std::string_view text) {
    const std::string line = cleaned(text);
    std::string folded;
    if (is_plain(line) && fold_plain(line, folded)) return folded;
    return encoded_words(line);
}

std::string header_mailbox(const Mailbox& mailbox) {
    const std::string name = cleaned(mailbox.name);
    if (name.empty()) return mailbox.address;
    if (!is_plain(name) || name.size() > line_width - 12)
        return fmt::format("{}{}<{}>", encoded_words(name), fold, mailbox.address);
    std::string quoted;
    for (const char c : name) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return fmt::format("\"{}\"{}<{}>", quoted, fold, mailbox.address);
}

std::string header_date(mappings::Instant at) {
    static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{std::chrono::floor<std::chrono::seconds>(at - day)};
    return fmt::format("{}, {} {} {} {:02}:{:02}:{:02} +0000", days[std::chrono::weekday{day}.c_encoding()],
                       static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
                       static_cast<int>(date.year()), time.hours().count(), time.minutes().count(),
                       time.seconds().count());
}

Result<void> check_address(std::string_view address) {
    const auto wrong = [&](std::string_view why) {
        return Error{ErrorCode::bad_input, fmt::format("\"{}\" {}", cleaned(address), why)};
    };
    const std::size_t at = address.rfind('@');
    if (at == std::string_view::npos || at == 0 || at + 1 == address.size())
        return wrong("is no email address");
    const auto is_foreign = [](char c) { return static_cast<unsigned char>(c) >= 0x80; };
    if (std::any_of(address.begin(), address.begin() + static_cast<std::ptrdiff_t>(at), is_foreign))
        return wrong(
            "has letters outside ASCII before the @, which many mail servers refuse: use another address");
    if (std::any_of(address.begin(), address.end(), is_foreign))
        return wrong("has letters outside ASCII in its domain: write the domain as xn--...");
    if (at > longest_local_part || address.size() > longest_address)
        return wrong("is too long for an email address");
    const auto is_forbidden = [](char c) {
        return c <= ' ' || c == '\x7f' || std::string_view("<>()[],;:\\\"").find(c) != std::string_view::npos;
    };
    if (address.find('@') != at || std::any_of(address.begin(), address.end(), is_forbidden))
        return wrong("is no email address");
    return {};
}

}  // namespace baselined::connectors
