// Looks through a file before anything of it is taken: whether figures can be made of what it says.
#pragma once

#include <string>
#include <vector>

#include "daemon/app/column_lacks.hpp"
#include "daemon/app/file_blocks.hpp"

namespace baselined::daemon {

/// What it is given outlives it. Nothing is written.
class FileLook {
  public:
    FileLook(StreamPlan& plan, std::string file, FileBlocks& blocks);

    /// Whether there is anything that could be found.
    [[nodiscard]] bool is_needed() const { return !lacks_.empty(); }
    /// Some rows; false: all that can be read has been seen.
    bool step();
    /// What speaks against taking the file, for people; empty: nothing.
    [[nodiscard]] std::string objection() const;

  private:
    std::string file_;
    FileBlocks& blocks_;
    std::vector<ColumnLack> lacks_;
    std::string broken_;  ///< how the file cannot be read to its end
};

}  // namespace baselined::daemon
