// `config`: what a configuration can say, and what this one says.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "config/effective.hpp"
#include "config/schema/json_schema.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/json.hpp"

namespace baselined::daemon {

namespace {

using config::Setting;

std::string file_of(const config::Loaded& loaded, const Mark& mark) {
    return loaded.files.at(static_cast<std::size_t>(mark.file));
}
std::string place_of(const config::Loaded& loaded, const Mark& mark) {
    return fmt::format("{}:{}", file_of(loaded, mark), mark.line);
}

std::string text_of(const Setting& setting) {
    const std::string text = fmt::format("{}", fmt::join(setting.values, ", "));
    return setting.is_list ? "[" + text + "]" : text;
}

/// What stands together: a source, another section, the keys of the top.
std::string section_of(const std::string& key) {
    const std::size_t dot = key.find('.');
    if (dot == std::string::npos) return "top";
    return key.starts_with("sources.") ? key.substr(0, key.find('.', dot + 1)) : key.substr(0, dot);
}

void print(const std::vector<Setting>& settings) {
    std::size_t key_width = 0, value_width = 0;
    for (const Setting& setting : settings) {
        key_width = std::max(key_width, setting.key.size());
        value_width = std::max(value_width, std::min<std::size_t>(text_of(setting).size(), 50));
    }
    std::string section;
    for (const Setting& setting : settings) {
        const std::string of_key = section_of(setting.key);
        if (!section.empty() && of_key != section) fmt::print("\n");
        section = of_key;
        fmt::print("  {:<{}}  {:<{}}  {}\n", setting.key, key_width, text_of(setting), value_width,
                   setting.mark ? fmt::format("line {}", setting.mark->line) : "default");
        for (const std::string& file : setting.files) fmt::print("  {:<{}}  = {}\n", "", key_width, file);
    }
}

void write_texts(Json& json, const std::vector<std::string>& texts) {
    json.array();
    for (const std::string& text : texts) json.text(text);
    json.end_array();
}

void write_place(Json& json, const config::Loaded& loaded, const std::optional<Mark>& mark) {
    json.key("file").optional_text(mark ? file_of(loaded, *mark) : "");
    json.key("line");
    mark ? json.number(mark->line) : json.null();
}

void write(Json& json, const config::Loaded& loaded, const std::vector<Setting>& settings) {
    json.array();
    for (const Setting& setting : settings) {
        json.object();
        json.key("key").text(setting.key);
        json.key("value");
        setting.is_list ? write_texts(json, setting.values) : json.text(text_of(setting));
        write_place(json, loaded, setting.mark);
        if (!setting.files.empty()) write_texts(json.key("files"), setting.files);
        json.end_object();
    }
    json.end_array();
}

/// The main file's values, and what the other files hold.
class Whole {
  public:
    Whole(const config::Loaded& loaded, const std::string& path)
        : loaded_(loaded), configuration_(loaded.configuration), path_(path) {}

    void print() const {
        fmt::print("{}\n", path_);
        daemon::print(effective_settings(loaded_.written, path_));
        fmt::print("\nMappings{}\n", configuration_.mappings.empty() ? ": none" : "");
        for (std::size_t i = 0; i < configuration_.mappings.size(); ++i) {
            const auto& mapping = configuration_.mappings[i];
            fmt::print("  {}  {}, {} test{}, of {}: {}\n", mapping.name, name_of(mapping.kind),
                       mapping.tests.size(), mapping.tests.size() == 1 ? "" : "s",
                       fmt::join(streams_of(i), ", "), file_of(loaded_, mapping.mark));
        }
        fmt::print("\nIndicators, besides {} shipped ones\n", shipped_count());
        for (const auto& indicator : configuration_.indicators)
            if (!indicator.shipped)
                fmt::print("  {}  {}\n", indicator.name, place_of(loaded_, indicator.mark));
        fmt::print("\nMeasures{}\n", configuration_.measures.empty() ? ": none" : "");
        for (const auto& measure : configuration_.measures)
            fmt::print("  {}  {}, by {}: {}\n", measure.id, measure.indicator.text, name_of(measure.period),
                       place_of(loaded_, measure.mark));
    }

    void write(Json& json) const {
        json.object();
        json.key("file").text(path_);
        daemon::write(json.key("settings"), loaded_, effective_settings(loaded_.written, path_));
        json.key("sources").array();
        for (const config::Source& source : configuration_.sources) write(json, source);
        json.end_array();
        json.key("mappings").array();
        for (std::size_t i = 0; i < configuration_.mappings.size(); ++i) write_mapping(json, i);
        json.end_array();
        json.key("shipped_indicators").number(static_cast<double>(shipped_count()));
        json.key("indicators").array();
        for (const auto& indicator : configuration_.indicators)
            if (!indicator.shipped) write_named(json, "name", indicator.name, indicator.mark);
        json.end_array();
        json.key("measures").array();
        for (const auto& measure : configuration_.measures) write_named(json, "id", measure.id, measure.mark);
        json.end_array();
        json.end_object();
    }

  private:
    [[nodiscard]] std::ptrdiff_t shipped_count() const {
        return std::count_if(configuration_.indicators.begin(), configuration_.indicators.end(),
                             [](const auto& indicator) { return indicator.shipped; });
    }

    [[nodiscard]] std::vector<std::string> streams_of(std::size_t mapping) const {
        std::vector<std::string> names;
        for (const config::Source& source : configuration_.sources)
            for (const config::Stream& stream : source.streams)
                if (std::find(stream.mappings.begin(), stream.mappings.end(), mapping) !=
                    stream.mappings.end())
                    names.push_back(source.name + "." + stream.name);
        return names;
    }

    void write(Json& json, const config::Source& source) const {
        json.object();
        json.key("name").text(source.name);
        json.key("type").text(name_of(source.type));
        json.key("streams").array();
        for (const config::Stream& stream : source.streams) {
            json.object();
            json.key("name").text(stream.name);
            json.key("mappings").array();
            for (const std::size_t index : stream.mappings) json.text(configuration_.mappings[index].name);
            json.end_array();
            json.end_object();
        }
        json.end_array();
        json.end_object();
    }

    void write_mapping(Json& json, std::size_t index) const {
        const auto& mapping = configuration_.mappings[index];
        json.object();
        json.key("name").text(mapping.name);
        json.key("kind").text(name_of(mapping.kind));
        json.key("file").text(file_of(loaded_, mapping.mark));
        json.key("tests").number(static_cast<double>(mapping.tests.size()));
        write_texts(json.key("streams"), streams_of(index));
        json.end_object();
    }

    void write_named(Json& json, const char* key, const std::string& name, const Mark& mark) const {
        json.object();
        json.key(key).text(name);
        write_place(json, loaded_, mark);
        json.end_object();
    }

    const config::Loaded& loaded_;
    const config::Configuration& configuration_;
    std::string path_;
};

/// The measure's own part of its file, read anew.
config::YamlNode node_of(const config::Loaded& loaded, const mappings::MeasureDefinition& measure) {
    std::ostringstream text;
    text << std::ifstream(file_of(loaded, measure.mark), std::ios::binary).rdbuf();
    Problems told_already;
    const auto root = config::parse_yaml(text.str(), measure.mark.file, told_already);
    for (const auto& entry : root.entries)
        for (const config::YamlNode& item : entry.value.items)
            if (item.mark.line == measure.mark.line && item.mark.column == measure.mark.column) return item;
    return {};
}

/// False: there is no such measure, which is told.
bool show_measure(const config::Loaded& loaded, const std::string& id, bool is_json) {
    const auto& measures = loaded.configuration.measures;
    const auto found =
        std::find_if(measures.begin(), measures.end(), [&](const auto& measure) { return measure.id == id; });
    if (found == measures.end()) {
        std::vector<std::string> ids;
        for (const auto& measure : measures) ids.push_back(measure.id);
        fmt::print(stderr, "no measure \"{}\"{}\n", id, did_you_mean(id, ids));
        return false;
    }
    const std::string file = file_of(loaded, found->mark);
    const auto settings = effective_measure(node_of(loaded, *found), file);
    if (!is_json) {
        fmt::print("{}\n", file);
        print(settings);
        return true;
    }
    Json json;
    json.object();
    json.key("id").text(id);
    write_place(json, loaded, found->mark);
    write(json.key("settings"), loaded, settings);
    json.end_object();
    fmt::print("{}\n", json.str());
    return true;
}

}  // namespace

int print_schema(const std::string& file_kind) {
    fmt::print("{}", config::schema::json_schema(file_kind));
    return exit_done;
}

int show_configuration(const std::string& path, const std::string& measure, bool is_json) {
    const config::Loaded loaded =
        config::load(path, {config::Missing::refused, config::Logins::services_own});
    fmt::print(stderr, "{}", config::print(loaded.problems, loaded.files));
    const int status = loaded.problems.empty() ? exit_done : exit_configuration;
    if (!measure.empty()) return show_measure(loaded, measure, is_json) ? status : exit_usage;
    if (loaded.written.form != config::YamlNode::Form::map) return status;
    const Whole shown(loaded, path);
    if (!is_json) {
        shown.print();
        return status;
    }
    Json json;
    shown.write(json);
    fmt::print("{}\n", json.str());
    return status;
}

}  // namespace baselined::daemon
