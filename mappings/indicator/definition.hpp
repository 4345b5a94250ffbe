// An indicator as a user wrote it (design.md, "Indicator").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mappings/indicator/condition_definition.hpp"

namespace baselined::mappings {

enum class Form { count, share, sum, mean, median, percentile, backlog, age, ratio, uptime, snapshot };
enum class Better { lower, higher };
enum class Unit { ratio, hours, days, count, currency, number };

/// What sum, mean, median and percentile are taken of: a field, or a span of time between two.
struct QuantityDefinition {
    std::optional<Scalar> field;
    std::optional<Scalar> from;
    std::optional<Scalar> to;
    std::optional<double>
        at_least;  ///< raises smaller spans to it; in the span's unit, hours (0 in practice)
};

struct IndicatorDefinition {
    std::string name;
    int version = 1;  ///< shipped definitions count theirs; a user's own may
    std::string title;
    Kind kind = Kind::incident;
    std::optional<Scalar> at;  ///< absent for backlog, age, uptime and snapshot
    ConditionDefinition where;
    Form form = Form::count;
    ConditionDefinition share;   ///< for share and snapshot
    QuantityDefinition of;       ///< for sum, mean, median, percentile; from/to for backlog, age, uptime
    double percentile = 50;      ///< for percentile
    std::optional<Scalar> over;  ///< for ratio: the other indicator's name
    Unit unit = Unit::count;
    std::string currency;  ///< for Unit::currency
    Better better = Better::lower;
    bool shipped = false;
    Mark mark;
};

/// A count or backlog has one figure a period, over nothing: its n is 1 (method.md, "counts").
inline bool counts_once_a_period(Form form) {
    return form == Form::count || form == Form::backlog;
}
/// A share of what is counted, or of a period's time: it lies between 0 and 1.
inline bool is_part_of_a_whole(Form form) {
    return form == Form::share || form == Form::snapshot || form == Form::uptime;
}

std::string_view name_of(Form form);
std::string unit_text(const IndicatorDefinition& definition);  ///< "ratio", "hours", "EUR" ...
/// Everything that can change a figure, and nothing else, in one text (digest of "Definition changes").
std::string canonical_text(const IndicatorDefinition& definition);

}  // namespace baselined::mappings
