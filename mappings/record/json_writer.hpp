// JSON as text. RapidJSON's own Writer of a StringBuffer looks at 16 bytes at once, and in 1.1.0 leaves the
// control characters 1A to 1F among them as they are: no reader of JSON has to take that, and its own takes
// only some.
#pragma once

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace baselined::mappings {

/// Makes another type of the writer, of which there is no such hurried form.
struct JsonLevels : rapidjson::CrtAllocator {};
/// What `rapidjson::Writer` is elsewhere; neither of them mends what is no UTF-8.
using JsonWriter =
    rapidjson::Writer<rapidjson::StringBuffer, rapidjson::UTF8<>, rapidjson::UTF8<>, JsonLevels>;

}  // namespace baselined::mappings
