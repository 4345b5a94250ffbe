// `check` and `once`.
#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <filesystem>
#include <map>

#include "daemon/alert/routing.hpp"
#include "daemon/app/judgement.hpp"
#include "daemon/app/misgivings.hpp"
#include "daemon/app/own_milestones.hpp"
#include "daemon/app/poller.hpp"
#include "daemon/app/remapping.hpp"
#include "daemon/app/stream_gaps.hpp"
#include "daemon/app/upkeep.hpp"
#include "daemon/cli/asking_memory.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/store/lock.hpp"

namespace baselined::daemon {

namespace {

/// What the store, and the measures' figures in it, give reason to warn of.
std::vector<std::string> warnings_of_store(Invocation& invocation) {
    Portfolio& portfolio = *invocation.portfolio;
    const auto store = open_sqlite_store(portfolio.configuration().store, StoreMode::read);
    store->use_attributes(portfolio.schemas());
    std::vector<std::string> warnings = foreseen_left(portfolio, *store);
    Books books(portfolio, *store, invocation.clock);
    for (const MeasureView& view : evaluate(portfolio, *store, books, invocation.now))
        for (const mappings::Reason& reason : view.assessment.reasons)
            if (reason.code == "baseline_before_data")
                warnings.push_back(view.plan->measure->id + ": " + reason.text);
    return warnings;
}

/// The same, as far as there is a store: one that cannot be read is no fault of the configuration.
std::vector<std::string> warnings(Invocation& invocation) {
    std::error_code error;
    if (!std::filesystem::exists(invocation.portfolio->configuration().store, error)) return {};
    try {
        return warnings_of_store(invocation);
    } catch (const StoreError& failure) {
        return {fmt::format("{}; what depends on the store was not looked at", failure.what())};
    }
}

}  // namespace

namespace {

void print_remark(const StreamPlan& plan, const std::string& text) {
    fmt::print(stderr, "warning: {}/{}: {}\n", plan.source->name, plan.stream->name, text);
}

/// Where the first file is still to come, as `once` says it too; files that were read may be gone.
std::string missing_files(const StreamPlan& plan, const AskingMemory& memory) {
    if (plan.source->type != config::Source::Type::files ||
        memory.has_read_files(plan.source->name, plan.stream->name))
        return {};
    const auto files = connectors::list_files(plan.source->path, plan.stream->match);
    return files && files->empty() ? no_file_of(plan) : std::string{};
}

/// What each stream's source has against being read; what is worth a remark is told at once.
std::vector<ReadingFailure> try_sources(Invocation& invocation) {
    std::vector<const config::Source*> asked;
    for (const auto& source : invocation.portfolio->configuration().sources) asked.push_back(&source);
    AskingMemory memory(invocation.portfolio->configuration(), asked);
    const auto store = make_passing_store();
    RecordKeeper keeper(*store, invocation.portfolio->set());
    boost::asio::io_context io;
    StoreThread thread;
    Poller poller(
        io, *invocation.portfolio, *store, keeper, thread, [&] { return invocation.now; }, PollerMode::once,
        std::make_shared<Exchanges>(io, memory.store(), thread));
    std::vector<ReadingFailure> failures;
    std::exception_ptr thrown;
    for (StreamPlan& plan : invocation.portfolio->streams()) {
        if (const std::string reason = memory.why_not(*plan.source); !reason.empty()) {
            failures.push_back({plan.source->name, plan.stream->name, reason});
            continue;
        }
        if (const std::string missing = missing_files(plan, memory); !missing.empty()) {
            failures.push_back({plan.source->name, plan.stream->name, missing});
            continue;
        }
        boost::asio::co_spawn(
            io, poller.try_out(plan, memory.cursor_of(plan.source->name, plan.stream->name)),
            [&](std::exception_ptr error, connectors::Notes notes) {
                if (error) thrown = error;
                for (const connectors::Note& note : notes)
                    if (note.about == connectors::Note::About::remark)
                        print_remark(plan, note.text);
                    else
                        failures.push_back({plan.source->name, plan.stream->name, note.text});
            });
    }
    io.run();
    if (thrown) std::rethrow_exception(thrown);
    return failures;
}

}  // namespace

int check(Invocation& invocation, bool is_online) {
    const auto& configuration = invocation.portfolio->configuration();
    std::size_t tests = 0;
    for (const auto& mapping : configuration.mappings) tests += mapping.tests.size();
    fmt::print("good: {} source{}, {} measure{}, {} mapping test{} passed\n", configuration.sources.size(),
               configuration.sources.size() == 1 ? "" : "s", configuration.measures.size(),
               configuration.measures.size() == 1 ? "" : "s", tests, tests == 1 ? "" : "s");
    std::fflush(stdout);  // before what goes to stderr, in a file as on a terminal
    const config::Loaded& loaded = invocation.ready->loaded;
    for (const Problem& warning : loaded.warnings)
        fmt::print(stderr, "warning: {}", config::print({warning}, loaded.files));
    for (const std::string& misgiving : misgivings_of(*invocation.portfolio))
        fmt::print(stderr, "warning: {}\n", misgiving);
    for (const std::string& warning : warnings(invocation)) fmt::print(stderr, "warning: {}\n", warning);
    const auto& alerts = configuration.alerts;
    if (alerts)
        for (const std::string& gap : gaps_of(*alerts, configuration.measures))
            fmt::print(stderr, "warning: {}\n", gap);
    if (!is_online) return exit_done;
    const auto failures = try_sources(invocation);
    for (const ReadingFailure& failure : failures)
        fmt::print(stderr, "{}/{}: {}\n", failure.source, failure.stream, failure.text);
    if (failures.empty()) fmt::print("every source answers\n");
    const bool are_ways_open = !alerts || try_ways(*alerts);
    if (alerts && are_ways_open) fmt::print("the mail server and every webhook answer\n");
    return failures.empty() && are_ways_open ? exit_done : exit_source_failed;
}

namespace {

/// One line on a terminal that says what is being read; nothing where nobody looks.
class ProgressLine {
  public:
    void show(const StreamPlan& plan, std::int64_t rows) {
        if (!is_terminal_) return;
        rows_[plan.source->name + "/" + plan.stream->name] = rows;
        std::string line;
        for (const auto& [stream, count] : rows_)
            line +=
                fmt::format("{}{} {} row{}", line.empty() ? "" : ", ", stream, count, count == 1 ? "" : "s");
        fmt::print(stderr, "\r\033[Kreading {}", line.substr(0, widest));
        std::fflush(stderr);
        is_shown_ = true;
    }
    ~ProgressLine() {
        if (is_shown_) fmt::print(stderr, "\r\033[K");
    }

  private:
    static constexpr std::size_t widest = 100;
    bool is_terminal_ = ::isatty(STDERR_FILENO) == 1;
    bool is_shown_ = false;
    std::map<std::string, std::int64_t> rows_;
};

std::vector<ReadingFailure> poll_once(Portfolio& portfolio, Store& store, RecordKeeper& keeper, Instant now) {
    boost::asio::io_context io;
    StoreThread thread;
    Poller poller(
        io, portfolio, store, keeper, thread, [now] { return now; }, PollerMode::once);
    ProgressLine progress;
    poller.set_watch(
        {[&progress](const StreamPlan& plan, std::int64_t rows) { progress.show(plan, rows); }, {}});
    std::vector<ReadingFailure> failures;
    std::exception_ptr thrown;
    boost::asio::co_spawn(io, poller.poll_all(),
                          [&](std::exception_ptr error, std::vector<ReadingFailure> found) {
                              failures = std::move(found);
                              thrown = error;
                          });
    io.run();
    if (thrown) std::rethrow_exception(thrown);
    return failures;
}

void tell_of_waiting(const std::string& store) {
    if (StoreLock::is_held(store))
        fmt::print(stderr,
                   "store {}: another process works on it, the service perhaps, which reads by itself: "
                   "waiting until "
                   "it ends\n",
                   store);
}

}  // namespace

int once(Invocation& invocation, Sending sending) {
    Portfolio& portfolio = *invocation.portfolio;
    tell_of_waiting(portfolio.configuration().store);
    const auto store = open_sqlite_store(portfolio.configuration().store, StoreMode::write);
    {
        Transaction transaction(*store);
        store->use_attributes(portfolio.schemas());
        transaction.commit();
    }
    RecordKeeper keeper(*store, portfolio.set());
    keeper.rebuild();
    {
        Transaction transaction(*store);
        keeper.take_snapshots(invocation.now);
        transaction.commit();
    }
    for (const std::string& left : map_changed_sources(portfolio, *store, keeper))
        fmt::print(stderr, "{}\n", left);
    keep_own_milestones(portfolio, *store, keeper);
    const auto failures = poll_once(portfolio, *store, keeper, invocation.now);
    keeper.rebuild();
    Books books(portfolio, *store, invocation.clock);
    Transaction transaction(*store);
    const Judgement judgement = judge(portfolio, *store, keeper, books, invocation.now,
                                      failures.empty() ? Reading::complete : Reading::partial);
    const Tellings& tellings = judgement.tellings;
    if (sending == Sending::as_due) remember_tellings(tellings, *store);
    transaction.commit();
    for (const Thaw& thaw : judgement.thaws) fmt::print(stderr, "{}: {}\n", thaw.measure, thaw.text);
    for (const ReadingFailure& failure : failures)
        fmt::print(stderr, "{}/{}: {}\n", failure.source, failure.stream, failure.text);
    for (const StreamPlan& plan : portfolio.streams())
        if (const std::string remarks = remarks_of(plan, *store); !remarks.empty())
            print_remark(plan, remarks);
    bool all_arrived = true;
    if (sending == Sending::as_due)
        all_arrived = deliver_once(invocation, *store);
    else
        print_what_would_be_told(invocation, tellings, *store);
    Upkeep upkeep(*store, portfolio.configuration().retention);
    if (upkeep.is_due(invocation.now))
        while (upkeep.step(invocation.now)) {
        }
    return failures.empty() && all_arrived ? exit_done : exit_source_failed;
}

}  // namespace baselined::daemon
