// Columns that a mapping names and a file does not have, where figures of measures need them.
#pragma once

#include <string>
#include <vector>

#include "daemon/app/portfolio.hpp"

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

}  // namespace baselined::daemon
