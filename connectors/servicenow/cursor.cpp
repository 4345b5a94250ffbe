#include "connectors/servicenow/cursor.hpp"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace baselined::connectors::servicenow {

namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void write(Writer& writer, const char* name, const std::set<std::string>& ids) {
    if (ids.empty()) return;
    writer.Key(name);
    writer.StartArray();
    for (const std::string& id : ids) writer.String(id.c_str());
    writer.EndArray();
}

/// What most cursors lack.
std::set<std::string> ids_of(const rapidjson::Document& document, const char* name) {
    std::set<std::string> ids;
    const auto member = document.FindMember(name);
    if (member == document.MemberEnd() || !member->value.IsArray()) return ids;
    for (const auto& id : member->value.GetArray())
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
    if (!value.IsObject()) return lack;
    const auto more = value.FindMember("more"), rows = value.FindMember("rows");
    lack.is_more = more != value.MemberEnd() && more->value.IsBool() && more->value.GetBool();
    if (rows == value.MemberEnd() || !rows->value.IsObject()) return lack;
    for (const auto& row : rows->value.GetObject())
        if (row.value.IsInt64()) lack.rows.emplace(row.name.GetString(), row.value.GetInt64());
    return lack;
}

/// What older cursors lack.
std::map<std::string, Lack> lacks_of(const rapidjson::Document& document) {
    std::map<std::string, Lack> lacks;
    const auto member = document.FindMember("lacks");
    if (member == document.MemberEnd() || !member->value.IsObject()) return lacks;
    for (const auto& lack : member->value.GetObject())
        lacks.emplace(lack.name.GetString(), lack_of(lack.value));
    return lacks;
}

std::int64_t number_of(const rapidjson::Document& document, const char* name) {
    const auto member = document.FindMember(name);
    return member != document.MemberEnd() && member->value.IsInt64() ? member->value.GetInt64() : 0;
}

bool flag_of(const rapidjson::Document& document, const char* name) {
    const auto member = document.FindMember(name);
    return member != document.MemberEnd() && member->value.IsBool() && member->value.GetBool();
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
    cursor.lost_ids = ids_of(document, "lost_ids");
    cursor.lacks = lacks_of(document);
    cursor.moved = {number_of(document, "moved"), number_of(document, "moved_here")};
    cursor.is_settled = flag_of(document, "settled");
    cursor.is_hiding = flag_of(document, "hiding");
    cursor.is_of_others = flag_of(document, "of_others");
    return cursor;
}

}  // namespace baselined::connectors::servicenow
