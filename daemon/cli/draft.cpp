#include "daemon/cli/draft.hpp"

#include <fmt/format.h>
#include <rapidjson/document.h>

#include <algorithm>
#include <array>
#include <map>

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

std::string line(const char* field, const Column& column, std::size_t rows, int indent) {
    return fmt::format("{:{}}{}: {}  {}\n", "", indent, field, quoted(column.name), note(column, rows));
}

}  // namespace

std::string draft_of(const Page& page, const std::string& stream) {
    Columns columns;
    for (const auto& row : page.rows) {
        if (!page.is_json) {
            for (std::size_t i = 0; i < row.cells.size() && i < page.columns.size(); ++i)
                columns.of(page.columns[i]).add(std::string(row.cells[i]));
            continue;
        }
        rapidjson::Document document;
        document.Parse(row.cells[0].data(), row.cells[0].size());
        walk(document, "", 0, columns);
    }
    const std::size_t rows = page.rows.size();
    std::string text =
        fmt::format("# A draft from {} rows of {}: look at each line, and at the kind.\n# Kinds: {}\n", rows,
                    stream, fmt::join(mappings::kind_names(), ", "));
    text += "kind: incident\n";
    std::vector<const Column*> used;
    for (const Guess& guess : guesses)
        if (const Column* column = find(columns.all(), guess)) {
            text += line(guess.field, *column, rows, 0);
            used.push_back(column);
        } else if (guess.field == std::string_view("id") && !columns.all().empty()) {
            text += line("id", columns.all().front(), rows, 0);
        }
    text += "fields:\n";
    for (const Guess& guess : field_guesses)
        if (const Column* column = find(columns.all(), guess)) {
            text += line(guess.field, *column, rows, 2);
            used.push_back(column);
        }
    for (const Column& column : columns.all()) {
        if (std::find(used.begin(), used.end(), &column) != used.end()) continue;
        const auto name = std::find_if(page.fields.begin(), page.fields.end(), [&](const auto& field) {
            return column.name == "fields." + field.id || column.name.starts_with("fields." + field.id + ".");
        });
        text += fmt::format(
            "  # {}{}  {}\n", quoted(column.name),
            name == page.fields.end() ? "" : fmt::format(" = {{ field: {} }}", quoted(name->name)),
            note(column, rows));
    }
    return text;
}

}  // namespace baselined::daemon
