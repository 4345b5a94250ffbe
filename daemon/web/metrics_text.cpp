// Which metrics there are: names, units and meanings, in one place.
#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <string>

#include "daemon/store/disk.hpp"
#include "daemon/web/metrics.hpp"
#include "daemon/web/pages.hpp"

namespace baselined::daemon {

namespace {

using enum MetricType;

double seconds(Instant at) {
    return static_cast<double>(at.time_since_epoch().count()) / 1000;
}

Metrics::Labels labels_of(const StreamName& name) {
    return {{"source", name.source}, {"stream", name.stream}};
}

Metrics::Labels labels_of(const StreamName& name, const char* label, const std::string& value) {
    return {{"source", name.source}, {"stream", name.stream}, {label, value}};
}

double number(bool holds) {
    return holds ? 1 : 0;
}

double resident_bytes() {
    std::ifstream file("/proc/self/statm");
    double size = 0, resident = 0;
    file >> size >> resident;
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double open_descriptors() {
    DIR* folder = ::opendir("/proc/self/fd");
    if (folder == nullptr) return 0;
    double count = -3;  // ".", "..", and this one
    while (::readdir(folder) != nullptr) ++count;
    ::closedir(folder);
    return count;
}

void add_process(Metrics& metrics, const Observations& seen) {
    metrics.family("baselined_build_info", gauge, "The program's version; always 1.")
        .add(1, {{"version", BASELINED_VERSION}});
    metrics.family("process_start_time_seconds", gauge, "When the process started, in unix time.")
        .add(seconds(seen.started_at));
    metrics.family("process_cpu_seconds_total", counter, "Time the processors have spent for the process.")
        .add(static_cast<double>(std::clock()) / CLOCKS_PER_SEC);
    metrics.family("process_resident_memory_bytes", gauge, "Memory in use.").add(resident_bytes());
    metrics.family("process_open_fds", gauge, "Open file descriptors.").add(open_descriptors());
}

void add_streams(Metrics& metrics, const Observations& seen, Instant now) {
    metrics.family("baselined_polls_total", counter,
                   "Readings of a stream since the start, by how they ended.");
    for (const auto& [name, stream] : seen.streams) {
        metrics.add(static_cast<double>(stream.polls_ok), labels_of(name, "outcome", "ok"));
        metrics.add(static_cast<double>(stream.polls_failed), labels_of(name, "outcome", "failed"));
    }
    metrics.family("baselined_poll_duration_seconds", summary, "How long readings of a stream took.");
    for (const auto& [name, stream] : seen.streams)
        metrics.add_summary(stream.poll_seconds, static_cast<double>(stream.polls_ok + stream.polls_failed),
                            labels_of(name));
    metrics.family("baselined_stream_failing", gauge,
                   "1 while the source cannot be reached, or the stream's last reading failed.");
    for (const auto& [name, stream] : seen.streams)
        metrics.add(number(!failure_of(seen, name).empty()), labels_of(name));
    metrics.family("baselined_stream_last_success_timestamp_seconds", gauge,
                   "When the stream was last read to its end, in unix time; none before the first time.");
    for (const auto& [name, stream] : seen.streams)
        if (stream.stored.complete_at) metrics.add(seconds(*stream.stored.complete_at), labels_of(name));
    metrics.family("baselined_stream_lag_seconds", gauge,
                   "How long ago the stream was last read to its end; +Inf before the first time.");
    for (const auto& [name, stream] : seen.streams)
        metrics.add(stream.stored.complete_at
                        ? std::max(0.0, seconds(now) - seconds(*stream.stored.complete_at))
                        : HUGE_VAL,
                    labels_of(name));
    metrics.family("baselined_stream_rows", gauge,
                   "Rows of the stream: read, rejected for lack of an id, deleted in the source.");
    for (const auto& [name, stream] : seen.streams) {
        metrics.add(static_cast<double>(stream.stored.counts.read), labels_of(name, "outcome", "read"));
        metrics.add(static_cast<double>(stream.stored.counts.rejected),
                    labels_of(name, "outcome", "rejected"));
        metrics.add(static_cast<double>(stream.stored.counts.deleted), labels_of(name, "outcome", "deleted"));
    }
    metrics.family("baselined_stream_records", gauge, "Records that stand in the store.");
    for (const auto& [name, stream] : seen.streams)
        metrics.add(static_cast<double>(stream.stored.counts.records), labels_of(name));
    metrics.family("baselined_stream_misfits", gauge, "Values that did not fit the mapping, by field.");
    for (const auto& [name, stream] : seen.streams)
        for (const Misfit& misfit : stream.stored.counts.misfits)
            metrics.add(static_cast<double>(misfit.count), labels_of(name, "field", misfit.field));
}

void add_requests(Metrics& metrics, const Observations& seen) {
    metrics.family("baselined_http_requests_total", counter,
                   "Requests to a source by the status of the answer; 0 for none.");
    std::map<std::string, double> counts;
    for (const auto& [key, count] : seen.requests) {
        metrics.add(static_cast<double>(count),
                    {{"source", key.first}, {"status", std::to_string(key.second)}});
        counts[key.first] += static_cast<double>(count);
    }
    metrics.family("baselined_http_request_duration_seconds", summary, "How long requests to a source took.");
    for (const auto& [source, sum] : seen.request_seconds)
        metrics.add_summary(sum, counts[source], {{"source", source}});
}

void add_measures(Metrics& metrics, const Observations& seen) {
    metrics.family("baselined_measures", gauge, "Measures by their Potential Status.");
    for (const char* status : {"on_track", "weakening", "off_track", "unknown"}) {
        const auto found = seen.measures.find(status);
        metrics.add(found == seen.measures.end() ? 0 : static_cast<double>(found->second),
                    {{"potential_status", status}});
    }
    metrics
        .family("baselined_evaluation_duration_seconds", summary,
                "How long evaluations of all measures took.")
        .add_summary(seen.evaluation_seconds, static_cast<double>(seen.evaluations));
    metrics
        .family("baselined_cells_recomputed_total", counter, "Cells of a series (one period) computed anew.")
        .add(static_cast<double>(seen.cells_recomputed));
}

void add_outbox(Metrics& metrics, const Observations& seen, Instant now) {
    metrics.family("baselined_deliveries", gauge, "Deliveries that the store knows, by their state.");
    for (const char* state : {"waiting", "held", "sent", "dead"}) {
        const auto found = seen.outbox.by_state.find(state);
        metrics.add(found == seen.outbox.by_state.end() ? 0 : static_cast<double>(found->second),
                    {{"state", state}});
    }
    metrics
        .family("baselined_outbox_oldest_age_seconds", gauge,
                "Age of the oldest delivery that waits; 0 while none does.")
        .add(seen.outbox.oldest_waiting ? std::max(0.0, seconds(now) - seconds(*seen.outbox.oldest_waiting))
                                        : 0);
}

void add_store(Metrics& metrics, const Observations& seen) {
    metrics.family("baselined_store_size_bytes", gauge, "Size of the store with its write-ahead log.")
        .add(static_cast<double>(store_size(seen.store_path)));
    if (const auto space = disk_space_of(seen.store_path))
        metrics.family("baselined_store_disk_free_bytes", gauge, "What is left on the store's disk.")
            .add(static_cast<double>(space->free));
    metrics.family("baselined_store_writable", gauge, "0 while the store cannot be written.")
        .add(number(seen.is_open && seen.store_trouble.empty()));
    metrics
        .family("baselined_reading_held", gauge, "1 while nothing is read because the disk is nearly full.")
        .add(number(!seen.hold.empty()));
    metrics.family("baselined_sources_mapped_anew", gauge, "Sources whose history is being mapped anew.")
        .add(static_cast<double>(seen.remapped.size()));
}

void add_configuration(Metrics& metrics, const Observations& seen) {
    metrics.family("baselined_reloads_total", counter, "Reloads of the configuration, by how they ended.")
        .add(static_cast<double>(seen.reloads_applied), {{"outcome", "applied"}})
        .add(static_cast<double>(seen.reloads_refused), {{"outcome", "refused"}});
    metrics.family("baselined_last_reload_successful", gauge, "0 when the last reload was refused.")
        .add(number(seen.is_last_reload_good));
    metrics.family("baselined_configured_timestamp_seconds", gauge,
                   "When the configuration in force came into force, in unix time.");
    if (seen.configured_at) metrics.add(seconds(*seen.configured_at));
}

}  // namespace

std::string metrics_text(const Observations& seen, Instant now) {
    Metrics metrics;
    add_process(metrics, seen);
    add_streams(metrics, seen, now);
    add_requests(metrics, seen);
    add_measures(metrics, seen);
    add_outbox(metrics, seen, now);
    add_store(metrics, seen);
    add_configuration(metrics, seen);
    return metrics.text();
}

}  // namespace baselined::daemon
