// A configuration made ready to work: mappings compiled, indicators and series known, each measure with its
// plan.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "mappings/indicator/indicator_set.hpp"
#include "mappings/mapping/compiled_mapping.hpp"

namespace baselined::daemon {

struct StreamPlan {
    const config::Source* source = nullptr;
    const config::Stream* stream = nullptr;
    std::vector<mappings::CompiledMapping> mappings;
    std::string digest;               ///< of everything in the mappings that can change a record
    std::vector<std::string> needed;  ///< of any measure that it feeds, and of each record
    bool feeds_measures = false;
};

struct MeasurePlan {
    const mappings::MeasureDefinition* measure = nullptr;
    const mappings::IndicatorDefinition* indicator = nullptr;
    std::size_t series = 0;
    std::optional<std::size_t> lower;           ///< the series below the line of a ratio
    std::optional<std::size_t> adoption;        ///< the series of its adoption signal
    std::optional<std::size_t> adoption_lower;  ///< and the one below its line, if that is a ratio
    std::vector<mappings::Kind> kinds;          ///< that its figures are made from
    std::vector<std::string> needed;            ///< fields that they are made from, and the id
    std::string definition;                     ///< digest: see "Definition changes" in the contract
    std::string zones;  ///< of the sources that feed it: where times without an offset are read
};

class Portfolio {
  public:
    /// `configuration` outlives the portfolio. Faults (unknown fields, mappings' own tests that fail) go to
    /// `problems`.
    Portfolio(const config::Configuration& configuration, Problems& problems);

    [[nodiscard]] const config::Configuration& configuration() const { return configuration_; }
    [[nodiscard]] const mappings::Schemas& schemas() const { return schemas_; }
    [[nodiscard]] mappings::IndicatorSet& set() { return set_; }
    [[nodiscard]] std::vector<StreamPlan>& streams() { return streams_; }
    [[nodiscard]] const std::vector<MeasurePlan>& measures() const { return measures_; }
    [[nodiscard]] const mappings::IndicatorDefinition* indicator(std::string_view name) const;
    /// Kinds that an indicator's figures are made from, of a ratio's lower one too.
    [[nodiscard]] std::vector<mappings::Kind> kinds_of(const mappings::IndicatorDefinition& indicator) const;
    /// A kind whose records an indicator counts, and that no stream brings: nothing can be said of it. What
    /// only stands beside those records (the incidents that name a change) may be missing; milestones the
    /// measures bring themselves.
    [[nodiscard]] std::optional<mappings::Kind> unfed_kind(
        const mappings::IndicatorDefinition& indicator) const;
    /// Streams whose mappings make records of one of these kinds.
    [[nodiscard]] std::vector<const StreamPlan*> feeding(const std::vector<mappings::Kind>& kinds) const;
    /// The two series of an indicator in a scope; adds them to the set when they are new.
    std::optional<std::pair<std::size_t, std::optional<std::size_t>>> add_series(
        const mappings::IndicatorDefinition& indicator, const mappings::ConditionDefinition& scope,
        mappings::PeriodLength period, Problems& problems);

  private:
    void add_streams(Problems& problems);
    void add_measure(const mappings::MeasureDefinition& measure, Problems& problems);
    [[nodiscard]] std::vector<std::string> fields_of(const MeasurePlan& plan) const;
    void note_needed(const std::vector<mappings::Kind>& kinds, const std::vector<std::string>& fields);
    [[nodiscard]] std::string definition_of(const MeasurePlan& plan) const;

    const config::Configuration& configuration_;
    mappings::Schemas schemas_;
    mappings::IndicatorSet set_;
    std::vector<StreamPlan> streams_;
    std::vector<MeasurePlan> measures_;
};

}  // namespace baselined::daemon
