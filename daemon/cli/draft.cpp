#include "daemon/cli/draft.hpp"

#include <fmt/format.h>
#include <rapidjson/document.h>

#include <algorithm>
#include <array>
#include <map>

#include "config/config.hpp"
#include "mappings/mapping/json_path.hpp"
#include "mappings/record/kind.hpp"

namespace baselined::daemon {

namespace {

using connectors::Page;

constexpr std::size_t most_examples = 3, example_bytes = 40;
constexpr int deepest_path = 4;

struct Column {
    std::string name;  ///< as a mapping would write it
    std::size_t filled = 0;
    std::vector<std::string> examples;

    void add(const std::string& value) {
        if (value.empty()) return;
        ++filled;
        std::string example = value.substr(0, example_bytes);
        std::replace(example.begin(), example.end(), '\n', ' ');
        if (examples.size() < most_examples &&
            std::find(examples.begin(), examples.end(), example) == examples.end())
            examples.push_back(std::move(example));
    }
};

/// The columns in the order in which they were met.
class Columns {
  public:
    Column& of(const std::string& name) {
        const auto [place, is_new] = places_.try_emplace(name, columns_.size());
        if (is_new) columns_.push_back({name, 0, {}});
        return columns_[place->second];
    }
    [[nodiscard]] const std::vector<Column>& all() const { return columns_; }

  private:
    std::map<std::string, std::size_t> places_;
    std::vector<Column> columns_;
};

void walk(const rapidjson::Value& value, const std::string& path, int depth, Columns& columns) {
    if (value.IsObject() && depth < deepest_path) {
        for (const auto& member : value.GetObject())
            walk(member.value, path.empty() ? member.name.GetString() : path + "." + member.name.GetString(),
                 depth + 1, columns);
        return;
    }
    if (value.IsArray() && !value.Empty() && value[0].IsObject())
        return walk(value[0], path + "[0]", depth + 1, columns);
    std::string buffer;
    const auto cell = mappings::cell_of(value, buffer);
    if (cell.type == mappings::CellType::number)
        columns.of(path).add(fmt::format("{}", cell.number));
    else if (cell.type == mappings::CellType::boolean)
        columns.of(path).add(cell.number != 0 ? "true" : "false");
    else
        columns.of(path).add(std::string(cell.text));
}

struct Guess {
    const char* field;
    std::array<const char*, 6> names;
};
// What systems call a thing, by the last word of a path; the first that is there is taken.
constexpr std::array guesses{
    Guess{"id", {"sys_id", "id", "number", "key", "incident", "case"}},
    Guess{"number", {"number", "key", "id", nullptr}},
    Guess{"updated_at",
          {"sys_updated_on", "updated", "updated_at", "sys_updated_at", "last_modified", nullptr}},
};
constexpr std::array field_guesses{
    Guess{"title", {"short_description", "summary", "title", "subject", "name", nullptr}},
    Guess{"opened_at", {"opened_at", "created", "opened", "open_time", "created_at", "sys_created_on"}},
    Guess{"resolved_at", {"resolved_at", "resolutiondate", "resolved", "close_time", nullptr}},
    Guess{"closed_at", {"closed_at", "closed", nullptr}},
    Guess{"service", {"business_service", "service", nullptr}},
    Guess{"ci", {"cmdb_ci", "ci", "ci_name", "configuration_item", nullptr}},
    Guess{"category", {"category", nullptr}},
    Guess{"group", {"assignment_group", "group", nullptr}},
    Guess{"caused_by", {"caused_by", nullptr}},
    Guess{"reopen_count", {"reopen_count", nullptr}},
    Guess{"reassignment_count", {"reassignment_count", nullptr}},
};

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c == ' ' ? '_' : c;
    });
    return text;
}

const Column* find(const std::vector<Column>& columns, const Guess& guess) {
    for (const char* name : guess.names) {
        if (name == nullptr) break;
        for (const Column& column : columns)
            if (const std::string own = lower(column.name);
                own == name || own == std::string("fields.") + name)
                return &column;
    }
    return nullptr;
}

std::string quoted(const std::string& text) {
    const bool is_plain = std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '.' || c == '[' || c == ']';
    });
    if (is_plain && !text.empty() && text.find('[') != 0) return text;
    std::string escaped = "\"";
    for (const char c : text) escaped += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    return escaped + "\"";
}

std::string note(const Column& column, std::size_t rows) {
    std::string examples;
    for (const std::string& example : column.examples) examples += (examples.empty() ? "" : " | ") + example;
    return fmt::format("# {} % filled: {}", rows == 0 ? 0 : column.filled * 100 / rows, examples);
}

/// The shipped mapping of a stock table; empty: nobody knows the table.
std::string_view mapping_of_table(std::string_view table) {
    struct Known {
        std::string_view table, mapping;
    };
    constexpr std::array known{
        Known{"incident", "servicenow/incident"},     Known{"problem", "servicenow/problem"},
        Known{"change_request", "servicenow/change"}, Known{"task_sla", "servicenow/sla"},
        Known{"cmdb_ci_outage", "servicenow/outage"}, Known{"asmt_metric_result", "servicenow/survey"}};
    for (const Known& one : known)
        if (one.table == table) return one.mapping;
    return table == "cmdb_ci" || table.starts_with("cmdb_ci_") ? "servicenow/ci" : "";
}

/// The shipped mapping of issues whose types all say the same: "Incident", "[System] Change".
std::string_view mapping_of_types(const std::vector<std::string>& types) {
    struct Known {
        std::string_view word, mapping;
    };
    constexpr std::array known{Known{"incident", "jira/incident"}, Known{"problem", "jira/problem"},
                               Known{"change", "jira/change"}};
    const auto all_say = [&](std::string_view word) {
        return std::all_of(types.begin(), types.end(), [&](const std::string& type) {
            return lower(type).find(word) != std::string::npos;
        });
    };
    for (const Known& one : known)
        if (!types.empty() && all_say(one.word)) return one.mapping;
    return "";
}

class Draft {
  public:
    Draft(const Page& page, const config::Source& source, const config::Stream& stream)
        : page_(page), source_(source), stream_(stream) {
        for (const auto& row : page.rows) page.is_json ? add_issue(row) : add_row(row);
    }

    std::string text() const {
        const std::string_view shipped = source_.type == config::Source::Type::servicenow
                                             ? mapping_of_table(stream_.table)
                                             : mapping_of_types(types_);
        const std::string of = fmt::format("# A draft from {} row{} of {}/{}", page_.rows.size(),
                                           page_.rows.size() == 1 ? "" : "s", source_.name, stream_.name);
        if (shipped.empty())
            return fmt::format("{}: look at each line, and say what the rows are.\n", of) + guessed();
        const std::string_view mapping = config::shipped(shipped);
        return fmt::format("{}, made of the shipped {}: look at each line.\n", of, shipped) +
               std::string(mapping.substr(0, mapping.find("tests:\n"))) + remaining({});
    }

  private:
    void add_row(const connectors::SourceRowData& row) {
        for (std::size_t i = 0; i < row.cells.size() && i < page_.columns.size(); ++i)
            columns_.of(page_.columns[i]).add(std::string(row.cells[i]));
    }

    void add_issue(const connectors::SourceRowData& row) {
        rapidjson::Document document;
        document.Parse(row.cells[0].data(), row.cells[0].size());
        walk(document, "", 0, columns_);
        const auto* type = mappings::JsonPath("fields.issuetype.name").find(document);
        types_.emplace_back(type != nullptr && type->IsString() ? type->GetString() : "");
    }

    std::string guessed() const {
        std::string text =
            fmt::format("kind: FILL IN  # one of {}\n", fmt::join(mappings::kind_names(), ", "));
        std::vector<const Column*> used;
        for (const Guess& guess : guesses)
            if (const Column* column = find(columns_.all(), guess)) {
                text += line(guess.field, *column, 0);
                used.push_back(column);
            } else if (guess.field == std::string_view("id") && !columns_.all().empty()) {
                text += line("id", columns_.all().front(), 0);
            }
        text += "fields:\n";
        for (const Guess& guess : field_guesses)
            if (const Column* column = find(columns_.all(), guess)) {
                text += line(guess.field, *column, 2);
                used.push_back(column);
            }
        return text + remaining(used);
    }

    std::string line(std::string_view field, const Column& column, int indent) const {
        std::string from = quoted(column.name);
        if (source_.type == config::Source::Type::servicenow && is_reference(column.name))
            from = fmt::format("[{0}.name, {0}]", column.name);
        return fmt::format("{:{}}{}: {}  {}\n", "", indent, field, from, note(column, page_.rows.size()));
    }

    /// Of any table that extends task; the row holds ids.
    static bool is_reference(std::string_view column) {
        return column == "business_service" || column == "cmdb_ci" || column == "assignment_group";
    }

    /// What no rule was made of, as comments.
    std::string remaining(const std::vector<const Column*>& used) const {
        std::string text;
        for (const Column& column : columns_.all()) {
            if (std::find(used.begin(), used.end(), &column) != used.end()) continue;
            const auto named = std::find_if(page_.fields.begin(), page_.fields.end(), [&](const auto& field) {
                return column.name == "fields." + field.id ||
                       column.name.starts_with("fields." + field.id + ".");
            });
            text += fmt::format(
                "  # {}{}  {}\n", quoted(column.name),
                named == page_.fields.end() ? "" : fmt::format(" = {{ field: {} }}", quoted(named->name)),
                note(column, page_.rows.size()));
        }
        return text;
    }

    const Page& page_;
    const config::Source& source_;
    const config::Stream& stream_;
    Columns columns_;
    std::vector<std::string> types_;  ///< of issues, one a row
};

}  // namespace

std::string draft_of(const Page& page, const config::Source& source, const config::Stream& stream) {
    return Draft(page, source, stream).text();
}

}  // namespace baselined::daemon
