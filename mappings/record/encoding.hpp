// Records as bytes, compact and stable: what the store keeps of a canonical record.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mappings/record/record.hpp"

namespace baselined::mappings {

/// The stored numbers of a kind's attributes. Slots of attributes depend on the configuration, numbers do
/// not.
class AttributeNumbers {
  public:
    AttributeNumbers() = default;
    explicit AttributeNumbers(Slot built_in_count) : built_in_count_(built_in_count) {}
    void assign(Slot slot, std::uint32_t number);
    [[nodiscard]] Slot built_in_count() const { return built_in_count_; }
    /// 0: has none, and is not stored.
    [[nodiscard]] std::uint32_t number_of(Slot slot) const;
    /// 0: no attribute of this configuration has the number; its value is passed over.
    [[nodiscard]] Slot slot_of(std::uint32_t number) const;

  private:
    Slot built_in_count_ = 0;
    std::vector<std::uint32_t> numbers_;  // by slot - built_in_count_
    std::vector<Slot> slots_;             // by number
};

/// Appends the record's bytes to `out`.
void encode(const Record& record, const AttributeNumbers& attributes, std::string& out);
/// False on bytes that no encode() wrote; the record's content is then of no use.
[[nodiscard]] bool decode(std::string_view bytes, Kind kind, const AttributeNumbers& attributes,
                          Record& record);

/// The id of an encoded record, without decoding the others of its fields; empty: these bytes have none.
std::string_view encoded_id(std::string_view bytes);

}  // namespace baselined::mappings
