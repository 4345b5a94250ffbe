// Every key of the four kinds of files, with what it takes, what holds without it, and what it is for.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "config/schema/shape.hpp"

namespace baselined::config::schema {

/// The kinds of files; each is the name of the shape of its whole.
inline constexpr std::array<std::string_view, 4> file_kinds{"main", "mapping", "indicators", "measures"};

/// A single value: what a user may write, and how an editor checks it.
struct ScalarType {
    std::string name;
    std::string about;
    std::vector<std::string> json_types;  ///< what YAML makes of it: "string", "number", "boolean"
    std::string pattern;                  ///< of a string, for JSON Schema; empty: any
    std::string example;                  ///< as the readers take it
    std::string fault;                    ///< as the readers refuse it; empty: they take any text
};

struct NamedShape {
    std::string name;
    std::string about;
    Shape shape;
};

const std::vector<ScalarType>& scalar_types();
const std::vector<NamedShape>& named_shapes();

/// Null pointers: no such type, no such shape.
const ScalarType* find_scalar(std::string_view name);
const NamedShape* find_shape(std::string_view name);

/// The shape itself, or the one that it names; a scalar stays named.
const Shape& resolved(const Shape& shape);

}  // namespace baselined::config::schema
