#include "daemon/app/outage.hpp"

namespace baselined::daemon {

namespace {

std::string fact_of(const std::string& source) {
    return "outage:" + source;
}

}  // namespace

void note_outage(const std::string& source, const std::string& reason, Store& store) {
    if (reason.empty())
        store.clear_fact(fact_of(source));
    else
        store.set_fact(fact_of(source), reason);
}

std::string outage_of(const std::string& source, Store& store) {
    return store.fact(fact_of(source)).value_or("");
}

std::string error_of(const StoredStream& stream, Store& store) {
    return stream.error.empty() ? outage_of(stream.source_name, store) : stream.error;
}

}  // namespace baselined::daemon
