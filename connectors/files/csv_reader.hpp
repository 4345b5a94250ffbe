// Reads a CSV as a stream: RFC 4180 and what people really send.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "connectors/files/table_reader.hpp"

namespace baselined::connectors {

/// What the user said about the file; empty: found out from its bytes.
struct CsvOptions {
    std::string delimiter;
    std::string encoding;
};

/// Bounds on what a hostile file may cost.
struct CsvLimits {
    std::size_t row_bytes = 16u << 20;
    std::size_t columns = 16'384;
};

/// One file, row by row, in constant memory. An open quote at the end is an error that names its line.
class CsvReader : public TableReader {
  public:
    /// Looks at the bytes: encoding, delimiter, `sep=` line. gzip is unpacked on the way. Fails with a text
    /// that names the file's trouble: empty, a spreadsheet, a zero byte, an encoding that nobody knows.
    static Result<std::unique_ptr<CsvReader>> open(const std::string& path, const CsvOptions& options,
                                                   const CsvLimits& limits = {});
    [[nodiscard]] virtual std::int64_t line() const = 0;  ///< where the row began, from 1
};

}  // namespace baselined::connectors
