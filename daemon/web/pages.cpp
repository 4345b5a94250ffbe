#include "daemon/web/pages.hpp"

#include "daemon/cli/json.hpp"
#include "daemon/real_clock.hpp"

namespace baselined::daemon {

std::vector<NotReady> not_ready(const Observations& seen) {
    std::vector<NotReady> reasons;
    if (!seen.is_open) reasons.push_back({"", "", "the store is being opened"});
    if (!seen.store_trouble.empty()) reasons.push_back({"", "", seen.store_trouble});
    if (!seen.hold.empty()) reasons.push_back({"", "", seen.hold});
    for (const std::string& source : seen.remapped)
        reasons.push_back({source, "", "a mapping changed: the history is being mapped anew"});
    for (const auto& [name, stream] : seen.streams) {
        const std::string failure = failure_of(seen, name);
        if (stream.is_reached || !stream.failure.empty()) {
            if (!failure.empty()) reasons.push_back({name.source, name.stream, failure});
            continue;
        }
        reasons.push_back({name.source, name.stream,
                           "has not been reached since the start" + (failure.empty() ? "" : ": " + failure)});
    }
    return reasons;
}

namespace {

Page ready_page(const Observations& seen) {
    const auto reasons = not_ready(seen);
    Json json;
    json.object();
    json.key("ready").boolean(reasons.empty());
    json.key("reasons").array();
    for (const NotReady& reason : reasons) {
        json.object();
        json.key("source").optional_text(reason.source);
        json.key("stream").optional_text(reason.stream);
        json.key("text").text(reason.text);
        json.end_object();
    }
    json.end_array();
    json.end_object();
    return {reasons.empty() ? 200 : 503, "application/json", std::string(json.str()) + "\n"};
}

}  // namespace

Page page_of(std::string_view path, const Observations& seen) {
    if (path == "/health") return {200, "text/plain; charset=utf-8", "alive\n"};
    if (path == "/ready") return ready_page(seen);
    if (path == "/metrics")
        return {200, "text/plain; version=0.0.4; charset=utf-8", metrics_text(seen, real_now())};
    return {404, "text/plain; charset=utf-8", "there are /metrics, /health and /ready\n"};
}

}  // namespace baselined::daemon
