#include "mappings/mapping/source_row.hpp"

#include "mappings/mapping/json_member.hpp"

namespace baselined::mappings {

namespace {

using Json = rapidjson::Value;

/// The same of what may not be there.
const Json* member_of(const Json* object, const char* key) {
    return object == nullptr ? nullptr : member(*object, key);
}

bool is_text(const Json* value, std::string_view text) {
    return value != nullptr && value->IsString() &&
           std::string_view(value->GetString(), value->GetStringLength()) == text;
}

/// Jira's links: each entry has an inwardIssue or an outwardIssue, and its type a phrase for either. The
/// inwardIssue is what the inward phrase speaks of: "is caused by" that one.
const Json* linked_issue(const Json& link, std::string_view phrase) {
    const Json* type = member_of(&link, "type");
    if (const Json* inward = member_of(&link, "inwardIssue");
        is_text(member_of(type, "inward"), phrase) && inward)
        return inward;
    if (is_text(member_of(type, "outward"), phrase)) return member_of(&link, "outwardIssue");
    return nullptr;
}

}  // namespace

Cell JsonRow::at(const CompiledOrigin& origin, std::string& buffer) const {
    if (origin.by == Origin::By::jira_field) return field(origin, buffer);
    if (origin.by == Origin::By::jira_link) return link(origin, buffer);
    const Json* value = origin.path.find(origin.from_parent ? row_ : element_);
    return value == nullptr ? Cell{} : cell_of(*value, buffer);
}

Cell JsonRow::field(const CompiledOrigin& origin, std::string& buffer) const {
    const Json* fields = member_of(&row_, "fields");
    for (const std::string& id : origin.field_ids) {
        const Json* value = member_of(fields, id.c_str());
        if (value != nullptr) value = origin.path.find(*value);
        if (value == nullptr) continue;
        if (const Cell cell = cell_of(*value, buffer); cell.type != CellType::empty) return cell;
    }
    return {};
}

Cell JsonRow::link(const CompiledOrigin& origin, std::string& buffer) const {
    const Json* links = member_of(member_of(&row_, "fields"), "issuelinks");
    if (links == nullptr || !links->IsArray()) return {};
    std::string items;
    for (const Json& entry : links->GetArray()) {
        const Json* issue = linked_issue(entry, origin.name);
        if (issue != nullptr)
            issue = origin.path.empty() ? member_of(issue, "key") : origin.path.find(*issue);
        if (issue == nullptr) continue;
        std::string own;
        const Cell cell = cell_of(*issue, own);
        if (cell.type != CellType::text) continue;
        items += (items.empty() ? "" : std::string(1, list_separator)) + std::string(cell.text);
    }
    if (items.empty()) return {};
    buffer = std::move(items);
    return {CellType::list, buffer, 0, 0};
}

}  // namespace baselined::mappings
