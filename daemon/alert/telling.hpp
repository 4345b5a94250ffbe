// One evaluation's tellings: for each measure, source and silence whether somebody is told, who, and of what.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "daemon/alert/routing.hpp"
#include "daemon/app/evaluation.hpp"
#include "daemon/notify/notice.hpp"
#include "daemon/report/measure_picture.hpp"
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

/// So many tickets a notice keeps of a measure.
inline constexpr std::size_t tickets_told = 20;
/// The measure as a notice shows it.
MeasureNotice notice_of(const MeasureView& view, NoticeKind kind, std::string why,
                        const NewestTickets& tickets);
/// A delivery of that notice, due at once or when the receiver's quiet hours end. Gives the notice its id.
StoredDelivery delivery_of(Notice notice, const Receiver& receiver,
                           const config::Configuration& configuration, Instant now);
/// Whether an ack or silence speaks of that measure.
bool concerns(const StoredHold& hold, const mappings::MeasureDefinition& measure);

}  // namespace baselined::daemon
