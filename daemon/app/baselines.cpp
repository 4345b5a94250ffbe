#include "daemon/app/baselines.hpp"

#include <fmt/format.h>
#include <rapidjson/document.h>

#include <algorithm>

#include "daemon/app/empty_baseline.hpp"
#include "daemon/app/own_milestones.hpp"
#include "daemon/app/stream_gaps.hpp"
#include "mappings/mapping/json_member.hpp"
#include "mappings/record/json_writer.hpp"

namespace baselined::daemon {

namespace {

using mappings::Calendar;
using mappings::JsonWriter;
using mappings::Period;
using mappings::PeriodFigure;

void write(JsonWriter& writer, const PeriodFigure& figure) {
    writer.StartArray();
    writer.Double(figure.numerator);
    writer.Double(figure.denominator);
    if (figure.value)
        writer.Double(*figure.value);
    else
        writer.Null();
    writer.EndArray();
}

/// As JSON: [numerator, denominator, value or null] of the reported figure and of each period.
std::string text_of(const FrozenBaseline& frozen) {
    rapidjson::StringBuffer buffer;
    JsonWriter writer(buffer);
    writer.StartObject();
    writer.Key("digest");
    writer.String(frozen.digest.c_str());
    writer.Key("zones");
    writer.String(frozen.zones.value_or("").c_str());
    writer.Key("checked");
    writer.Bool(frozen.checked);
    writer.Key("reported");
    write(writer, frozen.reported);
    writer.Key("periods");
    writer.StartArray();
    for (const PeriodFigure& period : frozen.periods) write(writer, period);
    writer.EndArray();
    writer.EndObject();
    return buffer.GetString();
}

PeriodFigure figure_of(const rapidjson::Value& value) {
    PeriodFigure figure;
    figure.numerator = value[0].GetDouble();
    figure.denominator = value[1].GetDouble();
    if (!value[2].IsNull()) figure.value = value[2].GetDouble();
    return figure;
}

/// Whether every stream that feeds the measure has been read to its end since then, without a gap.
bool is_read_since(const MeasurePlan& plan, Instant settled, const Portfolio& portfolio, const Lacks& lacks,
                   Store& store) {
    if (portfolio.unfed_kind(*plan.indicator)) return false;
    const auto feeding = portfolio.feeding(plan.kinds);
    return std::all_of(feeding.begin(), feeding.end(), [&](const StreamPlan* stream) {
        const auto complete = store.stream(stream->source->name, stream->stream->name).complete_at;
        return complete && *complete >= settled && gaps_of(*stream, store).empty() &&
               lacks_of(plan, lacks.at(stream), FileLack::Of::columns).empty() &&
               lacks_of(plan, lacks.at(stream), FileLack::Of::values).empty();
    });
}

/// Whether nothing is missing any more but records, perhaps.
bool is_ready(const MeasurePlan& plan, const std::vector<Period>& window, const Portfolio& portfolio,
              const Lacks& lacks, Store& store, Instant now) {
    const bool is_stated = plan.measure->baseline.value.has_value();
    if (window.empty() && !is_stated) return false;
    // A stated value hangs on no window: any complete reading will do.
    const Instant settled = is_stated ? Instant{} : window.back().end + portfolio.configuration().settle;
    return settled <= now && is_read_since(plan, settled, portfolio, lacks, store);
}

void freeze(const MeasurePlan& plan, const std::vector<Period>& window, Store& store, FigureBook& figures,
            Instant now) {
    FrozenBaseline frozen{figures.pooled(plan.series, plan.lower, window, now),
                          {},
                          records_digest(figures, plan.series, window),
                          plan.zones,
                          true};
    for (const Period& period : window)
        frozen.periods.push_back(figures.figure(plan.series, plan.lower, period, now));
    store.save_baseline({plan.measure->id, plan.definition, now, text_of(frozen)});
}

/// Whether it was frozen of nothing, and is gone. A zero that is a true one stays as it was frozen.
bool thaw(const MeasurePlan& plan, const StoredBaseline& stored, const std::vector<Period>& window,
          const Portfolio& portfolio, Store& store, FigureBook& figures, Instant now) {
    FrozenBaseline frozen = frozen_baseline(stored);
    if (!is_of_nothing(frozen)) return false;
    const bool is_of_nothing_still = records_digest(figures, plan.series, window) == frozen.digest;
    if (frozen.reported.value && is_of_nothing_still && stored.definition == plan.definition &&
        nothing_behind(plan, window, portfolio, store, figures, now).empty()) {
        frozen.checked = true;
        store.save_baseline({stored.measure, stored.definition, stored.frozen_at, text_of(frozen)});
        return false;
    }
    store.drop_baseline(stored.measure);
    return true;
}

}  // namespace

std::vector<Period> window_periods(const mappings::BaselineDefinition& baseline, const Calendar& calendar) {
    std::vector<Period> periods;
    if (!baseline.from || !baseline.to) return periods;
    const Instant begin = calendar.start_of(*baseline.from), end = calendar.end_of(*baseline.to);
    for (Period period = calendar.containing(begin); period.begin < end; period = calendar.after(period))
        if (period.begin >= begin && period.end <= end) periods.push_back(period);
    return periods;
}

Instant read_until(const mappings::IndicatorDefinition& indicator, const Portfolio& portfolio, Store& store,
                   Instant now) {
    if (portfolio.unfed_kind(indicator)) return Instant{};
    for (const StreamPlan* stream : portfolio.feeding(portfolio.kinds_of(indicator)))
        if (const auto complete = store.stream(stream->source->name, stream->stream->name).complete_at)
            now = std::min(now, *complete);
    return now;
}

FrozenBaseline frozen_baseline(const StoredBaseline& stored) {
    rapidjson::Document document;
    document.Parse(stored.content.data(), stored.content.size());
    if (!document.IsObject())
        throw StoreError(ErrorCode::corrupt,
                         "the store's baseline of " + stored.measure + " cannot be read: restore a copy");
    FrozenBaseline frozen{figure_of(document["reported"]), {}, document["digest"].GetString(), {}, false};
    if (const auto* zones = mappings::member(document, "zones")) frozen.zones = zones->GetString();
    if (const auto* checked = mappings::member(document, "checked")) frozen.checked = checked->GetBool();
    for (const auto& period : document["periods"].GetArray()) frozen.periods.push_back(figure_of(period));
    return frozen;
}

std::string records_digest(FigureBook& figures, std::size_t series, const std::vector<Period>& periods) {
    return fmt::format("{:016x}", figures.of(series).digest(periods));
}

std::vector<Thaw> freeze_baselines(Portfolio& portfolio, Store& store, FigureBook& figures, Instant now) {
    Lacks lacks;
    for (StreamPlan& stream : portfolio.streams()) lacks.emplace(&stream, file_lacks(stream, store));
    std::vector<Thaw> thaws;
    for (const MeasurePlan& plan : portfolio.measures()) {
        const Calendar calendar(portfolio.configuration().zone, plan.measure->period);
        const auto window = window_periods(plan.measure->baseline, calendar);
        if (const auto stored = store.baseline(plan.measure->id)) {
            if (!thaw(plan, *stored, window, portfolio, store, figures, now)) continue;
            thaws.push_back({plan.measure->id,
                             "its baseline had been frozen without a record behind it; it is open again, "
                             "and is frozen as soon as there are records"});
        }
        if (is_ready(plan, window, portfolio, lacks, store, now) &&
            nothing_behind(plan, window, portfolio, store, figures, now).empty())
            freeze(plan, window, store, figures, now);
    }
    return thaws;
}

mappings::Reason why_open(const MeasurePlan& plan, const Portfolio& portfolio, Store& store,
                          const Lacks& lacks, FigureBook& figures, Instant now) {
    for (const StreamPlan* stream : portfolio.feeding(plan.kinds))
        if (const std::string gaps = gaps_of(*stream, store); !gaps.empty())
            return {"baseline_open", fmt::format("The baseline is not frozen yet: {}/{}: {}.",
                                                 stream->source->name, stream->stream->name, gaps)};
    const Calendar calendar(portfolio.configuration().zone, plan.measure->period);
    const auto window = window_periods(plan.measure->baseline, calendar);
    if (is_ready(plan, window, portfolio, lacks, store, now))
        if (std::string text = nothing_behind(plan, window, portfolio, store, figures, now); !text.empty())
            return {"no_baseline", std::move(text)};
    if (plan.measure->baseline.value)
        return {"baseline_open",
                "The stated baseline does not count yet: its streams must have been read to their end "
                "first."};
    return {"baseline_open",
            "The baseline is not frozen yet: its window must have settled and its streams must have been "
            "read to their end since."};
}

}  // namespace baselined::daemon
