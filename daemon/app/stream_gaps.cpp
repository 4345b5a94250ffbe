#include "daemon/app/stream_gaps.hpp"

namespace baselined::daemon {

namespace {

/// By the name that it has in stores.
std::string fact_of(const StreamPlan& plan) {
    return "field_lacks:" + plan.source->name + "/" + plan.stream->name;
}

}  // namespace

void keep_gaps(const StreamPlan& plan, const connectors::Notes& notes, Store& store) {
    std::string text;
    for (const connectors::Note& note : notes)
        if (note.about == connectors::Note::About::gap) text += (text.empty() ? "" : "; ") + note.text;
    if (text.empty())
        store.clear_fact(fact_of(plan));
    else
        store.set_fact(fact_of(plan), text);
}

std::string gaps_of(const StreamPlan& plan, Store& store) {
    return store.fact(fact_of(plan)).value_or("");
}

}  // namespace baselined::daemon
