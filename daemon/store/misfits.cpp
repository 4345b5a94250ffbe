#include "daemon/store/misfits.hpp"

#include <rapidjson/document.h>

#include <algorithm>

#include "mappings/record/json_writer.hpp"

namespace baselined::daemon {

namespace {

constexpr std::size_t longest_example = 200;

}  // namespace

/// Cut at a character's start, so that the example stays UTF-8.
std::string_view shortened(std::string_view text) {
    if (text.size() <= longest_example) return text;
    std::size_t end = longest_example;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    return text.substr(0, end);
}

void count_misfit(std::vector<Misfit>& misfits, std::string_view field, std::string_view example,
                  std::int64_t count) {
    const auto known =
        std::find_if(misfits.begin(), misfits.end(), [&](const Misfit& m) { return m.field == field; });
    if (known != misfits.end())
        known->count += count;
    else
        misfits.push_back({std::string(field), std::string(shortened(example)), count});
}

std::string misfits_to_text(const std::vector<Misfit>& misfits) {
    if (misfits.empty()) return {};
    rapidjson::StringBuffer buffer;
    mappings::JsonWriter writer(buffer);
    writer.StartArray();
    for (const Misfit& misfit : misfits) {
        writer.StartArray();
        writer.String(misfit.field.data(), static_cast<rapidjson::SizeType>(misfit.field.size()));
        writer.String(misfit.example.data(), static_cast<rapidjson::SizeType>(misfit.example.size()));
        writer.Int64(misfit.count);
        writer.EndArray();
    }
    writer.EndArray();
    return {buffer.GetString(), buffer.GetSize()};
}

void add_misfits(std::vector<Misfit>& sum, std::string_view text) {
    if (text.empty()) return;
    rapidjson::Document document;
    document.Parse(text.data(), text.size());
    if (!document.IsArray()) return;
    for (const auto& entry : document.GetArray()) {
        if (!entry.IsArray() || entry.Size() != 3) continue;
        count_misfit(sum, {entry[0].GetString(), entry[0].GetStringLength()},
                     {entry[1].GetString(), entry[1].GetStringLength()}, entry[2].GetInt64());
    }
}

}  // namespace baselined::daemon
