#include "daemon/alert/source_silence.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/app/outage.hpp"

namespace baselined::daemon {

std::string silence_of(const config::Source& source, const WatchedSource& watched, Store& store,
                       Instant now) {
    std::string text;
    for (const config::Stream& stream : source.streams) {
        const StoredStream stored = store.stream(source.name, stream.name);
        const Instant last = stored.complete_at.value_or(watched.first_seen);
        if (last + source.stale_after >= now) continue;
        const std::string error = error_of(stored, store);
        text += fmt::format("{}{}: {}{}.", text.empty() ? "" : " ", stream.name,
                            stored.complete_at
                                ? "last read to its end at " + mappings::format_rfc3339(*stored.complete_at)
                                : "never read to its end",
                            error.empty() ? "" : "; " + error);
    }
    return text;
}

std::vector<std::string> measures_of(const config::Source& source, const Portfolio& portfolio,
                                     const std::vector<MeasureView>& views) {
    std::vector<std::string> ids;
    for (const MeasureView& view : views) {
        const auto feeding = portfolio.feeding(view.plan->kinds);
        if (std::any_of(feeding.begin(), feeding.end(),
                        [&](const StreamPlan* stream) { return stream->source == &source; }))
            ids.push_back(view.plan->measure->id);
    }
    return ids;
}

}  // namespace baselined::daemon
