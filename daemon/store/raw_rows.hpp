// Rows of a table as bytes: what the store keeps of what a source said, and how it is read again.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mappings/record/cell.hpp"

namespace baselined::daemon {

/// Gathers the rows of one block. Layout of a row: its number in the file, the count of cells, the cells.
/// A cell: one varint of (length << 4 | type) for texts, (type) and eight bytes for everything else.
class RawRowWriter {
  public:
    /// Appends a row; returns the digest of its cells, which does not depend on where it stands.
    std::uint64_t add(std::int64_t row_number, std::span<const mappings::Cell> cells);
    /// The row of an instance or site: its id and version, then texts; empty ones are no value.
    std::uint64_t add(std::int64_t row_number, std::string_view id, std::int64_t version,
                      std::span<const std::string_view> texts);
    /// Takes the row added last away again.
    void take_back();
    [[nodiscard]] const std::string& bytes() const { return bytes_; }
    /// Hands the bytes out; the writer is not to be used again.
    std::string release() { return std::move(bytes_); }
    [[nodiscard]] std::int64_t rows() const { return rows_; }
    void clear();

  private:
    std::string bytes_;
    std::size_t last_ = 0;  ///< where the row added last begins
    std::int64_t rows_ = 0;
};

/// Walks the rows of a block. Views point into the block's bytes.
class RawRowReader {
  public:
    explicit RawRowReader(std::string_view bytes) : rest_(bytes) {}
    /// False at the end. Throws StoreError on bytes that are no rows.
    bool next();
    [[nodiscard]] std::int64_t row_number() const { return row_number_; }
    [[nodiscard]] std::span<const mappings::Cell> cells() const { return cells_; }
    [[nodiscard]] std::uint64_t digest() const { return digest_; }

  private:
    std::uint64_t varint();
    mappings::Cell cell();

    std::string_view rest_;
    std::vector<mappings::Cell> cells_;
    std::int64_t row_number_ = 0;
    std::uint64_t digest_ = 0;
};

/// Column names as bytes, and back.
std::string encode_names(std::span<const std::string> names);
std::vector<std::string> decode_names(std::string_view bytes);

}  // namespace baselined::daemon
