#include "connectors/files/utf8_check.hpp"

#include <algorithm>
#include <cstring>

namespace baselined::connectors {

namespace {

/// Most of most files: eight bytes at a time.
const char* past_ascii(const char* at, const char* end) {
    constexpr std::uint64_t high_bits = 0x8080808080808080ULL;
    for (std::uint64_t word = 0; end - at >= 8; at += 8) {
        std::memcpy(&word, at, sizeof word);
        if ((word & high_bits) != 0) break;
    }
    while (at != end && static_cast<signed char>(*at) >= 0) ++at;
    return at;
}

}  // namespace

void LineCount::pass(std::string_view text) {
    feeds_ += std::count(text.begin(), text.end(), '\n');
    returns_ += std::count(text.begin(), text.end(), '\r');
}

void Utf8Check::take(std::string_view bytes) {
    const char* const begin = bytes.data();
    const char* const end = begin + bytes.size();
    for (const char* at = begin; at != end;) {
        if (missing_ == 0) {
            at = past_ascii(at, end);
            if (at == end) break;
            begin_ = passed_ + (at - begin);
            begin_character(static_cast<unsigned char>(*at));
            if (missing_ == 0) note_fault(bytes);
            ++at;
            continue;
        }
        const auto byte = static_cast<unsigned char>(*at);
        if (byte < low_ || byte > high_) {
            missing_ = 0;
            note_fault(bytes);
            continue;  // it may begin a character of its own
        }
        low_ = 0x80;
        high_ = 0xBF;
        if (--missing_ == 0) ++multibyte_;
        ++at;
    }
    if (!fault_) lines_.pass(bytes);
    passed_ += static_cast<std::int64_t>(bytes.size());
}

/// Leaves nothing missing where no character begins with this byte.
void Utf8Check::begin_character(unsigned char byte) {
    first_ = byte;
    low_ = byte == 0xE0 ? 0xA0 : byte == 0xF0 ? 0x90 : 0x80;
    high_ = byte == 0xED ? 0x9F : byte == 0xF4 ? 0x8F : 0xBF;
    if (byte >= 0xC2 && byte <= 0xDF) missing_ = 1;
    if (byte >= 0xE0 && byte <= 0xEF) missing_ = 2;
    if (byte >= 0xF0 && byte <= 0xF4) missing_ = 3;
}

void Utf8Check::note_fault(std::string_view chunk) {
    if (fault_) return;
    // A character that an earlier chunk began has no line's end within it.
    if (begin_ > passed_) lines_.pass(chunk.substr(0, static_cast<std::size_t>(begin_ - passed_)));
    fault_ = BytePlace{lines_.line(), begin_ + 1, first_};
}

}  // namespace baselined::connectors
