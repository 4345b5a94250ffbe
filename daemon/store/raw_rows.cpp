#include "daemon/store/raw_rows.hpp"

#include <xxhash.h>

#include <cstring>

#include "daemon/store/store.hpp"

namespace baselined::daemon {

namespace {

using mappings::Cell;
using mappings::CellType;

void append_varint(std::string& out, std::uint64_t value) {
    while (value >= 0x80) {
        out.push_back(static_cast<char>(value | 0x80));
        value >>= 7;
    }
    out.push_back(static_cast<char>(value));
}

bool has_text(CellType type) {
    return type == CellType::text || type == CellType::error;
}
bool has_number(CellType type) {
    return type == CellType::number || type == CellType::boolean;
}
bool is_bare(CellType type) {
    return type == CellType::empty || type == CellType::uncached;
}

void append_cell(std::string& out, const Cell& cell) {
    const auto type = static_cast<std::uint64_t>(cell.type);
    if (has_text(cell.type)) {
        append_varint(out, cell.text.size() << 4 | type);
        out.append(cell.text);
        return;
    }
    append_varint(out, type);
    if (is_bare(cell.type)) return;
    char bytes[8];
    if (has_number(cell.type))
        std::memcpy(bytes, &cell.number, sizeof bytes);
    else
        std::memcpy(bytes, &cell.seconds, sizeof bytes);
    out.append(bytes, sizeof bytes);
}

std::string_view take(std::string_view& rest, std::size_t size) {
    if (size > rest.size())
        throw StoreError(ErrorCode::corrupt, "the store holds rows that are cut off: restore a copy");
    const std::string_view taken = rest.substr(0, size);
    rest.remove_prefix(size);
    return taken;
}

}  // namespace

std::uint64_t RawRowWriter::add(std::int64_t row_number, std::span<const Cell> cells) {
    last_ = bytes_.size();
    append_varint(bytes_, static_cast<std::uint64_t>(row_number));
    const std::size_t start = bytes_.size();
    append_varint(bytes_, cells.size());
    for (const Cell& cell : cells) append_cell(bytes_, cell);
    ++rows_;
    return XXH3_64bits(bytes_.data() + start, bytes_.size() - start);
}

std::uint64_t RawRowWriter::add(std::int64_t row_number, std::string_view id, std::int64_t version,
                                std::span<const std::string_view> texts) {
    last_ = bytes_.size();
    append_varint(bytes_, static_cast<std::uint64_t>(row_number));
    const std::size_t start = bytes_.size();
    append_varint(bytes_, texts.size() + 2);
    append_cell(bytes_, mappings::text_cell(id));
    append_cell(bytes_, mappings::number_cell(static_cast<double>(version)));
    for (const std::string_view text : texts)
        if (text.empty()) {
            append_varint(bytes_, static_cast<std::uint64_t>(CellType::empty));
        } else {
            append_varint(bytes_, text.size() << 4 | static_cast<std::uint64_t>(CellType::text));
            bytes_.append(text);
        }
    ++rows_;
    return XXH3_64bits(bytes_.data() + start, bytes_.size() - start);
}

void RawRowWriter::take_back() {
    bytes_.resize(last_);
    --rows_;
}

void RawRowWriter::clear() {
    bytes_.clear();
    rows_ = 0;
}

std::uint64_t RawRowReader::varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const auto byte = static_cast<unsigned char>(take(rest_, 1).front());
        value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) return value;
    }
    throw StoreError(ErrorCode::corrupt, "the store holds rows that cannot be read: restore a copy");
}

Cell RawRowReader::cell() {
    const std::uint64_t head = varint();
    Cell cell;
    cell.type = static_cast<CellType>(head & 0x0f);
    if (has_text(cell.type)) {
        cell.text = take(rest_, head >> 4);
    } else if (!is_bare(cell.type)) {
        const std::string_view bytes = take(rest_, 8);
        if (has_number(cell.type))
            std::memcpy(&cell.number, bytes.data(), 8);
        else
            std::memcpy(&cell.seconds, bytes.data(), 8);
    }
    return cell;
}

bool RawRowReader::next() {
    if (rest_.empty()) return false;
    row_number_ = static_cast<std::int64_t>(varint());
    const char* start = rest_.data();
    const std::uint64_t count = varint();
    cells_.clear();
    for (std::uint64_t index = 0; index < count; ++index) cells_.push_back(cell());
    digest_ = XXH3_64bits(start, static_cast<std::size_t>(rest_.data() - start));
    return true;
}

std::string encode_names(std::span<const std::string> names) {
    std::string bytes;
    for (const std::string& name : names) {
        append_varint(bytes, name.size());
        bytes += name;
    }
    return bytes;
}

std::vector<std::string> decode_names(std::string_view bytes) {
    std::vector<std::string> names;
    while (!bytes.empty()) {
        std::uint64_t size = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const auto byte = static_cast<unsigned char>(take(bytes, 1).front());
            size |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
            if ((byte & 0x80) == 0) break;
        }
        names.emplace_back(take(bytes, size));
    }
    return names;
}

}  // namespace baselined::daemon
