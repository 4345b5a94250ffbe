// Reads streams to their end: files, ServiceNow and Jira alike, each beside the others.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "connectors/page.hpp"
#include "daemon/app/exchanges.hpp"
#include "daemon/app/folder_poll.hpp"
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
    /// See FolderPoll.
    [[nodiscard]] std::size_t unsettled(const StreamPlan& plan) const { return folders_.unsettled(plan); }
    /// What of it cannot be read: nothing is stored.
    boost::asio::awaitable<connectors::Notes> try_out(StreamPlan& plan, std::string cursor);
    /// The newest rows, as `preview` shows them; with all fields that the source has, or those the mappings
    /// read. The cursor of the last reading, where there is one, tells what a reading would know.
    boost::asio::awaitable<Result<connectors::Sample>> sample(StreamPlan& plan, std::string cursor, int rows,
                                                              bool all_fields);

    void set_watch(PollWatch watch) { watch_ = std::move(watch); }

  private:
    /// Pages that came fast are committed together; where none follows soon, at once.
    void settle_soon();
    boost::asio::awaitable<std::vector<ReadingFailure>> poll_source(const config::Source& source);
    boost::asio::awaitable<std::vector<std::string>> read_remote(StreamPlan& plan);
    boost::asio::awaitable<void> note_end(StreamPlan& plan, std::vector<std::string> troubles,
                                          bool is_complete, connectors::Notes notes);
    connectors::PageSink sink_of(StreamPlan& plan);
    boost::asio::awaitable<std::shared_ptr<connectors::Exchange>> exchange_of(const config::Source& source);
    connectors::StreamPosition position_of(const StreamPlan& plan, const StoredStream& stored);

    boost::asio::io_context& io_;
    Portfolio& portfolio_;
    Store& store_;
    RecordKeeper& keeper_;
    StoreThread& thread_;
    std::function<Instant()> clock_;
    PollerMode mode_;
    std::shared_ptr<Exchanges> exchanges_;
    PollWatch watch_;
    FolderPoll folders_;
    boost::asio::steady_timer settling_;
};

}  // namespace baselined::daemon
