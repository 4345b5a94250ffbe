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
    bool are_misses = false;  ///< those of a share's denominator that its numerator does not count
};
/// For each view the newest records behind its newest settled figure, at most `limit`; of a share those that
/// make it worse: its numerator where lower is better, else the rest of its denominator. Reads all records of
/// the kinds, each indicator's once.
std::vector<NewestTickets> newest_tickets(FigureBook& figures, const std::vector<const MeasureView*>& views,
                                          std::size_t limit);

}  // namespace baselined::daemon
