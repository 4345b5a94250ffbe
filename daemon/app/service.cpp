#include "daemon/app/service.hpp"

#include <fmt/format.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <list>
#include <map>
#include <random>
#include <set>

#include "daemon/alert/courier.hpp"
#include "daemon/alert/telling.hpp"
#include "daemon/app/evaluation.hpp"
#include "daemon/app/log.hpp"
#include "daemon/app/own_milestones.hpp"
#include "daemon/app/poller.hpp"
#include "daemon/app/remapping.hpp"
#include "daemon/store/store.hpp"

namespace baselined::daemon {

namespace asio = boost::asio;

namespace {

/// Statuses change by passing time too: data goes stale, evidence falls due.
constexpr std::chrono::seconds evaluate_every{60};
/// A poll begins up to a tenth earlier or later, so that not everybody asks in the same second.
constexpr double jitter = 0.1;

Instant real_now() {
    return std::chrono::floor<mappings::Millis>(std::chrono::system_clock::now());
}

/// Tells a failure once, and how often it came again when it ends.
class FailureLog {
  public:
    void note(const std::string& stream, const std::string& text) {
        auto& last = last_[stream];
        if (text == last.text) {
            ++last.count;
            return;
        }
        if (last.count > 0 && !last.text.empty())
            log(LogLevel::info, fmt::format("{}: the same {} times more until now", stream, last.count));
        if (!text.empty())
            log(LogLevel::error, fmt::format("{}: {}", stream, text));
        else if (!last.text.empty())
            log(LogLevel::info, fmt::format("{}: is read again", stream));
        last = {text, 0};
    }

  private:
    struct Last {
        std::string text;
        int count = 0;
    };
    std::map<std::string, Last> last_;
};

/// Everything that hangs on one configuration.
class Generation {
  public:
    Generation(asio::io_context& io, Store& store, StoreThread& thread,
               std::unique_ptr<ReadyConfiguration> configuration)
        : io_(io), store_(store), thread_(thread), configuration_(std::move(configuration)) {
        thread_.run_now([this] {
            Transaction transaction(store_);
            store_.use_attributes(portfolio().schemas());
            transaction.commit();
            keeper_ = std::make_unique<RecordKeeper>(store_, portfolio().set());
            keeper_->rebuild();
            map_changed_sources(portfolio(), store_, *keeper_);
            keep_own_milestones(portfolio(), store_, *keeper_);
            keeper_->rebuild();
        });
        poller_ = std::make_unique<Poller>(io_, portfolio(), store_, *keeper_, thread_, real_now,
                                           PollerMode::serve);
        if (!portfolio().configuration().alerts) return;
        courier_ = std::make_unique<Courier>(io_, portfolio().configuration(), store_, thread_, real_now);
        courier_->set_report([](const DeliveryFailure& failure) {
            log(LogLevel::error,
                fmt::format("alert to {} ({}): {}", failure.receiver, failure.subject, failure.words));
        });
    }

    void start(std::function<void(std::exception_ptr)> on_end) {
        for (StreamPlan& plan : portfolio().streams()) {
            untried_.insert(&plan);
            spawn(follow(&plan), on_end);
        }
        spawn(keep_current(), on_end);
        if (courier_ == nullptr) return;
        spawn(courier_->keep_delivering([this, on_end](asio::awaitable<void> work) {
            if (!is_stopping_) spawn(std::move(work), on_end);
        }),
              on_end);
    }

    void stop() {
        is_stopping_ = true;
        for (auto& slot : cancellations_) slot.signal.emit(asio::cancellation_type::terminal);
    }
    [[nodiscard]] int running() const { return running_; }

  private:
    /// How one piece of work is stopped; used again once that has ended.
    struct Cancellation {
        asio::cancellation_signal signal;
        bool is_used = false;
    };

    Portfolio& portfolio() { return *configuration_->portfolio; }

    Cancellation& free_cancellation() {
        for (Cancellation& known : cancellations_)
            if (!known.is_used) return known;
        return cancellations_.emplace_back();
    }

    void spawn(asio::awaitable<void> work, const std::function<void(std::exception_ptr)>& on_end) {
        ++running_;
        Cancellation& free = free_cancellation();
        free.is_used = true;
        asio::co_spawn(io_, std::move(work),
                       asio::bind_cancellation_slot(free.signal.slot(),
                                                    [this, &free, on_end](std::exception_ptr thrown) {
                                                        --running_;
                                                        free.is_used = false;
                                                        on_end(thrown);
                                                    }));
    }

    /// One stream, again and again; never twice at once.
    asio::awaitable<void> follow(StreamPlan* plan) {
        const std::string name = plan->source->name + "/" + plan->stream->name;
        std::minstd_rand random(std::random_device{}());
        for (;;) {
            const auto began = std::chrono::steady_clock::now();
            auto snapshots = [this] {
                Transaction transaction(store_);
                keeper_->take_snapshots(real_now());
                transaction.commit();
            };
            co_await thread_.run(std::move(snapshots));
            const auto failures = co_await poller_->poll(*plan);
            untried_.erase(plan);
            std::string text;
            for (const ReadingFailure& failure : failures) text += (text.empty() ? "" : "; ") + failure.text;
            failures_.note(name, text);
            co_await evaluate(failures.empty());
            const auto took = std::chrono::steady_clock::now() - began;
            if (failures.empty())
                log(LogLevel::info, fmt::format("{}: read to its end in {:.1f} s", name,
                                                std::chrono::duration<double>(took).count()));
            const double factor = std::uniform_real_distribution<>(1 - jitter, 1 + jitter)(random);
            const auto pause = std::chrono::duration_cast<mappings::Millis>(plan->source->poll * factor);
            asio::steady_timer timer(io_, pause);
            co_await timer.async_wait(asio::use_awaitable);
        }
    }

    asio::awaitable<void> keep_current() {
        for (;;) {
            asio::steady_timer timer(io_, evaluate_every);
            co_await timer.async_wait(asio::use_awaitable);
            co_await evaluate(false);
        }
    }

    asio::awaitable<void> evaluate(bool is_complete) {
        std::set<std::string> untried_sources;
        for (const StreamPlan* plan : untried_) untried_sources.insert(plan->source->name);
        auto work = [this, is_complete, untried_sources] {
            const Instant now = real_now();
            keeper_->rebuild();
            FigureBook figures(portfolio(), store_);
            Transaction transaction(store_);
            if (is_complete) {
                keeper_->allow_snapshots(now);
                remember_young_figures(portfolio(), store_, figures, now);
            }
            freeze_baselines(portfolio(), store_, figures, now);
            const auto views = daemon::evaluate(portfolio(), store_, figures, now);
            const Tellings tellings =
                plan_tellings(portfolio(), store_, figures, views, now, untried_sources);
            remember_statuses(views, store_, now);
            remember_tellings(tellings, store_);
            transaction.commit();
            return !tellings.deliveries.empty();
        };
        const bool is_telling = co_await thread_.run(std::move(work));
        if (is_telling && courier_ != nullptr) courier_->wake();
    }

    asio::io_context& io_;
    Store& store_;
    StoreThread& thread_;
    std::unique_ptr<ReadyConfiguration> configuration_;
    std::unique_ptr<RecordKeeper> keeper_;
    std::unique_ptr<Poller> poller_;
    std::unique_ptr<Courier> courier_;
    std::list<Cancellation> cancellations_;
    std::set<const StreamPlan*> untried_;  ///< not polled yet since the start
    FailureLog failures_;
    int running_ = 0;
    bool is_stopping_ = false;
};

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

class Service {
  public:
    Service(std::unique_ptr<ReadyConfiguration> configuration,
            const std::function<std::unique_ptr<ReadyConfiguration>()>& reload)
        : reload_(reload),
          signals_(io_, SIGTERM, SIGINT, SIGHUP),
          path_(configuration->loaded.configuration.store) {
        thread_.run_now([this] { store_ = open_sqlite_store(path_, StoreMode::write); });
        start(std::move(configuration));
        log(LogLevel::info, "ready");
        await_signal();
    }

    void run() {
        io_.run();
        generation_.reset();
        thread_.run_now([this] { store_.reset(); });
        if (thrown_) std::rethrow_exception(thrown_);
        log(LogLevel::info, "stopped");
    }

  private:
    void start(std::unique_ptr<ReadyConfiguration> configuration) {
        generation_ = std::make_unique<Generation>(io_, *store_, thread_, std::move(configuration));
        generation_->start([this](std::exception_ptr thrown) { on_end(thrown); });
    }

    void await_signal() {
        signals_.async_wait([this](const boost::system::error_code& error, int number) {
            if (error) return;
            if (number == SIGHUP) {
                reload();
                await_signal();
                return;
            }
            log(LogLevel::info, "stopping");
            is_stopping_ = true;
            generation_->stop();
        });
    }

    void reload() {
        if (is_stopping_) return;
        next_ = reload_();
        if (next_ == nullptr) {
            log(LogLevel::error, "the configuration is bad: the one before stays in force");
            return;
        }
        if (next_->loaded.configuration.store != path_) {
            log(LogLevel::error,
                "`store` changed: that needs a restart; the configuration before stays in force");
            next_.reset();
            return;
        }
        generation_->stop();
    }

    void on_end(std::exception_ptr thrown) {
        if (!is_stopped(thrown)) {
            if (!thrown_) thrown_ = thrown;
            is_stopping_ = true;
            generation_->stop();
        }
        if (generation_->running() > 0) return;
        if (is_stopping_) {
            signals_.cancel();
            return;
        }
        if (next_ == nullptr) return;
        // Not from within the old generation's own handler.
        asio::post(io_, [this] {
            start(std::move(next_));
            log(LogLevel::info, "reloaded");
        });
    }

    asio::io_context io_;
    StoreThread thread_;
    const std::function<std::unique_ptr<ReadyConfiguration>()>& reload_;
    asio::signal_set signals_;
    std::string path_;
    std::unique_ptr<Store> store_;
    std::unique_ptr<Generation> generation_;
    std::unique_ptr<ReadyConfiguration> next_;
    std::exception_ptr thrown_;
    bool is_stopping_ = false;
};

}  // namespace

void serve(std::unique_ptr<ReadyConfiguration> configuration,
           const std::function<std::unique_ptr<ReadyConfiguration>()>& reload) {
    Service(std::move(configuration), reload).run();
}

}  // namespace baselined::daemon
