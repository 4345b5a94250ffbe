// A whole configuration: the main file and all that it names, checked.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "mappings/indicator/definition.hpp"
#include "mappings/mapping/definition.hpp"
#include "mappings/measure/definition.hpp"
#include "mappings/record/time.hpp"

namespace baselined::config {

struct Stream {
    std::string name;
    std::vector<std::size_t> mappings;  ///< indexes of Configuration::mappings
    std::string match;                  ///< which files
    int header_row = 1;
    std::string delimiter, encoding;  ///< empty: found out from the file
    Mark mark;
};

/// A folder of exports.
struct Source {
    std::string name;
    std::string path;                       ///< absolute, or relative to the working directory
    const date::time_zone* zone = nullptr;  ///< of times without an offset
    std::chrono::milliseconds stale_after{std::chrono::hours{24}};
    std::vector<Stream> streams;
    Mark mark;
};

struct Configuration {
    const date::time_zone* zone = nullptr;
    std::string store;
    std::chrono::milliseconds settle{std::chrono::hours{7 * 24}};
    std::vector<Source> sources;
    std::vector<mappings::MappingDefinition> mappings;
    std::vector<mappings::IndicatorDefinition> indicators;  ///< shipped ones first
    std::vector<mappings::MeasureDefinition> measures;
};

struct Loaded {
    Configuration configuration;
    std::vector<std::string> files;  ///< Mark::file indexes these
    Problems problems;               ///< none: the configuration is good
};

/// Reads the main file and everything it names. Never throws; all faults of all files are in `problems`.
Loaded load(const std::string& path);

/// `file:line:column: text`, one a line, in the order of files and lines.
std::string print(const Problems& problems, const std::vector<std::string>& files);

/// The shipped indicator definitions as YAML, embedded in the program.
std::string_view shipped_indicators();

}  // namespace baselined::config
