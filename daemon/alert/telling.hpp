// One evaluation's tellings: for each measure, source and silence whether somebody is told, who, and of what.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "daemon/app/evaluation.hpp"
#include "daemon/store/store.hpp"

namespace baselined::daemon {

/// What an evaluation changes of what is remembered of alerts, deliveries included.
struct Tellings {
    std::vector<StoredEpisode> episodes;
    std::vector<StoredHold> holds;
    std::vector<WatchedSource> sources;
    std::vector<StoredDelivery> deliveries;
    std::map<std::string, std::string> facts;
};

/// Reads only. `views` are all measures as of `now`. Without the section `alerts` nothing is told. Sources
/// that this process has not tried to read yet are not judged: that the daemon was away is not their silence.
Tellings plan_tellings(Portfolio& portfolio, Store& store, FigureBook& figures,
                       const std::vector<MeasureView>& views, Instant now,
                       const std::set<std::string>& untried_sources = {});
/// Within the transaction that records the statuses. What is planned and not remembered is planned again by
/// the next evaluation.
void remember_tellings(const Tellings& tellings, Store& store);

}  // namespace baselined::daemon
