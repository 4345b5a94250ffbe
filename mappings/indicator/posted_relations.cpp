#include <algorithm>

#include "mappings/indicator/update.hpp"

namespace baselined::mappings {

namespace {

constexpr Instant no_instant{};

bool is_digits(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view without_leading_zeros(std::string_view digits) {
    const std::size_t first = digits.find_first_not_of('0');
    return first == std::string_view::npos ? digits.substr(digits.size() - 1) : digits.substr(first);
}

}  // namespace

bool is_smaller_id(std::string_view a, std::string_view b) {
    if (!is_digits(a) || !is_digits(b)) return a < b;
    const std::string_view x = without_leading_zeros(a), y = without_leading_zeros(b);
    if (x.size() != y.size()) return x.size() < y.size();
    return x != y ? x < y : a < b;
}

bool PostedRelations::holds(std::size_t index, const Record& record) const {
    const CompiledRelation& relation = relations_[index];
    switch (relation.form) {
        case CompiledRelation::Form::recurs:
            return recurs(relation, record);
        case CompiledRelation::Form::named_by:
            return is_named(relation, record);
        case CompiledRelation::Form::followed_by:
            return is_followed(relation, record);
    }
    return false;
}

bool PostedRelations::recurs(const CompiledRelation& relation, const Record& record) const {
    const auto hash = hash_of(source_, record, relation.own_slots);
    const Value placed = record.get(*indicator_.at);
    if (!hash || !placed.present) return false;
    const Instant at = placed.instant();
    bool found = false;
    Record other;
    std::int64_t other_source = 0;
    postings_.visit_postings(
        lists_[relation.own_list], *hash, at - relation.within, at, [&](const Posting& posting) {
            if (posting.record == id_) return true;
            found = posting.at < at || (records_.load(posting.record, other, other_source) &&
                                        is_smaller_id(other.id(), record.id()));
            return !found;
        });
    return found;
}

bool PostedRelations::any_other(std::size_t list, std::uint64_t hash, Instant from, Instant to) const {
    bool found = false;
    postings_.visit_postings(lists_[list], hash, from, to, [&](const Posting& posting) {
        found = posting.record != id_ || set_.list(list).kind != indicator_.kind();
        return !found;
    });
    return found;
}

bool PostedRelations::is_named(const CompiledRelation& relation, const Record& record) const {
    return std::any_of(relation.own_slots.begin(), relation.own_slots.end(), [&](Slot slot) {
        return record.has(slot) &&
               any_other(relation.other_list, hash_of(source_, record.text(slot)), no_instant, no_instant);
    });
}

bool PostedRelations::is_followed(const CompiledRelation& relation, const Record& record) const {
    const auto hash = hash_of(source_, record, relation.own_slots);
    const Value placed = indicator_.at ? record.get(*indicator_.at) : Value{};
    if (!hash || !placed.present) return false;
    return any_other(relation.other_list, *hash, placed.instant() + Millis{1},
                     placed.instant() + relation.within);
}

}  // namespace baselined::mappings
