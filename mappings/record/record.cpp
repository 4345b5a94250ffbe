#include "mappings/record/record.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstring>

namespace baselined::mappings {

namespace {

bool has_text(Type type) {
    return type == Type::text || type == Type::list;
}

}  // namespace

void Record::clear(Kind kind) {
    kind_ = kind;
    values_.clear();
    text_.clear();
}

Record::Stored& Record::place(Slot slot, Type type) {
    if (slot >= values_.size()) values_.resize(slot + 1u);
    values_[slot] = {true, type, 0, 0};
    return values_[slot];
}

Value Record::get(Slot slot) const {
    Value value;
    if (!has(slot)) return value;
    const Stored& stored = values_[slot];
    value.present = true;
    value.type = stored.type;
    if (has_text(stored.type))
        value.text = std::string_view(text_).substr(static_cast<std::size_t>(stored.bits), stored.length);
    else if (stored.type == Type::number)
        value.number = std::bit_cast<double>(stored.bits);
    else
        value.integer = stored.bits;
    return value;
}

void Record::set_text(Slot slot, std::string_view text) {
    Stored& stored = place(slot, Type::text);
    stored.length = static_cast<std::uint32_t>(text.size());
    stored.bits = static_cast<std::int64_t>(text_.size());
    text_.append(text);
}

void Record::set_integer(Slot slot, std::int64_t value) {
    place(slot, Type::integer).bits = value;
}
void Record::set_number(Slot slot, double value) {
    place(slot, Type::number).bits = std::bit_cast<std::int64_t>(value);
}
void Record::set_boolean(Slot slot, bool value) {
    place(slot, Type::boolean).bits = value ? 1 : 0;
}
void Record::set_choice(Slot slot, std::size_t index) {
    place(slot, Type::choice).bits = static_cast<std::int64_t>(index);
}
void Record::set_timestamp(Slot slot, Instant at) {
    place(slot, Type::timestamp).bits = at.time_since_epoch().count();
}

void Record::set_list(Slot slot, const std::vector<std::string_view>& items) {
    std::string stored_items;
    for (const std::string_view item : items) {
        const auto length = static_cast<std::uint32_t>(item.size());
        stored_items.append(reinterpret_cast<const char*>(&length), sizeof length);
        stored_items.append(item);
    }
    set_text(slot, stored_items);
    values_[slot].type = Type::list;
}

void Record::unset(Slot slot) {
    if (slot < values_.size()) values_[slot] = {};
}

std::vector<std::string_view> Record::list_items(std::string_view stored) {
    std::vector<std::string_view> items;
    std::uint32_t length = 0;
    while (stored.size() >= sizeof length) {
        std::memcpy(&length, stored.data(), sizeof length);
        stored.remove_prefix(sizeof length);
        items.push_back(stored.substr(0, length));
        stored.remove_prefix(items.back().size());
    }
    return items;
}

bool operator==(const Record& a, const Record& b) {
    if (a.kind_ != b.kind_) return false;
    const std::size_t count = std::max(a.values_.size(), b.values_.size());
    for (std::size_t slot = 0; slot < count; ++slot)
        if (a.get(static_cast<Slot>(slot)) != b.get(static_cast<Slot>(slot))) return false;
    return true;
}

std::string shown_value(const Value& value, const Field& field) {
    if (!value.present) return {};
    switch (value.type) {
        case Type::text:
            return std::string(value.text);
        case Type::integer:
            return std::to_string(value.integer);
        case Type::number:
            return fmt::format("{}", value.number);
        case Type::boolean:
            return value.integer != 0 ? "true" : "false";
        case Type::timestamp:
            return format_rfc3339(value.instant());
        case Type::choice:
            return std::string(field.choices[static_cast<std::size_t>(value.integer)]);
        case Type::list: {
            std::string text;
            for (const auto item : Record::list_items(value.text))
                text += (text.empty() ? "" : ", ") + std::string(item);
            return text;
        }
    }
    return {};
}

}  // namespace baselined::mappings
