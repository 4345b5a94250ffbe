// Follows a text's bytes through its chunks: which lines they stand in, and whether they are UTF-8.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace baselined::connectors {

/// Lines that have ended, whether with LF, CR LF or CR alone.
class LineCount {
  public:
    void pass(std::string_view text);
    /// The line that the next byte stands in, from 1.
    [[nodiscard]] std::int64_t line() const { return 1 + (feeds_ > returns_ ? feeds_ : returns_); }

  private:
    std::int64_t feeds_ = 0, returns_ = 0;
};

/// A byte that is part of no character.
struct BytePlace {
    std::int64_t line = 0;  ///< from 1
    std::int64_t byte = 0;  ///< of the file, from 1
    unsigned char value = 0;
};

/// UTF-8 as Unicode 15 has it, table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF.
class Utf8Check {
  public:
    void take(std::string_view bytes);
    /// The first byte that is part of no character. A character that is cut counts once its next byte shows
    /// it.
    [[nodiscard]] const std::optional<BytePlace>& fault() const { return fault_; }
    [[nodiscard]] bool has_multibyte() const { return multibyte_ > 0; }
    [[nodiscard]] bool is_within_character() const { return missing_ > 0; }

  private:
    void begin_character(unsigned char byte);
    void note_fault(std::string_view chunk);

    std::optional<BytePlace> fault_;
    LineCount lines_;
    std::int64_t passed_ = 0;           ///< bytes of the chunks before
    std::int64_t begin_ = 0;            ///< of the character at hand, counted from the file's first byte
    unsigned char first_ = 0;           ///< its first byte
    int missing_ = 0;                   ///< how many bytes it lacks
    unsigned char low_ = 0, high_ = 0;  ///< the bounds of its next one
    std::int64_t multibyte_ = 0;
};

}  // namespace baselined::connectors
