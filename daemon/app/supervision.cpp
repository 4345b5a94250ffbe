#include "daemon/app/supervision.hpp"

#include <fmt/format.h>
#include <systemd/sd-daemon.h>

#include <ctime>

#include "daemon/app/log.hpp"

namespace baselined::daemon {

namespace {

constexpr std::chrono::minutes longest_silence{10};
constexpr std::chrono::seconds usual_pause{10};

void tell(const std::string& state) {
    sd_notify(0, state.c_str());  // nobody to tell is no failure
}

std::uint64_t monotonic_usec() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 +
           static_cast<std::uint64_t>(now.tv_nsec) / 1000;
}

}  // namespace

void tell_ready(std::string_view status) {
    tell(fmt::format("READY=1\nSTATUS={}", status));
}
void tell_reloading() {
    tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}\nSTATUS=reading the configuration", monotonic_usec()));
}
void tell_stopping() {
    tell("STOPPING=1\nSTATUS=stopping");
}
void tell_status(std::string_view status) {
    tell(fmt::format("STATUS={}", status));
}

Heartbeat::Heartbeat(boost::asio::io_context& io, const StoreThread& thread)
    : thread_(thread), timer_(io), pause_(usual_pause), progressed_at_(std::chrono::steady_clock::now()) {
    std::uint64_t interval = 0;
    is_watched_ = sd_watchdog_enabled(0, &interval) > 0;
    if (is_watched_) pause_ = std::chrono::microseconds{interval / 3};
}

void Heartbeat::start() {
    beat();
}

void Heartbeat::beat() {
    if (is_watched_ && store_thread_lives()) tell("WATCHDOG=1");
    if (is_starting_)
        tell(fmt::format("EXTEND_TIMEOUT_USEC={}",
                         std::chrono::microseconds{pause_ + std::chrono::seconds{60}}.count()));
    timer_.expires_after(pause_);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) beat();
    });
}

bool Heartbeat::store_thread_lives() {
    const auto now = std::chrono::steady_clock::now();
    const std::uint64_t progress = thread_.progress();
    if (!thread_.is_busy() || progress != seen_progress_) {
        seen_progress_ = progress;
        progressed_at_ = now;
        return true;
    }
    if (now - progressed_at_ < longest_silence) return true;
    log(LogLevel::error,
        "the store's thread has shown no sign of life for ten minutes: the watchdog may act");
    return false;
}

}  // namespace baselined::daemon
