#include "mappings/indicator/figures.hpp"

#include <xxhash.h>

#include <algorithm>
#include <array>

namespace baselined::mappings {

namespace {

constexpr double millis_per_hour = 3'600'000;
constexpr double millis_per_day = 24 * millis_per_hour;

double span_in_unit(const CompiledIndicator& indicator, double millis) {
    return millis / (indicator.definition.unit == Unit::days ? millis_per_day : millis_per_hour);
}

PeriodFigure share_figure(double hits, double count) {
    PeriodFigure figure;
    figure.numerator = hits;
    figure.denominator = count;
    if (count > 0) figure.value = hits / count;
    return figure;
}

PeriodFigure count_figure(double count) {
    PeriodFigure figure;
    figure.value = count;
    figure.numerator = count;
    figure.denominator = 1;
    return figure;
}

}  // namespace

PeriodFigure open_figure_of(const CompiledIndicator& indicator, const Tally& stays, Instant at) {
    if (indicator.form() == Form::backlog) return count_figure(static_cast<double>(stays.count));
    PeriodFigure figure;
    ExactSum ages = ExactSum{at.time_since_epoch().count()}.times(stays.count);
    ages -= stays.sum;
    figure.numerator = span_in_unit(indicator, ages.value());
    figure.denominator = static_cast<double>(stays.count);
    if (stays.count > 0) figure.value = figure.numerator / figure.denominator;
    return figure;
}

SeriesFigures::SeriesFigures(const CompiledIndicator& indicator, Tallies tallies,
                             std::vector<SnapshotFigure> snapshots)
    : indicator_(indicator), tallies_(std::move(tallies)), snapshots_(std::move(snapshots)) {}

double SeriesFigures::in_unit(double raw) const {
    return indicator_.takes_span() ? span_in_unit(indicator_, raw) : raw;
}

const Tally* SeriesFigures::find(Instant begin) const {
    const auto found = std::lower_bound(tallies_.begin(), tallies_.end(), begin,
                                        [](const auto& entry, Instant at) { return entry.first < at; });
    return found != tallies_.end() && found->first == begin ? &found->second : nullptr;
}

Tally SeriesFigures::sum_up_to(Instant end) const {
    Tally sum;
    for (const auto& [begin, tally] : tallies_) {
        if (begin >= end) break;
        sum.count += tally.count;
        sum.sum += tally.sum;
        sum.digest += tally.digest;
    }
    return sum;
}

PeriodFigure SeriesFigures::figure(const Tally& tally) const {
    PeriodFigure figure;
    switch (indicator_.form()) {
        case Form::count:
        case Form::ratio:
            return count_figure(static_cast<double>(tally.count));
        case Form::share:
            return share_figure(tally.sum.value(), static_cast<double>(tally.count));
        case Form::sum: {
            figure = count_figure(in_unit(tally.sum.value()));
            return figure;
        }
        case Form::mean:
            figure.numerator = in_unit(tally.sum.value());
            figure.denominator = static_cast<double>(tally.count);
            if (tally.count > 0) figure.value = figure.numerator / figure.denominator;
            return figure;
        case Form::median:
        case Form::percentile:
            figure.denominator = static_cast<double>(tally.values.size());
            if (!tally.values.empty())
                figure.value = in_unit(percentile_of(tally.values, indicator_.definition.percentile));
            return figure;
        default:
            return figure;
    }
}

PeriodFigure SeriesFigures::open_at(const Tally& stays, Instant end) const {
    return open_figure_of(indicator_, stays, end);
}

PeriodFigure SeriesFigures::uptime(const Period& period, Instant now) const {
    const std::int64_t begin = period.begin.time_since_epoch().count();
    const std::int64_t end = std::min(period.end, std::max(now, period.begin)).time_since_epoch().count();
    PeriodFigure figure;
    if (end <= begin) return figure;
    std::int64_t down = 0, covered_to = begin;
    if (const Tally* tally = find(all_of_time))
        for (const TallySpan& span : tally->spans) {  // sorted by their beginning
            const std::int64_t from = std::max(span.from, covered_to), to = std::min(span.to, end);
            if (to <= from) continue;
            down += to - from;
            covered_to = to;
        }
    figure.denominator = static_cast<double>(end - begin) / millis_per_hour;
    figure.numerator = figure.denominator - static_cast<double>(down) / millis_per_hour;
    figure.value = 1 - static_cast<double>(down) / static_cast<double>(end - begin);
    return figure;
}

PeriodFigure SeriesFigures::snapshot(Instant begin) const {
    for (const SnapshotFigure& taken : snapshots_)
        if (taken.period == begin)
            return share_figure(static_cast<double>(taken.hits), static_cast<double>(taken.count));
    return {};
}

std::uint64_t SeriesFigures::digest_of_snapshot(Instant begin) const {
    const PeriodFigure kept = snapshot(begin);
    const std::array<std::int64_t, 3> figures{begin.time_since_epoch().count(),
                                              static_cast<std::int64_t>(kept.denominator),
                                              static_cast<std::int64_t>(kept.numerator)};
    return kept.denominator > 0 ? XXH3_64bits(figures.data(), sizeof figures) : 0;
}

PeriodFigure SeriesFigures::of(const Period& period, Instant now) const {
    switch (indicator_.form()) {
        case Form::backlog:
        case Form::age:
            return open_at(sum_up_to(period.end), std::min(period.end, now));
        case Form::uptime:
            return uptime(period, now);
        case Form::snapshot:
            return snapshot(period.begin);
        default:
            break;
    }
    const Tally* tally = find(period.begin);
    return figure(tally != nullptr ? *tally : Tally{});
}

PeriodFigure SeriesFigures::pooled(const std::vector<Period>& periods, Instant now) const {
    const Form form = indicator_.form();
    if (form == Form::median || form == Form::percentile) {
        Tally all;
        for (const Period& period : periods)
            if (const Tally* tally = find(period.begin))
                all.values.insert(all.values.end(), tally->values.begin(), tally->values.end());
        std::sort(all.values.begin(), all.values.end());
        return figure(all);
    }
    PeriodFigure sum;
    for (const Period& period : periods) {
        const PeriodFigure one = of(period, now);
        sum.numerator += one.numerator;
        sum.denominator += one.denominator;
    }
    if (sum.denominator > 0) sum.value = sum.numerator / sum.denominator;
    return sum;
}

std::uint64_t SeriesFigures::digest(const std::vector<Period>& periods) const {
    std::uint64_t digest = 0;
    const Form form = indicator_.form();
    if (periods.empty()) return digest;
    if (form == Form::backlog || form == Form::age) return sum_up_to(periods.back().end).digest;
    if (form == Form::uptime) {
        const Tally* tally = find(all_of_time);
        return tally != nullptr ? tally->digest : 0;
    }
    if (form == Form::snapshot) {
        for (const Period& period : periods) digest += digest_of_snapshot(period.begin);
        return digest;
    }
    for (const Period& period : periods)
        if (const Tally* tally = find(period.begin)) digest += tally->digest;
    return digest;
}

std::optional<Instant> SeriesFigures::first_period() const {
    const Form form = indicator_.form();
    if (form == Form::snapshot)
        return snapshots_.empty() ? std::nullopt : std::make_optional(snapshots_.front().period);
    if (tallies_.empty()) return std::nullopt;
    if (form != Form::uptime) return tallies_.front().first;
    const auto& spans = tallies_.front().second.spans;
    return spans.empty() ? std::nullopt : std::make_optional(Instant{Millis{spans.front().from}});
}

const Placement* counted_in(const CompiledIndicator& indicator, const std::vector<Placement>& placements,
                            const Period& period) {
    if (placements.empty()) return nullptr;
    const Placement& first = placements.front();
    switch (indicator.form()) {
        case Form::backlog:
        case Form::age: {
            // Open at the end: it began before, and nothing before the end took it back.
            std::int64_t open = 0;
            for (const Placement& placement : placements)
                open += placement.at < period.end ? placement.count : 0;
            return open > 0 ? &first : nullptr;
        }
        case Form::uptime: {
            const bool touches = first.span->from < period.end.time_since_epoch().count() &&
                                 first.span->to > period.begin.time_since_epoch().count();
            return touches ? &first : nullptr;
        }
        case Form::snapshot:
            return &first;
        default:
            return first.at >= period.begin && first.at < period.end ? &first : nullptr;
    }
}

std::optional<double> amount_of(const CompiledIndicator& indicator, const Placement& placement) {
    const Form form = indicator.form();
    if (form != Form::sum && form != Form::mean && form != Form::median && form != Form::percentile)
        return std::nullopt;
    const double raw = placement.sum.value();
    return indicator.takes_span() ? span_in_unit(indicator, raw) : raw;
}

PeriodFigure ratio_of(const PeriodFigure& upper, const PeriodFigure& lower) {
    PeriodFigure figure = upper;
    figure.numerator = upper.numerator;
    figure.denominator = lower.numerator;
    figure.value.reset();
    if (figure.denominator > 0) figure.value = figure.numerator / figure.denominator;
    return figure;
}

}  // namespace baselined::mappings
