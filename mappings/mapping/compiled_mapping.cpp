#include "mappings/mapping/compiled_mapping.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "mappings/mapping/conversion.hpp"

namespace baselined::mappings {

namespace {

enum class As { text, integer, number, boolean, timestamp, duration, list, choice };

constexpr std::size_t no_column = static_cast<std::size_t>(-1);

const std::vector<std::string> as_names{"text",      "integer",  "number", "boolean",
                                        "timestamp", "duration", "list"};

As as_of(Type type) {
    switch (type) {
        case Type::text:
            return As::text;
        case Type::integer:
            return As::integer;
        case Type::number:
            return As::number;
        case Type::boolean:
            return As::boolean;
        case Type::timestamp:
            return As::timestamp;
        case Type::list:
            return As::list;
        case Type::choice:
            return As::choice;
    }
    return As::text;
}

Type type_of(As as) {
    switch (as) {
        case As::integer:
            return Type::integer;
        case As::number:
        case As::duration:
            return Type::number;
        case As::boolean:
            return Type::boolean;
        case As::timestamp:
            return Type::timestamp;
        case As::list:
            return Type::list;
        default:
            return Type::text;
    }
}

bool is_blank(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
}

}  // namespace

/// One field's way from columns to a value.
struct CompiledRule {
    std::string field;
    Slot slot = 0;
    As as = As::text;
    std::vector<std::string> names;    ///< what `from` or `join` read
    std::vector<std::size_t> columns;  ///< bound
    std::optional<std::string> constant;
    bool joined = false;
    std::string with;
    std::string format, decimal, group;
    const date::time_zone* zone = nullptr;
    std::unique_ptr<re2::RE2> match;
    bool has_map = false;
    std::unordered_map<std::string, std::string> map;
    std::optional<std::string> otherwise;
    const std::vector<std::string_view>* choices = nullptr;
    std::string text;  ///< used again row after row
};

class MappingCompiler {
  public:
    MappingCompiler(const MappingDefinition& definition, Schemas& schemas, const date::time_zone* zone,
                    Problems& problems)
        : definition_(definition), schema_(schemas.of(definition.kind)), zone_(zone), problems_(problems) {}

    CompiledMapping run() {
        mapping_.kind_ = definition_.kind;
        mapping_.empty_ = definition_.empty;
        if (definition_.each)
            problems_.push_back(
                {definition_.each->mark, "`each` needs rows with arrays, as Jira's; a table has none"});
        if (!definition_.id)
            problems_.push_back(
                {definition_.mark, "the mapping has no `id`: name the column that tells records apart"});
        add("id", definition_.id);
        add("number", definition_.number);
        add("updated_at", definition_.updated_at);
        for (const FieldRule& field : definition_.fields) add(field.name, field.rule);
        mapping_.has_skip_ = definition_.has_skip;
        mapping_.skip_ = compile(definition_.skip, schema_, zone_, RelationsAllowed::no, problems_);
        return std::move(mapping_);
    }

  private:
    void add(const std::string& name, const std::optional<ValueRule>& rule) {
        if (rule) add(name, *rule);
    }

    void add(const std::string& name, const ValueRule& rule) {
        auto compiled = std::make_unique<CompiledRule>();
        compiled->field = name;
        const auto known = schema_.find(name);
        compiled->as = rule.as ? parse_as(*rule.as) : known ? as_of(schema_.field(*known).type) : As::text;
        const auto slot = known ? known : schema_.add_attribute(name, type_of(compiled->as));
        check_type(name, rule, *slot, *compiled);
        compiled->slot = *slot;
        compiled->choices = &schema_.field(*slot).choices;
        read_origins(rule, *compiled);
        read_conversion(rule, *compiled);
        mapping_.rules_.push_back(std::move(compiled));
    }

    As parse_as(const Scalar& as) {
        const auto found = std::find(as_names.begin(), as_names.end(), as.text);
        if (found != as_names.end()) return static_cast<As>(found - as_names.begin());
        problems_.push_back(
            {as.mark, fmt::format("\"{}\" is no type{}", as.text, did_you_mean(as.text, as_names))});
        return As::text;
    }

    void check_type(const std::string& name, const ValueRule& rule, Slot slot, CompiledRule& compiled) {
        const Type type = schema_.field(slot).type;
        if (type == Type::choice && compiled.as == As::text) compiled.as = As::choice;
        if (type == Type::choice || type_of(compiled.as) == type) return;
        problems_.push_back({rule.as ? rule.as->mark : rule.mark,
                             fmt::format("{}.{} is a {}, not a {}", name_of(definition_.kind), name,
                                         name_of(type), name_of(type_of(compiled.as)))});
    }

    void read_origins(const ValueRule& rule, CompiledRule& compiled) {
        for (const Origin& origin : rule.from) {
            if (origin.by != Origin::By::path)
                problems_.push_back(
                    {origin.mark,
                     "`field` and `link` find Jira's custom fields and links; name a column here"});
            compiled.names.push_back(origin.name);
        }
        if (rule.value) compiled.constant = rule.value->text;
        compiled.joined = rule.joined;
        compiled.with = rule.with;
    }

    void read_conversion(const ValueRule& rule, CompiledRule& compiled) {
        compiled.format = rule.format.value_or("");
        compiled.decimal = rule.decimal;
        compiled.group = rule.group;
        compiled.zone = zone_;
        if (rule.timezone) compiled.zone = find_zone(rule.timezone->text);
        if (compiled.zone == nullptr) {
            problems_.push_back(
                {rule.timezone->mark,
                 fmt::format("\"{}\" is no time zone; write one like Europe/Berlin", rule.timezone->text)});
            compiled.zone = zone_;
        }
        if (rule.match) read_match(*rule.match, compiled);
        compiled.has_map = !rule.map.empty();
        for (const auto& [from, to] : rule.map) {
            check_choice(to, compiled);
            compiled.map.emplace(from, to.text);
        }
        if (rule.otherwise) {
            check_choice(*rule.otherwise, compiled);
            compiled.otherwise = rule.otherwise->text;
        }
        if (rule.value) check_choice(*rule.value, compiled);
    }

    void read_match(const Scalar& pattern, CompiledRule& compiled) {
        re2::RE2::Options options;
        options.set_log_errors(false);
        compiled.match = std::make_unique<re2::RE2>(pattern.text, options);
        if (!compiled.match->ok())
            problems_.push_back({pattern.mark, fmt::format("\"{}\" is no regular expression: {}",
                                                           pattern.text, compiled.match->error())});
        else if (compiled.match->NumberOfCapturingGroups() < 1)
            problems_.push_back(
                {pattern.mark, "`match` needs a group in parentheses: what it catches is the value"});
    }

    void check_choice(const Scalar& value, const CompiledRule& compiled) {
        if (compiled.as != As::choice || value.text.empty()) return;
        const std::vector<std::string> names(compiled.choices->begin(), compiled.choices->end());
        if (std::find(names.begin(), names.end(), value.text) != names.end()) return;
        std::string list;
        for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
        problems_.push_back(
            {value.mark, fmt::format("{}.{} is one of {}, not \"{}\"{}", name_of(definition_.kind),
                                     compiled.field, list, value.text, did_you_mean(value.text, names))});
    }

    const MappingDefinition& definition_;
    Schema& schema_;
    const date::time_zone* zone_;
    Problems& problems_;
    CompiledMapping mapping_;
};

CompiledMapping::CompiledMapping() = default;
CompiledMapping::CompiledMapping(CompiledMapping&&) noexcept = default;
CompiledMapping& CompiledMapping::operator=(CompiledMapping&&) noexcept = default;
CompiledMapping::~CompiledMapping() = default;

CompiledMapping compile(const MappingDefinition& definition, Schemas& schemas, const date::time_zone* zone,
                        Problems& problems) {
    return MappingCompiler(definition, schemas, zone, problems).run();
}

void CompiledMapping::bind(std::span<const std::string> columns) {
    for (const auto& rule : rules_) {
        rule->columns.clear();
        for (const std::string& name : rule->names) {
            const auto found = std::find(columns.begin(), columns.end(), name);
            rule->columns.push_back(
                found == columns.end() ? no_column : static_cast<std::size_t>(found - columns.begin()));
        }
    }
}

std::vector<std::string> CompiledMapping::missing_columns(std::span<const std::string> columns) const {
    std::vector<std::string> missing;
    for (const auto& rule : rules_)
        for (const std::string& name : rule->names)
            if (std::find(columns.begin(), columns.end(), name) == columns.end()) missing.push_back(name);
    return missing;
}

namespace {

class RowReader {
  public:
    RowReader(std::span<const Cell> cells, const std::vector<std::string>& empty)
        : cells_(cells), empty_(empty) {}

    /// The rule's cell before conversion; CellType::empty for no value.
    Cell read(CompiledRule& rule) const {
        if (rule.constant) return text_cell(*rule.constant);
        Cell cell = rule.joined ? joined(rule) : first(rule);
        if (rule.match) cell = matched(rule, cell);
        return cell;
    }

  private:
    [[nodiscard]] Cell at(std::size_t column) const {
        if (column >= cells_.size()) return {};
        const Cell& cell = cells_[column];
        return is_empty(cell) ? Cell{} : cell;
    }

    [[nodiscard]] bool is_empty(const Cell& cell) const {
        if (cell.type != CellType::text) return cell.type == CellType::empty;
        return is_blank(cell.text) || std::find(empty_.begin(), empty_.end(), cell.text) != empty_.end();
    }

    [[nodiscard]] Cell first(const CompiledRule& rule) const {
        for (const std::size_t column : rule.columns)
            if (const Cell cell = at(column); cell.type != CellType::empty) return cell;
        return {};
    }

    /// Texts of several columns; when one has none there is no joined value: half an id is another thing's
    /// id.
    [[nodiscard]] Cell joined(CompiledRule& rule) const {
        std::string text;
        for (std::size_t index = 0; index < rule.columns.size(); ++index) {
            const Cell cell = at(rule.columns[index]);
            if (cell.type == CellType::empty) return {};
            if (index > 0) text += rule.with;
            text += text_of(cell);
        }
        rule.text = std::move(text);
        return text_cell(rule.text);
    }

    static Cell matched(CompiledRule& rule, const Cell& cell) {
        if (cell.type == CellType::empty || cell.type == CellType::error || cell.type == CellType::uncached)
            return cell;
        const std::string text = text_of(cell);
        re2::StringPiece group;
        if (!re2::RE2::PartialMatch(text, *rule.match, &group)) return {CellType::uncached, {}, 0, 0};
        rule.text.assign(group.data(), group.size());
        return rule.text.empty() ? Cell{} : text_cell(rule.text);
    }

    std::span<const Cell> cells_;
    const std::vector<std::string>& empty_;
};

/// Puts one cell into the record. False: it does not fit.
class Fitter {
  public:
    Fitter(CompiledRule& rule, Record& record) : rule_(rule), record_(record) {}

    bool fit(Cell cell) {
        if (cell.type == CellType::error || cell.type == CellType::uncached) return false;
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
        const auto found = std::find(rule_.choices->begin(), rule_.choices->end(), cell.text);
        if (found == rule_.choices->end()) return false;
        record_.set_choice(rule_.slot, static_cast<std::size_t>(found - rule_.choices->begin()));
        return true;
    }

    /// A text is a list whose items are parted by commas.
    bool put_list(const Cell& cell) {
        const std::string text = text_of(cell);
        std::vector<std::string_view> items;
        for (std::size_t start = 0; start <= text.size();) {
            const std::size_t end = std::min(text.find(',', start), text.size());
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

std::string example_of(const Cell& cell) {
    return cell.type == CellType::uncached ? "(a value that is not there, or that `match` does not find)"
                                           : text_of(cell);
}

}  // namespace

Outcome CompiledMapping::map(std::span<const Cell> cells, std::vector<ValueMisfit>& misfits) {
    record_.clear(kind_);
    const RowReader row(cells, empty_);
    for (const auto& rule : rules_) {
        const Cell cell = row.read(*rule);
        if (cell.type == CellType::empty) continue;
        if (!Fitter(*rule, record_).fit(cell)) misfits.push_back({rule->field, example_of(cell)});
    }
    if (!record_.has(slot_id) || record_.id().empty()) return Outcome::rejected;
    return has_skip_ && skip_.evaluate(record_) ? Outcome::skipped : Outcome::record;
}

}  // namespace baselined::mappings
