// Reads a sheet of an OpenDocument spreadsheet (ODS, ODF 1.2 and 1.3) as a stream.
#pragma once

#include <memory>
#include <string>

#include "connectors/files/table_reader.hpp"
#include "connectors/files/zip_package.hpp"

namespace baselined::connectors {

/// `sheet`: its name; empty: the first that is visible.
Result<std::unique_ptr<TableReader>> open_ods(std::unique_ptr<ZipPackage> package, const std::string& sheet);

}  // namespace baselined::connectors
