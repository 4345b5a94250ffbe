// The figures of series by period, and the records behind them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/app/portfolio.hpp"
#include "daemon/store/store.hpp"
#include "mappings/indicator/figures.hpp"
#include "mappings/indicator/memory_postings.hpp"

namespace baselined::daemon {

/// One record behind a figure.
struct CountedRecord {
    std::string number, url, title;
    std::optional<Instant> at;  ///< when the indicator placed it; absent in a snapshot, which places nothing
    bool hit = false;           ///< the figure's numerator counts it; false: only a share's denominator
    std::optional<double> amount;  ///< means, sums, medians: what it brought, in the indicator's unit
};

/// The figures of series: from kept tallies where there are any, else computed from the records for this
/// once.
class FigureBook {
  public:
    /// A clock that stands still in the past has records before it: a running period's backlog is then made
    /// from them anew, as of that instant.
    enum class Clock { runs, stands_still };
    FigureBook(Portfolio& portfolio, Store& store, Clock clock = Clock::runs)
        : portfolio_(portfolio), store_(store), clock_(clock) {}
    const mappings::SeriesFigures& of(std::size_t series);
    /// Its tallies or snapshots changed.
    void forget(std::size_t series) { figures_.erase(series); }
    /// One period's figure of an indicator, ratio or not, and whether it has settled by `now`. One that
    /// begins later has no value: not none, nobody knows yet.
    mappings::PeriodFigure figure(std::size_t series, const std::optional<std::size_t>& lower,
                                  const mappings::Period& period, Instant now);
    mappings::PeriodFigure pooled(std::size_t series, const std::optional<std::size_t>& lower,
                                  const std::vector<mappings::Period>& periods, Instant now);

    /// Whether records of the series' kind, in its scope or not, begin within this time by the field that
    /// places them. Reads all records of the kind; where there are none it does so again after an hour.
    bool has_kind_within(std::size_t series, const mappings::Period& time, Instant now);

    /// The records behind a period's figure, by number, as they are stored now: a snapshot's figure is older
    /// than they. Reads all records of the kind.
    std::vector<CountedRecord> records(std::size_t series, const mappings::Period& period);
    struct FigurePlace {
        std::size_t series = 0;
        mappings::Period period;
    };
    /// The same for many figures at once: the records of a kind are read once for each indicator.
    std::vector<std::vector<CountedRecord>> records(const std::vector<FigurePlace>& places);

  private:
    struct PostedLists {
        mappings::MemoryPostings postings;
        std::vector<std::int64_t> numbers;
    };
    PostedLists post(const mappings::CompiledIndicator& indicator);
    mappings::Tallies compute(std::size_t series);
    void place_record(const mappings::CompiledIndicator& indicator, const PostedLists& lists, RecordId id,
                      SourceId source, const Record& record, std::vector<mappings::Placement>& placements);
    /// What began and ended until then, by scanning the records.
    mappings::Tally stays(std::size_t series, const mappings::Period& until);
    mappings::PeriodFigure one_figure(std::size_t series, const mappings::Period& period, Instant now);

    Portfolio& portfolio_;
    Store& store_;
    Clock clock_;
    std::map<std::size_t, mappings::SeriesFigures> figures_;
    std::map<std::size_t, Instant> kind_missed_at_;
};

}  // namespace baselined::daemon
