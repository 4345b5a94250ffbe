#include "daemon/app/currencies.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

namespace baselined::daemon {

const std::optional<CurrencyTrouble>& CurrencyBook::of(std::size_t series) {
    auto [known, is_new] = known_.try_emplace(series);
    if (is_new) known->second = look(series);
    return known->second;
}

std::optional<CurrencyTrouble> CurrencyBook::look(std::size_t number) {
    const mappings::Series& series = portfolio_.set().series(number);
    const auto& indicator = portfolio_.set().indicator(series.indicator);
    const auto& definition = indicator.definition;
    if (indicator.kind() != Kind::cost || !definition.of.field || definition.of.field->text != "amount")
        return std::nullopt;
    const mappings::Slot currency = *portfolio_.schemas().of(Kind::cost).find("currency");
    std::set<std::string> found;
    store_.scan(Kind::cost, [&](RecordId, SourceId, const Record& record) {
        if (record.has(currency) && indicator.where.evaluate(record) && series.scope.evaluate(record))
            found.emplace(record.text(currency));
    });
    const std::string narrower =
        found.empty() ? std::string{} : fmt::format("`where: {{ currency: {} }}`", *found.begin());
    if (found.size() > 1)
        return CurrencyTrouble{true, fmt::format("The postings are in several currencies ({}), which make no "
                                                 "sum: keep one, as in {}.",
                                                 fmt::join(found, ", "), narrower)};
    if (found.size() == 1 && definition.unit == mappings::Unit::currency &&
        *found.begin() != definition.currency)
        return CurrencyTrouble{
            false,
            fmt::format("The postings are in {}, {} is shown in {}: define an indicator with `unit: {}`.",
                        *found.begin(), definition.name, definition.currency, *found.begin())};
    return std::nullopt;
}

}  // namespace baselined::daemon
