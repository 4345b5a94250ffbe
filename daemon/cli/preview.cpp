// `preview FILE`: what the reader sees in an export, cell by cell.
#include <fmt/format.h>

#include "connectors/files/csv_reader.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/json.hpp"

namespace baselined::daemon {

namespace {

void print_head(const connectors::CsvReader& reader, bool json) {
    const std::string delimiter = reader.delimiter() == '\t' ? "tab" : std::string(1, reader.delimiter());
    if (!json) {
        fmt::print("encoding {}, delimiter {}\n", reader.encoding(), delimiter);
        return;
    }
    Json head;
    head.object();
    head.key("sheets").array();
    head.end_array();
    head.key("sheet").null();
    head.key("encoding").text(reader.encoding());
    head.key("delimiter").text(std::string(1, reader.delimiter()));
    head.end_object();
    fmt::print("{}\n", head.str());
}

void print_row(const connectors::CsvReader& reader, bool is_json) {
    if (!is_json) {
        fmt::print("{:>6} ", reader.row_number());
        for (const auto& cell : reader.cells()) fmt::print(" | {}", cell.text);
        fmt::print("\n");
        return;
    }
    Json json;
    json.object();
    json.key("row").number(static_cast<double>(reader.row_number()));
    json.key("cells").array();
    for (const auto& cell : reader.cells()) {
        if (cell.type == mappings::CellType::empty) {
            json.null();
            continue;
        }
        json.object();
        json.key("t").text("text");
        json.key("v").text(cell.text);
        json.end_object();
    }
    json.end_array();
    json.end_object();
    fmt::print("{}\n", json.str());
}

}  // namespace

int preview_file(const std::string& path, const std::string& encoding, std::int64_t rows, bool json) {
    const auto reader = connectors::CsvReader::open(path, {"", encoding});
    if (!reader) {
        fmt::print(stderr, "{}\n", reader.error().text);
        return exit_failed;
    }
    print_head(**reader, json);
    std::int64_t count = 0;
    for (;;) {
        const auto more = (*reader)->next();
        if (!more) {
            fmt::print(stderr, "{}\n", more.error().text);
            return exit_failed;
        }
        if (!*more) break;
        if (++count <= rows) print_row(**reader, json);
    }
    if (!json) fmt::print("{} rows\n", count);
    return exit_done;
}

}  // namespace baselined::daemon
