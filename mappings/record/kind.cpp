#include "mappings/record/kind.hpp"

#include <algorithm>
#include <array>

namespace baselined::mappings {

namespace {

constexpr std::array<std::string_view, kind_count> kind_texts{
    "incident", "problem",   "change", "sla",    "action", "finding", "ci",
    "review",   "milestone", "outage", "survey", "effort", "cost"};

Field text(std::string name) {
    return {std::move(name), Type::text, {}};
}
Field integer(std::string name) {
    return {std::move(name), Type::integer, {}};
}
Field number(std::string name) {
    return {std::move(name), Type::number, {}};
}
Field boolean(std::string name) {
    return {std::move(name), Type::boolean, {}};
}
Field at(std::string name) {
    return {std::move(name), Type::timestamp, {}};
}
Field choice(std::string name, std::vector<std::string_view> choices) {
    return {std::move(name), Type::choice, std::move(choices)};
}

/// design.md, "Kinds and their fields". The order is the store's encoding: append only.
std::vector<Field> own_fields(Kind kind) {
    switch (kind) {
        case Kind::incident:
            return {choice("state", {"new", "in_progress", "on_hold", "resolved", "closed", "cancelled"}),
                    integer("priority"),
                    at("opened_at"),
                    at("resolved_at"),
                    at("closed_at"),
                    text("problem"),
                    text("caused_by"),
                    text("parent"),
                    integer("reopen_count"),
                    integer("reassignment_count"),
                    boolean("escalated")};
        case Kind::problem:
            return {choice("state", {"open", "known_error", "resolved", "closed", "cancelled"}),
                    integer("priority"),
                    at("opened_at"),
                    at("root_cause_at"),
                    at("resolved_at"),
                    at("closed_at")};
        case Kind::change:
            return {choice("type", {"standard", "normal", "emergency"}),
                    text("state"),
                    choice("outcome",
                           {"successful", "successful_with_issues", "failed", "rolled_back", "cancelled"}),
                    integer("risk"),
                    at("opened_at"),
                    at("approved_at"),
                    at("planned_start"),
                    at("planned_end"),
                    at("started_at"),
                    at("ended_at"),
                    at("closed_at"),
                    boolean("tested"),
                    boolean("evidence_complete"),
                    boolean("unauthorized")};
        case Kind::sla:
            return {text("task"),
                    text("name"),
                    choice("target", {"response", "resolution", "other"}),
                    choice("state", {"in_progress", "paused", "completed", "cancelled"}),
                    at("started_at"),
                    at("ended_at"),
                    at("due_at"),
                    boolean("breached"),
                    integer("priority"),
                    text("supplier")};
        case Kind::action:
            return {text("state"),
                    at("opened_at"),
                    at("due_at"),
                    at("closed_at"),
                    boolean("evidence_complete"),
                    text("blocked_by")};
        case Kind::finding:
            return {integer("severity"), at("opened_at"), at("due_at"), at("closed_at"),
                    boolean("evidence_complete")};
        case Kind::ci:
            return {at("verified_at"), boolean("accurate"), boolean("relations_complete"),
                    boolean("authorized"), boolean("stale")};
        case Kind::review:
            return {at("opened_at"), at("due_at"), at("closed_at")};
        case Kind::milestone:
            return {at("due_at"), at("done_at")};
        case Kind::outage:
            return {at("started_at"), at("ended_at"), boolean("planned")};
        case Kind::survey:
            return {at("answered_at"), number("score")};
        case Kind::effort:
            return {at("at"), number("hours"), text("activity")};
        case Kind::cost:
            return {at("at"),        number("amount"),    text("currency"),
                    text("account"), text("cost_centre"), text("supplier")};
    }
    return {};
}

std::vector<Field> common_fields() {
    return {text("id"),       text("number"),      text("url"),   text("title"),
            at("updated_at"), text("service"),     text("ci"),    text("group"),
            text("category"), text("subcategory"), text("owner"), {"labels", Type::list, {}},
            text("measure")};
}

}  // namespace

std::string_view name_of(Kind kind) {
    return kind_texts[static_cast<std::size_t>(kind)];
}

std::string_view name_of(Type type) {
    switch (type) {
        case Type::text:
            return "text";
        case Type::integer:
            return "integer";
        case Type::number:
            return "number";
        case Type::boolean:
            return "boolean";
        case Type::timestamp:
            return "timestamp";
        case Type::list:
            return "list";
        case Type::choice:
            return "choice";
    }
    return "";
}

std::optional<Kind> find_kind(std::string_view name) {
    const auto found = std::find(kind_texts.begin(), kind_texts.end(), name);
    if (found == kind_texts.end()) return std::nullopt;
    return static_cast<Kind>(found - kind_texts.begin());
}

std::span<const std::string_view> kind_names() {
    return kind_texts;
}

Schema::Schema(Kind kind) : kind_(kind), fields_(common_fields()) {
    for (Field& field : own_fields(kind)) fields_.push_back(std::move(field));
    built_in_count_ = static_cast<Slot>(fields_.size());
}

std::optional<Slot> Schema::find(std::string_view name) const {
    const auto found =
        std::find_if(fields_.begin(), fields_.end(), [&](const Field& field) { return field.name == name; });
    if (found == fields_.end()) return std::nullopt;
    return static_cast<Slot>(found - fields_.begin());
}

std::optional<Slot> Schema::add_attribute(std::string_view name, Type type) {
    if (const auto known = find(name)) return fields_[*known].type == type ? known : std::nullopt;
    fields_.push_back({std::string(name), type, {}, true});
    return static_cast<Slot>(fields_.size() - 1);
}

Schemas::Schemas() {
    for (std::size_t kind = 0; kind < kind_count; ++kind) schemas_.emplace_back(static_cast<Kind>(kind));
}

}  // namespace baselined::mappings
