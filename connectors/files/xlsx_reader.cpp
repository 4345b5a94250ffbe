#include "connectors/files/xlsx_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "connectors/files/row_queue.hpp"
#include "connectors/files/xlsx_parts.hpp"

namespace baselined::connectors {

namespace {

using mappings::Cell;
using mappings::CellType;

constexpr std::size_t longest_text = 16u << 20;  ///< a cell holds 32,767 characters

/// Makes rows of a worksheet's elements (ECMA-376 part 1, 18.3.1).
class WorksheetHandler final : public XmlHandler {
  public:
    WorksheetHandler(RowQueue& rows, const Workbook& workbook, const std::vector<NumberMeaning>& styles,
                     const SharedTexts& texts)
        : rows_(rows), workbook_(workbook), styles_(styles), texts_(texts) {}

    Refusal start(std::string_view name, const XmlAttributes& attributes) override {
        if (name == "c") return start_cell(attributes);
        if (name == "v" || name == "t") {
            in_text_ = in_cell_ && !in_phonetic_;
            has_value_ = has_value_ || in_text_;
        } else if (name == "f") {
            has_formula_ = true;
        } else if (name == "row") {
            return start_row(attributes);
        } else if (name == "rPh") {
            in_phonetic_ = true;
        } else if (name == "sheetData") {
            in_data_ = true;
        }
        return {};
    }

    Refusal end(std::string_view name) override {
        if (name == "v" || name == "t") {
            in_text_ = false;
            return value_.size() > longest_text
                       ? Refusal("a cell holds more than 16 MiB of text: it is refused")
                       : Refusal{};
        }
        if (name == "c") return end_cell();
        if (name == "rPh") in_phonetic_ = false;
        if (name == "row" && in_row_) {
            in_row_ = false;
            return rows_.end();
        }
        if (name == "sheetData") in_data_ = false;
        return {};
    }

    void text(std::string_view text) override {
        if (in_text_) value_ += text;
    }

  private:
    Refusal start_row(const XmlAttributes& attributes) {
        if (!in_data_) return {};
        std::int64_t number = row_ + 1;
        if (const auto written = attributes.get("r"); written.data() != nullptr)
            if (std::from_chars(written.data(), written.data() + written.size(), number).ec != std::errc{})
                return fmt::format("a row calls itself \"{}\": save the file anew", written);
        row_ = number;
        column_ = 0;
        in_row_ = true;
        rows_.begin(row_);
        return {};
    }

    Refusal start_cell(const XmlAttributes& attributes) {
        if (!in_row_) return {};
        in_cell_ = true;
        has_value_ = has_formula_ = false;
        value_.clear();
        type_ = {};
        style_ = 0;
        for (const char* const* at = attributes.list(); *at != nullptr; at += 2) {
            const std::string_view name = at[0], value = at[1];
            if (name == "r") {
                const auto place = place_of(value);
                if (!place) return fmt::format("a cell calls itself \"{}\": save the file anew", value);
                column_ = place->column;
            } else if (name == "s") {
                std::from_chars(value.data(), value.data() + value.size(), style_);
            } else if (name == "t") {
                type_ = value;
            }
        }
        return {};
    }

    Refusal end_cell() {
        if (!in_cell_) return {};
        in_cell_ = false;
        bool is_lasting = false;
        Cell cell;
        if (auto refused = make(cell, is_lasting)) return refused;
        const std::size_t column = column_++;
        return cell.type == CellType::empty ? Refusal{} : rows_.add(column, cell, is_lasting);
    }

    Refusal make(Cell& cell, bool& is_lasting) {
        if (!has_value_ || (value_.empty() && has_formula_ && type_ != "str")) {
            if (has_formula_) cell.type = CellType::uncached;
            return {};
        }
        if (type_ == "s") return make_shared(cell, is_lasting);
        if (type_ == "inlineStr" || type_ == "str") {
            unescape(value_, 0);
            if (!value_.empty() || has_formula_) cell = mappings::text_cell(value_);
        } else if (type_ == "b") {
            cell = {CellType::boolean, {}, value_ == "1" || value_ == "true" ? 1.0 : 0.0, 0};
        } else if (type_ == "e") {
            cell = {CellType::error, value_, 0, 0};
        } else if (type_ == "d") {
            cell = cell_of_iso(value_);
            if (cell.type == CellType::empty && !value_.empty()) cell = mappings::text_cell(value_);
        } else if (!value_.empty()) {
            make_number(cell);
        }
        return {};
    }

    Refusal make_shared(Cell& cell, bool& is_lasting) {
        std::size_t index = 0;
        const auto read = std::from_chars(value_.data(), value_.data() + value_.size(), index);
        if (read.ec != std::errc{} || index >= texts_.size())
            return fmt::format("cell {} names the shared text {}, there are {}: save the file anew",
                               name_of_place(column_, row_), value_, texts_.size());
        if (!texts_.at(index).empty()) cell = mappings::text_cell(texts_.at(index));
        is_lasting = true;
        return {};
    }

    void make_number(Cell& cell) {
        double number = 0;
        const char* last = value_.data() + value_.size();
        const auto read = std::from_chars(value_.data(), last, number);
        if (read.ec != std::errc{} || read.ptr != last) {
            cell = mappings::text_cell(value_);  // kept, and no number
            return;
        }
        if (!std::isfinite(number)) {  // some writers save the result of 0/0 so
            cell = {CellType::error, value_, 0, 0};
            return;
        }
        const NumberMeaning meaning = style_ < styles_.size() ? styles_[style_] : NumberMeaning::number;
        cell = cell_of_number(number, meaning, workbook_.dates);
    }

    RowQueue& rows_;
    const Workbook& workbook_;
    const std::vector<NumberMeaning>& styles_;
    const SharedTexts& texts_;
    bool in_data_ = false, in_row_ = false, in_cell_ = false, in_text_ = false, in_phonetic_ = false;
    bool has_value_ = false, has_formula_ = false;
    std::int64_t row_ = 0;
    std::size_t column_ = 0, style_ = 0;
    std::string type_, value_;
};

/// They stand behind all rows (18.3.1.55).
class MergedCellsHandler final : public XmlHandler {
  public:
    explicit MergedCellsHandler(std::int64_t last_row) : last_row_(last_row) {}
    Refusal start(std::string_view name, const XmlAttributes& attributes) override {
        if (name != "mergeCell" || found.size() >= most_merged) return {};
        const std::string_view reference = attributes.get("ref");
        const std::size_t colon = std::min(reference.find(':'), reference.size());
        const auto first = place_of(reference.substr(0, colon));
        const auto last = place_of(reference.substr(std::min(colon + 1, reference.size())));
        if (first && last && first->row <= last_row_ && last->column > first->column)
            found.push_back({first->row, first->column, last->column});
        return {};
    }
    Refusal end(std::string_view) override { return {}; }
    std::vector<MergedCells> found;

  private:
    static constexpr std::size_t most_merged = 100'000;
    std::int64_t last_row_;
};

class XlsxReader final : public TableReader {
  public:
    Result<void> open(std::unique_ptr<ZipPackage> package, const std::string& wanted) {
        package_ = std::move(package);
        auto workbook = read_workbook(*package_);
        if (!workbook) return workbook.error();
        workbook_ = std::move(*workbook);
        auto part = part_of(wanted);
        if (!part) return part.error();
        part_ = std::move(*part);
        auto styles = read_styles(*package_, workbook_.styles_part);
        if (!styles) return styles.error();
        styles_ = std::move(*styles);
        auto texts = SharedTexts::read(*package_, workbook_.strings_part);
        if (!texts) return texts.error();
        texts_ = std::move(*texts);
        auto sheet = package_->part(part_);
        if (!sheet) return sheet.error();
        handler_ = std::make_unique<WorksheetHandler>(rows_, workbook_, styles_, texts_);
        stream_ = std::make_unique<XmlStream>(*package_, std::move(*sheet), xlsx_namespaces, *handler_);
        return {};
    }

    Result<bool> next() override {
        while (!rows_.pop()) {
            const auto more = stream_->step();
            if (!more) return more.error();
            if (!*more && !rows_.pop()) return false;
            if (!*more) return true;
        }
        return true;
    }

    [[nodiscard]] std::span<const Cell> cells() const override { return rows_.cells(); }
    [[nodiscard]] std::int64_t row_number() const override { return rows_.number(); }
    [[nodiscard]] std::string sheet() const override { return sheet_; }
    /// Reads the sheet once more, to its end.
    Result<std::vector<MergedCells>> merged(std::int64_t last_row) override {
        auto sheet = package_->part(part_);
        if (!sheet) return sheet.error();
        MergedCellsHandler handler(last_row);
        if (auto all = XmlStream(*package_, std::move(*sheet), xlsx_namespaces, handler).run(); !all)
            return all.error();
        return std::move(handler.found);
    }
    [[nodiscard]] std::vector<Sheet> sheets() const override {
        std::vector<Sheet> sheets;
        for (const WorkbookSheet& one : workbook_.sheets) sheets.push_back(one.sheet);
        return sheets;
    }

  private:
    Result<std::string> part_of(const std::string& wanted) {
        std::string names;
        for (const WorkbookSheet& one : workbook_.sheets) {
            names += (names.empty() ? "" : ", ") + one.sheet.name;
            if (one.part.empty() ||
                (wanted.empty() ? one.sheet.state != "visible" : one.sheet.name != wanted))
                continue;
            sheet_ = one.sheet.name;
            return one.part;
        }
        if (wanted.empty())
            return package_->error(ErrorCode::bad_input, "has no visible sheet: name one with `sheet`");
        return package_->error(ErrorCode::bad_input,
                               fmt::format("has no sheet \"{}\"; its sheets are: {}", wanted, names));
    }

    std::unique_ptr<ZipPackage> package_;
    Workbook workbook_;
    std::vector<NumberMeaning> styles_;
    SharedTexts texts_;
    std::string sheet_, part_;
    RowQueue rows_;
    std::unique_ptr<WorksheetHandler> handler_;
    std::unique_ptr<XmlStream> stream_;
};

}  // namespace

Result<std::unique_ptr<TableReader>> open_xlsx(std::unique_ptr<ZipPackage> package,
                                               const std::string& sheet) {
    auto reader = std::make_unique<XlsxReader>();
    if (auto opened = reader->open(std::move(package), sheet); !opened) return opened.error();
    return std::unique_ptr<TableReader>(std::move(reader));
}

}  // namespace baselined::connectors
