#include "daemon/app/poller.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>

#include "daemon/app/page_intake.hpp"
#include "daemon/app/remote_source.hpp"
#include "daemon/app/stored_rows.hpp"
#include "daemon/app/stream_gaps.hpp"

namespace baselined::daemon {

namespace asio = boost::asio;

namespace {

/// While serving, one poll may repeat for so long before it leaves the rest to the next.
constexpr std::chrono::minutes give_up_serving{5};
constexpr std::chrono::seconds settle_after{1};

std::string joined(const std::vector<std::string>& texts) {
    return fmt::format("{}", fmt::join(texts, "; "));
}

/// Remarks are none.
std::vector<std::string> troubles_of(const connectors::Notes& notes) {
    std::vector<std::string> texts;
    for (const connectors::Note& note : notes)
        if (note.about != connectors::Note::About::remark) texts.push_back(note.text);
    return texts;
}

/// What a source says of itself, without secrets and on one line.
Result<connectors::Notes> told(const connectors::Exchange& exchange, Result<connectors::Notes> read) {
    if (!read) return Error{read.error().code, exchange.told(read.error().text)};
    for (connectors::Note& note : *read) note.text = exchange.told(note.text);
    return read;
}

}  // namespace

Poller::Poller(asio::io_context& io, Portfolio& portfolio, Store& store, RecordKeeper& keeper,
               StoreThread& thread, std::function<Instant()> clock, PollerMode mode)
    : Poller(io, portfolio, store, keeper, thread, std::move(clock), mode,
             std::make_shared<Exchanges>(io, store, thread)) {}

Poller::Poller(asio::io_context& io, Portfolio& portfolio, Store& store, RecordKeeper& keeper,
               StoreThread& thread, std::function<Instant()> clock, PollerMode mode,
               std::shared_ptr<Exchanges> exchanges)
    : io_(io),
      portfolio_(portfolio),
      store_(store),
      keeper_(keeper),
      thread_(thread),
      clock_(std::move(clock)),
      mode_(mode),
      exchanges_(std::move(exchanges)),
      folders_(store, keeper, thread, mode, watch_),
      settling_(io) {}

asio::awaitable<std::shared_ptr<connectors::Exchange>> Poller::exchange_of(const config::Source& source) {
    auto exchange = co_await exchanges_->of(source);
    exchange->set_give_up(mode_ == PollerMode::once ? source.give_up : give_up_serving);
    co_return exchange;
}

void Poller::settle_soon() {
    settling_.expires_after(settle_after);
    settling_.async_wait(
        [&io = io_, &thread = thread_, &store = store_](const boost::system::error_code& error) {
            if (error) return;
            auto settle = [&store] { store.settle(); };
            // Should it fail, the store refuses what comes next, and that is told.
            asio::co_spawn(io, thread.run(std::move(settle)), asio::detached);
        });
}

asio::awaitable<std::vector<ReadingFailure>> Poller::poll_all() {
    // Every source beside the others; the streams of a folder one after the other, as their files are one
    // disk's.
    struct Running {
        std::vector<ReadingFailure> failures;
        std::exception_ptr thrown;
        bool is_done = false;
    };
    std::vector<std::shared_ptr<Running>> all;
    auto changed = std::make_shared<asio::steady_timer>(io_, asio::steady_timer::time_point::max());
    const auto start = [&](asio::awaitable<std::vector<ReadingFailure>> work) {
        auto running = std::make_shared<Running>();
        all.push_back(running);
        asio::co_spawn(io_, std::move(work),
                       [running, changed](std::exception_ptr thrown, std::vector<ReadingFailure> failures) {
                           running->failures = std::move(failures);
                           running->thrown = thrown;
                           running->is_done = true;
                           changed->cancel();
                       });
    };
    for (const config::Source& source : portfolio_.configuration().sources)
        if (source.type == config::Source::Type::files) start(poll_source(source));
    for (StreamPlan& plan : portfolio_.streams())
        if (plan.source->type != config::Source::Type::files) start(poll(plan));
    boost::system::error_code ignored;
    while (std::any_of(all.begin(), all.end(), [](const auto& one) { return !one->is_done; }))
        co_await changed->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    std::vector<ReadingFailure> failures;
    for (const auto& one : all) {
        if (one->thrown) std::rethrow_exception(one->thrown);
        failures.insert(failures.end(), one->failures.begin(), one->failures.end());
    }
    co_return failures;
}

asio::awaitable<std::vector<ReadingFailure>> Poller::poll_source(const config::Source& source) {
    std::vector<ReadingFailure> failures;
    for (StreamPlan& plan : portfolio_.streams()) {
        if (plan.source != &source) continue;
        const auto own = co_await poll(plan);
        failures.insert(failures.end(), own.begin(), own.end());
    }
    co_return failures;
}

asio::awaitable<std::vector<ReadingFailure>> Poller::poll(StreamPlan& plan) {
    std::vector<std::string> troubles;
    if (plan.source->type == config::Source::Type::files) {
        FolderOutcome outcome = co_await folders_.read(plan);
        troubles = std::move(outcome.troubles);
        if (unsettled(plan) == 0) co_await note_end(plan, troubles, outcome.is_complete, {});
    } else {
        troubles = co_await read_remote(plan);
    }
    std::vector<ReadingFailure> failures;
    for (const std::string& text : troubles) failures.push_back({plan.source->name, plan.stream->name, text});
    co_return failures;
}

/// A stream is complete when it was read to its end; what it says besides (a broken file, hidden rows) is
/// told all the same.
asio::awaitable<void> Poller::note_end(StreamPlan& plan, std::vector<std::string> troubles, bool is_complete,
                                       connectors::Notes notes) {
    const Instant now = clock_();
    auto note = [this, &plan, troubles, is_complete, notes, now] {
        Transaction transaction(store_);
        StoredStream stream = store_.stream(plan.source->name, plan.stream->name);
        stream.mapping_digest = plan.digest;
        stream.error = joined(troubles);
        if (is_complete || !notes.empty()) keep_gaps(plan, notes, store_);
        if (is_complete) {
            stream.complete_at = now;
            if (!stream.first_complete_at) stream.first_complete_at = now;
            if (!stream.reconciled_at) stream.reconciled_at = now;  // what was just read is what there is
        }
        store_.save_stream(stream);
        transaction.commit();
    };
    settling_.cancel();
    co_await thread_.run(std::move(note));
}

connectors::PageSink Poller::sink_of(StreamPlan& plan) {
    auto rows = std::make_shared<std::int64_t>(0);
    return [this, &plan, rows](connectors::Page page) -> asio::awaitable<Result<void>> {
        if (const std::string reason = watch_.reason_to_hold(); !reason.empty())
            co_return Error{ErrorCode::unavailable, reason};
        const Instant now = clock_();
        auto shared = std::make_shared<connectors::Page>(std::move(page));
        *rows += static_cast<std::int64_t>(shared->rows.size());
        watch_.tell_progress(plan, *rows);
        auto take = [this, &plan, shared, now] { take_page(*shared, plan, store_, keeper_, now); };
        co_await thread_.run(std::move(take));
        settle_soon();
        co_return Result<void>{};
    };
}

connectors::StreamPosition Poller::position_of(const StreamPlan& plan, const StoredStream& stored) {
    connectors::StreamPosition position;
    position.cursor = stored.cursor;
    const Instant now = clock_();
    // A time still to come was noted by a clock that has been set back since.
    position.wants_reconciling = !stored.cursor.empty() && stored.complete_at &&
                                 (!stored.reconciled_at || *stored.reconciled_at > now ||
                                  *stored.reconciled_at + plan.source->reconcile <= now);
    position.stored = std::make_shared<RowsOfStream>(thread_, store_, stored);
    return position;
}

asio::awaitable<std::vector<std::string>> Poller::read_remote(StreamPlan& plan) {
    const auto exchange = co_await exchange_of(*plan.source);
    auto look_up = [this, &plan] {
        Transaction transaction(store_);
        auto stream = store_.stream(plan.source->name, plan.stream->name);
        transaction.commit();
        return stream;
    };
    const StoredStream stored = co_await thread_.run(std::move(look_up));
    auto position = position_of(plan, stored);
    auto sink = sink_of(plan);
    Result<connectors::Notes> read = connectors::Notes{};
    if (plan.source->type == config::Source::Type::servicenow) {
        connectors::servicenow::TableReading reading(*exchange,
                                                     table_options_of(plan, portfolio_.configuration()));
        read = co_await reading.run(position, sink);
    } else {
        connectors::jira::IssueReading reading(*exchange, site_options_of(plan, portfolio_.configuration()));
        read = co_await reading.run(position, sink);
    }
    read = told(*exchange, std::move(read));
    const auto notes = read ? *read : connectors::Notes{};
    const auto troubles = read ? troubles_of(notes) : std::vector<std::string>{read.error().text};
    const bool is_complete =
        read && std::none_of(notes.begin(), notes.end(), [](const connectors::Note& note) {
            return note.about == connectors::Note::About::loss;
        });
    co_await note_end(plan, troubles, is_complete, notes);
    co_return troubles;
}

asio::awaitable<connectors::Notes> Poller::try_out(StreamPlan& plan, std::string cursor) {
    connectors::Notes notes;
    if (plan.source->type == config::Source::Type::files) {
        const auto files = connectors::list_files(plan.source->path, plan.stream->match);
        if (!files) notes.push_back({files.error().text});
        co_return notes;
    }
    const auto found = co_await sample(plan, std::move(cursor), 1, false);
    if (found) co_return found->notes;
    notes.push_back({found.error().text});
    co_return notes;
}

asio::awaitable<Result<connectors::Sample>> Poller::sample(StreamPlan& plan, std::string cursor, int rows,
                                                           bool all_fields) {
    const auto exchange = co_await exchange_of(*plan.source);
    Result<connectors::Sample> sample = connectors::Sample{};
    if (plan.source->type == config::Source::Type::servicenow) {
        connectors::servicenow::TableReading reading(*exchange,
                                                     table_options_of(plan, portfolio_.configuration()));
        sample = co_await reading.sample(rows, all_fields);
    } else {
        connectors::jira::IssueReading reading(*exchange, site_options_of(plan, portfolio_.configuration()));
        sample = co_await reading.sample(std::move(cursor), rows, all_fields);
    }
    const auto notes = told(*exchange, sample ? Result<connectors::Notes>(sample->notes) : sample.error());
    if (!notes) co_return notes.error();
    sample->notes = *notes;
    co_return sample;
}

}  // namespace baselined::daemon
