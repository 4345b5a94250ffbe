// A whole configuration: the main file and all that it names, checked.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "config/alerts.hpp"
#include "config/source.hpp"
#include "config/yaml/tree.hpp"
#include "mappings/indicator/definition.hpp"
#include "mappings/mapping/definition.hpp"
#include "mappings/measure/definition.hpp"
#include "mappings/record/time.hpp"

namespace baselined::config {

struct Web {
    std::string listen = "127.0.0.1:8787";
    std::string heartbeat;  ///< a URL that is asked for while all is well; empty: none
    Mark mark;
};

/// How long is kept what no figure needs; empty: for ever.
struct Retention {
    std::optional<std::chrono::milliseconds> raw;      ///< rows as the sources said them
    std::optional<std::chrono::milliseconds> history;  ///< changes of statuses, what was delivered
};

struct Configuration {
    const date::time_zone* zone = nullptr;
    std::string store = "/var/lib/baselined/baselined.db";
    std::chrono::milliseconds settle{std::chrono::hours{7 * 24}};
    std::vector<Source> sources;
    std::vector<mappings::MappingDefinition> mappings;
    std::vector<mappings::IndicatorDefinition> indicators;  ///< shipped ones first
    std::vector<mappings::MeasureDefinition> measures;
    std::optional<Alerts> alerts;
    std::optional<Web> web;
    Retention retention;
};

/// A certificate or key that the configuration names, whether it is there or not.
struct LoginFile {
    std::string path;
    PemUse use = PemUse::authority;
    std::string certificate;  ///< of a client's key: the path of the certificate that it belongs to
    Mark mark;
};

struct Loaded {
    Configuration configuration;
    std::vector<std::string> files;  ///< Mark::file indexes these
    std::vector<LoginFile> login_files;
    YamlNode written;   ///< the main file as it stands, secrets not filled in
    Problems problems;  ///< none: the configuration is good
    Problems warnings;  ///< worth a look; nothing is refused for them
};

/// A mapping that is not there: tolerated while it is only being drafted.
enum class Missing { refused, tolerated };
/// References to what only somebody who connects needs: one that nothing fills is a fault; a warning, where
/// the service alone has it; nothing, for who reads the store.
enum class Logins { needed, services_own, unused };

struct Reading {
    Missing missing_mappings = Missing::refused;
    Logins logins = Logins::needed;
};

/// Reads the main file and everything it names. Never throws; all faults of all files are in `problems`.
Loaded load(const std::string& path, Reading reading = {});

/// `file:line:column: text`, one a line, in the order of files and lines.
std::string print(const Problems& problems, const std::vector<std::string>& files);

/// The shipped library, embedded in the program: "indicators", "servicenow/incident" ...; empty: not shipped.
std::string_view shipped(std::string_view name);
/// The names of the shipped mappings.
std::vector<std::string> shipped_mappings();

}  // namespace baselined::config
