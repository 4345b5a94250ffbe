#include "daemon/app/file_blocks.hpp"

#include <xxhash.h>

#include "connectors/files/header.hpp"

namespace baselined::daemon {

namespace {

constexpr std::int64_t rows_a_block = 1'000;

}  // namespace

Result<FileBlocks> FileBlocks::open(const connectors::FileEntry& entry, const config::Stream& stream) {
    auto reader = connectors::open_table(entry.path, {stream.delimiter, stream.encoding, stream.sheet});
    if (!reader) return reader.error();
    FileBlocks blocks;
    blocks.reader_ = std::move(*reader);
    auto columns = connectors::read_header(*blocks.reader_, stream.header_rows, entry.name);
    if (!columns) return columns.error();
    blocks.name_ = entry.name;
    blocks.columns_ = std::move(*columns);
    blocks.widths_ = connectors::RowWidths(blocks.columns_.size());
    blocks.shape_ = encode_names(blocks.columns_);
    blocks.shape_digest_ = XXH3_64bits(blocks.shape_.data(), blocks.shape_.size());
    return blocks;
}

Result<bool> FileBlocks::next() {
    rows_.clear();
    digests_.clear();
    while (rows_.rows() < rows_a_block) {
        const auto more = reader_->next();
        if (!more) return more.error();
        if (!*more) break;
        if (widths_.is_cut(*reader_)) return Error{ErrorCode::bad_input, widths_.text(*reader_, name_)};
        digests_.push_back(rows_.add(reader_->row_number(), reader_->cells()) ^ shape_digest_);
    }
    if (rows_.rows() == 0) return false;
    ++count_;
    return true;
}

std::uint64_t FileBlocks::digest() const {
    return XXH3_64bits(bytes().data(), bytes().size()) ^ shape_digest_;
}

}  // namespace baselined::daemon
