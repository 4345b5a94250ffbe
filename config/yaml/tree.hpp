// A YAML document as a small tree in which every word knows its place. Scalars stay texts: 010 is not 8 here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mappings/record/mark.hpp"

namespace baselined::config {

struct YamlEntry;

struct YamlNode {
    enum class Form { null, scalar, list, map };
    Form form = Form::null;
    std::string text;                ///< scalar
    bool quoted = false;             ///< "..." or '...': a text whatever it looks like
    bool is_confidential = false;    ///< a secret may stand here: no complaint quotes the text
    std::vector<YamlNode> items;     ///< list
    std::vector<YamlEntry> entries;  ///< map; keys are scalars, each once
    Mark mark;
};

/// A key and what stands under it.
struct YamlEntry {
    YamlNode key;
    YamlNode value;
};

/// Bounds on what a hostile file may cost.
struct YamlLimits {
    std::size_t bytes = 16u << 20;
    std::size_t depth = 64;
    std::size_t nodes = 2'000'000;
};

/// Parses one document. Faults (tabs, bytes that are not UTF-8, a key twice, anchors, too deep, too large, a
/// second document) are one problem each, and the tree is then empty.
YamlNode parse_yaml(std::string_view bytes, int file, Problems& problems, const YamlLimits& limits = {});

}  // namespace baselined::config
