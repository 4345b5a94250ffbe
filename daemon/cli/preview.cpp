// `preview FILE`: what the reader sees in an export, cell by cell.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "connectors/files/row_widths.hpp"
#include "connectors/files/table_reader.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/json.hpp"
#include "mappings/mapping/conversion.hpp"
#include "mappings/record/utf8.hpp"

namespace baselined::daemon {

namespace {

using connectors::TableReader;
using mappings::Cell;
using mappings::CellType;
using mappings::visible;

const char* type_name(CellType type) {
    switch (type) {
        case CellType::number:
            return "number";
        case CellType::boolean:
            return "boolean";
        case CellType::date:
            return "date";
        case CellType::datetime:
            return "datetime";
        case CellType::time:
            return "time";
        case CellType::duration:
            return "duration";
        case CellType::error:
            return "error";
        case CellType::uncached:
            return "uncached";
        default:
            return "text";
    }
}

void write_head(const TableReader& reader, Json& head) {
    head.object();
    head.key("sheets").array();
    for (const connectors::Sheet& sheet : reader.sheets()) {
        head.object();
        head.key("name").text(sheet.name);
        head.key("state").text(sheet.state);
        head.end_object();
    }
    head.end_array();
    head.key("sheet").optional_text(reader.sheet());
    head.key("encoding").optional_text(reader.encoding().value_or(""));
    head.key("delimiter");
    reader.delimiter() ? head.text(std::string(1, *reader.delimiter())) : head.null();
    head.end_object();
}

void print_head(const TableReader& reader) {
    if (reader.delimiter()) {
        fmt::print("encoding {}, delimiter {}\n", *reader.encoding(),
                   *reader.delimiter() == '\t' ? "tab" : std::string(1, *reader.delimiter()));
        return;
    }
    std::string names;
    for (const connectors::Sheet& sheet : reader.sheets())
        names += (names.empty() ? "" : ", ") + visible(sheet.name) +
                 (sheet.state == "visible" ? "" : " (" + visible(sheet.state) + ")");
    fmt::print("sheet {}, of: {}\n", visible(reader.sheet()), names);
}

void write_cell(const Cell& cell, Json& json) {
    if (cell.type == CellType::empty) return json.null();
    json.object();
    json.key("t").text(type_name(cell.type));
    json.key("v");
    if (cell.type == CellType::number)
        json.number(cell.number);
    else if (cell.type == CellType::boolean)
        json.boolean(cell.number != 0);
    else if (cell.type == CellType::duration)
        json.number(static_cast<double>(cell.seconds));
    else if (cell.type == CellType::uncached)
        json.null();
    else
        json.text(mappings::text_of(cell));
    json.end_object();
}

void print_row(const TableReader& reader, bool is_json) {
    if (is_json) {
        Json json;
        json.object();
        json.key("row").number(static_cast<double>(reader.row_number()));
        json.key("cells").array();
        for (const Cell& cell : reader.cells()) write_cell(cell, json);
        json.end_array();
        json.end_object();
        fmt::print("{}\n", json.str());
        return;
    }
    fmt::print("{:>6} ", reader.row_number());
    for (const Cell& cell : reader.cells())
        fmt::print(" | {}", cell.type == CellType::uncached ? "(a formula without its value)"
                                                            : visible(mappings::text_of(cell)));
    fmt::print("\n");
}

}  // namespace

int preview_file(const PreviewRequest& request, bool is_json) {
    const auto reader = connectors::open_table(request.file, {"", request.encoding, request.sheet});
    if (!reader) {
        fmt::print(stderr, "{}\n", reader.error().text);
        return exit_failed;
    }
    if (is_json) {
        Json head;
        write_head(**reader, head);
        fmt::print("{}\n", head.str());
    } else {
        print_head(**reader);
    }
    const std::int64_t shown = request.rows.value_or(is_json ? INT64_MAX : 20);
    std::int64_t count = 0, formulas = 0;
    std::optional<connectors::RowWidths> widths;
    std::string cut;
    for (;;) {
        const auto more = (*reader)->next();
        if (!more) {
            fmt::print(stderr, "{}\n", more.error().text);
            return exit_failed;
        }
        if (!*more) break;
        const auto cells = (*reader)->cells();
        formulas += std::count_if(cells.begin(), cells.end(),
                                  [](const Cell& cell) { return cell.type == CellType::uncached; });
        // Which row is the header nobody said: the first may be one.
        if (!widths) widths.emplace(cells.size());
        if (widths->is_cut(**reader)) cut = widths->text(**reader, request.file);
        if (++count <= shown) print_row(**reader, is_json);
    }
    if (!is_json) fmt::print("{} row{}\n", count, count == 1 ? "" : "s");
    if (!cut.empty()) fmt::print(stderr, "{}\n", cut);
    if (formulas > 0)
        fmt::print(stderr, "{}: {}\n", request.file,
                   formulas == 1 ? mappings::one_saved_without_value
                                 : fmt::format("{} {}", formulas, mappings::saved_without_value));
    return cut.empty() ? exit_done : exit_failed;
}

}  // namespace baselined::daemon
