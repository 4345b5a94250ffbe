// From YAML to the definitions of the core: conditions, mappings, indicators, measures.
#pragma once

#include <vector>

#include "config/yaml/reader.hpp"
#include "mappings/indicator/definition.hpp"
#include "mappings/mapping/definition.hpp"
#include "mappings/measure/definition.hpp"

namespace baselined::config {

mappings::ConditionDefinition read_condition(const YamlNode& node, Problems& problems);
mappings::MappingDefinition read_mapping(const YamlNode& node, std::string name, Problems& problems);
/// A file's `indicators:` map.
std::vector<mappings::IndicatorDefinition> read_indicators(const YamlNode& node, Problems& problems);
/// A file's `measures:` list.
std::vector<mappings::MeasureDefinition> read_measures(const YamlNode& node, Problems& problems);

}  // namespace baselined::config
