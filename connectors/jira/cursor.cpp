#include "connectors/jira/cursor.hpp"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace baselined::connectors::jira {

namespace {

using Numbers = std::map<std::string, std::int64_t>;

void write_numbers(rapidjson::Writer<rapidjson::StringBuffer>& writer, const char* name,
                   const Numbers& numbers) {
    writer.Key(name);
    writer.StartObject();
    for (const auto& [key, number] : numbers) {
        writer.Key(key.c_str());
        writer.Int64(number);
    }
    writer.EndObject();
}

Numbers read_numbers(const rapidjson::Document& document, const char* name) {
    Numbers numbers;
    const auto found = document.FindMember(name);
    if (found == document.MemberEnd() || !found->value.IsObject()) return numbers;
    for (const auto& entry : found->value.GetObject())
        if (entry.value.IsInt64()) numbers[entry.name.GetString()] = entry.value.GetInt64();
    return numbers;
}

}  // namespace

std::string Cursor::text() const {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    writer.StartObject();
    writer.Key("updated");
    writer.Int64(updated_ms);
    writer.Key("first_done");
    writer.Bool(is_first_done);
    writer.Key("of");
    writer.String(fingerprint.c_str());
    write_numbers(writer, "running", running);
    write_numbers(writer, "projects", projects);
    writer.Key("fields");
    writer.StartObject();
    for (const auto& [name, ids] : fields) {
        writer.Key(name.c_str());
        writer.StartArray();
        for (const std::string& id : ids) writer.String(id.c_str());
        writer.EndArray();
    }
    writer.EndObject();
    writer.EndObject();
    return buffer.GetString();
}

std::optional<Cursor> Cursor::parse(std::string_view text) {
    rapidjson::Document document;
    document.Parse(text.data(), text.size());
    if (document.HasParseError() || !document.IsObject()) return std::nullopt;
    for (const char* name : {"updated", "first_done", "of", "running"})
        if (!document.HasMember(name)) return std::nullopt;
    if (!document["updated"].IsInt64() || !document["of"].IsString() || !document["running"].IsObject())
        return std::nullopt;
    Cursor cursor;
    cursor.fingerprint = document["of"].GetString();
    cursor.updated_ms = document["updated"].GetInt64();
    cursor.is_first_done = document["first_done"].IsTrue();
    cursor.running = read_numbers(document, "running");
    cursor.projects = read_numbers(document, "projects");
    if (!document.HasMember("fields") || !document["fields"].IsObject()) return cursor;
    for (const auto& entry : document["fields"].GetObject()) {
        if (!entry.value.IsArray()) continue;
        for (const auto& id : entry.value.GetArray())
            if (id.IsString()) cursor.fields[entry.name.GetString()].emplace_back(id.GetString());
    }
    return cursor;
}

}  // namespace baselined::connectors::jira
