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

    /// `before`: how the file was met last, in this state or another; null: never.
    Result<void> open(const connectors::FileEntry& entry, const StoredFile* before);
    /// One transaction, or a part of the look through the file that comes before them; false when the file
    /// has been read to its end. No transaction is open afterwards.
    Result<bool> step();
    [[nodiscard]] std::int64_t rows() const;  ///< taken so far
    /// Whether step() failed for what the look found: nothing of the file was taken, and what was known of
    /// its records stays as it was.
    [[nodiscard]] bool is_refused() const;

  private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace baselined::daemon
