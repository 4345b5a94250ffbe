// Any bytes as what a mapping converts: first line the format, second the decimal and group signs, then the
// value; all of it as a JSON row with paths into it, and as an answer.
#include <rapidjson/document.h>

#include <string>

#include "connectors/json_text.hpp"
#include "mappings/mapping/conversion.hpp"
#include "mappings/mapping/json_path.hpp"

using namespace baselined;
using namespace baselined::mappings;

namespace {

std::string_view take_line(std::string_view& rest) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return line;
}

void convert(std::string_view rest) {
    static const date::time_zone* const zone = find_zone("America/St_Johns");
    const std::string format(take_line(rest));
    const std::string_view signs = take_line(rest);
    const Cell cell = text_cell(rest);
    to_timestamp(cell, format, zone);
    to_timestamp(cell, "", zone);
    to_number(cell, signs.substr(0, 1), signs.substr(std::min<std::size_t>(1, signs.size())));
    to_integer(cell, signs);
    to_boolean(cell);
    to_duration(cell);
}

void walk(std::string_view text) {
    const std::string path(take_line(text));
    rapidjson::Document row;
    row.Parse<rapidjson::kParseIterativeFlag>(text.data(), text.size());
    if (row.HasParseError()) return;
    std::string buffer;
    if (const auto* value = JsonPath(path).find(row)) text_of(cell_of(*value, buffer));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    convert(text);
    walk(text);
    // What Jira and ServiceNow answer: with half characters mended it is JSON, or told as none.
    connectors::parse_json(std::string(text));
    return 0;
}
