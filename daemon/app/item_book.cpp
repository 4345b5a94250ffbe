#include "daemon/app/item_book.hpp"

#include <algorithm>

#include "daemon/app/own_milestones.hpp"

namespace baselined::daemon {

using mappings::ActionFigure;

namespace {

std::optional<Instant> instant_at(const Record& record, const mappings::Schema& schema, const char* field) {
    const auto slot = schema.find(field);
    if (!slot || !record.has(*slot)) return std::nullopt;
    return record.get(*slot).instant();
}

}  // namespace

ItemBook::ItemsByMeasure ItemBook::read(Kind kind) {
    ItemsByMeasure items;
    if (portfolio_.feeding({kind}).empty()) return items;
    const mappings::Schema& schema = portfolio_.schemas().of(kind);
    const auto blocked_by = schema.find("blocked_by");
    const char* closed = kind == Kind::milestone ? "done_at" : "closed_at";
    const SourceId own = kind == Kind::milestone ? own_milestones_source(store_) : 0;
    store_.scan(kind, [&](RecordId, SourceId source, const Record& record) {
        if (!record.has(mappings::slot_measure) || source == own) return;
        ActionFigure item{std::string(record.has(mappings::slot_number) ? record.number() : record.id()),
                          instant_at(record, schema, "due_at"), instant_at(record, schema, closed),
                          blocked_by ? std::string(record.text(*blocked_by)) : std::string{}};
        items[std::string(record.text(mappings::slot_measure))].push_back(std::move(item));
    });
    for (auto& [measure, list] : items)
        std::sort(list.begin(), list.end(),
                  [](const ActionFigure& a, const ActionFigure& b) { return a.number < b.number; });
    return items;
}

const ItemBook::Items& ItemBook::of(Kind kind, const std::string& measure) {
    auto [known, is_new] = by_kind_.try_emplace(kind);
    if (is_new) known->second = read(kind);
    static const Items none;
    const auto items = known->second.find(measure);
    return items == known->second.end() ? none : items->second;
}

}  // namespace baselined::daemon
