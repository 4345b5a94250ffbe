// The parts of the table, one a section of the files.
#pragma once

#include <chrono>

#include "config/schema/table.hpp"

namespace baselined::config::schema {

std::vector<NamedShape> main_shapes();
std::vector<NamedShape> source_shapes();
std::vector<NamedShape> alert_shapes();
std::vector<NamedShape> mapping_shapes();
std::vector<NamedShape> condition_shapes();
std::vector<NamedShape> indicator_shapes();
std::vector<NamedShape> measure_shapes();

/// As a user would write it: 5m, 24h, 7d.
std::string text_of(std::chrono::milliseconds duration);

}  // namespace baselined::config::schema
