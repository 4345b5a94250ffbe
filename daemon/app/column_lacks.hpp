// Columns that a mapping names and a file does not have, where figures of measures need them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "daemon/app/portfolio.hpp"
#include "daemon/store/store.hpp"

namespace baselined::daemon {

struct ColumnLack {
    std::string field;
    std::string text;  ///< for people, without the file's name: "no column "Opened" for `opened_at`"
};

/// What a file of these columns lacks that figures of measures need, the id among it. Binds the plan's
/// mappings to the columns.
std::vector<ColumnLack> column_lacks(StreamPlan& plan, const std::vector<std::string>& columns);
/// The same in one text; empty for none.
std::string text_of(const std::vector<ColumnLack>& lacks);
/// `no column "Opened" or "Opened at"`
std::string no_column(const mappings::UnboundField& field);

/// By file: what rows lack that are stored already. They came before a measure needed the column, or before
/// the mapping named it so.
using LackingFiles = std::map<std::string, std::vector<ColumnLack>>;
LackingFiles lacking_files(StreamPlan& plan, Store& store);

/// Keeps which files lack a column, until the next reading. Works within an open transaction.
void keep_lacking_files(const StreamPlan& plan, const LackingFiles& files, Store& store);
/// Of what was kept, that which the measure needs, for people; empty: nothing, or it is not fed by the
/// stream.
std::string lacks_of(const MeasurePlan& measure, const StreamPlan& stream, Store& store);

}  // namespace baselined::daemon
