// `sources`: how each stream was read.
#include <fmt/format.h>

#include <set>

#include "daemon/alert/source_silence.hpp"
#include "daemon/app/outage.hpp"
#include "daemon/app/remapping.hpp"
#include "daemon/app/stream_gaps.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/json.hpp"
#include "mappings/record/utf8.hpp"

namespace baselined::daemon {

namespace {

struct StreamState {
    const StreamPlan* plan = nullptr;
    StoredStream stored;
    StreamCounts counts;
    std::size_t files = 0;
    std::string remarks;
    std::string error;
};

/// How far it was read: files by their number, an instance or site in its connector's own words.
std::string cursor_text(const StreamState& stream) {
    if (stream.plan->source->type != config::Source::Type::files) return stream.stored.cursor;
    return fmt::format("{} file{}", stream.files, stream.files == 1 ? "" : "s");
}

void write_stream(Json& json, const StreamState& stream, Instant now) {
    json.object();
    json.key("name").text(stream.plan->stream->name);
    json.key("cursor").optional_text(cursor_text(stream));
    json.key("lag_s");
    if (stream.stored.complete_at)
        json.number(static_cast<double>((now - *stream.stored.complete_at).count()) / 1000);
    else
        json.null();
    json.key("read").number(static_cast<double>(stream.counts.read));
    json.key("records").number(static_cast<double>(stream.counts.records));
    json.key("rejected").number(static_cast<double>(stream.counts.rejected));
    json.key("deleted").number(static_cast<double>(stream.counts.deleted));
    json.key("unmapped").array();
    for (const Misfit& misfit : stream.counts.misfits) {
        json.object();
        json.key("field").text(misfit.field);
        json.key("example").text(misfit.example);
        json.key("count").number(static_cast<double>(misfit.count));
        json.end_object();
    }
    json.end_array();
    json.key("last_read_at").instant(stream.stored.complete_at);
    json.key("error").optional_text(stream.error);
    if (!stream.remarks.empty()) json.key("warning").text(stream.remarks);
    json.end_object();
}

struct SourceState {
    const char* state = "ok";
    std::optional<Instant> last_success;
    std::string error;
};

/// Silent as for alerts: one that was never read has `stale_after` from when a daemon first saw it.
bool is_silent(const config::Source& source, Store& store, Instant now) {
    const auto watched = store.watched_source(source.name);
    return !silence_of(source, watched.value_or(WatchedSource{source.name, Instant{}, std::nullopt}), store,
                       now)
                .empty();
}

SourceState state_of(const std::vector<StreamState>& streams, bool is_silent) {
    SourceState state;
    bool all_complete = true;
    std::set<std::string> errors;  // of streams that say the same one speaks
    for (const StreamState& stream : streams) {
        if (!stream.error.empty() && errors.insert(stream.error).second)
            state.error += (state.error.empty() ? "" : "; ") + stream.error;
        all_complete = all_complete && stream.stored.complete_at;
        if (stream.stored.complete_at &&
            (!state.last_success || *stream.stored.complete_at < *state.last_success))
            state.last_success = stream.stored.complete_at;
    }
    if (!all_complete) state.last_success.reset();
    if (!state.error.empty()) state.state = "failing";
    if (is_silent) state.state = "silent";
    return state;
}

void print_source(const config::Source& source, const SourceState& state,
                  const std::vector<StreamState>& streams) {
    fmt::print("{} ({} {}): {}\n", source.name, config::name_of(source.type),
               source.type == config::Source::Type::files ? source.path : source.url, state.state);
    for (const StreamState& stream : streams) {
        fmt::print("  {:<16} {} row{} read, {} record{}, {} rejected\n", stream.plan->stream->name,
                   stream.counts.read, stream.counts.read == 1 ? "" : "s", stream.counts.records,
                   stream.counts.records == 1 ? "" : "s", stream.counts.rejected);
        for (const Misfit& misfit : stream.counts.misfits)
            fmt::print("    {}: {} value{} did not fit, as \"{}\"\n", misfit.field, misfit.count,
                       misfit.count == 1 ? "" : "s", mappings::visible(misfit.example));
        if (!stream.error.empty()) fmt::print("    error: {}\n", stream.error);
        if (!stream.remarks.empty()) fmt::print("    warning: {}\n", stream.remarks);
    }
}

/// Of streams that the configuration names no longer, too.
void print_left(Store& store) {
    for (const StoredStream& stream : store.streams())
        if (const std::string left = left_of(store, stream); !left.empty()) fmt::print("{}\n", left);
}

}  // namespace

int show_sources(Invocation& invocation) {
    Portfolio& portfolio = *invocation.portfolio;
    const auto store = open_sqlite_store(portfolio.configuration().store, StoreMode::read);
    Json json;
    json.object();
    json.key("sources").array();
    for (const config::Source& source : portfolio.configuration().sources) {
        std::vector<StreamState> streams;
        for (const StreamPlan& plan : portfolio.streams()) {
            if (plan.source != &source) continue;
            const StoredStream stored = store->stream(source.name, plan.stream->name);
            streams.push_back({&plan, stored, store->counts(stored.id), store->files(stored.id).size(),
                               remarks_of(plan, *store), error_of(stored, *store)});
        }
        const SourceState state = state_of(streams, is_silent(source, *store, invocation.now));
        if (!invocation.json) print_source(source, state, streams);
        json.object();
        json.key("name").text(source.name);
        json.key("type").text(config::name_of(source.type));
        json.key("state").text(state.state);
        json.key("last_success_at").instant(state.last_success);
        json.key("error").optional_text(state.error);
        json.key("streams").array();
        for (const StreamState& stream : streams) write_stream(json, stream, invocation.now);
        json.end_array();
        json.end_object();
    }
    json.end_array();
    json.end_object();
    if (invocation.json)
        fmt::print("{}\n", json.str());
    else
        print_left(*store);
    return exit_done;
}

}  // namespace baselined::daemon
