#include "connectors/servicenow/cursor.hpp"

#include <rapidjson/document.h>

#include "mappings/mapping/json_member.hpp"
#include "mappings/record/json_writer.hpp"

namespace baselined::connectors::servicenow {

namespace {

using mappings::member;
using Writer = mappings::JsonWriter;

void write(Writer& writer, const char* name, const std::set<std::string>& ids) {
    if (ids.empty()) return;
    writer.Key(name);
    writer.StartArray();
    for (const std::string& id : ids) writer.String(id.c_str());
    writer.EndArray();
}

/// What older cursors lack is 0 and false.
std::int64_t number_of(const rapidjson::Value& object, const char* name) {
    const auto* value = member(object, name);
    return value != nullptr && value->IsInt64() ? value->GetInt64() : 0;
}

bool flag_of(const rapidjson::Value& object, const char* name) {
    const auto* value = member(object, name);
    return value != nullptr && value->IsTrue();
}

/// What most cursors lack.
std::set<std::string> ids_of(const rapidjson::Document& document, const char* name) {
    std::set<std::string> ids;
    const auto* list = member(document, name);
    if (list == nullptr || !list->IsArray()) return ids;
    for (const auto& id : list->GetArray())
        if (id.IsString()) ids.insert(id.GetString());
    return ids;
}

void write(Writer& writer, const std::map<std::string, Lack>& lacks) {
    if (lacks.empty()) return;
    writer.Key("lacks");
    writer.StartObject();
    for (const auto& [field, lack] : lacks) {
        writer.Key(field.c_str());
        writer.StartObject();
        writer.Key("rows");
        writer.StartObject();
        for (const auto& [id, version] : lack.rows) {
            writer.Key(id.c_str());
            writer.Int64(version);
        }
        writer.EndObject();
        writer.Key("more");
        writer.Bool(lack.is_more);
        writer.EndObject();
    }
    writer.EndObject();
}

Lack lack_of(const rapidjson::Value& value) {
    Lack lack;
    lack.is_more = flag_of(value, "more");
    const auto* rows = member(value, "rows");
    if (rows == nullptr || !rows->IsObject()) return lack;
    for (const auto& row : rows->GetObject())
        if (row.value.IsInt64()) lack.rows.emplace(row.name.GetString(), row.value.GetInt64());
    return lack;
}

/// What older cursors lack.
std::map<std::string, Lack> lacks_of(const rapidjson::Document& document) {
    std::map<std::string, Lack> lacks;
    const auto* fields = member(document, "lacks");
    if (fields == nullptr || !fields->IsObject()) return lacks;
    for (const auto& lack : fields->GetObject()) lacks.emplace(lack.name.GetString(), lack_of(lack.value));
    return lacks;
}

void write(Writer& writer, const std::map<std::string, Reach>& references) {
    if (references.empty()) return;
    writer.Key("references");
    writer.StartObject();
    for (const auto& [field, reach] : references) {
        writer.Key(field.c_str());
        writer.StartObject();
        writer.Key("newest");
        writer.Int64(reach.newest_ms);
        writer.Key("moved");
        writer.Int64(reach.moved.there_ms);
        writer.Key("moved_here");
        writer.Int64(reach.moved.here_ms);
        writer.Key("settled");
        writer.Bool(reach.is_settled);
        writer.EndObject();
    }
    writer.EndObject();
}

/// What older cursors lack.
std::map<std::string, Reach> references_of(const rapidjson::Document& document) {
    std::map<std::string, Reach> references;
    const auto* fields = member(document, "references");
    if (fields == nullptr || !fields->IsObject()) return references;
    for (const auto& field : fields->GetObject())
        references[field.name.GetString()] = {
            number_of(field.value, "newest"),
            {number_of(field.value, "moved"), number_of(field.value, "moved_here")},
            flag_of(field.value, "settled")};
    return references;
}

}  // namespace

std::string Cursor::text() const {
    rapidjson::StringBuffer buffer;
    Writer writer(buffer);
    writer.StartObject();
    writer.Key("updated");
    writer.Int64(updated_ms);
    writer.Key("id");
    writer.String(id.c_str());
    writer.Key("first_done");
    writer.Bool(is_first_done);
    writer.Key("deletes");
    writer.Int64(deletes_ms);
    writer.Key("of");
    writer.String(fingerprint.c_str());
    write(writer, "undated", undated);
    if (!lost.empty()) {
        writer.Key("lost");
        writer.String(lost.c_str());
        writer.Key("access_lost");
        writer.Bool(is_access_lost);
    }
    write(writer, "lost_ids", lost_ids);
    write(writer, lacks);
    writer.Key("moved");
    writer.Int64(moved.there_ms);
    writer.Key("moved_here");
    writer.Int64(moved.here_ms);
    writer.Key("settled");
    writer.Bool(is_settled);
    writer.Key("hiding");
    writer.Bool(is_hiding);
    writer.Key("url");
    writer.String(url.c_str());
    writer.Key("table");
    writer.String(table.c_str());
    write(writer, references);
    writer.Key("of_others");
    writer.Bool(is_of_others);
    writer.EndObject();
    return buffer.GetString();
}

std::optional<Cursor> Cursor::parse(std::string_view text) {
    rapidjson::Document document;
    document.Parse(text.data(), text.size());
    if (document.HasParseError() || !document.IsObject()) return std::nullopt;
    for (const char* name : {"updated", "id", "first_done", "deletes", "of"})
        if (!document.HasMember(name)) return std::nullopt;
    if (!document["updated"].IsInt64() || !document["id"].IsString() || !document["of"].IsString() ||
        !document["first_done"].IsBool() || !document["deletes"].IsInt64())
        return std::nullopt;
    Cursor cursor{document["of"].GetString(), document["updated"].GetInt64(), document["id"].GetString(),
                  document["first_done"].GetBool(), document["deletes"].GetInt64()};
    cursor.undated = ids_of(document, "undated");
    if (document.HasMember("lost") && document["lost"].IsString()) cursor.lost = document["lost"].GetString();
    cursor.is_access_lost = flag_of(document, "access_lost");
    cursor.lost_ids = ids_of(document, "lost_ids");
    cursor.lacks = lacks_of(document);
    cursor.moved = {number_of(document, "moved"), number_of(document, "moved_here")};
    cursor.is_settled = flag_of(document, "settled");
    cursor.is_hiding = flag_of(document, "hiding");
    for (auto [name, into] : {std::pair{"url", &cursor.url}, std::pair{"table", &cursor.table}})
        if (const auto* found = member(document, name); found != nullptr && found->IsString())
            *into = found->GetString();
    cursor.references = references_of(document);
    cursor.is_of_others = flag_of(document, "of_others");
    return cursor;
}

}  // namespace baselined::connectors::servicenow
