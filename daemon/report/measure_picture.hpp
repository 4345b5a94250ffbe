// What a measure's view is shown by, in the report and in mails: its chart, and the newest tickets.
#pragma once

#include <vector>

#include "daemon/app/evaluation.hpp"
#include "daemon/report/chart.hpp"

namespace baselined::daemon {

Chart chart_of(const MeasureView& view);

struct NewestTickets {
    std::size_t count = 0;  ///< behind the newest settled figure
    std::vector<CountedRecord> newest;
};
/// For each view the newest records behind its newest settled figure, at most `limit`; of a share those that
/// count. Reads all records of the kinds, each indicator's once.
std::vector<NewestTickets> newest_tickets(FigureBook& figures, const std::vector<const MeasureView*>& views,
                                          std::size_t limit);

}  // namespace baselined::daemon
