#include "daemon/app/figure_book.hpp"

#include <algorithm>

#include "mappings/indicator/update.hpp"

namespace baselined::daemon {

using mappings::Period;
using mappings::PeriodFigure;

namespace {

/// An outage counts in many periods, and is shown with its beginning.
std::optional<Instant> shown_at(const mappings::Placement& placement) {
    if (!placement.timeless) return placement.at;
    if (!placement.span) return std::nullopt;
    return Instant{mappings::Millis{placement.span->from}};
}

}  // namespace

const mappings::SeriesFigures& FigureBook::of(std::size_t series) {
    const auto known = figures_.find(series);
    if (known != figures_.end()) return known->second;
    const mappings::Series& definition = portfolio_.set().series(series);
    const auto stored = store_.find_series(definition.digest);
    mappings::Tallies tallies =
        stored && store_.is_built(*stored) ? store_.tallies(*stored) : compute(series);
    std::vector<mappings::SnapshotFigure> snapshots;
    if (stored)
        for (const auto& taken : store_.snapshots(*stored))
            snapshots.push_back({taken.period, taken.count, taken.hits});
    const auto& indicator = portfolio_.set().indicator(definition.indicator);
    return figures_.try_emplace(series, indicator, std::move(tallies), std::move(snapshots)).first->second;
}

/// The posting lists that the indicator's relations ask, made from the records for this once.
FigureBook::PostedLists FigureBook::post(const mappings::CompiledIndicator& indicator) {
    const mappings::IndicatorSet& set = portfolio_.set();
    PostedLists lists;
    std::vector<mappings::Posting> found;
    std::vector<std::size_t> needed;
    for (const auto* relations : {&indicator.where_relations, &indicator.share_relations})
        for (const auto& relation : *relations)
            needed.insert(needed.end(), {relation.own_list, relation.other_list});
    for (std::size_t list = 0; list < set.list_count(); ++list) {
        const auto number = static_cast<std::int64_t>(list);
        lists.numbers.push_back(number);
        if (std::find(needed.begin(), needed.end(), list) == needed.end()) continue;
        store_.scan(set.list(list).kind, [&](RecordId id, SourceId source, const Record& record) {
            found.clear();
            set.postings_of(list, id, source, record, found);
            for (const auto& posting : found) lists.postings.insert_posting(number, posting);
        });
    }
    return lists;
}

mappings::Tallies FigureBook::compute(std::size_t series) {
    const mappings::IndicatorSet& set = portfolio_.set();
    const PostedLists lists = post(set.indicator(set.series(series).indicator));
    const std::vector<std::size_t> wanted{series};
    const auto scan = [&](Kind kind, const auto& visit) { store_.scan(kind, visit); };
    mappings::Tallies tallies;
    for (auto& [key, tally] : mappings::recompute(set, wanted, scan, lists.postings, lists.numbers, store_))
        tallies.emplace_back(key.second, tally);
    return tallies;
}

void FigureBook::place_record(const mappings::CompiledIndicator& indicator, const PostedLists& lists,
                              RecordId id, SourceId source, const Record& record,
                              std::vector<mappings::Placement>& placements) {
    const auto relations = [&](const auto& of) {
        return mappings::PostedRelations(portfolio_.set(), indicator, of, lists.postings, lists.numbers,
                                         store_, id, source);
    };
    mappings::place(indicator, record, relations(indicator.where_relations),
                    relations(indicator.share_relations), placements);
}

std::vector<CountedRecord> FigureBook::records(std::size_t series, const Period& period) {
    return std::move(records(std::vector<FigurePlace>{{series, period}}).front());
}

std::vector<std::vector<CountedRecord>> FigureBook::records(const std::vector<FigurePlace>& places) {
    const mappings::IndicatorSet& set = portfolio_.set();
    std::vector<std::vector<CountedRecord>> all(places.size());
    std::map<std::size_t, std::vector<std::size_t>> places_of;  // by indicator
    for (std::size_t i = 0; i < places.size(); ++i)
        places_of[set.series(places[i].series).indicator].push_back(i);
    std::vector<mappings::Placement> placements;
    for (const auto& entry : places_of) {
        const std::vector<std::size_t>& wanted = entry.second;
        const auto& indicator = set.indicator(entry.first);
        const bool is_share =
            indicator.form() == mappings::Form::share || indicator.form() == mappings::Form::snapshot;
        const PostedLists lists = post(indicator);
        store_.scan(indicator.kind(), [&](RecordId id, SourceId source, const Record& record) {
            placements.clear();
            place_record(indicator, lists, id, source, record, placements);
            for (const std::size_t i : wanted) {
                const auto* behind = mappings::counted_in(indicator, placements, places[i].period);
                if (behind == nullptr || !set.series(places[i].series).scope.evaluate(record)) continue;
                all[i].push_back(
                    {std::string(record.has(mappings::slot_number) ? record.number() : record.id()),
                     std::string(record.text(mappings::slot_url)),
                     std::string(record.text(mappings::slot_title)), shown_at(*behind),
                     !is_share || behind->sum.value() > 0, mappings::amount_of(indicator, *behind)});
            }
        });
    }
    for (auto& counted : all)
        std::sort(counted.begin(), counted.end(), [](const CountedRecord& a, const CountedRecord& b) {
            return mappings::is_smaller_id(a.number, b.number);
        });
    return all;
}

PeriodFigure FigureBook::figure(std::size_t series, const std::optional<std::size_t>& lower,
                                const Period& period, Instant now) {
    PeriodFigure figure = one_figure(series, period, now);
    if (lower) figure = mappings::ratio_of(figure, one_figure(*lower, period, now));
    figure.settled = period.end + portfolio_.configuration().settle <= now;
    if (period.begin > now) figure.value.reset();
    return figure;
}

PeriodFigure FigureBook::one_figure(std::size_t series, const Period& period, Instant now) {
    const auto form = portfolio_.set().indicator(portfolio_.set().series(series).indicator).form();
    const bool is_stay = form == mappings::Form::backlog || form == mappings::Form::age;
    const bool is_running = period.begin <= now && now < period.end;
    if (clock_ == Clock::runs || !is_stay || !is_running) return of(series).of(period, now);
    // Half-open as periods are: what begins at `now` itself is open, what ends at it is not.
    const Period until_now{period.begin, now + mappings::Millis{1}};
    return mappings::open_figure_of(portfolio_.set().indicator(portfolio_.set().series(series).indicator),
                                    stays(series, until_now), now);
}

mappings::Tally FigureBook::stays(std::size_t number, const Period& until) {
    const mappings::IndicatorSet& set = portfolio_.set();
    const mappings::Series& series = set.series(number);
    const auto& indicator = set.indicator(series.indicator);
    const PostedLists lists = post(indicator);
    mappings::Tally sum;
    std::vector<mappings::Placement> placements;
    store_.scan(indicator.kind(), [&](RecordId id, SourceId source, const Record& record) {
        if (!series.scope.evaluate(record)) return;
        placements.clear();
        place_record(indicator, lists, id, source, record, placements);
        for (const auto& placement : placements)
            if (placement.at < until.end) {
                sum.count += placement.count;
                sum.sum += placement.sum;
            }
    });
    return sum;
}

bool FigureBook::has_kind_within(std::size_t series, const Period& time, Instant now) {
    constexpr std::chrono::hours asked_again_after{1};
    const auto missed = kind_missed_at_.find(series);
    if (missed != kind_missed_at_.end() && now < missed->second + asked_again_after) return false;
    const auto& indicator = portfolio_.set().indicator(portfolio_.set().series(series).indicator);
    const auto slot = indicator.at ? indicator.at : indicator.from;
    bool is_there = false;
    store_.scan(indicator.kind(), [&](RecordId, SourceId, const Record& record) {
        if (is_there || !slot) return;
        const mappings::Value at = record.get(*slot);
        is_there = at.present && at.instant() >= time.begin && at.instant() < time.end;
    });
    if (!is_there) kind_missed_at_.insert_or_assign(series, now);
    return is_there;
}

PeriodFigure FigureBook::pooled(std::size_t series, const std::optional<std::size_t>& lower,
                                const std::vector<Period>& periods, Instant now) {
    const PeriodFigure upper = of(series).pooled(periods, now);
    return lower ? mappings::ratio_of(upper, of(*lower).pooled(periods, now)) : upper;
}

}  // namespace baselined::daemon
