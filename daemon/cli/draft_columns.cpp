#include "daemon/cli/draft_columns.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "mappings/mapping/json_path.hpp"
#include "mappings/record/utf8.hpp"

namespace baselined::daemon {

namespace {

constexpr std::size_t few_values = 12, most_examples = 3, example_bytes = 60;
constexpr int deepest_path = 4;

/// As it can stand in a comment.
std::string shown(const std::string& value) {
    std::string parted;
    for (const char c : value) parted += c == mappings::list_separator ? ", " : std::string(1, c);
    std::string text = mappings::one_line(parted);
    if (text.size() <= example_bytes) return text;
    std::size_t end = example_bytes;
    while ((static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;  // within a character
    text.resize(end);
    return text + "..";
}

}  // namespace

void DraftColumn::add(std::string_view value) {
    if (value.empty()) return;
    ++filled;
    if (values.size() <= few_values && std::find(values.begin(), values.end(), value) == values.end())
        values.emplace_back(value);
}

std::string DraftColumn::examples() const {
    const bool is_all = values.size() <= (holds_objects ? most_examples : few_values);
    std::string text;
    for (std::size_t i = 0; i < (is_all ? values.size() : most_examples); ++i)
        text += (text.empty() ? "" : " | ") + shown(values[i]);
    return is_all ? text : text + " | ..";
}

DraftColumns::Node& DraftColumns::Node::at(std::string path) {
    const auto known =
        std::find_if(below.begin(), below.end(), [&](const auto& one) { return one->column.name == path; });
    if (known != below.end()) return **known;
    below.push_back(std::make_unique<Node>());
    below.back()->column.name = std::move(path);
    return *below.back();
}

void DraftColumns::add(std::string_view name, std::string_view value) {
    root_.at(std::string(name)).column.add(value);
}

void DraftColumns::add(const rapidjson::Value& row) {
    walk(row, 0, root_);
}

void DraftColumns::walk(const rapidjson::Value& value, int depth, Node& node) {
    const std::string& path = node.column.name;
    if (value.IsObject() && depth < deepest_path) {
        for (const auto& member : value.GetObject()) {
            const std::string name(member.name.GetString(), member.name.GetStringLength());
            walk(member.value, depth + 1, node.at(path.empty() ? name : path + "." + name));
        }
        return;
    }
    if (value.IsArray() && !value.Empty() && value[0].IsObject())
        return walk(value[0], depth + 1, node.at(path + "[0]"));
    std::string buffer;
    const auto cell = mappings::cell_of(value, buffer);
    if (cell.type == mappings::CellType::number) return node.column.add(fmt::format("{}", cell.number));
    if (cell.type == mappings::CellType::boolean) return node.column.add(cell.number != 0 ? "true" : "false");
    if (cell.type == mappings::CellType::tree) node.column.holds_objects = true;
    node.column.add(cell.text);
}

std::vector<DraftColumn> DraftColumns::all() const {
    std::vector<DraftColumn> columns;
    for (const auto& node : root_.below) list(*node, columns);
    return columns;
}

void DraftColumns::list(const Node& node, std::vector<DraftColumn>& columns) {
    if (node.column.filled > 0 || node.below.empty()) columns.push_back(node.column);
    for (const auto& below : node.below) list(*below, columns);
}

}  // namespace baselined::daemon
