#include "connectors/files/ods_content.hpp"

namespace baselined::connectors {

namespace {

using mappings::Cell;

constexpr std::size_t most_sheets = 10'000;
constexpr std::size_t most_merged = 100'000;

bool is_cell(std::string_view name) {
    return name == "table:table-cell" || name == "table:covered-table-cell";
}

/// What hangs on a cell or a sheet and is not its value: comments, drawings, forms, phonetic guides.
bool is_aside(std::string_view name) {
    return name == "office:annotation" || name == "table:shapes" || name == "office:forms" ||
           name == "text:ruby-text" || name == "table:tracked-changes" || name == "text:note" ||
           name.starts_with("?:frame") || name.starts_with("draw:");
}

}  // namespace

Refusal OdsContent::start(std::string_view name, const XmlAttributes& attributes) {
    if (skipped_ > 0 || is_aside(name)) {
        ++skipped_;
        return {};
    }
    if (name == "text:p") {
        if (in_cell_) cell_.paragraphs().begin();
    } else if (name.starts_with("text:")) {
        start_inline(name, attributes);
    } else if (is_cell(name)) {
        start_cell(name, attributes);
    } else if (name == "table:table-row") {
        start_row(attributes);
    } else if (name == "table:table-column") {
        add_columns(attributes);
    } else if (name == "table:table") {
        return start_table(attributes);
    } else if (sheets_.empty()) {
        styles_.start(name, attributes);
    }
    return {};
}

Refusal OdsContent::end(std::string_view name) {
    if (skipped_ > 0) {
        --skipped_;
        return {};
    }
    if (name == "text:p") return end_paragraph();
    if (is_cell(name)) return end_cell();
    if (name == "table:table-row") return end_row();
    if (name == "table:table")
        end_table();
    else if (sheets_.empty())
        styles_.end(name);
    return {};
}

void OdsContent::text(std::string_view text) {
    if (in_cell_ && skipped_ == 0) cell_.paragraphs().add(text);
}

Refusal OdsContent::start_table(const XmlAttributes& attributes) {
    if (++table_depth_ > 1) return {};
    if (sheets_.size() >= most_sheets) return "more sheets than anybody has: it is refused";
    const bool is_hidden = styles_.is_hidden_table(attributes.get("table:style-name"));
    sheets_.push_back({std::string(attributes.get("table:name")), is_hidden ? "hidden" : "visible"});
    is_chosen_ =
        chosen_.empty() && !is_read_ && (wanted_.empty() ? !is_hidden : sheets_.back().name == wanted_);
    if (is_chosen_) chosen_ = sheets_.back().name;
    row_ = 1;
    column_styles_.clear();
    return {};
}

void OdsContent::end_table() {
    if (--table_depth_ > 0 || !is_chosen_) return;
    is_chosen_ = false;
    is_read_ = true;
}

void OdsContent::add_columns(const XmlAttributes& attributes) {
    if (!is_chosen_ || table_depth_ != 1) return;
    const std::int64_t repeats = ods_count(attributes.get("table:number-columns-repeated"));
    const std::string style(attributes.get("table:default-cell-style-name"));
    for (std::int64_t i = 0; i < repeats && column_styles_.size() < SheetLimits{}.columns; ++i)
        column_styles_.push_back(style);
}

void OdsContent::start_row(const XmlAttributes& attributes) {
    if (!is_chosen_ || table_depth_ != 1) return;
    in_row_ = true;
    column_ = 0;
    row_repeats_ = ods_count(attributes.get("table:number-rows-repeated"));
    row_style_ = attributes.get("table:default-cell-style-name");
    rows_.begin(row_);
}

Refusal OdsContent::end_row() {
    if (!in_row_) return {};
    in_row_ = false;
    row_ += row_repeats_;
    return rows_.end(row_repeats_);
}

void OdsContent::start_cell(std::string_view name, const XmlAttributes& attributes) {
    if (!in_row_ || table_depth_ != 1) return;
    in_cell_ = true;
    cell_.clear(name == "table:covered-table-cell");
    for (const char* const* at = attributes.list(); *at != nullptr; at += 2) cell_.read(at[0], at[1]);
}

Refusal OdsContent::end_cell() {
    if (!in_cell_ || table_depth_ != 1) return {};
    in_cell_ = false;
    const Cell value = cell_.value(style_of_cell(), styles_);
    const std::size_t first = column_;
    column_ += static_cast<std::size_t>(cell_.repeats());
    if (cell_.columns() > 1 && merged_.size() < most_merged)
        merged_.push_back({row_, first, first + static_cast<std::size_t>(cell_.columns()) - 1});
    if (value.type == mappings::CellType::empty) return {};
    for (std::size_t column = first; column < column_; ++column)
        if (auto refused = rows_.add(column, value)) return refused;
    return {};
}

/// Its own, else its row's, else its column's.
std::string_view OdsContent::style_of_cell() const {
    if (!cell_.style().empty()) return cell_.style();
    if (!row_style_.empty()) return row_style_;
    return column_ < column_styles_.size() ? std::string_view(column_styles_[column_]) : std::string_view();
}

void OdsContent::start_inline(std::string_view name, const XmlAttributes& attributes) {
    if (!in_cell_) return;
    OdsParagraphs& paragraphs = cell_.paragraphs();
    if (name == "text:s")
        paragraphs.keep_blanks(static_cast<std::size_t>(ods_count(attributes.get("text:c"))));
    if (name == "text:tab") paragraphs.keep('\t');
    if (name == "text:line-break") paragraphs.keep('\n');
}

Refusal OdsContent::end_paragraph() {
    if (!in_cell_) return {};
    cell_.paragraphs().end();
    if (cell_.paragraphs().is_too_long()) return "a cell holds more than 16 MiB of text: it is refused";
    return {};
}

}  // namespace baselined::connectors
