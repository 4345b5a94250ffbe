#include "connectors/jira/cursor.hpp"

#include <rapidjson/document.h>

#include "mappings/mapping/json_member.hpp"
#include "mappings/record/json_writer.hpp"

namespace baselined::connectors::jira {

namespace {

using mappings::member;
using Writer = mappings::JsonWriter;

void write(Writer& writer, std::int64_t number) {
    writer.Int64(number);
}

void write(Writer& writer, const std::string& text) {
    writer.String(text.c_str());
}

template <typename Value>
void write_map(Writer& writer, const char* name, const std::map<std::string, Value>& values) {
    writer.Key(name);
    writer.StartObject();
    for (const auto& [key, value] : values) {
        writer.Key(key.c_str());
        write(writer, value);
    }
    writer.EndObject();
}

template <typename Texts>
void write_texts(Writer& writer, const char* name, const Texts& texts) {
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

void write_lost(Writer& writer, const LostAccess& lost) {
    writer.Key("lost");
    writer.StartObject();
    writer.Key("note");
    writer.String(lost.note.c_str());
    write_texts(writer, "ids", lost.ids);
    writer.Key("again");
    writer.Int64(lost.again_ms);
    writer.Key("pause");
    writer.Int64(lost.pause_ms);
    writer.Key("access");
    writer.Bool(lost.is_access);
    writer.EndObject();
}

void write_looks(Writer& writer, const Looks& looks) {
    writer.Key("looks");
    writer.StartObject();
    writer.Key("withheld");
    writer.Int64(looks.withheld);
    writer.Key("words");
    write(writer, looks.words);
    writer.Key("archived");
    writer.Int64(looks.archived);
    writer.Key("left");
    writer.Int64(looks.left);
    writer.EndObject();
}

std::optional<LostAccess> read_lost(const rapidjson::Document& document) {
    const auto* found = member(document, "lost");
    if (found == nullptr || !found->IsObject()) return std::nullopt;
    const auto& lost = *found;
    for (const char* name : {"note", "ids", "again", "pause"})
        if (!lost.HasMember(name)) return std::nullopt;
    if (!lost["note"].IsString() || !lost["again"].IsInt64() || !lost["pause"].IsInt64()) return std::nullopt;
    return LostAccess{lost["note"].GetString(), read_texts(lost["ids"]), lost["again"].GetInt64(),
                      lost["pause"].GetInt64(), lost.HasMember("access") && lost["access"].IsTrue()};
}

bool read(const rapidjson::Value& from, std::int64_t& number) {
    if (from.IsInt64()) number = from.GetInt64();
    return from.IsInt64();
}

bool read(const rapidjson::Value& from, std::string& text) {
    if (from.IsString()) text = from.GetString();
    return from.IsString();
}

Looks read_looks(const rapidjson::Document& document) {
    Looks looks;
    const auto* found = member(document, "looks");
    if (found == nullptr || !found->IsObject()) return looks;
    if (const auto* words = member(*found, "words")) read(*words, looks.words);
    for (auto [name, into] : {std::pair{"withheld", &looks.withheld}, std::pair{"archived", &looks.archived},
                              std::pair{"left", &looks.left}})
        if (const auto* number = member(*found, name)) read(*number, *into);
    return looks;
}

/// Members of another type than the map's are passed over.
template <typename Value>
std::map<std::string, Value> read_map(const rapidjson::Document& document, const char* name) {
    std::map<std::string, Value> values;
    const auto* found = member(document, name);
    if (found == nullptr || !found->IsObject()) return values;
    for (const auto& entry : found->GetObject())
        if (Value value{}; read(entry.value, value)) values[entry.name.GetString()] = std::move(value);
    return values;
}

}  // namespace

std::string Cursor::text() const {
    rapidjson::StringBuffer buffer;
    Writer writer(buffer);
    writer.StartObject();
    writer.Key("site");
    writer.String(site.c_str());
    writer.Key("cloud_id");
    writer.String(cloud_id.c_str());
    writer.Key("updated");
    writer.Int64(updated_ms);
    writer.Key("first_done");
    writer.Bool(is_first_done);
    writer.Key("of");
    writer.String(fingerprint.c_str());
    write_map(writer, "running", running);
    writer.Key("of_others");
    writer.Bool(is_of_others);
    writer.Key("fields");
    writer.StartObject();
    for (const auto& [name, ids] : met.by_name) write_texts(writer, name.c_str(), ids);
    writer.EndObject();
    write_map(writer, "shown", met.shown);
    write_texts(writer, "unlisted", met.unlisted);
    write_map(writer, "slas", met.slas);
    write_map(writer, "differing", met.differing);
    write_texts(writer, "slaless", slaless);
    if (lost) write_lost(writer, *lost);
    writer.Key("looked_to");
    writer.String(looked_to.c_str());
    write_looks(writer, looks);
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
    for (auto [name, into] : {std::pair{"site", &cursor.site}, std::pair{"cloud_id", &cursor.cloud_id},
                              std::pair{"looked_to", &cursor.looked_to}})
        if (const auto* found = member(document, name)) read(*found, *into);
    cursor.fingerprint = document["of"].GetString();
    cursor.updated_ms = document["updated"].GetInt64();
    cursor.is_first_done = document["first_done"].IsTrue();
    cursor.running = read_map<std::int64_t>(document, "running");
    if (const auto* others = member(document, "of_others")) cursor.is_of_others = others->IsTrue();
    cursor.met.shown = read_map<std::string>(document, "shown");
    cursor.met.differing = read_map<std::string>(document, "differing");
    cursor.met.slas = read_map<std::string>(document, "slas");
    if (const auto* slaless = member(document, "slaless"))
        for (std::string& project : read_texts(*slaless)) cursor.slaless.insert(std::move(project));
    if (const auto* unlisted = member(document, "unlisted"))
        for (std::string& id : read_texts(*unlisted)) cursor.met.unlisted.insert(std::move(id));
    cursor.lost = read_lost(document);
    cursor.looks = read_looks(document);
    if (!document.HasMember("fields") || !document["fields"].IsObject()) return cursor;
    for (const auto& entry : document["fields"].GetObject())
        cursor.met.by_name[entry.name.GetString()] = read_texts(entry.value);
    return cursor;
}

}  // namespace baselined::connectors::jira
