#include "mappings/mapping/compiled_mapping.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "mappings/mapping/compiled_rule.hpp"
#include "mappings/mapping/conversion.hpp"
#include "mappings/mapping/source_row.hpp"
#include "mappings/record/utf8.hpp"

namespace baselined::mappings {

namespace {

bool is_blank(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
}

/// Cells that are there and say nothing a field could take.
bool is_no_value(const Cell& cell) {
    return cell.type == CellType::error || cell.type == CellType::uncached || cell.type == CellType::tree;
}

/// A rule's cell before conversion; CellType::empty for no value.
class CellFinder {
  public:
    CellFinder(const SourceRow& row, const std::vector<std::string>& empty) : row_(row), empty_(empty) {}

    Cell find(CompiledRule& rule) {
        if (rule.constant) return text_cell(*rule.constant);
        Cell cell = rule.joined ? joined(rule) : first(rule);
        if (rule.match) cell = matched(rule, cell);
        return cell;
    }

  private:
    [[nodiscard]] Cell at(const CompiledOrigin& origin) {
        const Cell cell = row_.at(origin, buffer_);
        return is_empty(cell) ? Cell{} : cell;
    }

    [[nodiscard]] bool is_empty(const Cell& cell) const {
        if (cell.type != CellType::text) return cell.type == CellType::empty;
        return is_blank(cell.text) || std::find(empty_.begin(), empty_.end(), cell.text) != empty_.end();
    }

    [[nodiscard]] Cell first(const CompiledRule& rule) {
        for (const CompiledOrigin& origin : rule.origins)
            if (const Cell cell = at(origin); cell.type != CellType::empty) return cell;
        return {};
    }

    /// Texts of several columns; when one has none there is no joined value: half an id is another thing's
    /// id.
    [[nodiscard]] Cell joined(CompiledRule& rule) {
        std::string text;
        for (std::size_t index = 0; index < rule.origins.size(); ++index) {
            const Cell cell = at(rule.origins[index]);
            if (cell.type == CellType::empty || is_no_value(cell)) return cell;
            if (index > 0) text += rule.with;
            text += text_of(cell);
        }
        rule.text = std::move(text);
        return text_cell(rule.text);
    }

    static Cell matched(CompiledRule& rule, const Cell& cell) {
        if (cell.type == CellType::empty || is_no_value(cell)) return cell;
        const std::string text = text_of(cell);
        re2::StringPiece group;
        if (!re2::RE2::PartialMatch(text, *rule.match, &group)) {
            rule.text = text;
            return {CellType::error, rule.text, 0, 0};
        }
        rule.text.assign(group.data(), group.size());
        return rule.text.empty() ? Cell{} : text_cell(rule.text);
    }

    const SourceRow& row_;
    const std::vector<std::string>& empty_;
    std::string buffer_;
};

/// Puts one cell into the record. False: it does not fit.
class Fitter {
  public:
    Fitter(CompiledRule& rule, Record& record) : rule_(rule), record_(record) {}

    bool fit(Cell cell) {
        if (is_no_value(cell)) return false;
        if (cell.type == CellType::list && rule_.as != As::list && rule_.as != As::text)
            cell = first_of(cell);
        if (rule_.has_map || rule_.otherwise) {
            const auto found = rule_.map.find(key(cell));
            if (found != rule_.map.end())
                cell = text_cell(found->second);
            else if (rule_.otherwise)
                cell = text_cell(*rule_.otherwise);
            else if (rule_.as == As::choice || rule_.as == As::boolean)
                return fit_plain(cell);
            else if (rule_.has_map)
                return false;
            if (cell.text.empty()) return true;  // mapped to: no value
        }
        return fit_plain(cell);
    }

  private:
    static std::string key(const Cell& cell) { return text_of(cell); }

    bool fit_plain(const Cell& cell) {
        switch (rule_.as) {
            case As::text:
                return put_text(cell);
            case As::choice:
                return put_choice(cell);
            case As::list:
                return put_list(cell);
            case As::integer:
                return put(to_integer(cell, rule_.group),
                           [&](auto value) { record_.set_integer(rule_.slot, value); });
            case As::number:
                return put(to_number(cell, rule_.decimal, rule_.group),
                           [&](auto value) { record_.set_number(rule_.slot, value); });
            case As::boolean:
                return put(to_boolean(cell), [&](auto value) { record_.set_boolean(rule_.slot, value); });
            case As::timestamp:
                return put(to_timestamp(cell, rule_.format, rule_.zone),
                           [&](auto value) { record_.set_timestamp(rule_.slot, value); });
            case As::duration:
                return put(to_duration(cell), [&](auto value) { record_.set_number(rule_.slot, value); });
        }
        return false;
    }

    template <class T, class Set>
    static bool put(const std::optional<T>& value, const Set& set) {
        if (value) set(*value);
        return value.has_value();
    }

    bool put_text(const Cell& cell) {
        if (cell.type == CellType::text)
            record_.set_text(rule_.slot, cell.text);
        else
            record_.set_text(rule_.slot, text_of(cell));
        return true;
    }

    bool put_choice(const Cell& cell) {
        if (cell.type != CellType::text) return false;
        const auto found = std::find(rule_.choices.begin(), rule_.choices.end(), cell.text);
        if (found == rule_.choices.end()) return false;
        record_.set_choice(rule_.slot, static_cast<std::size_t>(found - rule_.choices.begin()));
        return true;
    }

    /// Of several linked issues, or values of a multiple choice, a field for one takes the first.
    static Cell first_of(const Cell& list) {
        return text_cell(list.text.substr(0, list.text.find(list_separator)));
    }

    /// A text is a list whose items are parted by commas.
    bool put_list(const Cell& cell) {
        const bool is_list = cell.type == CellType::list;
        const std::string text = is_list ? std::string(cell.text) : text_of(cell);
        const char separator = is_list ? list_separator : ',';
        std::vector<std::string_view> items;
        for (std::size_t start = 0; start <= text.size();) {
            const std::size_t end = std::min(text.find(separator, start), text.size());
            std::string_view item = std::string_view(text).substr(start, end - start);
            while (item.starts_with(' ')) item.remove_prefix(1);
            while (item.ends_with(' ')) item.remove_suffix(1);
            if (!item.empty()) items.push_back(item);
            start = end + 1;
        }
        record_.set_list(rule_.slot, items);
        return true;
    }

    CompiledRule& rule_;
    Record& record_;
};

FilledField::Takes takes(const CompiledRule& rule) {
    if (rule.has_map || rule.as == As::choice) return FilledField::Takes::listed;
    const bool is_text = rule.as == As::text || rule.as == As::list;
    return is_text ? FilledField::Takes::texts : FilledField::Takes::typed;
}

/// Nobody sees a blank at a name's end, and programs write them.
std::size_t column_of(std::string_view name, std::span<const std::string> columns) {
    auto found = std::find(columns.begin(), columns.end(), name);
    if (found == columns.end())
        found = std::find_if(columns.begin(), columns.end(), [&](const std::string& column) {
            return without_outer_blanks(column) == without_outer_blanks(name);
        });
    return found == columns.end() ? CompiledOrigin::no_column
                                  : static_cast<std::size_t>(found - columns.begin());
}

std::string example_of(const Cell& cell) {
    return cell.type == CellType::uncached ? std::string(saved_without_value) : text_of(cell);
}

}  // namespace

CompiledMapping::CompiledMapping() = default;
CompiledMapping::CompiledMapping(CompiledMapping&&) noexcept = default;
CompiledMapping& CompiledMapping::operator=(CompiledMapping&&) noexcept = default;
CompiledMapping::~CompiledMapping() = default;

void CompiledMapping::bind(std::span<const std::string> columns) {
    for (const auto& rule : rules_)
        for (CompiledOrigin& origin : rule->origins) {
            origin.column = column_of(origin.name, columns);
        }
}

std::vector<UnboundField> CompiledMapping::unbound() const {
    std::vector<UnboundField> fields;
    for (const auto& rule : rules_) {
        UnboundField field{rule->field, {}};
        for (const CompiledOrigin& origin : rule->origins)
            if (origin.column == CompiledOrigin::no_column) field.columns.push_back(origin.name);
        const bool is_filled =
            rule->joined ? field.columns.empty() : field.columns.size() < rule->origins.size();
        if (!rule->constant && !is_filled) fields.push_back(std::move(field));
    }
    return fields;
}

std::vector<FilledField> CompiledMapping::filled() const {
    const auto unbound = this->unbound();
    std::vector<FilledField> fields;
    for (const auto& rule : rules_)
        if (!rule->constant && std::none_of(unbound.begin(), unbound.end(),
                                            [&](const auto& one) { return one.field == rule->field; }))
            fields.push_back({rule->field, rule->slot, takes(*rule)});
    return fields;
}

void CompiledMapping::bind(std::span<const JiraField> fields) {
    for (const auto& rule : rules_)
        for (CompiledOrigin& origin : rule->origins) {
            if (origin.by != Origin::By::jira_field) continue;
            origin.field_ids.clear();
            for (const JiraField& field : fields)
                if (field.name == origin.name || field.id == origin.name)
                    origin.field_ids.push_back(field.id);
        }
}

Outcome CompiledMapping::map(std::span<const Cell> cells, std::vector<ValueMisfit>& misfits) {
    return map_row(TableRow(cells), misfits);
}

void CompiledMapping::map(const rapidjson::Value& row, std::vector<ValueMisfit>& misfits,
                          const std::function<void(Outcome)>& take) {
    if (!each_) return take(map_row(JsonRow(row, row), misfits));
    const rapidjson::Value* elements = each_->find(row);
    if (elements == nullptr || !elements->IsArray()) return;
    for (const rapidjson::Value& element : elements->GetArray())
        take(map_row(JsonRow(row, element), misfits));
}

Outcome CompiledMapping::map_row(const SourceRow& row, std::vector<ValueMisfit>& misfits) {
    record_.clear(kind_);
    CellFinder finder(row, empty_);
    for (const auto& rule : rules_) {
        const Cell cell = finder.find(*rule);
        if (cell.type == CellType::empty) continue;
        if (!Fitter(*rule, record_).fit(cell)) misfits.push_back({rule->field, example_of(cell)});
    }
    if (!record_.has(slot_id) || record_.id().empty()) return Outcome::rejected;
    return has_skip_ && skip_.evaluate(record_) ? Outcome::skipped : Outcome::record;
}

}  // namespace baselined::mappings
