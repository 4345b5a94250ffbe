// Reads streams to their end: files, ServiceNow and Jira alike, each beside the others.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "connectors/files/folder.hpp"
#include "connectors/page.hpp"
#include "daemon/app/exchanges.hpp"
#include "daemon/app/file_lacks.hpp"
#include "daemon/app/portfolio.hpp"
#include "daemon/app/record_keeper.hpp"
#include "daemon/app/store_thread.hpp"
#include "daemon/store/store.hpp"

namespace baselined::daemon {

/// What could not be read of a stream; it was read as far as it goes.
struct ReadingFailure {
    std::string source, stream;
    std::string text;
};

enum class PollerMode {
    once,   ///< files are read as they are; a source that keeps failing is given up after `give_up`
    serve,  ///< files are read when they stand still; a refused login is not tried again
};

/// That no file of the stream is there, and what was looked for.
std::string no_file_of(const StreamPlan& plan);

/// All calls on the io_context's thread; the store is touched on its own thread alone. What it is given
/// outlives it.
class Poller {
  public:
    Poller(boost::asio::io_context& io, Portfolio& portfolio, Store& store, RecordKeeper& keeper,
           StoreThread& thread, std::function<Instant()> clock, PollerMode mode);
    /// The same with exchanges that live longer, so that logins and pauses outlast a reload.
    Poller(boost::asio::io_context& io, Portfolio& portfolio, Store& store, RecordKeeper& keeper,
           StoreThread& thread, std::function<Instant()> clock, PollerMode mode,
           std::shared_ptr<Exchanges> exchanges);

    /// Reads every stream of every source once.
    boost::asio::awaitable<std::vector<ReadingFailure>> poll_all();
    /// Reads one stream. Failures are stored with the stream too. Store errors are thrown.
    boost::asio::awaitable<std::vector<ReadingFailure>> poll(StreamPlan& plan);
    /// How many files of it the last reading left alone, since they may still be being written; they are to
    /// be looked at again after `still_after`.
    [[nodiscard]] std::size_t unsettled(const StreamPlan& plan) const;
    /// A file that nobody touched for so long stands still, whatever an earlier listing said.
    static constexpr std::chrono::seconds still_after{30};
    /// What of it cannot be read: nothing is stored.
    boost::asio::awaitable<connectors::Notes> try_out(StreamPlan& plan, std::string cursor);
    /// The newest rows, as `preview` shows them; with all fields that the source has, or those the mappings
    /// read. The cursor of the last reading, where there is one, tells what a reading would know.
    boost::asio::awaitable<Result<connectors::Sample>> sample(StreamPlan& plan, std::string cursor, int rows,
                                                              bool all_fields);

    /// Told of each step of a long reading: the stream, and how many rows it has taken so far.
    using Progress = std::function<void(const StreamPlan& plan, std::int64_t rows)>;
    void set_progress(Progress progress) { progress_ = std::move(progress); }

    /// Asked before anything is written: a reason why nothing may be read now, or an empty text. What was
    /// read so far is kept.
    using Hold = std::function<std::string()>;
    void set_hold(Hold hold) { hold_ = std::move(hold); }

  private:
    /// Pages that came fast are committed together; where none follows soon, at once.
    void settle_soon();
    boost::asio::awaitable<std::vector<ReadingFailure>> poll_source(const config::Source& source);
    boost::asio::awaitable<std::vector<std::string>> read_folder(StreamPlan& plan);
    boost::asio::awaitable<std::vector<std::string>> read_remote(StreamPlan& plan);
    boost::asio::awaitable<std::string> read_file(StreamPlan& plan, connectors::FileEntry entry,
                                                  std::optional<StoredFile> before);
    boost::asio::awaitable<std::vector<StoredFile>> look_up_files(StreamPlan& plan);
    boost::asio::awaitable<std::vector<std::string>> note_lacks(StreamPlan& plan, FilesRead read);
    boost::asio::awaitable<void> note_end(StreamPlan& plan, std::vector<std::string> troubles,
                                          bool is_complete, connectors::Notes notes);
    bool stands_still(const StreamPlan& plan, const connectors::FileEntry& entry);
    connectors::PageSink sink_of(StreamPlan& plan);
    boost::asio::awaitable<std::shared_ptr<connectors::Exchange>> exchange_of(const config::Source& source);
    void tell_progress(const StreamPlan& plan, std::int64_t rows) const;
    connectors::StreamPosition position_of(const StreamPlan& plan, const StoredStream& stored);

    boost::asio::io_context& io_;
    Portfolio& portfolio_;
    Store& store_;
    RecordKeeper& keeper_;
    StoreThread& thread_;
    std::function<Instant()> clock_;
    PollerMode mode_;
    std::shared_ptr<Exchanges> exchanges_;
    Progress progress_;
    Hold hold_;
    std::map<const StreamPlan*, std::vector<connectors::FileEntry>> listed_;
    std::map<const StreamPlan*, std::size_t> unsettled_;
    struct Refusal {
        connectors::FileEntry file;
        std::string reason;
    };
    std::map<const StreamPlan*, std::map<std::string, Refusal>> refused_;  ///< by the file's name
    boost::asio::steady_timer settling_;
};

}  // namespace baselined::daemon
