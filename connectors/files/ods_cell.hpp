// One cell of an ODS: what its attributes and paragraphs say, and the value that they make.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "connectors/files/ods_styles.hpp"
#include "mappings/record/cell.hpp"

namespace baselined::connectors {

/// `text` as a count of repeats: 1 where it says none.
std::int64_t ods_count(std::string_view text);

/// A cell's paragraphs as a text. White space is collapsed (ODF 1.2, 6.1.2); text:s, text:tab and
/// text:line-break are how writers keep it.
class OdsParagraphs {
  public:
    void clear();
    void begin();
    void end();
    void add(std::string_view text);
    void keep(char c);
    void keep_blanks(std::size_t count);
    [[nodiscard]] bool is_too_long() const { return text_.size() > longest; }
    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    static constexpr std::size_t longest = 16u << 20;

    std::string text_;
    int count_ = 0;
    bool at_start_ = true, has_loose_blank_ = false;
};

/// Its cell's texts are views into it: good until clear().
class OdsCell {
  public:
    void clear(bool is_covered);
    /// One attribute of table:table-cell.
    void read(std::string_view name, std::string_view value);
    OdsParagraphs& paragraphs() { return paragraphs_; }

    [[nodiscard]] std::int64_t repeats() const { return repeats_; }
    [[nodiscard]] std::int64_t columns() const { return columns_; }  ///< over which it is merged
    [[nodiscard]] const std::string& style() const { return style_; }
    /// The cell's value; `style` is its own or the one that its row or column gives it.
    [[nodiscard]] mappings::Cell value(std::string_view style, const OdsStyles& styles) const;

  private:
    [[nodiscard]] mappings::Cell text_value() const;
    [[nodiscard]] mappings::Cell time_value(std::string_view style, const OdsStyles& styles) const;
    [[nodiscard]] mappings::Cell number_value(std::string_view style, const OdsStyles& styles) const;

    bool is_covered_ = false, is_error_ = false, has_formula_ = false, has_string_ = false;
    std::int64_t repeats_ = 1, columns_ = 1;
    std::string style_, type_, value_;
    OdsParagraphs paragraphs_;
};

}  // namespace baselined::connectors
