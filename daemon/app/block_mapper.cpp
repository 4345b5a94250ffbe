#include "daemon/app/block_mapper.hpp"

#include <fmt/format.h>
#include <rapidjson/document.h>
#include <xxhash.h>

#include <algorithm>

#include "daemon/app/column_lacks.hpp"
#include "daemon/store/misfits.hpp"

namespace baselined::daemon {

namespace {

constexpr std::string_view json_column = "$json";
constexpr std::size_t leading_cells = 2;  ///< id and version

/// Cells beyond the names; exports that end each line with a delimiter have empty ones.
bool has_surplus(std::span<const mappings::Cell> cells, std::size_t names) {
    return cells.size() > names &&
           std::any_of(cells.begin() + static_cast<std::ptrdiff_t>(names), cells.end(), [](const auto& cell) {
               return cell.type != mappings::CellType::empty &&
                      !(cell.type == mappings::CellType::text &&
                        cell.text.find_first_not_of(" \t") == std::string_view::npos);
           });
}

}  // namespace

std::string row_name(std::int64_t row_number, std::string_view file) {
    return fmt::format("row {} of {}", row_number, file);
}

std::string surplus_of(std::string_view row, std::size_t cells, std::size_t names) {
    return fmt::format("{} has {} cells under {} names", row, cells, names);
}

std::string lack_of(const mappings::UnboundField& field) {
    return fmt::format("({})", no_column(field));
}

std::string shape_of(const connectors::Page& page) {
    if (!page.is_json) return encode_names(page.columns);
    std::vector<std::string> names{std::string(json_column)};
    for (const auto& field : page.fields) names.push_back(field.id + "=" + field.name);
    return encode_names(names);
}

void BlockMapper::bind(std::string_view shape) {
    shape_digest_ = XXH3_64bits(shape.data(), shape.size());
    columns_ = decode_names(shape);
    is_json_ = !columns_.empty() && columns_.front() == json_column;
    std::vector<mappings::JiraField> fields;
    for (std::size_t index = 1; is_json_ && index < columns_.size(); ++index) {
        const std::size_t sign = columns_[index].find('=');
        if (sign != std::string::npos)
            fields.push_back({columns_[index].substr(sign + 1), columns_[index].substr(0, sign)});
    }
    for (auto& mapping : plan_.mappings)
        if (is_json_)
            mapping.bind(fields);
        else
            mapping.bind(columns_);
}

/// A column that is not there is a value that does not fit, in every row; rows without an id are counted
/// where they are rejected.
void BlockMapper::count_unbound(RawBlock& block) const {
    for (const auto& mapping : plan_.mappings)
        for (const auto& field : mapping.unbound())
            if (field.field != "id") count_misfit(block.misfits, field.field, lack_of(field), block.rows);
}

/// A stream reads many files, and each has a row 4.
std::string BlockMapper::name_of(const RawRowReader& rows, BlockId block) {
    if (block != named_block_) {
        const auto file = store_.file_of(block);
        file_ = file ? file->name : std::string{};
        named_block_ = block;
    }
    return row_name(rows.row_number(), file_);
}

void BlockMapper::map(RawBlock& block) {
    if (is_of_files()) {
        const std::vector<bool> marked = block.overruled;
        map(block, marked);
        block.overruled = marked;
        return;
    }
    block.rejected = 0;
    block.misfits.clear();
    RawRowReader rows(block.data);
    for (std::int64_t index = 0; rows.next(); ++index)
        map_source_row(rows, {block.id, index}, origin_of(rows, {block.id, index}), block);
}

void BlockMapper::map(RawBlock& block, const std::vector<bool>& are_repeated) {
    block.rejected = 0;
    block.misfits.clear();
    block.overruled.assign(are_repeated.size(), false);
    count_unbound(block);
    RawRowReader rows(block.data);
    for (std::size_t index = 0; rows.next(); ++index) {
        const bool is_repeated = index < are_repeated.size() && are_repeated[index];
        if (map_table_row(rows, {block.id, static_cast<std::int64_t>(index)}, block, is_repeated))
            block.overruled[index] = true;
    }
}

void BlockMapper::map(RawBlock& block, std::span<const RowOrigin> origins) {
    block.rejected = 0;
    block.misfits.clear();
    RawRowReader rows(block.data);
    for (std::size_t index = 0; index < origins.size() && rows.next(); ++index)
        map_source_row(rows, {block.id, static_cast<std::int64_t>(index)}, origins[index], block);
}

RowOrigin BlockMapper::origin_of(const RawRowReader& rows, const RowPlace& place) {
    const auto cells = rows.cells();
    if (cells.size() < leading_cells)
        throw StoreError(ErrorCode::corrupt, "the store holds a row without its id");
    const auto row = store_.source_row(stream_.id, cells[0].text);
    if (!row || row->place.block != place.block || row->place.index != place.index) return {};
    return {row->id, false, false};
}

bool BlockMapper::map_table_row(const RawRowReader& rows, RowPlace place, RawBlock& block, bool is_repeated) {
    if (has_surplus(rows.cells(), columns_.size()))
        count_misfit(block.misfits, "(row)",
                     surplus_of(name_of(rows, block.id), rows.cells().size(), columns_.size()));
    bool is_overruled = false;
    for (auto& mapping : plan_.mappings)
        if (take(mapping.map(rows.cells(), misfits_), mapping, rows, place, block, is_repeated))
            is_overruled = true;
    return is_overruled;
}

void BlockMapper::map_source_row(const RawRowReader& rows, RowPlace place, RowOrigin origin,
                                 RawBlock& block) {
    if (origin.id == 0) return;
    const auto cells = rows.cells();
    place.origin = origin.id;
    went_back_ = origin.went_back;
    made_.clear();
    const auto payload = cells.subspan(leading_cells);
    for (auto& mapping : plan_.mappings) {
        if (!is_json_) {
            take(mapping.map(payload, misfits_), mapping, rows, place, block);
            continue;
        }
        rapidjson::Document document;
        document.Parse<rapidjson::kParseIterativeFlag>(payload[0].text.data(), payload[0].text.size());
        mapping.map(document, misfits_,
                    [&](mappings::Outcome outcome) { take(outcome, mapping, rows, place, block); });
    }
    if (origin.is_new) return;
    // What the row's former version made and this one does not: elements that are gone, a row now skipped.
    for (const RecordId record : store_.records_of_row(place.origin))
        if (std::find(made_.begin(), made_.end(), record) == made_.end()) keeper_.remove(record);
}

bool BlockMapper::take(mappings::Outcome outcome, mappings::CompiledMapping& mapping,
                       const RawRowReader& rows, RowPlace place, RawBlock& block, bool is_repeated) {
    for (const auto& misfit : misfits_) count_misfit(block.misfits, misfit.field, misfit.example);
    misfits_.clear();
    if (outcome == mappings::Outcome::rejected) {
        ++block.rejected;
        count_misfit(
            block.misfits, "id",
            fmt::format("{} has none", place.origin == 0 ? name_of(rows, block.id)
                                                         : fmt::format("row {}", rows.cells()[0].text)));
    }
    if (outcome != mappings::Outcome::record) return false;
    // The same cells under other column names say something else.
    const KeptRecord kept = keeper_.put({stream_.source, stream_.id, place, rows.digest() ^ shape_digest_,
                                         &mapping.record(), block.file, is_repeated, went_back_});
    made_.push_back(kept.id);
    return kept.is_overruled;
}

}  // namespace baselined::daemon
