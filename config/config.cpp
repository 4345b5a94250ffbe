#include "config/config.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/definitions.hpp"
#include "config/paths.hpp"
#include "config/promise_check.hpp"
#include "config/secrets.hpp"
#include "config/source_reader.hpp"
#include "config/yaml/nothing.hpp"

namespace baselined::config {

namespace {

namespace fs = std::filesystem;

class Loader {
  public:
    Loader(const std::string& path, Reading reading) : path_(path), reading_(reading) {}

    Loaded run() {
        load_shipped();
        const int file = add_file(path_);
        YamlNode root = parse(path_, file);
        if (!loaded_.problems.empty()) return std::move(loaded_);
        loaded_.written = root;
        const FilledIn filled = fill_in_secrets(root);
        refuse_nothing(root, "main", problems());
        read_main(root);
        check_names();
        tell_once(filled.unfilled, loaded_.problems);
        for (const Unfilled& unfilled : filled.unfilled) tell(unfilled);
        take_out(filled, loaded_.problems);
        return std::move(loaded_);
    }

  private:
    Configuration& configuration() { return loaded_.configuration; }
    Problems& problems() { return loaded_.problems; }

    void tell(const Unfilled& unfilled) {
        if (unfilled.is_login && reading_.logins == Logins::unused) return;
        const bool is_left =
            unfilled.is_login && unfilled.is_services && reading_.logins == Logins::services_own;
        (is_left ? loaded_.warnings : loaded_.problems).push_back(unfilled.problem);
    }

    int add_file(const std::string& path) {
        loaded_.files.push_back(path);
        return static_cast<int>(loaded_.files.size()) - 1;
    }

    YamlNode parse(const std::string& path, int file) {
        std::error_code error;
        // A pipe or a device may have no end.
        if (fs::exists(path, error) && !fs::is_regular_file(path, error)) {
            problems().push_back({{file, 0, 0}, "is no file: a folder, a pipe or a device"});
            return {};
        }
        std::ifstream stream(path, std::ios::binary);
        if (!stream) {
            problems().push_back({{file, 0, 0}, "cannot be read: check that it exists and its rights"});
            return {};
        }
        std::ostringstream bytes;
        bytes << stream.rdbuf();
        return parse_yaml(bytes.str(), file, problems());
    }

    /// What the main file names: `file_kind` is one of schema::file_kinds.
    YamlNode parse_part(const std::string& path, int file, std::string_view file_kind) {
        YamlNode root = parse(path, file);
        refuse_nothing(root, file_kind, problems());
        return root;
    }

    void load_shipped() {
        const int file = add_file("(shipped indicators)");
        configuration().indicators =
            read_indicators(parse_yaml(shipped("indicators"), file, problems()), problems());
        for (auto& indicator : configuration().indicators) indicator.shipped = true;
    }

    [[nodiscard]] std::string resolved(const std::string& path) const { return resolved_path(path_, path); }

    /// A certificate or key: who does not connect does not miss it, nor one in a folder that is the
    /// service's.
    std::string login_file(const Scalar& path, PemUse use, const std::string& certificate) {
        std::string whole = resolved(path.text);
        std::error_code error;
        if (!path.text.empty() && reading_.logins != Logins::unused && !fs::is_regular_file(whole, error) &&
            error != std::errc::permission_denied)
            problems().push_back({path.mark, "there is no such file: the path of a PEM file belongs here"});
        loaded_.login_files.push_back({whole, use, certificate, path.mark});
        return whole;
    }

    std::vector<std::string> matching(const Scalar& pattern) {
        auto paths = files_matching(resolved(pattern.text));
        if (paths.empty())
            problems().push_back({pattern.mark, fmt::format("no file matches \"{}\"", pattern.text)});
        return paths;
    }

    void read_main(const YamlNode& root) {
        MapReader reader(root, "the configuration", problems());
        configuration().zone = read_zone(reader, "timezone");
        read_store(reader);
        configuration().settle = reader.duration("settle").value_or(configuration().settle);
        for (const Scalar& pattern : reader.list("indicators"))
            for (const std::string& path : matching(pattern)) {
                const int file = add_file(path);
                for (auto& indicator : read_indicators(parse_part(path, file, "indicators"), problems()))
                    configuration().indicators.push_back(std::move(indicator));
            }
        for (const Scalar& pattern : reader.list("measures"))
            for (const std::string& path : matching(pattern)) {
                const int file = add_file(path);
                for (auto& measure : read_measures(parse_part(path, file, "measures"), problems()))
                    configuration().measures.push_back(std::move(measure));
            }
        if (const YamlNode* retention = reader.take("retention")) read_retention(*retention);
        if (const YamlNode* web = reader.take("web")) configuration().web = read_web(*web);
        const Surroundings surroundings{
            [this](const std::string& path) { return resolved(path); },
            [this](const Scalar& path, PemUse use, const std::string& certificate) {
                return login_file(path, use, certificate);
            },
            [this](const Scalar& name) { return mapping_of(name); },
            reader.duration("give_up").value_or(Source{}.give_up)};
        if (const YamlNode* alerts = reader.take("alerts"))
            configuration().alerts = read_alerts(*alerts, surroundings, problems());
        const YamlNode& sources = reader.require("sources");
        if (sources.form == YamlNode::Form::list || sources.form == YamlNode::Form::scalar)
            reader.problem(sources.mark, "`sources` is a map of names and what each is");
        for (const auto& [name, value] : sources.entries) {
            configuration().sources.push_back(read_source(name, value, surroundings, problems()));
            check_mappings(configuration().sources.back());
        }
        reader.finish();
    }

    void read_retention(const YamlNode& node) {
        MapReader reader(node, "retention", problems());
        const auto age = [&](const char* key) {
            const auto value = reader.duration(key);
            if (value && *value < std::chrono::hours{24})
                reader.problem(node.mark, fmt::format("`{}` is a day or longer, like 400d", key));
            return value;
        };
        configuration().retention = {age("raw"), age("history")};
        reader.finish();
    }

    void read_store(MapReader& reader) {
        const auto store = reader.scalar("store");
        const std::string text = store ? store->text : configuration().store;
        if (text.starts_with("postgresql:") || text.starts_with("postgres:"))
            reader.problem(store->mark, "PostgreSQL is not supported by this version: name a file");
        configuration().store = resolved(text);
    }

    /// A name may mean another address tomorrow; a listener is opened where its number says.
    void check_host(std::string host, const Mark& mark) {
        if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
        std::array<unsigned char, sizeof(in6_addr)> bytes{};
        if (host == "localhost" || ::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
            ::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1)
            return;
        problems().push_back({mark,
                              "`listen`: its host is no address; write its number, like 127.0.0.1, [::1] or "
                              "0.0.0.0 for all, or localhost"});
    }

    Web read_web(const YamlNode& node) {
        MapReader reader(node, "web", problems());
        Web web;
        web.mark = node.mark;
        web.listen = reader.text("listen", web.listen);
        const std::size_t colon = web.listen.rfind(':');
        const auto port =
            colon == std::string::npos ? std::nullopt : parse_number(web.listen.substr(colon + 1));
        if (!port || *port < 0 || *port > 65535 || colon == 0)
            reader.problem(node.mark, "`listen` is an address and a port, like 127.0.0.1:8787");
        check_host(web.listen.substr(0, colon), node.mark);
        web.heartbeat = reader.text("heartbeat");
        if (reader.take("heartbeat") != nullptr && !web.heartbeat.starts_with("https://") &&
            !web.heartbeat.starts_with("http://"))
            reader.problem(node.mark, "`heartbeat` is a URL that begins with https:// or http://");
        reader.finish();
        return web;
    }

    /// Rows of a table have no arrays, fields by name or links: only Jira's have.
    void check_mappings(const Source& source) {
        if (source.type == Source::Type::jira) return;
        const auto refuse = [&](const Mark& mark, const char* what) {
            problems().push_back(
                {mark, fmt::format("{} reads Jira's rows, those of the source \"{}\" are a table's: "
                                   "name a column",
                                   what, source.name)});
        };
        for (const Stream& stream : source.streams)
            for (const std::size_t index : stream.mappings) {
                const auto& mapping = configuration().mappings[index];
                if (mapping.each) refuse(mapping.each->mark, "`each`");
                for (const auto& origin : mappings::origins_of(mapping)) {
                    if (origin.by == mappings::Origin::By::jira_field) refuse(origin.mark, "`field`");
                    if (origin.by == mappings::Origin::By::jira_link) refuse(origin.mark, "`link`");
                }
            }
    }

    std::optional<std::size_t> mapping_of(const Scalar& name) {
        auto& known = configuration().mappings;
        const auto found = std::find_if(known.begin(), known.end(),
                                        [&](const auto& mapping) { return mapping.name == name.text; });
        if (found != known.end()) return static_cast<std::size_t>(found - known.begin());
        if (const std::string_view text = shipped(name.text); !text.empty() && name.text != "indicators") {
            const int file = add_file(fmt::format("(shipped {})", name.text));
            known.push_back(read_mapping(parse_yaml(text, file, problems()), name.text, problems()));
            return known.size() - 1;
        }
        const std::string path = resolved(name.text);
        std::error_code error;
        if (!fs::exists(path, error)) {
            if (reading_.missing_mappings == Missing::tolerated) return std::nullopt;
            auto names = yaml_files_near(path);
            for (std::string& shipped_name : shipped_mappings()) names.push_back(std::move(shipped_name));
            problems().push_back({name.mark, fmt::format("no mapping file \"{}\"{}", name.text,
                                                         did_you_mean(name.text, names))});
            return std::nullopt;
        }
        const int file = add_file(path);
        const std::size_t before = problems().size();
        const YamlNode mapping = parse(path, file);
        if (problems().size() > before) return std::nullopt;
        refuse_nothing(mapping, "mapping", problems());
        known.push_back(read_mapping(mapping, name.text, problems()));
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

    [[nodiscard]] const mappings::IndicatorDefinition* indicator_of(const Scalar& name) {
        const auto& known = configuration().indicators;
        const auto found = std::find_if(known.begin(), known.end(),
                                        [&](const auto& indicator) { return indicator.name == name.text; });
        return found != known.end() ? &*found : nullptr;
    }

    void check_measure(const mappings::MeasureDefinition& measure) {
        if (const auto* indicator = indicator_of(measure.indicator))
            check_promise(measure, *indicator, configuration().zone, problems());
        if (!measure.signals.adoption) return;
        if (const auto* adoption = indicator_of(measure.signals.adoption->indicator))
            check_adoption(measure, *adoption, problems());
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
            check_measure(measure);
            if (measure.signals.adoption) check(measure.signals.adoption->indicator);
            if (std::find(ids.begin(), ids.end(), measure.id) != ids.end())
                problems().push_back(
                    {measure.mark,
                     fmt::format("a measure \"{}\" is there already: ids are used once", measure.id)});
            ids.push_back(measure.id);
        }
    }

    std::string path_;
    Reading reading_;
    Loaded loaded_;
};

}  // namespace

Loaded load(const std::string& path, Reading reading) {
    return Loader(path, reading).run();
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
