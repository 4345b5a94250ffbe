// Rows between a parser that makes several at a time and a reader that hands out one.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mappings/record/cell.hpp"

namespace baselined::connectors {

/// Bounds on what a hostile sheet may cost. A column or row beyond these is none of any spreadsheet's.
struct SheetLimits {
    std::size_t columns = 16'384;
    std::int64_t rows = 1'048'576;
    std::int64_t cells = 200'000'000;
    std::size_t row_bytes = 64u << 20;
};

/// Cells may come in any order and leave gaps. A text is copied into its row unless it is `lasting`.
class RowQueue {
  public:
    void begin(std::int64_t number);
    /// A text why the sheet has to be refused, or nothing.
    std::optional<std::string> add(std::size_t column, const mappings::Cell& cell, bool is_lasting = false);
    /// Ends the row; it stands `repeats` times, one under the other.
    std::optional<std::string> end(std::int64_t repeats = 1);

    /// The next row that holds anything; false when more has to be parsed first.
    bool pop();
    [[nodiscard]] const std::vector<mappings::Cell>& cells() const { return cells_; }
    [[nodiscard]] std::int64_t number() const { return number_; }

  private:
    struct Placed {
        std::size_t column = 0;
        mappings::Cell cell;
        std::size_t offset = 0;  ///< of a text within its row's texts
        bool is_lasting = true;
    };
    struct Row {
        std::int64_t number = 0;
        std::int64_t repeats = 1;
        std::vector<Placed> cells;
        std::string texts;
    };
    void show(const Row& row);

    SheetLimits limits_;
    std::vector<Row> rows_;  ///< kept, and used again, so that their memory is
    std::size_t first_ = 0, count_ = 0;
    std::int64_t total_cells_ = 0;
    std::int64_t shown_ = 0;  ///< how often the row shown now has been
    std::vector<mappings::Cell> cells_;
    std::int64_t number_ = 0;
};

/// "AB12" as a column from 0 and a row from 1; nullopt for anything else.
struct CellPlace {
    std::size_t column = 0;
    std::int64_t row = 0;
};
std::optional<CellPlace> place_of(std::string_view reference);
std::string name_of_place(std::size_t column, std::int64_t row);

}  // namespace baselined::connectors
