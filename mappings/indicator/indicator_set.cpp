#include "mappings/indicator/indicator_set.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <set>

namespace baselined::mappings {

namespace {

/// For `where` when no relation can stand in it: a posting list's own condition.
class NoRelations final : public Relations {
  public:
    [[nodiscard]] bool holds(std::size_t, const Record&) const override { return false; }
};

bool is_cancelled(Kind kind, const Record& record, const Schemas& schemas) {
    const auto slot = schemas.of(kind).find("state");
    if (!slot || !record.has(*slot)) return false;
    const Field& field = schemas.of(kind).field(*slot);
    const Value state = record.get(*slot);
    return field.type == Type::choice ? field.choices[static_cast<std::size_t>(state.integer)] == "cancelled"
                                      : state.text == "cancelled";
}

std::string slot_names(const Schema& schema, std::span<const Slot> slots) {
    std::string names;
    for (const Slot slot : slots) names += schema.field(slot).name + ",";
    return names;
}

/// An issue with several links of a kind has all of them in one text: `CHG-7, CHG-8`. One name gives none.
std::set<std::string_view> several_names(std::string_view text) {
    constexpr std::string_view between = ", ";
    std::set<std::string_view> names;
    for (std::size_t end = text.find(between); end != std::string_view::npos; end = text.find(between)) {
        names.insert(text.substr(0, end));
        text.remove_prefix(end + between.size());
    }
    if (!names.empty()) names.insert(text);
    return names;
}

}  // namespace

std::optional<std::uint64_t> hash_of(std::int64_t source, const Record& record, std::span<const Slot> slots) {
    std::uint64_t hash = static_cast<std::uint64_t>(source);
    for (const Slot slot : slots) {
        const Value value = record.get(slot);
        if (!value.present) return std::nullopt;
        const std::array<std::int64_t, 3> bits{
            static_cast<std::int64_t>(hash), value.integer,
            static_cast<std::int64_t>(std::bit_cast<std::uint64_t>(value.number))};
        hash =
            XXH3_64bits_withSeed(value.text.data(), value.text.size(), XXH3_64bits(bits.data(), sizeof bits));
    }
    return hash;
}

std::optional<std::size_t> IndicatorSet::add(const IndicatorDefinition& definition, Problems& problems) {
    const std::string text = canonical_text(definition);
    for (std::size_t index = 0; index < indicators_.size(); ++index)
        if (canonical_text(indicators_[index].definition) == text) return index;
    Problems own;
    CompiledIndicator compiled = compile(definition, schemas_, zone_, own);
    if (!own.empty()) {
        problems.insert(problems.end(), own.begin(), own.end());
        return std::nullopt;
    }
    indicators_.push_back(std::move(compiled));
    series_of_.emplace_back();
    add_lists(indicators_.size() - 1);
    return indicators_.size() - 1;
}

std::optional<std::size_t> IndicatorSet::add_series(std::size_t indicator, const ConditionDefinition& scope,
                                                    PeriodLength period, Problems& problems) {
    const std::string digest =
        fmt::format("{}\nscope {}\nperiod {}\nzone {}", canonical_text(indicators_[indicator].definition),
                    canonical_text(scope), name_of(period), zone_name(zone_));
    for (const std::size_t known : series_of_[indicator])
        if (series_[known].digest == digest) return known;
    Problems own;
    Condition condition =
        compile(scope, schemas_.of(indicators_[indicator].kind()), zone_, RelationsAllowed::no, own);
    if (!own.empty()) {
        problems.insert(problems.end(), own.begin(), own.end());
        return std::nullopt;
    }
    series_.push_back({indicator, std::move(condition), Calendar(zone_, period), digest});
    series_of_[indicator].push_back(series_.size() - 1);
    return series_.size() - 1;
}

std::size_t IndicatorSet::add_list(PostingList list) {
    const Schema& schema = schemas_.of(list.kind);
    list.digest =
        fmt::format("{}{} {} by {} at {} where {}", static_cast<int>(list.role),
                    list.role == PostingList::Role::namers ? " each" : "", name_of(list.kind),
                    slot_names(schema, list.slots), list.at ? schema.field(*list.at).name : "",
                    list.indicator ? canonical_text(indicators_[*list.indicator].definition.where) : "");
    const auto known = std::find_if(lists_.begin(), lists_.end(),
                                    [&](const PostingList& other) { return other.digest == list.digest; });
    if (known != lists_.end()) return static_cast<std::size_t>(known - lists_.begin());
    lists_.push_back(std::move(list));
    return lists_.size() - 1;
}

void IndicatorSet::add_lists(std::size_t index) {
    CompiledIndicator& indicator = indicators_[index];
    using Role = PostingList::Role;
    for (auto* relations : {&indicator.where_relations, &indicator.share_relations})
        for (CompiledRelation& relation : *relations) switch (relation.form) {
                case CompiledRelation::Form::recurs:
                    relation.own_list = add_list(
                        {Role::group, indicator.kind(), relation.own_slots, indicator.at, index, {}});
                    relation.other_list = relation.own_list;
                    break;
                case CompiledRelation::Form::named_by:
                    relation.own_list =
                        add_list({Role::names, indicator.kind(), relation.own_slots, {}, {}, {}});
                    relation.other_list =
                        add_list({Role::namers, relation.other, relation.other_slots, {}, {}, {}});
                    break;
                case CompiledRelation::Form::followed_by:
                    relation.own_list = add_list(
                        {Role::followed, indicator.kind(), relation.own_slots, indicator.at, {}, {}});
                    relation.other_list = add_list(
                        {Role::followers, relation.other, relation.other_slots, relation.other_at, {}, {}});
                    break;
            }
}

void IndicatorSet::postings_of(std::size_t index, RecordId id, std::int64_t source, const Record& record,
                               std::vector<Posting>& postings) const {
    const PostingList& list = lists_[index];
    if (record.kind() != list.kind) return;
    Instant at{};
    if (list.at) {
        const Value placed = record.get(*list.at);
        if (!placed.present) return;
        at = placed.instant();
    }
    if (list.indicator && !indicators_[*list.indicator].where.evaluate(record, NoRelations{})) return;
    using Role = PostingList::Role;
    if (list.role == Role::namers && is_cancelled(list.kind, record, schemas_)) return;
    if (list.role == Role::names || list.role == Role::namers) {
        for (const Slot slot : list.slots) {
            if (!record.has(slot)) continue;
            postings.push_back({hash_of(source, record.text(slot)), at, id});
            if (list.role == Role::namers)
                for (const std::string_view name : several_names(record.text(slot)))
                    postings.push_back({hash_of(source, name), at, id});
        }
        return;
    }
    if (const auto hash = hash_of(source, record, list.slots)) postings.push_back({*hash, at, id});
}

}  // namespace baselined::mappings
