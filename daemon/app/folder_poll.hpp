// Reads the files of a folder's streams: those that changed, once nobody writes them any more.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "connectors/files/folder.hpp"
#include "daemon/app/file_lacks.hpp"
#include "daemon/app/portfolio.hpp"
#include "daemon/app/record_keeper.hpp"
#include "daemon/app/store_thread.hpp"
#include "daemon/store/store.hpp"

namespace baselined::daemon {

enum class PollerMode {
    once,   ///< files are read as they are; a source that keeps failing is given up after `give_up`
    serve,  ///< files are read when they stand still; a refused login is not tried again
};

/// Who looks on while a stream is read.
struct PollWatch {
    /// Told of each step of a long reading: the stream, and how many rows it has taken so far.
    std::function<void(const StreamPlan& plan, std::int64_t rows)> progress;
    /// Asked before anything is written: a reason why nothing may be read now, or an empty text. What was
    /// read so far is kept.
    std::function<std::string()> hold;

    void tell_progress(const StreamPlan& plan, std::int64_t rows) const {
        if (progress) progress(plan, rows);
    }
    [[nodiscard]] std::string reason_to_hold() const { return hold ? hold() : std::string{}; }
};

/// That no file of the stream is there, and what was looked for.
std::string no_file_of(const StreamPlan& plan);

struct FolderOutcome {
    std::vector<std::string> troubles;
    bool is_complete = false;  ///< every file was read, though figures may lack what none of them has
};

/// All calls on the io_context's thread; the store is touched on its own thread alone. What it is given
/// outlives it.
class FolderPoll {
  public:
    FolderPoll(Store& store, RecordKeeper& keeper, StoreThread& thread, PollerMode mode,
               const PollWatch& watch)
        : store_(store), keeper_(keeper), thread_(thread), mode_(mode), watch_(watch) {}

    boost::asio::awaitable<FolderOutcome> read(StreamPlan& plan);
    /// How many files of it the last reading left alone, since they may still be being written; they are to
    /// be looked at again after `still_after`.
    [[nodiscard]] std::size_t unsettled(const StreamPlan& plan) const;
    /// A file that nobody touched for so long stands still, whatever an earlier listing said.
    static constexpr std::chrono::seconds still_after{30};

  private:
    boost::asio::awaitable<std::string> read_file(StreamPlan& plan, connectors::FileEntry entry,
                                                  std::optional<StoredFile> before);
    boost::asio::awaitable<std::vector<StoredFile>> look_up_files(StreamPlan& plan);
    boost::asio::awaitable<std::vector<std::string>> note_lacks(StreamPlan& plan, FilesRead read);
    bool stands_still(const StreamPlan& plan, const connectors::FileEntry& entry);

    Store& store_;
    RecordKeeper& keeper_;
    StoreThread& thread_;
    PollerMode mode_;
    const PollWatch& watch_;
    std::map<const StreamPlan*, std::vector<connectors::FileEntry>> listed_;
    std::map<const StreamPlan*, std::size_t> unsettled_;
    struct Refusal {
        connectors::FileEntry file;
        std::string reason;
    };
    std::map<const StreamPlan*, std::map<std::string, Refusal>> refused_;  ///< by the file's name
};

}  // namespace baselined::daemon
