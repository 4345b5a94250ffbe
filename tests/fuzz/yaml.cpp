// Any bytes as files of a configuration: the YAML itself, and each reader of what stands in it.
#include <memory>

#include "config/definitions.hpp"
#include "config/source_reader.hpp"
#include "config/yaml/nothing.hpp"
#include "mappings/indicator/indicator_set.hpp"
#include "mappings/mapping/compiled_mapping.hpp"

using namespace baselined;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    Problems problems;
    const auto tree = config::parse_yaml({reinterpret_cast<const char*>(bytes), size}, 0, problems);
    if (!problems.empty()) return 0;
    const auto mapping = config::read_mapping(tree, "fuzz", problems);
    if (problems.empty()) {
        mappings::Schemas schemas;
        auto compiled = mappings::compile(mapping, schemas, mappings::find_zone("UTC"), problems);
        if (problems.empty()) mappings::run_tests(mapping, compiled, schemas);
    }
    Problems others;
    config::read_indicators(tree, others);
    config::read_measures(tree, others);
    const config::Surroundings surroundings{
        [](const std::string& path) { return path; },
        [](const mappings::Scalar& path, const auto&...) { return path.text; },
        [](const mappings::Scalar&) { return std::optional<std::size_t>{}; }, config::Source{}.give_up};
    for (const auto& [name, value] : tree.entries) config::read_source(name, value, surroundings, others);
    config::read_alerts(tree, surroundings, others);
    for (const char* kind : {"main", "mapping", "indicators", "measures"})
        config::refuse_nothing(tree, kind, others);
    return 0;
}
