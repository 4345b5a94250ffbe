#include <fmt/format.h>

#include <array>

#include "config/definitions.hpp"

namespace baselined::config {

namespace {

using mappings::Form;
using mappings::IndicatorDefinition;
using mappings::Unit;

class IndicatorReader {
  public:
    IndicatorReader(const YamlNode& name, const YamlNode& node, Problems& problems)
        : reader_(node, fmt::format("the indicator \"{}\"", name.text), problems), problems_(problems) {
        indicator_.name = name.text;
        indicator_.mark = name.mark;
    }

    IndicatorDefinition read() {
        indicator_.title = reader_.text("title", indicator_.name);
        indicator_.version = static_cast<int>(reader_.integer("version").value_or(1));
        read_kind();
        indicator_.at = reader_.scalar("at");
        if (const YamlNode* where = reader_.take("where"))
            indicator_.where = read_condition(*where, problems_);
        read_form();
        read_unit();
        const std::string better = reader_.text("better", "lower");
        indicator_.better = better == "higher" ? mappings::Better::higher : mappings::Better::lower;
        if (better != "higher" && better != "lower")
            reader_.problem(reader_.node().mark, "`better` is lower or higher");
        check_at();
        reader_.finish();
        return std::move(indicator_);
    }

  private:
    void read_kind() {
        const Scalar kind = reader_.required_scalar("kind");
        const std::vector<std::string> names(mappings::kind_names().begin(), mappings::kind_names().end());
        if (const auto found = mappings::find_kind(kind.text))
            indicator_.kind = *found;
        else if (!kind.text.empty())
            reader_.problem(kind.mark,
                            fmt::format("\"{}\" is no kind{}", kind.text, did_you_mean(kind.text, names)));
    }

    void read_form() {
        constexpr std::array forms{Form::count,  Form::share,      Form::sum,     Form::mean,
                                   Form::median, Form::percentile, Form::backlog, Form::age,
                                   Form::ratio,  Form::uptime,     Form::snapshot};
        int found = 0;
        for (const Form form : forms) {
            const YamlNode* node = reader_.take(std::string(mappings::name_of(form)));
            if (node == nullptr) continue;
            ++found;
            indicator_.form = form;
            read_form(form, *node);
        }
        if (found != 1)
            reader_.problem(reader_.node().mark,
                            "exactly one of count, share, sum, mean, median, percentile, backlog, age, "
                            "ratio, uptime and snapshot is needed");
    }

    void read_form(Form form, const YamlNode& node) {
        switch (form) {
            case Form::count:
                if (node.text != "all")
                    reader_.problem(node.mark, "write `count: all`; what is counted stands in `where`");
                return;
            case Form::share:
            case Form::snapshot:
                indicator_.share = read_condition(node, problems_);
                return;
            case Form::ratio: {
                MapReader ratio(node, "ratio", problems_);
                indicator_.over = ratio.scalar("over");
                if (!indicator_.over)
                    ratio.problem(node.mark, "ratio needs `over`: another indicator's name");
                ratio.finish();
                return;
            }
            case Form::percentile: {
                MapReader percentile(node, "percentile", problems_);
                indicator_.of = quantity(percentile.require("of"));
                indicator_.percentile = percentile.number("p").value_or(-1);
                if (indicator_.percentile < 0 || indicator_.percentile > 100)
                    percentile.problem(node.mark, "percentile needs `p` between 0 and 100");
                percentile.finish();
                return;
            }
            default:
                indicator_.of = quantity(node);
        }
        const bool needs_span = form == Form::backlog || form == Form::age || form == Form::uptime;
        if (needs_span && !indicator_.of.from)
            reader_.problem(node.mark,
                            fmt::format("{} needs {{ from: .., to: .. }}", mappings::name_of(form)));
    }

    mappings::QuantityDefinition quantity(const YamlNode& node) {
        mappings::QuantityDefinition quantity;
        if (node.form == YamlNode::Form::scalar) {
            quantity.field = Scalar{node.text, node.mark};
            return quantity;
        }
        MapReader span(node, "a span", problems_);
        quantity.from = span.scalar("from");
        quantity.to = span.scalar("to");
        quantity.at_least = span.number("at_least");
        if (!quantity.from || !quantity.to) span.problem(node.mark, "a span needs `from` and `to`");
        span.finish();
        return quantity;
    }

    void read_unit() {
        const bool is_span =
            indicator_.of.from && indicator_.form != Form::backlog && indicator_.form != Form::uptime;
        const bool is_share = indicator_.form == Form::share || indicator_.form == Form::snapshot ||
                              indicator_.form == Form::ratio || indicator_.form == Form::uptime;
        const auto unit = reader_.scalar("unit");
        indicator_.unit = is_span               ? Unit::hours
                          : is_share            ? Unit::ratio
                          : indicator_.of.field ? Unit::number
                                                : Unit::count;
        if (!unit) return;
        constexpr std::array<std::pair<const char*, Unit>, 5> units{{{"ratio", Unit::ratio},
                                                                     {"hours", Unit::hours},
                                                                     {"days", Unit::days},
                                                                     {"count", Unit::count},
                                                                     {"number", Unit::number}}};
        for (const auto& [name, value] : units)
            if (unit->text == name) {
                indicator_.unit = value;
                return;
            }
        indicator_.unit = Unit::currency;
        indicator_.currency = unit->text;
        if (!is_currency(unit->text))
            reader_.problem(
                unit->mark,
                fmt::format("\"{}\" is no unit: ratio, hours, days, count, number or a currency like EUR",
                            unit->text));
    }

    void check_at() {
        const Form form = indicator_.form;
        const bool takes_at =
            form != Form::backlog && form != Form::age && form != Form::uptime && form != Form::snapshot;
        if (takes_at && !indicator_.at)
            reader_.problem(reader_.node().mark,
                            "`at` is missing: the timestamp that places a record in a period");
        if (!takes_at && indicator_.at)
            reader_.problem(indicator_.at->mark, fmt::format("{} has no `at`", mappings::name_of(form)));
    }

    MapReader reader_;
    Problems& problems_;
    IndicatorDefinition indicator_;
};

}  // namespace

std::vector<IndicatorDefinition> read_indicators(const YamlNode& node, Problems& problems) {
    std::vector<IndicatorDefinition> indicators;
    MapReader reader(node, "an indicators file", problems);
    if (node.form == YamlNode::Form::map && !reader.has("indicators"))
        reader.problem(node.mark, "an indicators file needs `indicators:`");
    for (const auto& [name, value] : reader.entries("indicators"))
        indicators.push_back(IndicatorReader(name, value, problems).read());
    reader.finish();
    return indicators;
}

}  // namespace baselined::config
