// A file of exports as blocks of a thousand rows, from its header to its end.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "connectors/files/folder.hpp"
#include "connectors/files/row_widths.hpp"
#include "connectors/files/table_reader.hpp"
#include "daemon/app/portfolio.hpp"
#include "daemon/store/raw_rows.hpp"

namespace baselined::daemon {

class FileBlocks {
  public:
    /// Opens the file and reads its header, as the stream says.
    static Result<FileBlocks> open(const connectors::FileEntry& entry, const config::Stream& stream);

    [[nodiscard]] const std::vector<std::string>& columns() const { return columns_; }
    [[nodiscard]] const std::string& shape() const { return shape_; }  ///< the columns, encoded
    /// The next block; false: there is none. The last one may be smaller than the others, never empty. Fails
    /// where the file is damaged, or ends within a row.
    Result<bool> next();

    /// How many there were so far.
    [[nodiscard]] std::int64_t count() const { return static_cast<std::int64_t>(count_); }

    // Of the block that next() read last.
    [[nodiscard]] const std::string& bytes() const { return rows_.bytes(); }
    [[nodiscard]] std::int64_t rows() const { return rows_.rows(); }
    [[nodiscard]] std::size_t ordinal() const { return count_ - 1; }  ///< its place in the file, from 0
    [[nodiscard]] std::uint64_t digest() const;                       ///< of the block and its shape
    /// Of its rows, in their order. The same cells under other column names say something else.
    [[nodiscard]] const std::vector<std::uint64_t>& digests() const { return digests_; }

  private:
    FileBlocks() = default;

    std::string name_;
    std::unique_ptr<connectors::TableReader> reader_;
    std::vector<std::string> columns_;
    connectors::RowWidths widths_{0};
    std::string shape_;
    std::uint64_t shape_digest_ = 0;
    RawRowWriter rows_;
    std::vector<std::uint64_t> digests_;
    std::size_t count_ = 0;
};

}  // namespace baselined::daemon
