#include "connectors/files/row_queue.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace baselined::connectors {

namespace {

using mappings::Cell;
using mappings::CellType;

bool holds_anything(const Cell& cell) {
    return cell.type != CellType::empty && !(cell.type == CellType::text && cell.text.empty());
}

}  // namespace

void RowQueue::begin(std::int64_t number) {
    if (count_ == rows_.size()) rows_.emplace_back();
    Row& row = rows_[count_];
    row.number = number;
    row.repeats = 1;
    row.cells.clear();
    row.texts.clear();
}

std::optional<std::string> RowQueue::add(std::size_t column, const Cell& cell, bool is_lasting) {
    Row& row = rows_[count_];
    if (column >= limits_.columns)
        return fmt::format("row {} has a cell beyond column {}: it is refused", row.number, limits_.columns);
    Placed placed{column, cell, row.texts.size(), is_lasting || cell.text.empty()};
    if (!placed.is_lasting) row.texts += cell.text;
    if (row.texts.size() > limits_.row_bytes)
        return fmt::format("row {} holds more than {} MiB of text: it is refused", row.number,
                           limits_.row_bytes >> 20);
    row.cells.push_back(placed);
    return std::nullopt;
}

std::optional<std::string> RowQueue::end(std::int64_t repeats) {
    Row& row = rows_[count_];
    const bool is_empty = std::none_of(row.cells.begin(), row.cells.end(),
                                       [](const Placed& placed) { return holds_anything(placed.cell); });
    if (is_empty) return std::nullopt;
    if (row.number < 1 || repeats < 1 || row.number > limits_.rows || repeats > limits_.rows - row.number + 1)
        return fmt::format("row {} lies beyond the last row that a sheet can have, {}: it is refused",
                           row.number, limits_.rows);
    total_cells_ += static_cast<std::int64_t>(row.cells.size()) * repeats;
    if (total_cells_ > limits_.cells)
        return fmt::format("it has more than {} million cells: it is refused", limits_.cells / 1'000'000);
    row.repeats = repeats;
    ++count_;
    return std::nullopt;
}

bool RowQueue::pop() {
    if (shown_ > 0 && shown_ < rows_[first_].repeats) {
        ++shown_;
        ++number_;
        return true;
    }
    if (shown_ > 0) ++first_;
    shown_ = 0;
    if (first_ == count_) {
        if (count_ < rows_.size()) std::swap(rows_[0], rows_[count_]);  // one may be half made
        first_ = count_ = 0;
        return false;
    }
    show(rows_[first_]);
    shown_ = 1;
    return true;
}

void RowQueue::show(const Row& row) {
    number_ = row.number;
    std::size_t used = 0;
    for (const Placed& placed : row.cells) used = std::max(used, placed.column + 1);
    cells_.assign(used, Cell{});
    for (const Placed& placed : row.cells) {
        Cell& cell = cells_[placed.column];
        cell = placed.cell;
        if (!placed.is_lasting)
            cell.text = std::string_view(row.texts).substr(placed.offset, placed.cell.text.size());
    }
}

std::optional<CellPlace> place_of(std::string_view reference) {
    CellPlace place;
    std::size_t at = 0;
    std::size_t column = 0;
    for (; at < reference.size() && at < 4 && (reference[at] | 0x20) >= 'a' && (reference[at] | 0x20) <= 'z';
         ++at)
        column = column * 26 + static_cast<std::size_t>((reference[at] | 0x20) - 'a') + 1;
    const std::size_t letters = at;
    for (; at < reference.size() && at < letters + 9 && reference[at] >= '0' && reference[at] <= '9'; ++at)
        place.row = place.row * 10 + (reference[at] - '0');
    if (letters == 0 || at == letters || at != reference.size() || place.row == 0) return std::nullopt;
    place.column = column - 1;
    return place;
}

std::string name_of_place(std::size_t column, std::int64_t row) {
    std::string letters;
    for (std::size_t rest = column + 1; rest > 0; rest = (rest - 1) / 26)
        letters.insert(letters.begin(), static_cast<char>('A' + (rest - 1) % 26));
    return fmt::format("{}{}", letters, row);
}

}  // namespace baselined::connectors
