// Reads a sheet of an Excel workbook (XLSX, Transitional or Strict) as a stream.
#pragma once

#include <memory>
#include <string>

#include "connectors/files/table_reader.hpp"
#include "connectors/files/zip_package.hpp"

namespace baselined::connectors {

/// `sheet`: its name; empty: the first that is visible. Only the shared texts are kept in memory.
Result<std::unique_ptr<TableReader>> open_xlsx(std::unique_ptr<ZipPackage> package, const std::string& sheet);

}  // namespace baselined::connectors
