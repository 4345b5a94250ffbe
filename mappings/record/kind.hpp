// The kinds of record and their fields: the table that mappings, conditions and the store's encoding share.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace baselined::mappings {

enum class Kind : std::uint8_t {
    incident,
    problem,
    change,
    sla,
    action,
    finding,
    ci,
    review,
    milestone,
    outage,
    survey,
    effort,
    cost
};
inline constexpr std::size_t kind_count = 13;

/// The type of a field's value. `choice` is a text out of a closed list, kept as its index.
enum class Type : std::uint8_t { text, integer, number, boolean, timestamp, list, choice };

struct Field {
    std::string name;
    Type type = Type::text;
    std::vector<std::string_view> choices;  ///< for Type::choice, in the order of design.md
    bool attribute = false;                 ///< a user's own, not one of the kind's
};

std::string_view name_of(Kind kind);
std::string_view name_of(Type type);
std::optional<Kind> find_kind(std::string_view name);
std::span<const std::string_view> kind_names();

/// Which place of a record a field takes. The kind's own fields keep their slot for ever (the store's
/// encoding relies on it): new ones are appended only. Attributes follow.
using Slot = std::uint16_t;

/// Slots that every kind has, in this order.
enum CommonSlot : Slot {
    slot_id,
    slot_number,
    slot_url,
    slot_title,
    slot_updated_at,
    slot_service,
    slot_ci,
    slot_group,
    slot_category,
    slot_subcategory,
    slot_owner,
    slot_labels,
    slot_measure,
    common_slot_count
};

/// The fields of one kind: its own, then the attributes that mappings of this configuration add.
class Schema {
  public:
    explicit Schema(Kind kind);

    [[nodiscard]] Kind kind() const { return kind_; }
    [[nodiscard]] std::span<const Field> fields() const { return fields_; }
    [[nodiscard]] const Field& field(Slot slot) const { return fields_[slot]; }
    [[nodiscard]] std::optional<Slot> find(std::string_view name) const;
    [[nodiscard]] Slot built_in_count() const { return built_in_count_; }
    /// Adds a user's attribute, or finds it. Empty when the name is taken with another type.
    std::optional<Slot> add_attribute(std::string_view name, Type type);

  private:
    Kind kind_;
    std::vector<Field> fields_;
    Slot built_in_count_ = 0;
};

/// One schema a kind, indexed by it; what a whole configuration agrees on.
class Schemas {
  public:
    Schemas();
    [[nodiscard]] const Schema& of(Kind kind) const { return schemas_[static_cast<std::size_t>(kind)]; }
    [[nodiscard]] Schema& of(Kind kind) { return schemas_[static_cast<std::size_t>(kind)]; }

  private:
    std::vector<Schema> schemas_;
};

}  // namespace baselined::mappings
