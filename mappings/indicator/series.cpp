#include "mappings/indicator/series.hpp"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace baselined::mappings {

namespace {

std::optional<Instant> instant_at(const Record& record, Slot slot) {
    const Value value = record.get(slot);
    if (!value.present) return std::nullopt;
    return value.instant();
}

/// A number of any field that can be summed: integer, number, boolean as 0 or 1.
std::optional<double> number_at(const Record& record, Slot slot) {
    const Value value = record.get(slot);
    if (!value.present) return std::nullopt;
    const double number = value.type == Type::number ? value.number : static_cast<double>(value.integer);
    if (!(std::abs(number) <= largest_value)) return std::nullopt;
    return number;
}

/// Open from `from` until `to`: counted once in, once out. An end before the beginning was never open.
void place_stay(const CompiledIndicator& indicator, const Record& record,
                std::vector<Placement>& placements) {
    const auto from = instant_at(record, *indicator.from);
    if (!from) return;
    const ExactSum began{from->time_since_epoch().count()};
    placements.push_back({*from, false, 1, began, {}, {}});
    const auto to = instant_at(record, *indicator.to);
    if (!to) return;
    ExactSum gone;
    gone -= began;
    placements.push_back({std::max(*from, *to), false, -1, gone, {}, {}});
}

void place_outage(const CompiledIndicator& indicator, const Record& record,
                  std::vector<Placement>& placements) {
    const auto from = instant_at(record, *indicator.from);
    if (!from) return;
    const auto to = instant_at(record, *indicator.to);
    if (to && *to <= *from) return;
    const TallySpan span{from->time_since_epoch().count(), to ? to->time_since_epoch().count() : open_end};
    placements.push_back({*from, true, 1, {}, {}, span});
}

void place_quantity(const CompiledIndicator& indicator, const Record& record, Instant at,
                    std::vector<Placement>& placements) {
    Placement placement{at, false, 1, {}, {}, {}};
    const bool keeps_values = indicator.form() == Form::median || indicator.form() == Form::percentile;
    if (indicator.takes_span()) {
        const auto span = span_of(indicator, record);
        if (!span) return;
        placement.sum = ExactSum{*span};
        if (keeps_values) placement.value = static_cast<double>(*span);
    } else {
        const auto number = number_at(record, *indicator.field);
        if (!number) return;
        placement.sum = ExactSum::of(*number);
        if (keeps_values) placement.value = *number;
    }
    placements.push_back(placement);
}

}  // namespace

std::optional<std::int64_t> span_of(const CompiledIndicator& indicator, const Record& record) {
    const auto from = instant_at(record, *indicator.from);
    const auto to = instant_at(record, *indicator.to);
    if (!from || !to) return std::nullopt;
    Millis span = *to - *from;
    if (indicator.at_least) span = std::max(span, *indicator.at_least);
    return span.count();
}

void place(const CompiledIndicator& indicator, const Record& record, const Relations& where_relations,
           const Relations& share_relations, std::vector<Placement>& placements) {
    std::optional<Instant> at;
    if (indicator.at) {
        at = instant_at(record, *indicator.at);
        if (!at) return;
    }
    if (!indicator.where.evaluate(record, where_relations)) return;
    switch (indicator.form()) {
        case Form::count:
        case Form::ratio:
            placements.push_back({*at, false, 1, {}, {}, {}});
            return;
        case Form::share:
        case Form::snapshot: {
            const bool hit = indicator.share.evaluate(record, share_relations);
            placements.push_back({at.value_or(all_of_time), !at, 1, ExactSum{hit ? 1 : 0}, {}, {}});
            return;
        }
        case Form::sum:
        case Form::mean:
        case Form::median:
        case Form::percentile:
            place_quantity(indicator, record, *at, placements);
            return;
        case Form::backlog:
        case Form::age:
            place_stay(indicator, record, placements);
            return;
        case Form::uptime:
            place_outage(indicator, record, placements);
            return;
    }
}

Contribution contribution_of(const Placement& placement, const Series& series, std::string_view record_id) {
    Contribution contribution;
    contribution.period = placement.timeless ? all_of_time : series.calendar.containing(placement.at).begin;
    contribution.count = placement.count;
    contribution.sum = placement.sum;
    contribution.value = placement.value;
    contribution.span = placement.span;
    const std::array<std::int64_t, 5> figures{
        placement.at.time_since_epoch().count(), placement.count, placement.sum.high(),
        static_cast<std::int64_t>(placement.sum.low()), placement.span ? placement.span->to : 0};
    contribution.digest =
        XXH3_64bits_withSeed(figures.data(), sizeof figures, XXH3_64bits(record_id.data(), record_id.size()));
    return contribution;
}

}  // namespace baselined::mappings
