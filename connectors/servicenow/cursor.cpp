#include "connectors/servicenow/cursor.hpp"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace baselined::connectors::servicenow {

std::string Cursor::text() const {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
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
    return Cursor{document["of"].GetString(), document["updated"].GetInt64(), document["id"].GetString(),
                  document["first_done"].GetBool(), document["deletes"].GetInt64()};
}

}  // namespace baselined::connectors::servicenow
