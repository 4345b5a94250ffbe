// Looks through a file before anything of it is taken: whether figures can be made of what it says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/app/column_fit.hpp"
#include "daemon/app/column_lacks.hpp"
#include "daemon/app/file_blocks.hpp"
#include "daemon/app/former_rows.hpp"

namespace baselined::daemon {

/// What it is given outlives it. Nothing is written.
class FileLook {
  public:
    FileLook(StreamPlan& plan, std::string file, const FormerFile& former, FileBlocks& blocks, Store& store);

    /// Whether there is anything that could be found.
    [[nodiscard]] bool is_needed() const { return !lacks_.empty() || fit_; }
    /// Some rows; false: enough has been seen.
    bool step();
    /// What speaks against taking the file, for people; empty: nothing.
    [[nodiscard]] std::string objection() const;

  private:
    void look_at_block();

    std::string file_;
    const FormerFile& former_;
    FileBlocks& blocks_;
    Store& store_;
    std::vector<ColumnLack> lacks_;
    std::optional<ColumnFit> fit_;
    std::int64_t judged_rows_ = 0;
    bool is_prefix_ = true;  ///< all blocks so far are as they were
    FormerRows former_rows_;
    std::string broken_;  ///< how the file cannot be read to its end
};

}  // namespace baselined::daemon
