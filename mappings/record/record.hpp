// A canonical record: the typed fields of one incident, change, SLA ..., whatever its source.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mappings/record/kind.hpp"
#include "mappings/record/time.hpp"

namespace baselined::mappings {

/// A field's value as a view into its record; empty when `present` is false.
struct Value {
    bool present = false;
    Type type = Type::text;
    std::string_view text;  ///< text; list: see Record::list_items
    std::int64_t integer =
        0;              ///< integer; boolean 0 or 1; choice: index; timestamp: milliseconds since 1970 UTC
    double number = 0;  ///< number

    [[nodiscard]] Instant instant() const { return Instant{Millis{integer}}; }
    friend bool operator==(const Value&, const Value&) = default;
};

/// Holds its texts in one buffer, so that a record can be reused row after row without allocating.
/// Values are addressed by the Slot of the kind's Schema. Views are good until the next set or clear.
class Record {
  public:
    Record() = default;
    explicit Record(Kind kind) : kind_(kind) {}

    void clear(Kind kind);
    [[nodiscard]] Kind kind() const { return kind_; }
    [[nodiscard]] Value get(Slot slot) const;
    [[nodiscard]] bool has(Slot slot) const { return slot < values_.size() && values_[slot].present; }
    [[nodiscard]] std::string_view text(Slot slot) const { return get(slot).text; }
    [[nodiscard]] std::string_view id() const { return text(slot_id); }
    [[nodiscard]] std::string_view number() const { return text(slot_number); }

    void set_text(Slot slot, std::string_view text);
    void set_integer(Slot slot, std::int64_t value);
    void set_number(Slot slot, double value);
    void set_boolean(Slot slot, bool value);
    void set_choice(Slot slot, std::size_t index);
    void set_timestamp(Slot slot, Instant at);
    void set_list(Slot slot, const std::vector<std::string_view>& items);
    void unset(Slot slot);

    /// The items of a list value (kept as length-prefixed texts in Value::text).
    static std::vector<std::string_view> list_items(std::string_view stored);

    /// One past the highest slot in use.
    [[nodiscard]] std::size_t slot_count() const { return values_.size(); }
    friend bool operator==(const Record& a, const Record& b);

  private:
    struct Stored {
        bool present = false;
        Type type = Type::text;
        std::uint32_t length = 0;
        std::int64_t bits = 0;  // an integer, a double's bits, or an offset into text_
    };
    Stored& place(Slot slot, Type type);

    Kind kind_ = Kind::incident;
    std::vector<Stored> values_;
    std::string text_;
};

/// A value as people read it: a choice's word, RFC 3339, the items of a list joined with ", "; empty for
/// none.
std::string shown_value(const Value& value, const Field& field);

}  // namespace baselined::mappings
