#include "mappings/record/encoding.hpp"

#include <cstring>

namespace baselined::mappings {

namespace {

// A field is: a varint of (number << 4 | type), then its value. Built-in fields have the number slot * 2,
// attributes their own number * 2 + 1. Integers are zigzag varints, texts a varint length and bytes, numbers
// eight bytes.

void append_varint(std::string& out, std::uint64_t value) {
    while (value >= 0x80) {
        out.push_back(static_cast<char>(value | 0x80));
        value >>= 7;
    }
    out.push_back(static_cast<char>(value));
}

std::uint64_t zigzag(std::int64_t value) {
    return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

std::int64_t unzigzag(std::uint64_t value) {
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

class Bytes {
  public:
    explicit Bytes(std::string_view rest) : rest_(rest) {}
    [[nodiscard]] bool at_end() const { return rest_.empty(); }

    bool varint(std::uint64_t& value) {
        value = 0;
        for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(rest_.front());
            rest_.remove_prefix(1);
            value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
            if ((byte & 0x80) == 0) return true;
        }
        return false;
    }

    bool text(std::string_view& text) {
        std::uint64_t length = 0;
        if (!varint(length) || length > rest_.size()) return false;
        text = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return true;
    }

    bool number(double& number) {
        if (rest_.size() < sizeof number) return false;
        std::memcpy(&number, rest_.data(), sizeof number);
        rest_.remove_prefix(sizeof number);
        return true;
    }

  private:
    std::string_view rest_;
};

bool decode_field(Bytes& bytes, Type type, Slot slot, bool is_wanted, Record& record) {
    std::uint64_t bits = 0;
    switch (type) {
        case Type::text:
        case Type::list: {
            std::string_view text;
            if (!bytes.text(text)) return false;
            if (!is_wanted) return true;
            if (type == Type::text) record.set_text(slot, text);
            if (type == Type::list) record.set_list(slot, Record::list_items(text));
            return true;
        }
        case Type::number: {
            double number = 0;
            if (!bytes.number(number)) return false;
            if (is_wanted) record.set_number(slot, number);
            return true;
        }
        default:
            break;
    }
    if (!bytes.varint(bits)) return false;
    if (!is_wanted) return true;
    const std::int64_t value = unzigzag(bits);
    switch (type) {
        case Type::integer:
            record.set_integer(slot, value);
            return true;
        case Type::boolean:
            record.set_boolean(slot, value != 0);
            return true;
        case Type::timestamp:
            record.set_timestamp(slot, Instant{Millis{value}});
            return true;
        case Type::choice:
            record.set_choice(slot, static_cast<std::size_t>(value));
            return value >= 0;
        default:
            return false;
    }
}

}  // namespace

void AttributeNumbers::assign(Slot slot, std::uint32_t number) {
    const std::size_t index = static_cast<std::size_t>(slot - built_in_count_);
    if (index >= numbers_.size()) numbers_.resize(index + 1);
    numbers_[index] = number;
    if (number >= slots_.size()) slots_.resize(number + 1);
    slots_[number] = slot;
}

std::uint32_t AttributeNumbers::number_of(Slot slot) const {
    const std::size_t index = static_cast<std::size_t>(slot - built_in_count_);
    return index < numbers_.size() ? numbers_[index] : 0;
}

Slot AttributeNumbers::slot_of(std::uint32_t number) const {
    return number < slots_.size() ? slots_[number] : Slot{0};
}

void encode(const Record& record, const AttributeNumbers& attributes, std::string& out) {
    for (std::size_t index = 0; index < record.slot_count(); ++index) {
        const auto slot = static_cast<Slot>(index);
        const Value value = record.get(slot);
        if (!value.present) continue;
        std::uint64_t number = index * 2;
        if (slot >= attributes.built_in_count()) {
            const std::uint32_t attribute = attributes.number_of(slot);
            if (attribute == 0) continue;
            number = attribute * 2u + 1;
        }
        append_varint(out, number << 4 | static_cast<std::uint64_t>(value.type));
        if (value.type == Type::text || value.type == Type::list) {
            append_varint(out, value.text.size());
            out.append(value.text);
        } else if (value.type == Type::number) {
            out.append(reinterpret_cast<const char*>(&value.number), sizeof value.number);
        } else {
            append_varint(out, zigzag(value.integer));
        }
    }
}

std::string_view encoded_id(std::string_view bytes) {
    static_assert(slot_id == 0);  // fields are written in the order of their slots
    Bytes rest(bytes);
    std::uint64_t head = 0;
    std::string_view id;
    const bool is_id = rest.varint(head) && head == static_cast<std::uint64_t>(Type::text) && rest.text(id);
    return is_id ? id : std::string_view();
}

bool decode(std::string_view bytes, Kind kind, const AttributeNumbers& attributes, Record& record) {
    record.clear(kind);
    Bytes rest(bytes);
    while (!rest.at_end()) {
        std::uint64_t head = 0;
        if (!rest.varint(head) || (head & 0x0f) > static_cast<std::uint64_t>(Type::choice)) return false;
        const std::uint64_t number = head >> 4;
        const bool is_attribute = (number & 1) != 0;
        const std::uint64_t index = number >> 1;
        if (!is_attribute && index >= attributes.built_in_count()) return false;
        const Slot slot =
            is_attribute ? attributes.slot_of(static_cast<std::uint32_t>(index)) : static_cast<Slot>(index);
        const bool is_wanted = !is_attribute || slot != 0;
        if (!decode_field(rest, static_cast<Type>(head & 0x0f), slot, is_wanted, record)) return false;
    }
    return true;
}

}  // namespace baselined::mappings
