#include "mappings/mapping/json_path.hpp"

#include <algorithm>
#include <charconv>

#include "mappings/mapping/json_member.hpp"
#include "mappings/record/json_writer.hpp"

namespace baselined::mappings {

namespace {

using rapidjson::Value;

/// Doubles hold whole numbers up to here; longer ones (ids) stay texts.
constexpr std::int64_t exact_in_a_double = std::int64_t{1} << 53;
constexpr std::size_t example_length = 120;

std::string json_text(const Value& value) {
    rapidjson::StringBuffer buffer;
    JsonWriter writer(buffer);
    value.Accept(writer);
    std::string text(buffer.GetString(), std::min(buffer.GetSize(), example_length));
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0U) == 0x80U) text.pop_back();
    return text;
}

Cell number_of(const Value& value, std::string& buffer) {
    if (value.IsInt64() && std::abs(value.GetInt64()) > exact_in_a_double)
        buffer = std::to_string(value.GetInt64());
    else if (value.IsUint64() && !value.IsInt64())
        buffer = std::to_string(value.GetUint64());
    else
        return number_cell(value.GetDouble());
    return text_cell(buffer);
}

Cell list_of(const Value& array, std::string& buffer) {
    std::string items;
    for (const Value& item : array.GetArray()) {
        if (item.IsNull()) continue;
        std::string own;
        const Cell cell = cell_of(item, own);
        if (cell.type == CellType::tree || cell.type == CellType::list) {
            buffer = json_text(array);
            return {CellType::tree, buffer, 0, 0};
        }
        if (!items.empty()) items += list_separator;
        if (cell.type == CellType::text)
            items += cell.text;
        else
            items += json_text(item);
    }
    if (items.empty()) return {};
    buffer = std::move(items);
    return {CellType::list, buffer, 0, 0};
}

}  // namespace

JsonPath::JsonPath(std::string_view text) {
    while (!text.empty()) {
        if (text.front() == '.') {
            text.remove_prefix(1);
            continue;
        }
        Step step;
        step.rest = text;
        std::size_t length = std::min(text.find_first_of(".["), text.size());
        if (text.front() == '[') {
            const std::size_t close = text.find(']');
            const auto* end = text.data() + std::min(close, text.size());
            const auto read = std::from_chars(text.data() + 1, end, step.index);
            if (close == std::string_view::npos || read.ec != std::errc{} || read.ptr != end) {
                step.key = text;  // no index after all: a key with a bracket
                length = text.size();
            } else {
                length = close + 1;
            }
        } else {
            step.key = text.substr(0, length);
        }
        text.remove_prefix(length);
        steps_.push_back(std::move(step));
    }
}

const Value* JsonPath::find(const Value& root) const {
    const Value* at = &root;
    for (const Step& step : steps_) {
        if (const Value* whole = member(*at, step.rest)) return whole;
        if (!step.key.empty())
            at = member(*at, step.key);
        else
            at = at->IsArray() && step.index < at->Size() ? &(*at)[step.index] : nullptr;
        if (at == nullptr) return nullptr;
    }
    return at;
}

Cell cell_of(const Value& value, std::string& buffer) {
    switch (value.GetType()) {
        case rapidjson::kNullType:
            return {};
        case rapidjson::kFalseType:
        case rapidjson::kTrueType:
            return {CellType::boolean, {}, value.GetBool() ? 1.0 : 0.0, 0};
        case rapidjson::kStringType:
            return value.GetStringLength() == 0 ? Cell{}
                                                : text_cell({value.GetString(), value.GetStringLength()});
        case rapidjson::kNumberType:
            return number_of(value, buffer);
        case rapidjson::kArrayType:
            return list_of(value, buffer);
        case rapidjson::kObjectType:
            break;
    }
    buffer = json_text(value);
    return {CellType::tree, buffer, 0, 0};
}

}  // namespace baselined::mappings
