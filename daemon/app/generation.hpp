// Everything that hangs on one configuration while it is in force: streams followed, a changed mapping
// applied, statuses kept current.
#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>

#include "daemon/alert/courier.hpp"
#include "daemon/app/exchanges.hpp"
#include "daemon/app/failure_log.hpp"
#include "daemon/app/judgement.hpp"
#include "daemon/app/observations.hpp"
#include "daemon/app/poller.hpp"
#include "daemon/app/remapping.hpp"
#include "daemon/app/service.hpp"

namespace baselined::daemon {

/// When each stream's turn comes, kept from one configuration to the next: a reload makes no gap.
struct Turn {
    std::string settings;  ///< of what decides what is read; when they change, it is read at once
    std::chrono::steady_clock::time_point next;
};
using Turns = std::map<StreamName, Turn>;

/// What outlives every configuration.
struct Surroundings {
    boost::asio::io_context& io;
    Store& store;
    StoreThread& thread;
    std::shared_ptr<Exchanges> exchanges;
    Turns& turns;
    FailureLog& failures;
    Observations& observations;
};

/// All calls on the io_context's thread. It must not be destroyed before running() is 0.
class Generation {
  public:
    Generation(Surroundings surroundings, std::shared_ptr<ReadyConfiguration> configuration);

    /// `on_ready` once the store fits the configuration and streams are followed; `on_end` each time one of
    /// its workers ends, with what it threw.
    void start(std::function<void()> on_ready, std::function<void(std::exception_ptr)> on_end);
    /// Ends what waits. A reading ends by itself or at once, and so does a message that is on its way.
    enum class Stop { after_readings, after_messages, at_once };
    void stop(Stop how);
    [[nodiscard]] int running() const { return running_; }

  private:
    struct Worker {
        boost::asio::cancellation_signal signal;
        bool is_reading = false, is_delivering = false, is_done = false;
    };

    Portfolio& portfolio() { return *configuration_->portfolio; }
    Worker* free_worker();
    void spawn(std::function<boost::asio::awaitable<void>(Worker&)> work);
    boost::asio::awaitable<void> prepare(std::function<void()> on_ready);
    void begin_delivering();
    void look_at_stored_files(const std::function<bool(const StreamPlan&)>& is_asked);
    boost::asio::awaitable<void> map_anew();
    void follow_streams(const std::set<std::string>& except);
    boost::asio::awaitable<void> follow(Worker& worker, StreamPlan* plan);
    boost::asio::awaitable<void> read(StreamPlan& plan);
    boost::asio::awaitable<void> wait_for_space();
    boost::asio::awaitable<void> keep_current();
    boost::asio::awaitable<void> keep_small();
    void look_at_clock();
    std::set<std::string> untried_sources();
    boost::asio::awaitable<void> evaluate(Reading reading);
    boost::asio::awaitable<void> sleep(std::chrono::steady_clock::duration pause);

    Surroundings around_;
    std::shared_ptr<ReadyConfiguration> configuration_;
    std::unique_ptr<RecordKeeper> keeper_;
    std::unique_ptr<Books> books_;
    std::unique_ptr<Poller> poller_;
    std::unique_ptr<Remapping> remapping_;  ///< until all is mapped anew; no figure is judged before
    std::unique_ptr<Courier> courier_;      ///< null: nobody is to be told
    std::list<Worker> workers_;             ///< used again once their work has ended
    std::function<void(std::exception_ptr)> on_end_;
    mappings::Millis clock_lead_;  ///< of the wall clock over the one that nobody sets
    int running_ = 0;
    bool is_ending_ = false;
};

}  // namespace baselined::daemon
