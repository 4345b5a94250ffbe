// A mapping made ready: rows of cells become records without a name, a YAML node or a pattern left to look
// up.
#pragma once

#include <rapidjson/fwd.h>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "mappings/indicator/condition.hpp"
#include "mappings/mapping/definition.hpp"
#include "mappings/record/cell.hpp"
#include "mappings/record/record.hpp"

namespace baselined::mappings {

/// A value that did not fit its field: the field stays empty, the caller counts.
struct ValueMisfit {
    std::string_view field;  ///< good as long as the mapping
    std::string example;
};

/// The words that `as` may be.
const std::vector<std::string>& as_names();

/// A field whose columns a table does not have; of alternatives none, of a join any.
struct UnboundField {
    std::string_view field;                 ///< good as long as the mapping
    std::vector<std::string_view> columns;  ///< that are missing, as the mapping names them
};

/// A field that rows of the table last bound can fill.
struct FilledField {
    enum class Takes {
        texts,   ///< any, or those that a pattern finds
        listed,  ///< what its `map` names, or the kind's choices
        typed,   ///< what can be read as a date, a number, a yes or no
    };
    std::string_view field;  ///< good as long as the mapping
    Slot slot = 0;
    Takes takes = Takes::texts;
};

struct CompiledRule;
class JsonPath;
class SourceRow;

/// What Jira calls a field, and what its rows call it (`customfield_10010`). Names need not be unique.
struct JiraField {
    std::string name;
    std::string id;
};

/// One mapping over a source's rows: a table's cells, or JSON values. One instance a thread: the record it
/// hands out is its own and is used again.
class CompiledMapping {
  public:
    CompiledMapping(CompiledMapping&&) noexcept;
    CompiledMapping& operator=(CompiledMapping&&) noexcept;
    ~CompiledMapping();

    [[nodiscard]] Kind kind() const { return kind_; }
    /// Whether one row can make several records, or none (`each`).
    [[nodiscard]] bool makes_several() const { return each_ != nullptr; }
    /// Finds the columns that the rules name: by the very name, else by the first that differs in nothing but
    /// blanks at its ends. Names that no column has are simply empty.
    void bind(std::span<const std::string> columns);
    /// Fields that no row of the table last bound can fill.
    [[nodiscard]] std::vector<UnboundField> unbound() const;
    /// The other ones, but for those of a fixed value.
    [[nodiscard]] std::vector<FilledField> filled() const;
    /// Finds the ids of the Jira fields that the rules name.
    void bind(std::span<const JiraField> fields);
    /// Maps one row. `misfits` is appended to. record() is good until the next call.
    Outcome map(std::span<const Cell> cells, std::vector<ValueMisfit>& misfits);
    /// Maps one JSON row; `take` is called for each record that it makes, or could not make.
    void map(const rapidjson::Value& row, std::vector<ValueMisfit>& misfits,
             const std::function<void(Outcome)>& take);
    [[nodiscard]] const Record& record() const { return record_; }

  private:
    friend class MappingCompiler;
    CompiledMapping();
    Outcome map_row(const SourceRow& row, std::vector<ValueMisfit>& misfits);

    Kind kind_ = Kind::incident;
    std::vector<std::unique_ptr<CompiledRule>> rules_;
    std::vector<std::string> empty_;
    std::unique_ptr<JsonPath> each_;
    Condition skip_;
    bool has_skip_ = false;
    Record record_;
};

/// Attributes that the mapping names are added to `schemas`. `zone` serves timestamps without an offset.
/// Faults are added to `problems`, and then the result is of no use.
CompiledMapping compile(const MappingDefinition& definition, Schemas& schemas, const date::time_zone* zone,
                        Problems& problems);

/// Runs the mapping's own tests; each difference is a problem at the line of the expectation.
Problems run_tests(const MappingDefinition& definition, CompiledMapping& mapping, const Schemas& schemas);

}  // namespace baselined::mappings
