// JSON on stdout: a writer that knows instants, optional numbers and texts.
#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <string_view>

#include "mappings/record/json_writer.hpp"
#include "mappings/record/time.hpp"
#include "mappings/record/utf8.hpp"

namespace baselined::daemon {

class Json {
  public:
    Json& key(std::string_view name) {
        const std::string valid = mappings::valid_utf8(name);
        writer_.Key(valid.data(), static_cast<rapidjson::SizeType>(valid.size()));
        return *this;
    }
    /// What is no UTF-8 (a file's name may be anything) is told as U+FFFD: JSON has to be UTF-8.
    void text(std::string_view value) {
        const std::string valid = mappings::valid_utf8(value);
        writer_.String(valid.data(), static_cast<rapidjson::SizeType>(valid.size()));
    }
    /// Null for what is not known, and for what no JSON number can say.
    void number(std::optional<double> value) {
        if (!value || !std::isfinite(*value)) return null();
        // Counts look like counts.
        if (*value == std::floor(*value) && std::abs(*value) < 9.0e15)
            writer_.Int64(static_cast<std::int64_t>(*value));
        else
            writer_.Double(*value);
    }
    void boolean(bool value) { writer_.Bool(value); }
    void null() { writer_.Null(); }
    /// What is JSON already.
    void raw(std::string_view value) { writer_.RawValue(value.data(), value.size(), rapidjson::kObjectType); }
    void instant(const std::optional<mappings::Instant>& at) {
        at ? text(mappings::format_rfc3339(*at)) : null();
    }
    void optional_text(std::string_view value) { value.empty() ? null() : text(value); }
    void object() { writer_.StartObject(); }
    void end_object() { writer_.EndObject(); }
    void array() { writer_.StartArray(); }
    void end_array() { writer_.EndArray(); }
    [[nodiscard]] std::string_view str() const { return {buffer_.GetString(), buffer_.GetSize()}; }

  private:
    rapidjson::StringBuffer buffer_;
    mappings::JsonWriter writer_{buffer_};
};

}  // namespace baselined::daemon
