// From a block of raw rows to records, whatever brought the rows; counts what did not fit.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "connectors/page.hpp"
#include "daemon/app/portfolio.hpp"
#include "daemon/app/record_keeper.hpp"
#include "daemon/store/raw_rows.hpp"
#include "daemon/store/store.hpp"

namespace baselined::daemon {

/// Shapes name what the cells of a block's rows are. Rows of files are just their columns; those of instances
/// and sites begin with the row's id and version, and JSON rows have one cell more, their text.
std::string shape_of(const connectors::Page& page);

/// A row for people: "row 4 of a.csv".
std::string row_name(std::int64_t row_number, std::string_view file);
/// What is said of a row that has more cells than there are names.
std::string surplus_of(std::string_view row, std::size_t cells, std::size_t names);
/// What stands in place of the value of a field whose column a file does not have.
std::string lack_of(const mappings::UnboundField& field);

/// The SourceRow that a row of a block is the newest version of; id 0: another row is newer.
struct RowOrigin {
    std::int64_t id = 0;
    bool is_new = false;     ///< there was no version before, so it has made nothing yet
    bool went_back = false;  ///< the version before says that it was updated later
};

/// Works within an open transaction of the store.
class BlockMapper {
  public:
    BlockMapper(StreamPlan& plan, const StoredStream& stream, Store& store, RecordKeeper& keeper)
        : plan_(plan), stream_(stream), store_(store), keeper_(keeper) {}

    void bind(std::string_view shape);
    /// Maps every row that is the newest version of itself; the block's counts are set. Of the rows of a file
    /// those marked as overruled count only where no other file speaks of the record.
    void map(RawBlock& block);
    /// The same of rows of which some were in their file before; those that are overruled are marked.
    void map(RawBlock& block, const std::vector<bool>& are_repeated);
    /// The same where the rows' origins are at hand, in the block's order.
    void map(RawBlock& block, std::span<const RowOrigin> origins);

  private:
    [[nodiscard]] bool is_of_files() const { return plan_.source->type == config::Source::Type::files; }
    void count_unbound(RawBlock& block) const;
    [[nodiscard]] std::string name_of(const RawRowReader& rows, BlockId block);
    bool map_table_row(const RawRowReader& rows, RowPlace place, RawBlock& block, bool is_repeated);
    [[nodiscard]] RowOrigin origin_of(const RawRowReader& rows, const RowPlace& place);
    void map_source_row(const RawRowReader& rows, RowPlace place, RowOrigin origin, RawBlock& block);
    /// Whether the row is repeated and overruled.
    bool take(mappings::Outcome outcome, mappings::CompiledMapping& mapping, const RawRowReader& rows,
              RowPlace place, RawBlock& block, bool is_repeated = false);

    StreamPlan& plan_;
    const StoredStream& stream_;
    Store& store_;
    RecordKeeper& keeper_;
    bool is_json_ = false;
    std::vector<std::string> columns_;
    std::uint64_t shape_digest_ = 0;
    std::vector<mappings::ValueMisfit> misfits_;
    std::vector<RecordId> made_;
    bool went_back_ = false;  ///< the row that is mapped
    BlockId named_block_ = 0;
    std::string file_;  ///< the name of that block's
};

}  // namespace baselined::daemon
