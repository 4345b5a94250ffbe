#include "daemon/app/generation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <random>

#include "daemon/alert/telling.hpp"
#include "daemon/app/evaluation.hpp"
#include "daemon/app/file_lacks.hpp"
#include "daemon/app/own_milestones.hpp"
#include "daemon/app/store_facts.hpp"
#include "daemon/app/stream_gaps.hpp"
#include "daemon/app/upkeep.hpp"
#include "daemon/real_clock.hpp"
#include "daemon/store/disk.hpp"

namespace baselined::daemon {

namespace asio = boost::asio;
using std::chrono::steady_clock;

namespace {

/// Statuses change by passing time too: data goes stale, evidence falls due.
constexpr std::chrono::seconds evaluate_every{60};
/// A poll begins up to a tenth earlier or later, so that not everybody asks in the same second.
constexpr double jitter = 0.1;
constexpr std::chrono::seconds look_for_space_every{5};
constexpr std::chrono::minutes look_for_upkeep_every{5};
constexpr std::chrono::milliseconds between_parts{50};
/// A clock that goes by so much in no time was set; or the machine slept.
constexpr std::chrono::minutes leap{1};

double seconds_since(steady_clock::time_point began) {
    return std::chrono::duration<double>(steady_clock::now() - began).count();
}

mappings::Millis clock_lead() {
    return std::chrono::duration_cast<mappings::Millis>(real_now().time_since_epoch() -
                                                        steady_clock::now().time_since_epoch());
}

StreamName name_of(const StreamPlan& plan) {
    return {plan.source->name, plan.stream->name};
}

/// All that decides what is read of it and when; compared only.
std::string settings_of(const StreamPlan& plan) {
    const config::Source& source = *plan.source;
    return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", plan.digest, source.url, source.path,
                       source.poll.count(), plan.stream->match, plan.stream->table, plan.stream->query,
                       plan.stream->jql);
}

}  // namespace

Generation::Generation(Surroundings surroundings, std::shared_ptr<ReadyConfiguration> configuration)
    : around_(std::move(surroundings)), configuration_(std::move(configuration)), clock_lead_(clock_lead()) {}

void Generation::start(std::function<void()> on_ready, std::function<void(std::exception_ptr)> on_end) {
    on_end_ = std::move(on_end);
    spawn([this, on_ready = std::move(on_ready)](Worker&) { return prepare(on_ready); });
}

void Generation::stop(Stop how) {
    is_ending_ = true;
    if (courier_) courier_->begin_no_more();
    for (Worker& worker : workers_) {
        const bool may_end = how != Stop::at_once &&
                             (worker.is_delivering || (worker.is_reading && how == Stop::after_readings));
        if (!worker.is_done && !may_end) worker.signal.emit(asio::cancellation_type::terminal);
    }
}

Generation::Worker* Generation::free_worker() {
    for (Worker& worker : workers_)
        if (worker.is_done) {
            worker.is_done = worker.is_reading = worker.is_delivering = false;
            return &worker;
        }
    return &workers_.emplace_back();
}

void Generation::spawn(std::function<asio::awaitable<void>(Worker&)> work) {
    Worker* worker = free_worker();
    ++running_;
    asio::co_spawn(
        around_.io, work(*worker),
        asio::bind_cancellation_slot(worker->signal.slot(), [this, worker](std::exception_ptr thrown) {
            worker->is_done = true;
            --running_;
            on_end_(thrown);
        }));
}

/// Nothing here waits for a pass over the history: that comes with the first evaluation, or step by step.
asio::awaitable<void> Generation::prepare(std::function<void()> on_ready) {
    auto set_up = [this] {
        Store& store = around_.store;
        // What was lost, with all that the generation before had made of it, is asked of its sources again.
        store.rollback();
        {
            Transaction transaction(store);
            store.use_attributes(portfolio().schemas());
            store.set_fact("configured_at",
                           mappings::format_rfc3339(real_now()));  // shows that it can be written
            transaction.commit();
        }
        keeper_ = std::make_unique<RecordKeeper>(store, portfolio().set());
        books_ = std::make_unique<Books>(portfolio(), store);
        remapping_ = std::make_unique<Remapping>(portfolio(), store, *keeper_);
        keep_own_milestones(portfolio(), store, *keeper_);
        const auto waiting = remapping_->sources();
        look_at_stored_files([&](const StreamPlan& plan) {
            return std::find(waiting.begin(), waiting.end(), plan.source->name) == waiting.end();
        });
    };
    co_await around_.thread.run(std::move(set_up));
    if (is_ending_) co_return;
    poller_ = std::make_unique<Poller>(around_.io, portfolio(), around_.store, *keeper_, around_.thread,
                                       real_now, PollerMode::serve, around_.exchanges);
    poller_->set_watch({[this](const StreamPlan& plan, std::int64_t) {
                            around_.observations.streams[name_of(plan)].is_reached = true;
                        },
                        [path = portfolio().configuration().store] { return hold_for_space(path); }});
    begin_delivering();
    const auto waiting = remapping_->sources();
    around_.observations.remapped = waiting;
    if (waiting.empty()) remapping_.reset();
    follow_streams({waiting.begin(), waiting.end()});
    spawn([this](Worker&) { return keep_current(); });
    spawn([this](Worker&) { return keep_small(); });
    if (remapping_) spawn([this](Worker&) { return map_anew(); });
    on_ready();
}

/// Before anything is evaluated, and while none of these streams is read: what was stored before a measure
/// needed it makes no figure, and no baseline.
void Generation::look_at_stored_files(const std::function<bool(const StreamPlan&)>& is_asked) {
    Transaction transaction(around_.store);
    for (StreamPlan& plan : portfolio().streams())
        if (is_asked(plan)) keep_file_lacks(plan, around_.store, FilesRead::none);
    transaction.commit();
}

void Generation::begin_delivering() {
    if (!portfolio().configuration().alerts) return;
    courier_ = std::make_unique<Courier>(around_.io, portfolio().configuration(), around_.store,
                                         around_.thread, real_now);
    courier_->set_report([](const DeliveryFailure& failure) {
        log(LogLevel::error,
            fmt::format("alert to {} ({}): {}", failure.receiver, failure.subject, failure.words));
    });
    // A message that is on its way is let through by a reload and a stop: nobody gets it twice.
    const auto deliver = [this](asio::awaitable<void> work) {
        if (is_ending_) return;
        auto shared = std::make_shared<asio::awaitable<void>>(std::move(work));
        spawn([shared](Worker& worker) {
            worker.is_delivering = true;
            return std::move(*shared);
        });
    };
    spawn([this, deliver](Worker&) { return courier_->keep_delivering(deliver); });
}

/// A step at a time: other sources are read in between.
asio::awaitable<void> Generation::map_anew() {
    const auto began = steady_clock::now();
    const auto sources = remapping_->sources();
    const std::string names = fmt::format("{}", fmt::join(sources, ", "));
    log(LogLevel::info, fmt::format("{}: a mapping changed, the history is mapped anew", names));
    for (bool is_more = true; is_more && !is_ending_;) {
        auto step = [this] { return remapping_->step(); };
        is_more = co_await around_.thread.run(std::move(step));
    }
    if (is_ending_) co_return;
    const auto is_mapped_anew = [sources](const StreamPlan& plan) {
        return std::find(sources.begin(), sources.end(), plan.source->name) != sources.end();
    };
    auto look = [this, is_mapped_anew] { look_at_stored_files(is_mapped_anew); };
    co_await around_.thread.run(std::move(look));
    if (is_ending_) co_return;
    for (const std::string& left : remapping_->left()) log(LogLevel::warning, left);
    remapping_.reset();
    around_.observations.remapped.clear();
    log(LogLevel::info, fmt::format("{}: mapped anew in {:.1f} s", names, seconds_since(began)));
    for (StreamPlan& plan : portfolio().streams())
        if (is_mapped_anew(plan)) spawn([this, &plan](Worker& worker) { return follow(worker, &plan); });
    co_await evaluate(Reading::partial);
}

void Generation::follow_streams(const std::set<std::string>& except) {
    for (StreamPlan& plan : portfolio().streams())
        if (!except.contains(plan.source->name))
            spawn([this, &plan](Worker& worker) { return follow(worker, &plan); });
}

asio::awaitable<void> Generation::sleep(steady_clock::duration pause) {
    asio::steady_timer timer(around_.io, pause);
    co_await timer.async_wait(asio::use_awaitable);
}

/// One stream, again and again; never twice at once.
asio::awaitable<void> Generation::follow(Worker& worker, StreamPlan* plan) {
    std::minstd_rand random(std::random_device{}());
    Turn& turn = around_.turns[name_of(*plan)];
    if (turn.settings == settings_of(*plan)) co_await sleep(turn.next - steady_clock::now());
    turn = {settings_of(*plan), steady_clock::now()};
    while (!is_ending_) {
        co_await wait_for_space();
        worker.is_reading = true;
        co_await read(*plan);
        worker.is_reading = false;
        const double factor = std::uniform_real_distribution<>(1 - jitter, 1 + jitter)(random);
        auto pause = std::chrono::duration_cast<mappings::Millis>(plan->source->poll * factor);
        if (poller_->unsettled(*plan) > 0) pause = std::min<mappings::Millis>(pause, FolderPoll::still_after);
        // What failed is tried at once by a reload: somebody may have mended it.
        const bool is_well = around_.observations.streams[name_of(*plan)].failure.empty();
        turn.next =
            steady_clock::now() + (is_well ? steady_clock::duration(pause) : steady_clock::duration{});
        if (!is_ending_) co_await sleep(pause);
    }
}

asio::awaitable<void> Generation::read(StreamPlan& plan) {
    const StreamName name = name_of(plan);
    const auto began = steady_clock::now();
    auto snapshots = [this, is_whole = !remapping_] {
        if (is_whole) keeper_->rebuild();
        Transaction transaction(around_.store);
        keeper_->take_snapshots(real_now());
        transaction.commit();
    };
    co_await around_.thread.run(std::move(snapshots));
    const auto failures = co_await poller_->poll(plan);
    StreamObservation& seen = around_.observations.streams[name];
    seen.failure.clear();
    for (const ReadingFailure& failure : failures)
        seen.failure += (seen.failure.empty() ? "" : "; ") + failure.text;
    ++(failures.empty() ? seen.polls_ok : seen.polls_failed);
    seen.is_reached = seen.is_reached || failures.empty();
    seen.is_tried = true;
    seen.poll_seconds += seconds_since(began);
    const LogFields fields{name.source, name.stream, {}, {}};
    // What keeps the whole source from being read is told of it, once, and not of each of its streams.
    if (seen.failure.empty() || around_.observations.troubles[name.source].empty())
        around_.failures.note(name.str(), seen.failure, fields);
    const std::size_t unsettled = poller_->unsettled(plan);
    if (unsettled > 0)
        log(LogLevel::info,
            fmt::format("{}: {} read as soon as nobody changes {} any more", name.str(),
                        unsettled == 1 ? "a file is" : fmt::format("{} files are", unsettled),
                        unsettled == 1 ? "it" : "them"),
            fields);
    else if (failures.empty())
        log(LogLevel::info, fmt::format("{}: read to its end in {:.1f} s", name.str(), seconds_since(began)),
            fields);
    auto look_up = [this, &plan] { return remarks_of(plan, around_.store); };
    std::string remarks = co_await around_.thread.run(std::move(look_up));
    std::string& told = around_.observations.streams[name].remarks;
    if (!remarks.empty() && remarks != told)
        log(LogLevel::warning, fmt::format("{}: {}", name.str(), remarks), fields);
    told = std::move(remarks);
    co_await evaluate(failures.empty() && unsettled == 0 ? Reading::complete : Reading::partial);
}

asio::awaitable<void> Generation::wait_for_space() {
    std::string& hold = around_.observations.hold;
    for (;;) {
        hold = hold_for_space(portfolio().configuration().store);
        around_.failures.note("disk", hold);
        if (hold.empty()) co_return;
        co_await sleep(look_for_space_every);
    }
}

asio::awaitable<void> Generation::keep_current() {
    for (;;) {
        co_await evaluate(Reading::partial);
        co_await sleep(evaluate_every);
    }
}

/// In parts, with room between them for what is read meanwhile.
asio::awaitable<void> Generation::keep_small() {
    Upkeep upkeep(around_.store, portfolio().configuration().retention);
    for (;;) {
        co_await sleep(look_for_upkeep_every);
        auto is_due = [&upkeep] { return upkeep.is_due(real_now()); };
        if (remapping_ || !co_await around_.thread.run(std::move(is_due))) continue;
        for (bool is_more = true; is_more && !is_ending_;) {
            auto step = [&upkeep] { return upkeep.step(real_now()); };
            is_more = co_await around_.thread.run(std::move(step));
            co_await sleep(between_parts);
        }
        if (is_ending_) co_return;
    }
}

/// A clock that was set ahead makes no source silent: each is tried once more before that is said.
void Generation::look_at_clock() {
    const mappings::Millis by = clock_lead() - clock_lead_;
    if (std::chrono::abs(by) < leap) return;
    clock_lead_ += by;
    const Instant now = real_now();
    log(LogLevel::warning, fmt::format("the clock leapt from {} to {}: was it set, or did the machine sleep?",
                                       mappings::format_rfc3339(now - by), mappings::format_rfc3339(now)));
    if (by.count() < 0) return;
    for (auto& [name, seen] : around_.observations.streams) seen.is_tried = false;
}

/// A daemon that was away does not take a source for silent that it has not tried to read yet.
std::set<std::string> Generation::untried_sources() {
    std::set<std::string> sources;
    for (const StreamPlan& plan : portfolio().streams()) {
        const auto seen = around_.observations.streams.find(name_of(plan));
        if (seen == around_.observations.streams.end() || !seen->second.is_tried)
            sources.insert(plan.source->name);
    }
    return sources;
}

asio::awaitable<void> Generation::evaluate(Reading reading) {
    struct Outcome {
        std::vector<StatusTurn> turns;
        std::vector<Thaw> thaws;
        StoreFacts facts;
        std::map<std::string, std::int64_t> measures;
        double seconds = 0;
        bool is_telling = false;
    };
    if (remapping_) co_return;  // half a history would give false figures
    look_at_clock();
    auto work = [this, reading, untried = untried_sources()] {
        Outcome outcome;
        Store& store = around_.store;
        const auto began = steady_clock::now();
        const Instant now = real_now();
        keeper_->rebuild();
        books_->forget(keeper_->take_changes());
        Transaction transaction(store);
        Judgement judgement = judge(portfolio(), store, *keeper_, *books_, now, reading, untried);
        remember_tellings(judgement.tellings, store);
        transaction.commit();
        store.keep_log_short();
        for (const MeasureView& view : judgement.views)
            ++outcome.measures[std::string(mappings::name_of(view.assessment.potential))];
        outcome.turns = std::move(judgement.turns);
        outcome.thaws = std::move(judgement.thaws);
        outcome.is_telling = !judgement.tellings.deliveries.empty();
        outcome.seconds = seconds_since(began);
        outcome.facts = store_facts(portfolio(), store, *keeper_);
        return outcome;
    };
    const Outcome outcome = co_await around_.thread.run(std::move(work));
    if (outcome.is_telling && courier_ != nullptr) courier_->wake();
    for (const Thaw& thaw : outcome.thaws)
        log(LogLevel::warning, fmt::format("{}: {}", thaw.measure, thaw.text), {{}, {}, thaw.measure, {}});
    for (const StatusTurn& turn : outcome.turns)
        log(LogLevel::info,
            fmt::format("{}: its Potential Status is {}{}", turn.measure, turn.after,
                        turn.before.empty() ? "" : ", it was " + turn.before),
            {{}, {}, turn.measure, {}});
    Observations& seen = around_.observations;
    ++seen.evaluations;
    seen.evaluation_seconds += outcome.seconds;
    seen.measures = outcome.measures;
    seen.cells_recomputed += outcome.facts.cells_recomputed;
    seen.outbox = outcome.facts.outbox;
    for (const auto& [name, facts] : outcome.facts.streams) seen.streams[name].stored = facts;
    seen.store_trouble.clear();
    around_.failures.note("store", "");
}

}  // namespace baselined::daemon
