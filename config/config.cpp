#include "config/config.hpp"

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/definitions.hpp"
#include "config/secrets.hpp"

namespace baselined::config {

namespace {

namespace fs = std::filesystem;

class Loader {
  public:
    explicit Loader(const std::string& path) : path_(path) {}

    Loaded run() {
        load_shipped();
        const int file = add_file(path_);
        YamlNode root = parse(path_, file);
        if (!loaded_.problems.empty()) return std::move(loaded_);
        fill_in_secrets(root, loaded_.problems);
        read_main(root);
        check_names();
        return std::move(loaded_);
    }

  private:
    Configuration& configuration() { return loaded_.configuration; }
    Problems& problems() { return loaded_.problems; }

    int add_file(const std::string& path) {
        loaded_.files.push_back(path);
        return static_cast<int>(loaded_.files.size()) - 1;
    }

    YamlNode parse(const std::string& path, int file) {
        std::error_code error;
        std::ifstream stream(path, std::ios::binary);
        if (!stream || fs::is_directory(path, error)) {
            problems().push_back({{file, 0, 0}, "cannot be read: check that it exists and its rights"});
            return {};
        }
        std::ostringstream bytes;
        bytes << stream.rdbuf();
        return parse_yaml(bytes.str(), file, problems());
    }

    void load_shipped() {
        const int file = add_file("(shipped indicators)");
        configuration().indicators =
            read_indicators(parse_yaml(shipped_indicators(), file, problems()), problems());
        for (auto& indicator : configuration().indicators) indicator.shipped = true;
    }

    [[nodiscard]] std::string resolved(const std::string& path) const {
        const fs::path written(path);
        return written.is_absolute() ? path
                                     : (fs::path(path_).parent_path() / written).lexically_normal().string();
    }

    std::vector<std::string> matching(const Scalar& pattern) {
        std::vector<std::string> paths;
        glob_t found{};
        if (::glob(resolved(pattern.text).c_str(), 0, nullptr, &found) == 0)
            for (std::size_t i = 0; i < found.gl_pathc; ++i) paths.emplace_back(found.gl_pathv[i]);
        ::globfree(&found);
        if (paths.empty())
            problems().push_back({pattern.mark, fmt::format("no file matches \"{}\"", pattern.text)});
        return paths;
    }

    void read_main(const YamlNode& root) {
        MapReader reader(root, "the configuration", problems());
        configuration().zone = zone(reader, "timezone", "UTC");
        configuration().store = resolved(reader.text("store", "/var/lib/baselined/baselined.db"));
        if (configuration().store.find("postgresql:") != std::string::npos)
            reader.problem(root.mark, "`store`: PostgreSQL is not supported by this version: name a file");
        configuration().settle = reader.duration("settle").value_or(configuration().settle);
        for (const Scalar& pattern : reader.list("indicators"))
            for (const std::string& path : matching(pattern)) {
                const int file = add_file(path);
                for (auto& indicator : read_indicators(parse(path, file), problems()))
                    configuration().indicators.push_back(std::move(indicator));
            }
        for (const Scalar& pattern : reader.list("measures"))
            for (const std::string& path : matching(pattern)) {
                const int file = add_file(path);
                for (auto& measure : read_measures(parse(path, file), problems()))
                    configuration().measures.push_back(std::move(measure));
            }
        if (const YamlNode* web = reader.take("web"))
            reader.problem(web->mark, "`web` is not supported by this version: leave it out");
        if (const YamlNode* alerts = reader.take("alerts"))
            reader.problem(
                alerts->mark,
                "`alerts` are not supported by this version: nobody would be told; leave the section out");
        const YamlNode& sources = reader.require("sources");
        for (const auto& [name, value] : sources.entries) read_source(name, value);
        reader.finish();
    }

    const date::time_zone* zone(MapReader& reader, const std::string& key, const std::string& otherwise) {
        const auto name = reader.scalar(key);
        const auto* zone = mappings::find_zone(name ? name->text : otherwise);
        if (zone == nullptr)
            reader.problem(name ? name->mark : reader.node().mark,
                           fmt::format("\"{}\" is no time zone; write one like Europe/Berlin",
                                       name ? name->text : otherwise));
        return zone != nullptr ? zone : mappings::find_zone("UTC");
    }

    void read_source(const YamlNode& name, const YamlNode& node) {
        MapReader reader(node, fmt::format("the source \"{}\"", name.text), problems());
        Source source;
        source.name = name.text;
        source.mark = name.mark;
        const YamlNode& type = reader.require("type");
        if (type.text != "files") {
            if (!type.text.empty())
                problems().push_back(
                    {type.mark,
                     fmt::format("sources of type \"{}\" are not read by this version: only `files` are",
                                 type.text)});
            return;
        }
        source.path = resolved(reader.require("path").text);
        reader.duration("poll");
        source.stale_after = reader.duration("stale_after").value_or(source.stale_after);
        source.zone = zone(reader, "timezone", "UTC");
        const YamlNode& streams = reader.require("streams");
        for (const auto& [stream_name, value] : streams.entries)
            source.streams.push_back(read_stream(stream_name, value));
        reader.finish();
        configuration().sources.push_back(std::move(source));
    }

    Stream read_stream(const YamlNode& name, const YamlNode& node) {
        MapReader reader(node, fmt::format("the stream \"{}\"", name.text), problems());
        Stream stream;
        stream.name = name.text;
        stream.mark = name.mark;
        stream.match = reader.require("match").text;
        stream.header_row = static_cast<int>(reader.integer("header_row").value_or(1));
        if (stream.header_row < 1) reader.problem(node.mark, "`header_row` counts from 1");
        if (const YamlNode* csv = reader.take("csv")) {
            MapReader inner(*csv, "csv", problems());
            stream.delimiter = inner.text("delimiter");
            if (stream.delimiter == "\\t") stream.delimiter = "\t";
            if (stream.delimiter.size() > 1) inner.problem(csv->mark, "`delimiter` is one character, or \\t");
            stream.encoding = inner.text("encoding");
            inner.finish();
        }
        const auto names = reader.list("mapping");
        if (names.empty())
            reader.problem(node.mark, "a stream needs `mapping`: a file that says what its columns mean");
        for (const Scalar& mapping : names)
            if (const auto index = mapping_of(mapping)) stream.mappings.push_back(*index);
        reader.finish();
        return stream;
    }

    std::optional<std::size_t> mapping_of(const Scalar& name) {
        auto& known = configuration().mappings;
        const auto found = std::find_if(known.begin(), known.end(),
                                        [&](const auto& mapping) { return mapping.name == name.text; });
        if (found != known.end()) return static_cast<std::size_t>(found - known.begin());
        const std::string path = resolved(name.text);
        std::error_code error;
        if (!fs::exists(path, error)) {
            problems().push_back({name.mark, fmt::format("no mapping file \"{}\"{}", name.text,
                                                         did_you_mean(name.text, yaml_files_near(path)))});
            return std::nullopt;
        }
        const int file = add_file(path);
        known.push_back(read_mapping(parse(path, file), name.text, problems()));
        return known.size() - 1;
    }

    [[nodiscard]] std::vector<std::string> yaml_files_near(const std::string& path) const {
        std::vector<std::string> names;
        std::error_code error;
        for (const auto& entry : fs::directory_iterator(fs::path(path).parent_path(), error))
            if (entry.path().extension() == ".yaml")
                names.push_back(fs::relative(entry.path(), fs::path(resolved(".")), error).string());
        return names;
    }

    void check_names() {
        std::vector<std::string> names;
        const auto& indicators = configuration().indicators;
        for (std::size_t i = 0; i < indicators.size(); ++i) {
            if (std::find(names.begin(), names.end(), indicators[i].name) != names.end())
                problems().push_back({indicators[i].mark,
                                      fmt::format("an indicator \"{}\" is there already: choose another name",
                                                  indicators[i].name)});
            names.push_back(indicators[i].name);
        }
        const auto check = [&](const Scalar& name) {
            if (!name.text.empty() && std::find(names.begin(), names.end(), name.text) == names.end())
                problems().push_back({name.mark, fmt::format("no indicator \"{}\"{}", name.text,
                                                             did_you_mean(name.text, names))});
        };
        for (const auto& indicator : indicators)
            if (indicator.over) check(*indicator.over);
        std::vector<std::string> ids;
        for (const auto& measure : configuration().measures) {
            check(measure.indicator);
            if (measure.signals.adoption) check(measure.signals.adoption->indicator);
            if (std::find(ids.begin(), ids.end(), measure.id) != ids.end())
                problems().push_back(
                    {measure.mark,
                     fmt::format("a measure \"{}\" is there already: ids are used once", measure.id)});
            ids.push_back(measure.id);
        }
    }

    std::string path_;
    Loaded loaded_;
};

}  // namespace

Loaded load(const std::string& path) {
    return Loader(path).run();
}

std::string print(const Problems& problems, const std::vector<std::string>& files) {
    Problems sorted = problems;
    std::stable_sort(sorted.begin(), sorted.end(), [](const Problem& a, const Problem& b) {
        return std::tuple(a.mark.file, a.mark.line, a.mark.column) <
               std::tuple(b.mark.file, b.mark.line, b.mark.column);
    });
    std::string text;
    for (const Problem& problem : sorted) {
        const auto file = static_cast<std::size_t>(problem.mark.file);
        text += file < files.size() ? files[file] : std::string("configuration");
        if (problem.mark.line > 0) text += fmt::format(":{}:{}", problem.mark.line, problem.mark.column);
        text += ": " + problem.text + "\n";
    }
    return text;
}

}  // namespace baselined::config
