#include "connectors/jira/cursor.hpp"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace baselined::connectors::jira {

namespace {

using Numbers = std::map<std::string, std::int64_t>;
using Names = std::map<std::string, std::string>;

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

void write_names(rapidjson::Writer<rapidjson::StringBuffer>& writer, const char* name, const Names& names) {
    writer.Key(name);
    writer.StartObject();
    for (const auto& [key, text] : names) {
        writer.Key(key.c_str());
        writer.String(text.c_str());
    }
    writer.EndObject();
}

void write_texts(rapidjson::Writer<rapidjson::StringBuffer>& writer, const char* name,
                 const std::vector<std::string>& texts) {
    writer.Key(name);
    writer.StartArray();
    for (const std::string& text : texts) writer.String(text.c_str());
    writer.EndArray();
}

std::vector<std::string> read_texts(const rapidjson::Value& list) {
    std::vector<std::string> texts;
    if (!list.IsArray()) return texts;
    for (const auto& text : list.GetArray())
        if (text.IsString()) texts.emplace_back(text.GetString());
    return texts;
}

void write_lost(rapidjson::Writer<rapidjson::StringBuffer>& writer, const LostAccess& lost) {
    writer.Key("lost");
    writer.StartObject();
    writer.Key("note");
    writer.String(lost.note.c_str());
    write_texts(writer, "ids", lost.ids);
    writer.Key("again");
    writer.Int64(lost.again_ms);
    writer.Key("pause");
    writer.Int64(lost.pause_ms);
    writer.EndObject();
}

std::optional<LostAccess> read_lost(const rapidjson::Document& document) {
    const auto found = document.FindMember("lost");
    if (found == document.MemberEnd() || !found->value.IsObject()) return std::nullopt;
    const auto& lost = found->value;
    for (const char* name : {"note", "ids", "again", "pause"})
        if (!lost.HasMember(name)) return std::nullopt;
    if (!lost["note"].IsString() || !lost["again"].IsInt64() || !lost["pause"].IsInt64()) return std::nullopt;
    return LostAccess{lost["note"].GetString(), read_texts(lost["ids"]), lost["again"].GetInt64(),
                      lost["pause"].GetInt64()};
}

Numbers read_numbers(const rapidjson::Document& document, const char* name) {
    Numbers numbers;
    const auto found = document.FindMember(name);
    if (found == document.MemberEnd() || !found->value.IsObject()) return numbers;
    for (const auto& entry : found->value.GetObject())
        if (entry.value.IsInt64()) numbers[entry.name.GetString()] = entry.value.GetInt64();
    return numbers;
}

Names read_names(const rapidjson::Document& document, const char* name) {
    Names names;
    const auto found = document.FindMember(name);
    if (found == document.MemberEnd() || !found->value.IsObject()) return names;
    for (const auto& entry : found->value.GetObject())
        if (entry.value.IsString()) names[entry.name.GetString()] = entry.value.GetString();
    return names;
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
    for (const auto& [name, ids] : met.by_name) write_texts(writer, name.c_str(), ids);
    writer.EndObject();
    write_names(writer, "shown", met.shown);
    write_names(writer, "slas", met.slas);
    if (lost) write_lost(writer, *lost);
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
    cursor.met.shown = read_names(document, "shown");
    cursor.met.slas = read_names(document, "slas");
    cursor.lost = read_lost(document);
    if (!document.HasMember("fields") || !document["fields"].IsObject()) return cursor;
    for (const auto& entry : document["fields"].GetObject())
        cursor.met.by_name[entry.name.GetString()] = read_texts(entry.value);
    return cursor;
}

}  // namespace baselined::connectors::jira
