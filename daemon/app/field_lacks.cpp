#include "daemon/app/field_lacks.hpp"

namespace baselined::daemon {

namespace {

std::string fact_of(const StreamPlan& plan) {
    return "field_lacks:" + plan.source->name + "/" + plan.stream->name;
}

}  // namespace

void keep_field_lacks(const StreamPlan& plan, const connectors::Notes& notes, Store& store) {
    std::string text;
    for (const connectors::Note& note : notes)
        if (note.about == connectors::Note::About::field) text += (text.empty() ? "" : "; ") + note.text;
    if (text.empty())
        store.clear_fact(fact_of(plan));
    else
        store.set_fact(fact_of(plan), text);
}

std::string field_lacks(const StreamPlan& plan, Store& store) {
    return store.fact(fact_of(plan)).value_or("");
}

}  // namespace baselined::daemon
