// Carries what waits in the outbox to its receivers: each beside the others, to one of them one at a time.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "connectors/http/client.hpp"
#include "connectors/mail/client.hpp"
#include "daemon/app/store_thread.hpp"
#include "daemon/notify/sending.hpp"
#include "daemon/store/store.hpp"

namespace baselined::daemon {

/// A try that did not arrive.
struct DeliveryFailure {
    std::string receiver;  ///< an address, or a webhook's name
    std::string subject;   ///< the measures that it speaks of
    std::string words;
    bool is_dead = false;
};

/// Lets at most so many begin within any minute.
class Pace {
  public:
    Pace(boost::asio::io_context& io, int per_minute) : io_(io), per_minute_(per_minute) {}
    boost::asio::awaitable<void> wait();

  private:
    boost::asio::io_context& io_;
    int per_minute_;
    std::deque<std::chrono::steady_clock::time_point> begun_;
};

/// What becomes of a delivery after a try. Pure.
void note_outcome(StoredDelivery& delivery, const DeliveryOutcome& outcome, Instant now);

/// All calls on the io_context's thread; what it is given outlives it. Store errors are thrown.
class Courier {
  public:
    Courier(boost::asio::io_context& io, const config::Configuration& configuration, Store& store,
            StoreThread& thread, std::function<Instant()> clock);

    using Spawn = std::function<void(boost::asio::awaitable<void>)>;
    using Report = std::function<void(const DeliveryFailure& failure)>;
    void set_report(Report report) { report_ = std::move(report); }

    /// Tries each delivery that is due once; to receivers that are being served already nothing is begun.
    /// The work for each receiver is handed to `spawn`.
    boost::asio::awaitable<void> begin_due(Spawn spawn);
    /// Again and again, until it is cancelled.
    boost::asio::awaitable<void> keep_delivering(Spawn spawn);
    /// Something new may be due.
    void wake() { waking_.cancel(); }
    /// What is on its way arrives; nothing else sets out.
    void begin_no_more() { begins_no_more_ = true; }

  private:
    boost::asio::awaitable<void> serve(std::string receiver, std::vector<StoredDelivery> queue);
    boost::asio::awaitable<bool> try_one(StoredDelivery delivery);
    boost::asio::awaitable<DeliveryOutcome> send(const StoredDelivery& delivery);
    boost::asio::awaitable<void> postpone(std::vector<StoredDelivery> rest);
    boost::asio::awaitable<void> give_up(std::vector<StoredDelivery> queue, std::string words);
    void remember(StoredDelivery& delivery, const DeliveryOutcome& outcome);
    void disable(const StoredDelivery& delivery, const std::string& words);
    [[nodiscard]] const config::Webhook* webhook_of(const StoredDelivery& delivery) const;

    const config::Configuration& configuration_;
    Store& store_;
    StoreThread& thread_;
    std::function<Instant()> clock_;
    Report report_;
    connectors::HttpClient http_;
    connectors::MailClient mail_;
    Pace pace_;
    boost::asio::steady_timer waking_;
    bool begins_no_more_ = false;
    std::set<std::string> busy_;
    /// Since when tries of a way (one webhook, or all mail) have failed in a row, on the steady clock.
    std::map<std::string, std::chrono::steady_clock::time_point> failing_since_;
};

}  // namespace baselined::daemon
