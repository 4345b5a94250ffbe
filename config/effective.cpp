#include "config/effective.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/paths.hpp"
#include "config/schema/table.hpp"

namespace baselined::config {

namespace {

using schema::Key;
using schema::Presence;
using schema::Shape;
using Form = schema::Shape::Form;

constexpr const char* hidden = "(hidden)";

bool is_reference(std::string_view text) {
    return text.starts_with("${") && text.find('}') == text.size() - 1;
}

/// The host alone: the rest of it is the secret.
std::string masked_secret_address(const std::string& text) {
    const std::size_t colon = text.find("://");
    const std::size_t end = text.find_first_of("/?#@", colon == std::string::npos ? 0 : colon + 3);
    if (end == std::string::npos) return text;
    return text[end] == '@' ? hidden : text.substr(0, end) + "/" + hidden;
}

/// An address without its name, password and query.
std::string masked_address(const std::string& text) {
    const std::size_t colon = text.find("://");
    const std::size_t start = colon == std::string::npos ? 0 : colon + 3;
    const std::size_t query = std::min(text.find('?'), text.size());
    const std::size_t at = text.rfind('@');
    if (at != std::string::npos && at > query) return text.substr(0, start) + hidden;
    const bool has_login = at != std::string::npos && at >= start;
    const std::size_t host = has_login ? at + 1 : start;
    return fmt::format("{}{}{}{}", text.substr(0, start), has_login ? fmt::format("{}@", hidden) : "",
                       text.substr(host, query - host),
                       query < text.size() ? fmt::format("?{}", hidden) : "");
}

class Walk {
  public:
    Walk(const YamlNode& root, const std::string& file) : root_(root), file_(file) {}

    std::vector<Setting> run(std::string_view shape) {
        map(schema::find_shape(shape)->shape, &root_, "", "");
        return std::move(settings_);
    }

  private:
    static const YamlNode* value_of(const YamlNode* node, std::string_view key) {
        if (node == nullptr) return nullptr;
        for (const auto& [name, value] : node->entries)
            if (name.text == key) return value.form == YamlNode::Form::null ? nullptr : &value;
        return nullptr;
    }

    static std::string joined(const std::string& place, const std::string& name) {
        const bool is_plain = name.find_first_of(".[] \t\"") == std::string::npos;
        const std::string word = is_plain ? name : "\"" + name + "\"";
        return place.empty() ? word : place + "." + word;
    }

    /// `node` is null where nothing stands: then only defaults are told.
    void map(const Shape& shape, const YamlNode* node, const std::string& place, const std::string& above) {
        for (const Key& key : shape.keys) {
            const YamlNode* value = value_of(node, key.name);
            if (value != nullptr)
                walk(key.shape, *value, joined(place, key.name), key.name);
            else
                absent(key, joined(place, key.name), above);
        }
        if (shape.of.empty() || node == nullptr) return;
        for (const YamlEntry& entry : node->entries) {
            const auto is_entry = [&](const Key& key) { return key.name == entry.key.text; };
            if (std::none_of(shape.keys.begin(), shape.keys.end(), is_entry))
                walk(shape.of[0], entry.value, joined(place, entry.key.text), entry.key.text);
        }
    }

    void absent(const Key& key, const std::string& place, const std::string& above) {
        switch (key.presence.kind) {
            case Presence::Kind::optional:
            case Presence::Kind::required:
                return;
            case Presence::Kind::value:
                return add(place, {shown(key.shape, key.presence.text)}, std::nullopt);
            case Presence::Kind::words:
                if (const Shape& inner = schema::resolved(key.shape); inner.form == Form::map)
                    return map(inner, nullptr, place, "");
                return add(place, {fmt::format("({})", key.presence.text)}, std::nullopt);
            case Presence::Kind::name_above:
                return add(place, {above}, std::nullopt);
            case Presence::Kind::key:
                return same_as(key.presence.text, place);
        }
    }

    /// As a key of the main file's top says, which was told before.
    void same_as(const std::string& key, const std::string& place) {
        for (const Setting& setting : settings_)
            if (setting.key == key) return add(place, std::vector(setting.values), setting.mark);
    }

    void walk(const Shape& shape, const YamlNode& node, const std::string& place, const std::string& name) {
        const Shape& is = chosen(schema::resolved(shape), node);
        if (is.form == Form::map) return map(is, &node, place, name);
        if (is.form == Form::by) return by(is, node, place, name);
        if (is.form == Form::list && schema::resolved(is.of[0]).form == Form::map) {
            for (std::size_t i = 0; i < node.items.size(); ++i)
                walk(is.of[0], node.items[i], fmt::format("{}[{}]", place, i), name);
            return;
        }
        Setting setting{place, {}, node.form == YamlNode::Form::list, {}, node.mark};
        const Shape& type = is.form == Form::some || is.form == Form::list ? is.of[0] : is;
        const auto take = [&](const std::string& text) {
            setting.values.push_back(shown(type, text));
            if (type.name != "glob") return;
            auto files = files_matching(resolved_path(file_, text));
            setting.files.insert(setting.files.end(), files.begin(), files.end());
        };
        if (node.form == YamlNode::Form::scalar) take(node.text);
        for (const YamlNode& item : node.items) take(item.text);
        settings_.push_back(std::move(setting));
    }

    /// Of several shapes the first that looks like the node.
    static const Shape& chosen(const Shape& shape, const YamlNode& node) {
        if (shape.form != Form::one_of) return shape;
        for (const Shape& one : shape.of) {
            const Form form = schema::resolved(one).form;
            if ((form == Form::map) == (node.form == YamlNode::Form::map) &&
                (form == Form::list) == (node.form == YamlNode::Form::list))
                return chosen(schema::resolved(one), node);
        }
        return shape.of.front();
    }

    void by(const Shape& shape, const YamlNode& node, const std::string& place, const std::string& name) {
        const YamlNode* word = value_of(&node, shape.name);
        if (word == nullptr) return;
        const auto found = std::find(shape.words.begin(), shape.words.end(), word->text);
        if (found != shape.words.end())
            walk(shape.of[static_cast<std::size_t>(found - shape.words.begin())], node, place, name);
    }

    [[nodiscard]] std::string shown(const Shape& type, const std::string& text) const {
        if (is_reference(text)) return text;
        if (type.name == "secret") return hidden;
        // What is no word of the list may be anything: a secret beside its place.
        if (type.form == Form::word && std::ranges::find(type.words, text) == type.words.end()) return hidden;
        if (type.name == "path" || type.name == "pem file") return resolved_path(file_, text);
        if (type.name == "secret address" || type.name == "listener") return masked_secret_address(text);
        if (type.name == "address" || type.name == "proxy" || type.name == "mail server")
            return masked_address(text);
        return text;
    }

    void add(const std::string& place, std::vector<std::string> values, std::optional<Mark> mark) {
        settings_.push_back({place, std::move(values), false, {}, mark});
    }

    const YamlNode& root_;
    const std::string& file_;
    std::vector<Setting> settings_;
};

}  // namespace

std::vector<Setting> effective_settings(const YamlNode& written, const std::string& file) {
    return Walk(written, file).run("main");
}

std::vector<Setting> effective_measure(const YamlNode& node, const std::string& file) {
    return Walk(node, file).run("measure");
}

}  // namespace baselined::config
