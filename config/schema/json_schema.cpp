#include "config/schema/json_schema.hpp"

#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>

#include <algorithm>

#include "config/schema/table.hpp"

namespace baselined::config::schema {

namespace {

std::string definition_of(std::string name) {
    std::replace(name.begin(), name.end(), ' ', '-');
    return name;
}

class Writer {
  public:
    explicit Writer(std::string_view file_kind) : is_main_(file_kind == "main") {}

    std::string write(const NamedShape& whole) {
        writer_.SetIndent(' ', 2);
        writer_.StartObject();
        text("$schema", "http://json-schema.org/draft-07/schema#");
        text("title", whole.name == "main" ? "baselined.yaml" : "baselined: " + whole.name);
        text("description", whole.about);
        members(whole.shape);
        key("definitions");
        writer_.StartObject();
        for (std::size_t i = 0; i < used_.size(); ++i) definition(std::string(used_[i]));
        writer_.EndObject();
        writer_.EndObject();
        return buffer_.GetString();
    }

  private:
    void key(std::string_view name) {
        writer_.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
    }
    void text(std::string_view value) {
        writer_.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
    }
    void text(std::string_view name, std::string_view value) {
        key(name);
        text(value);
    }
    void texts(std::string_view name, const std::vector<std::string>& values) {
        key(name);
        writer_.StartArray();
        for (const std::string& value : values) text(value);
        writer_.EndArray();
    }
    void schema(const Shape& shape) {
        writer_.StartObject();
        members(shape);
        writer_.EndObject();
    }
    void schema(std::string_view name, const Shape& shape) {
        key(name);
        schema(shape);
    }
    void any_of(const std::vector<Shape>& shapes) {
        key("anyOf");
        writer_.StartArray();
        for (const Shape& shape : shapes) schema(shape);
        writer_.EndArray();
    }

    void refer(const std::string& name) {
        if (std::find(used_.begin(), used_.end(), name) == used_.end()) used_.push_back(name);
        text("$ref", "#/definitions/" + definition_of(name));
    }

    void definition(const std::string& name) {
        key(definition_of(name));
        writer_.StartObject();
        if (const ScalarType* scalar = find_scalar(name)) {
            text("description", scalar->about);
            texts("type", scalar->json_types);
            if (!scalar->pattern.empty()) text("pattern", scalar->pattern + (is_main_ ? reference : ""));
        } else if (const NamedShape* named = find_shape(name)) {
            text("description", named->about);
            members(named->shape);
        }
        writer_.EndObject();
    }

    /// What the shape asks for, into the object that is open.
    void members(const Shape& shape) {
        switch (shape.form) {
            case Shape::Form::anything:
                return;
            case Shape::Form::named:
                return refer(shape.name);
            case Shape::Form::word:
                return words(shape);
            case Shape::Form::map:
                return map(shape);
            case Shape::Form::list:
                text("type", "array");
                return schema("items", shape.of.front());
            case Shape::Form::some:
                return any_of({shape.of.front(), list_of(shape.of.front())});
            case Shape::Form::one_of:
                return any_of(shape.of);
            case Shape::Form::by:
                return by(shape);
        }
    }

    void words(const Shape& shape) {
        if (!is_main_) return texts("enum", shape.words);
        key("anyOf");
        writer_.StartArray();
        writer_.StartObject();
        texts("enum", shape.words);
        writer_.EndObject();
        writer_.StartObject();
        text("pattern", std::string_view(reference).substr(1));
        text("type", "string");
        writer_.EndObject();
        writer_.EndArray();
    }

    void map(const Shape& shape) {
        text("type", "object");
        if (!shape.keys.empty()) properties(shape);
        if (shape.of.empty()) {
            key("additionalProperties");
            writer_.Bool(false);
        } else {
            schema("additionalProperties", shape.of.front());
        }
        if (!shape.of.empty()) property_names(shape);
        if (!shape.together.empty()) together(shape.together);
    }

    /// What a user's own names are of, and which are taken.
    void property_names(const Shape& shape) {
        key("propertyNames");
        writer_.StartObject();
        text("title", shape.name);
        if (!shape.reserved.empty()) {
            key("not");
            writer_.StartObject();
            texts("enum", shape.reserved);
            writer_.EndObject();
        }
        writer_.EndObject();
    }

    void properties(const Shape& shape) {
        key("properties");
        writer_.StartObject();
        std::vector<std::string> needed;
        for (const Key& described : shape.keys) {
            property(described);
            if (described.presence.kind == Presence::Kind::required) needed.push_back(described.name);
        }
        writer_.EndObject();
        if (!needed.empty()) texts("required", needed);
    }

    void property(const Key& described) {
        key(described.name);
        writer_.StartObject();
        text("description", described.about + absence(described.presence));
        if (described.presence.kind == Presence::Kind::value)
            default_value(described.shape, described.presence.text);
        // Beside a $ref draft-07 checks nothing: meanings and defaults may stand there, and editors show
        // them.
        members(described.shape);
        writer_.EndObject();
    }

    static std::string absence(const Presence& presence) {
        switch (presence.kind) {
            case Presence::Kind::words:
                return " Default: " + presence.text + ".";
            case Presence::Kind::name_above:
                return " Default: the name it stands under.";
            case Presence::Kind::key:
                return " Default: the main file's `" + presence.text + "`.";
            default:
                return "";
        }
    }

    void default_value(const Shape& shape, const std::string& value) {
        key("default");
        const bool is_raw = shape.name == "boolean" || shape.name == "integer";
        is_raw ? void(writer_.RawValue(value.data(), value.size(), rapidjson::kNumberType)) : text(value);
    }

    void by(const Shape& shape) {
        text("type", "object");
        key("properties");
        writer_.StartObject();
        schema(shape.name, word(shape.words));
        writer_.EndObject();
        texts("required", {shape.name});
        key("allOf");
        writer_.StartArray();
        for (std::size_t i = 0; i < shape.words.size(); ++i) {
            writer_.StartObject();
            key("if");
            has_value(shape.name, shape.words[i]);
            schema("then", shape.of[i]);
            writer_.EndObject();
        }
        writer_.EndArray();
    }

    void has_value(const std::string& name, const std::string& value) {
        writer_.StartObject();
        key("properties");
        writer_.StartObject();
        key(name);
        writer_.StartObject();
        text("const", value);
        writer_.EndObject();
        writer_.EndObject();
        texts("required", {name});
        writer_.EndObject();
    }

    void together(const std::vector<Together>& rules) {
        key("allOf");
        writer_.StartArray();
        for (const Together& rule : rules) {
            writer_.StartObject();
            if (rule.kind == Together::Kind::when) {
                key("if");
                has_value(rule.key, rule.value);
                key("then");
                needs(rule.sets.front());
            } else {
                key(rule.kind == Together::Kind::exactly_one ? "oneOf" : "anyOf");
                writer_.StartArray();
                for (const auto& set : rule.sets) needs(set);
                writer_.EndArray();
            }
            writer_.EndObject();
        }
        writer_.EndArray();
    }

    void needs(const std::vector<std::string>& keys) {
        writer_.StartObject();
        texts("required", keys);
        writer_.EndObject();
    }

    static constexpr const char* reference = "|\\$\\{";  ///< any value of the main file may hold a ${NAME}

    bool is_main_;
    std::vector<std::string>
        used_;  ///< names of definitions that are referred to; grows while they are written
    rapidjson::StringBuffer buffer_;
    rapidjson::PrettyWriter<rapidjson::StringBuffer> writer_{buffer_};
};

}  // namespace

std::string json_schema(std::string_view file_kind) {
    const NamedShape* whole = find_shape(file_kind);
    return whole == nullptr ? std::string{} : Writer(file_kind).write(*whole) + "\n";
}

}  // namespace baselined::config::schema
