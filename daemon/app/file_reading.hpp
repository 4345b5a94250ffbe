// Reads one file of exports into the store, a transaction a step, so that others come in between.
#pragma once

#include <memory>

#include "connectors/files/folder.hpp"
#include "daemon/app/portfolio.hpp"
#include "daemon/app/record_keeper.hpp"
#include "daemon/store/store.hpp"

namespace baselined::daemon {

/// Transactions hold a block's rows and records together: killed anywhere, the next reading goes on where
/// this one stood. What the file said at the same place before is passed over.
class FileReading {
  public:
    FileReading(StreamPlan& plan, StoredStream stream, Store& store, RecordKeeper& keeper);
    ~FileReading();

    /// `is_known`: the file was met before, in this state or another.
    Result<void> open(const connectors::FileEntry& entry, bool is_known);
    /// One transaction; false when the file has been read to its end. No transaction is open afterwards.
    Result<bool> step();
    [[nodiscard]] std::int64_t rows() const;  ///< taken so far
    /// Columns that it does not have and that measures need, for people; empty: none. Known once it is open.
    [[nodiscard]] const std::string& lacks() const;

  private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace baselined::daemon
