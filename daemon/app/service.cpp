#include "daemon/app/service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>

#include "daemon/app/generation.hpp"
#include "daemon/app/log.hpp"
#include "daemon/app/supervision.hpp"
#include "daemon/real_clock.hpp"
#include "daemon/store/disk.hpp"
#include "daemon/store/lock.hpp"
#include "daemon/web/heartbeat_call.hpp"
#include "daemon/web/pages.hpp"
#include "daemon/web/web_server.hpp"

namespace baselined::daemon {

namespace asio = boost::asio;
using std::chrono::seconds;

namespace {

/// A reading that is under way at a reload may end by itself for so long; what it stored stays in any case.
constexpr seconds reload_patience{5};
/// A pass over the store, or a message, that is under way at a stop may end by itself for so long.
constexpr seconds stop_patience{2};
/// Between two tries of a store that cannot be written: doubling from the first to the last.
constexpr seconds first_store_pause{2}, last_store_pause{30};
constexpr std::chrono::milliseconds look_at_lock_every{300};
constexpr std::chrono::seconds look_for_space_every{5};

bool is_stopped(const std::exception_ptr& thrown) {
    if (!thrown) return true;
    try {
        std::rethrow_exception(thrown);
    } catch (const boost::system::system_error& error) {
        return error.code() == asio::error::operation_aborted;
    } catch (...) {
        return false;
    }
}

/// What a store says that may be well again later; empty: it is something else.
std::string passing_store_trouble(const std::exception_ptr& thrown) {
    try {
        if (thrown) std::rethrow_exception(thrown);
    } catch (const StoreError& error) {
        if (is_retryable(error.code())) return error.what();
    } catch (...) {
    }
    return {};
}

class Service {
  public:
    Service(std::unique_ptr<ReadyConfiguration> configuration, const Reload& reload)
        : reload_(reload),
          signals_(io_, SIGTERM, SIGINT, SIGHUP),
          patience_(io_),
          current_(std::move(configuration)),
          heartbeat_(io_, thread_) {
        seen_.started_at = real_now();
        seen_.store_path = current_->loaded.configuration.store;
        if (const auto& web = current_->loaded.configuration.web) {
            listen_ = web->listen;
            web_ = std::make_unique<WebServer>(
                io_, listen_, [this](std::string_view path) { return page_of(path, seen_); });
        }
        await_signal();
    }

    void run() {
        heartbeat_.start();
        asio::co_spawn(io_, open_store(), [this](std::exception_ptr thrown) {
            if (!is_stopped(thrown)) fail(thrown);
        });
        io_.run();
        generation_.reset();
        exchanges_.reset();
        thread_.run_now([this] { store_.reset(); });
        if (thrown_) std::rethrow_exception(thrown_);
        log(LogLevel::info, "stopped");
    }

  private:
    [[nodiscard]] const config::Configuration& configuration() const {
        return current_->loaded.configuration;
    }

    asio::awaitable<void> open_store() {
        for (bool is_told = false; !is_stopping_; is_told = true) {
            if (!StoreLock::is_held(seen_.store_path)) break;
            const std::string text =
                fmt::format("store {}: another process holds it: waiting", seen_.store_path);
            if (!is_told) log(LogLevel::warning, text);
            tell_status(text);
            asio::steady_timer timer(io_, look_at_lock_every);
            co_await timer.async_wait(asio::use_awaitable);
        }
        if (is_stopping_) co_return;
        for (bool is_told = false; !co_await open_unless_full(is_told); is_told = true) {
            asio::steady_timer timer(io_, look_for_space_every);
            co_await timer.async_wait(asio::use_awaitable);
            if (is_stopping_) co_return;
        }
        exchanges_ = std::make_shared<Exchanges>(io_, *store_, thread_);
        exchanges_->set_observer([this](const std::string& source, const connectors::RequestNote& note) {
            note_request(source, note);
        });
        exchanges_->set_trouble_observer(
            [this](const std::string& source, const std::optional<std::string>& trouble) {
                seen_.troubles[source] = trouble.value_or("");
                if (trouble) failures_.note(source, *trouble, {source, {}, {}, {}});
            });
        asio::co_spawn(io_, call_heartbeat(io_, exchanges_, [this] { return heartbeat_state(); }),
                       asio::bind_cancellation_slot(call_.slot(), [this](std::exception_ptr thrown) {
                           if (!is_stopped(thrown)) fail(thrown);
                       }));
        if (!is_stopping_) start();
    }

    /// False: the disk is full. To end would have systemd start it a few times more and then leave it down.
    asio::awaitable<bool> open_unless_full(bool is_told) {
        auto open = [this]() -> std::string {
            try {
                store_ = open_sqlite_store(seen_.store_path, StoreMode::write);
            } catch (const StoreError& error) {
                if (hold_for_space(seen_.store_path).empty()) throw;
                return error.what();
            }
            store_->watch([this] {
                thread_.note_progress();
                return !is_interrupted_;
            });
            return {};
        };
        const std::string trouble = co_await thread_.run(std::move(open));
        if (trouble.empty()) co_return true;
        if (!is_told) log(LogLevel::error, trouble);
        tell_status(trouble);
        co_return false;
    }

    void note_request(const std::string& source, const connectors::RequestNote& note) {
        ++seen_.requests[{source, note.status}];
        seen_.request_seconds[source] += std::chrono::duration<double>(note.took).count();
        const std::string answer = note.status == 0 ? "no answer" : std::to_string(note.status);
        log(LogLevel::debug, fmt::format("{}: {} in {} ms", note.request, answer, note.took.count()),
            {source, {}, {}, note.request});
    }

    HeartbeatState heartbeat_state() {
        const auto& web = configuration().web;
        return {web ? web->heartbeat : "", not_ready(seen_).empty(), is_stopping_};
    }

    void start() {
        std::map<StreamName, StreamObservation> streams;
        for (const StreamPlan& plan : current_->portfolio->streams()) {
            const StreamName name{plan.source->name, plan.stream->name};
            streams[name] = seen_.streams[name];
        }
        seen_.streams = std::move(streams);
        std::erase_if(seen_.troubles, [this](const auto& trouble) {
            return std::none_of(configuration().sources.begin(), configuration().sources.end(),
                                [&](const config::Source& source) { return source.name == trouble.first; });
        });
        exchanges_->keep(configuration().sources);
        generation_ = std::make_unique<Generation>(
            Surroundings{io_, *store_, thread_, exchanges_, turns_, failures_, seen_}, current_);
        generation_->start([this] { on_ready(); }, [this](std::exception_ptr thrown) { on_end(thrown); });
    }

    void on_ready() {
        heartbeat_.note_started();
        seen_.configured_at = real_now();
        const bool is_first = !seen_.is_open;
        seen_.is_open = true;
        const auto& sources = configuration().sources;
        tell_ready(fmt::format("{} source{}, {} measure{}", sources.size(), sources.size() == 1 ? "" : "s",
                               configuration().measures.size(),
                               configuration().measures.size() == 1 ? "" : "s"));
        if (is_reloading_) {
            ++seen_.reloads_applied;
            seen_.is_last_reload_good = true;
        }
        log(LogLevel::info, is_first        ? "ready"
                            : is_reloading_ ? "reloaded"
                                            : "the store can be written again");
        is_reloading_ = false;
        if (!is_reload_wanted_) return;
        is_reload_wanted_ = false;
        reload();
    }

    void await_signal() {
        signals_.async_wait([this](const boost::system::error_code& error, int number) {
            if (error) return;
            if (number == SIGHUP)
                reload();
            else
                stop();
            await_signal();
        });
    }

    void stop() {
        if (is_stopping_) return;
        log(LogLevel::info, "stopping");
        tell_stopping();
        is_stopping_ = true;
        patience_.expires_after(stop_patience);
        patience_.async_wait([this](const boost::system::error_code& error) {
            if (error) return;
            is_interrupted_ = true;
            end_generation(Generation::Stop::at_once);
        });
        end_generation(Generation::Stop::after_messages);
    }

    void fail(std::exception_ptr thrown) {
        if (!thrown_) thrown_ = thrown;
        is_stopping_ = true;
        end_generation(Generation::Stop::at_once);
    }

    void end_generation(Generation::Stop how) {
        if (is_stopping_) call_.emit(asio::cancellation_type::terminal);
        if (generation_ && generation_->running() > 0)
            generation_->stop(how);
        else
            asio::post(io_, [this] { go_on(); });
    }

    void refuse_reload(const std::string& reason) {
        ++seen_.reloads_refused;
        seen_.is_last_reload_good = false;
        log(LogLevel::error, reason + ": the one before stays in force");
        tell_ready(reason + ": the one before stays in force");
    }

    void reload() {
        if (is_stopping_) return;
        // Several in a row are one; the last file counts.
        if (is_reloading_ || !seen_.is_open) {
            is_reload_wanted_ = true;
            return;
        }
        tell_reloading();
        std::string complaints;
        auto next = reload_(complaints);
        if (next == nullptr) {
            for (std::size_t at = 0; at < complaints.size();) {
                const std::size_t end = std::min(complaints.find('\n', at), complaints.size());
                log(LogLevel::error, complaints.substr(at, end - at));
                at = end + 1;
            }
            refuse_reload("the configuration is bad");
            return;
        }
        if (next->loaded.configuration.store != seen_.store_path) {
            refuse_reload("the configuration names another `store`, which needs a restart");
            return;
        }
        const auto& web = next->loaded.configuration.web;
        if ((web ? web->listen : "") != listen_)
            log(LogLevel::warning,
                "`web: listen` changed: that takes effect with the next restart; the rest is applied");
        is_reloading_ = true;
        next_ = std::move(next);
        if (is_pausing_) return;  // taken when the store is tried again
        patience_.expires_after(reload_patience);
        patience_.async_wait([this](const boost::system::error_code& error) {
            if (!error && is_reloading_ && next_ && generation_) generation_->stop(Generation::Stop::at_once);
        });
        end_generation(Generation::Stop::after_readings);
    }

    void on_end(std::exception_ptr thrown) {
        if (const std::string trouble = passing_store_trouble(thrown); !trouble.empty() && !is_stopping_) {
            seen_.store_trouble = trouble;
            failures_.note("store", trouble);
            tell_status(trouble);
            is_store_troubled_ = true;
            generation_->stop(Generation::Stop::at_once);
        } else if (!is_stopped(thrown) && passing_store_trouble(thrown).empty()) {
            fail(thrown);
        }
        // Not from within the old generation's own handler.
        if (generation_->running() == 0) asio::post(io_, [this] { go_on(); });
    }

    /// Nothing runs any more: what is next?
    void go_on() {
        if (generation_ && generation_->running() > 0) return;
        if (is_stopping_) {
            io_.stop();
            return;
        }
        if (is_pausing_) return;
        patience_.cancel();
        if (is_store_troubled_) {
            is_store_troubled_ = false;
            try_store_later();
            return;
        }
        if (next_) {
            current_ = std::move(next_);
            store_pause_ = first_store_pause;
            start();
        }
    }

    void try_store_later() {
        is_pausing_ = true;
        patience_.expires_after(store_pause_);
        store_pause_ = std::min(2 * store_pause_, last_store_pause);
        patience_.async_wait([this](const boost::system::error_code& error) {
            if (error) return;
            is_pausing_ = false;
            if (is_stopping_) return;
            if (next_) current_ = std::move(next_);
            start();
        });
    }

    asio::io_context io_;
    StoreThread thread_;
    const Reload& reload_;
    asio::signal_set signals_;
    asio::steady_timer patience_;
    asio::cancellation_signal call_;  ///< ends the heartbeat's calls
    std::shared_ptr<ReadyConfiguration> current_, next_;
    Heartbeat heartbeat_;
    Observations seen_;
    std::string listen_;  ///< as it was at the start
    std::unique_ptr<WebServer> web_;
    std::unique_ptr<Store> store_;
    std::shared_ptr<Exchanges> exchanges_;
    Turns turns_;
    FailureLog failures_;
    std::unique_ptr<Generation> generation_;
    std::exception_ptr thrown_;
    seconds store_pause_ = first_store_pause;
    std::atomic<bool> is_interrupted_ = false;
    bool is_stopping_ = false, is_reloading_ = false, is_reload_wanted_ = false;
    bool is_store_troubled_ = false, is_pausing_ = false;
};

}  // namespace

void serve(std::unique_ptr<ReadyConfiguration> configuration, const Reload& reload) {
    Service(std::move(configuration), reload).run();
}

}  // namespace baselined::daemon
