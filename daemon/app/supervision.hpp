// What systemd is told of the daemon's life (sd_notify(3)); without systemd nothing happens.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <string_view>

#include "daemon/app/store_thread.hpp"

namespace baselined::daemon {

/// `status` is the one line that `systemctl status` shows.
void tell_ready(std::string_view status);
/// A reload has begun; tell_ready() ends it.
void tell_reloading();
void tell_stopping();
void tell_status(std::string_view status);

/// Feeds the watchdog while the event loop turns and the store's thread is alive: idle, or getting on with
/// its work. A long transaction is no death: SQLite reports from within it (StoreThread::note_progress). Only
/// a task without any sign for ten minutes (a disk that hangs, a deadlock) stops the feeding.
class Heartbeat {
  public:
    /// Both outlive it. Beats at a third of WATCHDOG_USEC, or each ten seconds.
    Heartbeat(boost::asio::io_context& io, const StoreThread& thread);
    void start();
    void stop() { timer_.cancel(); }
    /// Until then systemd is asked for patience: a store may have to be brought up to date first.
    void note_started() { is_starting_ = false; }

  private:
    void beat();
    [[nodiscard]] bool store_thread_lives();

    const StoreThread& thread_;
    boost::asio::steady_timer timer_;
    std::chrono::microseconds pause_;
    bool is_watched_ = false;
    bool is_starting_ = true;
    std::uint64_t seen_progress_ = 0;
    std::chrono::steady_clock::time_point progressed_at_;
};

}  // namespace baselined::daemon
