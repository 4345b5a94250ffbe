#include "daemon/app/stream_gaps.hpp"

namespace baselined::daemon {

namespace {

using connectors::Note;

/// By the names that they have in stores.
std::string fact_of(const StreamPlan& plan, Note::About about) {
    const char* kind = about == Note::About::gap ? "field_lacks:" : "field_remarks:";
    return kind + plan.source->name + "/" + plan.stream->name;
}

void keep(Note::About about, const StreamPlan& plan, const connectors::Notes& notes, Store& store) {
    std::string text;
    for (const Note& note : notes)
        if (note.about == about || (about == Note::About::gap && note.about == Note::About::loss))
            text += (text.empty() ? "" : "; ") + note.text;
    if (text.empty())
        store.clear_fact(fact_of(plan, about));
    else
        store.set_fact(fact_of(plan, about), text);
}

}  // namespace

void keep_gaps(const StreamPlan& plan, const connectors::Notes& notes, Store& store) {
    for (const auto about : {Note::About::gap, Note::About::remark}) keep(about, plan, notes, store);
}

std::string gaps_of(const StreamPlan& plan, Store& store) {
    return store.fact(fact_of(plan, Note::About::gap)).value_or("");
}

std::string remarks_of(const StreamPlan& plan, Store& store) {
    return store.fact(fact_of(plan, Note::About::remark)).value_or("");
}

}  // namespace baselined::daemon
