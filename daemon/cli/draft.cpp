#include "daemon/cli/draft.hpp"

#include <fmt/format.h>
#include <rapidjson/document.h>

#include <algorithm>
#include <array>

#include "config/config.hpp"
#include "daemon/cli/draft_columns.hpp"
#include "mappings/mapping/json_path.hpp"
#include "mappings/record/kind.hpp"
#include "mappings/record/utf8.hpp"

namespace baselined::daemon {

namespace {

using connectors::Page;

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

const DraftColumn* find(const std::vector<DraftColumn>& columns, const Guess& guess) {
    for (const char* name : guess.names) {
        if (name == nullptr) break;
        for (const DraftColumn& column : columns)
            if (const std::string own = lower(column.name);
                own == name || own == std::string("fields.") + name)
                return &column;
    }
    return nullptr;
}

/// Null, true and numbers to whoever reads YAML, this program or an editor with its schema.
bool is_word_of_yaml(const std::string& text) {
    constexpr std::array<std::string_view, 9> words{"null", "true", "false", "yes", "no",
                                                    "on",   "off",  "y",     "n"};
    return std::find(words.begin(), words.end(), lower(text)) != words.end() ||
           (text[0] >= '0' && text[0] <= '9') || text[0] == '.';
}

enum class Within { block, braces };  ///< where a text stands in the YAML: brackets part what is in braces

std::string quoted(const std::string& text, Within within = Within::block) {
    const bool is_plain = std::all_of(text.begin(), text.end(), [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '.' || (within == Within::block && (c == '[' || c == ']'));
    });
    if (is_plain && !text.empty() && text[0] != '[' && text[0] != ']' && !is_word_of_yaml(text)) return text;
    std::string escaped;
    for (const char c : text) escaped += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    return '"' + mappings::visible(escaped) + '"';  // its form of what nobody sees is YAML's, too
}

std::string note(const DraftColumn& column, std::size_t rows) {
    return fmt::format("# {} % filled: {}", rows == 0 ? 0 : column.filled * 100 / rows, column.examples());
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
        DraftColumns columns;
        for (const auto& row : page.rows) page.is_json ? add_issue(row, columns) : add_row(row, columns);
        columns_ = columns.all();
    }

    std::string text() const {
        const std::string_view shipped = source_.type == config::Source::Type::servicenow
                                             ? mapping_of_table(stream_.table)
                                             : mapping_of_types(types_);
        const std::string of = fmt::format(
            "# A draft from {} row{} of {}/{}", page_.rows.size(), page_.rows.size() == 1 ? "" : "s",
            mappings::one_line(source_.name), mappings::one_line(stream_.name));
        if (shipped.empty())
            return fmt::format("{}: look at each line, and say what the rows are.\n", of) + guessed();
        const std::string_view mapping = config::shipped(shipped);
        return fmt::format("{}, made of the shipped {}: look at each line.\n", of, shipped) +
               std::string(mapping.substr(0, mapping.find("tests:\n"))) + remaining({});
    }

  private:
    void add_row(const connectors::SourceRowData& row, DraftColumns& columns) const {
        for (std::size_t i = 0; i < row.cells.size() && i < page_.columns.size(); ++i)
            columns.add(page_.columns[i], row.cells[i]);
    }

    void add_issue(const connectors::SourceRowData& row, DraftColumns& columns) {
        rapidjson::Document document;
        document.Parse<rapidjson::kParseIterativeFlag>(row.cells[0].data(), row.cells[0].size());
        columns.add(document);
        const auto* type = mappings::JsonPath("fields.issuetype.name").find(document);
        types_.emplace_back(type != nullptr && type->IsString() ? type->GetString() : "");
    }

    std::string guessed() const {
        std::string text =
            fmt::format("kind: FILL IN  # one of {}\n", fmt::join(mappings::kind_names(), ", "));
        std::vector<const DraftColumn*> used;
        for (const Guess& guess : guesses)
            if (const DraftColumn* column = find(columns_, guess)) {
                text += line(guess.field, *column, 0);
                used.push_back(column);
            } else if (guess.field == std::string_view("id") && !columns_.empty()) {
                text += line("id", columns_.front(), 0);
            }
        text += "fields:\n";
        for (const Guess& guess : field_guesses)
            if (const DraftColumn* column = find(columns_, guess)) {
                text += line(guess.field, *column, 2);
                used.push_back(column);
            }
        return text + remaining(used);
    }

    std::string line(std::string_view field, const DraftColumn& column, int indent) const {
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
    std::string remaining(const std::vector<const DraftColumn*>& used) const {
        std::string text;
        for (const DraftColumn& column : columns_) {
            if (std::find(used.begin(), used.end(), &column) != used.end()) continue;
            text += fmt::format("  # {}{}  {}\n", quoted(column.name), by_its_name(column),
                                note(column, page_.rows.size()));
        }
        return text;
    }

    /// The same of a custom field by its name, where it has that alone: ids differ from site to site.
    std::string by_its_name(const DraftColumn& column) const {
        constexpr std::string_view prefix = "fields.customfield_";
        if (!page_.is_json || column.holds_objects || !column.name.starts_with(prefix)) return {};
        const std::size_t end = std::min(column.name.find_first_of(".[", prefix.size()), column.name.size());
        const std::string id = column.name.substr(7, end - 7);
        std::string path = column.name.substr(end);
        if (path.starts_with('.')) path.erase(0, 1);
        const auto named = std::find_if(page_.fields.begin(), page_.fields.end(),
                                        [&](const auto& field) { return field.id == id; });
        if (named == page_.fields.end()) return {};
        const auto is_called_so = [&](const auto& field) {
            return field.name == named->name || field.id == named->name;
        };
        if (std::count_if(page_.fields.begin(), page_.fields.end(), is_called_so) != 1) return {};
        return fmt::format(" = {{ field: {}{} }}", quoted(named->name, Within::braces),
                           path.empty() ? "" : ", path: " + quoted(path, Within::braces));
    }

    const Page& page_;
    const config::Source& source_;
    const config::Stream& stream_;
    std::vector<DraftColumn> columns_;
    std::vector<std::string> types_;  ///< of issues, one a row
};

}  // namespace

std::string draft_of(const Page& page, const config::Source& source, const config::Stream& stream) {
    return Draft(page, source, stream).text();
}

}  // namespace baselined::daemon
