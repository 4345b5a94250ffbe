// The log of raw rows: blocks of them, packed, and which row of a source is where.
#include <zstd.h>

#include "daemon/store/misfits.hpp"
#include "daemon/store/packed_key.hpp"
#include "daemon/store/sqlite_store.hpp"

namespace baselined::daemon {

namespace {

// Level 1 packs a thousand rows to a sixth; higher levels cost more time than SQLite does.
constexpr int compression_level = 1;

std::string compress(std::string_view data) {
    std::string packed(ZSTD_compressBound(data.size()), '\0');
    const std::size_t size =
        ZSTD_compress(packed.data(), packed.size(), data.data(), data.size(), compression_level);
    if (ZSTD_isError(size)) throw StoreError(ErrorCode::internal, "zstd cannot compress a block of rows");
    packed.resize(size);
    return packed;
}

std::string decompress(std::string_view packed, std::size_t size) {
    std::string data(size, '\0');
    const std::size_t got = ZSTD_decompress(data.data(), data.size(), packed.data(), packed.size());
    if (ZSTD_isError(got) || got != size)
        throw StoreError(ErrorCode::corrupt,
                         "the store holds a block of rows that cannot be unpacked: restore a copy");
    return data;
}

}  // namespace

std::int64_t SqliteStore::shape_id(std::string_view names) {
    {
        Use found(prepared("SELECT id FROM shape WHERE names = ?"));
        found->bind_blob(1, names);
        if (found->step()) return found->integer(0);
    }
    prepared("INSERT INTO shape(names) VALUES(?)").bind_blob(1, names).run();
    return database_.last_row();
}

BlockId SqliteStore::add_block(const RawBlock& block) {
    const std::string packed = compress(block.data);
    const std::string misfits = misfits_to_text(block.misfits);
    Statement& add = prepared(
        "INSERT INTO raw_block(stream, file, ordinal, current, shape, digest, size, data, row_count, "
        "rejected, misfits) "
        "VALUES(?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?)");
    add.bind(1, block.stream).bind(2, block.file).bind(3, block.ordinal).bind(4, shape_id(block.shape));
    add.bind(5, static_cast<std::int64_t>(block.digest))
        .bind(6, static_cast<std::int64_t>(block.data.size()));
    add.bind_blob(7, packed).bind(8, block.rows).bind(9, block.rejected).bind_text(10, misfits).run();
    return database_.last_row();
}

BlockId SqliteStore::next_block() {
    Use last(prepared("SELECT seq FROM sqlite_sequence WHERE name = 'raw_block'"));
    return (last->step() ? last->integer(0) : 0) + 1;
}

void SqliteStore::save_block_counts(const RawBlock& block) {
    const std::string misfits = misfits_to_text(block.misfits);
    prepared("UPDATE raw_block SET rejected = ?, misfits = ? WHERE id = ?")
        .bind(1, block.rejected)
        .bind_text(2, misfits)
        .bind(3, block.id)
        .run();
}

std::vector<std::uint64_t> SqliteStore::block_digests(FileId file) {
    std::vector<std::uint64_t> digests;
    Use found(prepared("SELECT digest FROM raw_block WHERE file = ? AND current = 1 ORDER BY ordinal"));
    found->bind(1, file);
    while (found->step()) digests.push_back(static_cast<std::uint64_t>(found->integer(0)));
    return digests;
}

void SqliteStore::retire_blocks(FileId file, std::int64_t from_ordinal) {
    prepared("UPDATE raw_block SET current = 2 WHERE file = ? AND ordinal >= ? AND current = 1")
        .bind(1, file)
        .bind(2, from_ordinal)
        .run();
}

void SqliteStore::forget_former_blocks(FileId file) {
    prepared("UPDATE raw_block SET current = 0 WHERE file = ? AND current = 2").bind(1, file).run();
}

void SqliteStore::visit_former_blocks(FileId file, std::int64_t from_ordinal,
                                      const std::function<void(const RawBlock&)>& visit) {
    Use found(prepared(
        "SELECT b.id, stream, file, ordinal, digest, size, data, row_count, rejected, misfits, names, "
        "overruled FROM raw_block b JOIN shape s ON s.id = shape WHERE file = ? AND size > 0 "
        "AND (current = 2 OR current = 1 AND ordinal >= ?)"));
    found->bind(1, file).bind(2, from_ordinal);
    while (found->step()) visit(read_block(*found));
}

std::vector<RawBlock> SqliteStore::kept_blocks(FileId file, int limit) {
    std::vector<RawBlock> blocks;
    Use found(prepared(
        "SELECT b.id, stream, file, ordinal, digest, size, data, row_count, rejected, misfits, names, "
        "overruled FROM raw_block b JOIN shape s ON s.id = shape WHERE file = ? AND size > 0 AND current = 1 "
        "ORDER BY ordinal LIMIT ?"));
    found->bind(1, file).bind(2, limit);
    while (found->step()) blocks.push_back(read_block(*found));
    return blocks;
}

void SqliteStore::save_overruled(const RawBlock& block) {
    const std::string bytes(block.overruled.begin(), block.overruled.end());
    prepared("UPDATE raw_block SET overruled = ? WHERE id = ?").bind_blob(1, bytes).bind(2, block.id).run();
}

RawBlock SqliteStore::read_block(Statement& row) const {
    RawBlock block;
    block.id = row.integer(0);
    block.stream = row.integer(1);
    block.file = row.integer(2);
    block.ordinal = row.integer(3);
    block.digest = static_cast<std::uint64_t>(row.integer(4));
    block.data = decompress(row.blob(6), static_cast<std::size_t>(row.integer(5)));
    block.rows = row.integer(7);
    block.rejected = row.integer(8);
    add_misfits(block.misfits, row.text(9));
    block.shape = row.blob(10);
    const std::string_view overruled = row.blob(11);
    block.overruled.assign(overruled.begin(), overruled.end());
    return block;
}

std::vector<RawBlock> SqliteStore::blocks_after(SourceId source, BlockId after, int limit) {
    std::vector<RawBlock> blocks;
    Use found(prepared(
        "SELECT b.id, stream, file, ordinal, digest, size, data, row_count, rejected, misfits, names, "
        "overruled FROM raw_block b JOIN shape s ON s.id = shape WHERE b.id > ? AND size > 0 AND stream IN "
        "(SELECT id "
        "FROM stream WHERE source = ?) ORDER BY b.id LIMIT ?"));
    found->bind(1, after).bind(2, source).bind(3, limit);
    while (found->step()) blocks.push_back(read_block(*found));
    return blocks;
}

void SqliteStore::foresee_source_row(StreamId stream, std::string_view key) {
    row_keys_->foresee(row_key_of(stream, key));
}

std::optional<SourceRow> SqliteStore::source_row(StreamId stream, std::string_view key) {
    const auto id = row_keys_->find(row_key_of(stream, key));
    if (!id) return std::nullopt;
    Use found(prepared("SELECT version, digest, block, row FROM source_row WHERE id = ?"));
    found->bind(1, *id);
    if (!found->step()) throw StoreError(ErrorCode::corrupt, "the store misses a row: restore a copy");
    return SourceRow{*id,
                     found->integer(0),
                     static_cast<std::uint64_t>(found->integer(1)),
                     {found->integer(2), found->integer(3), *id}};
}

std::int64_t SqliteStore::add_source_row(StreamId stream, std::string_view key, const SourceRow& row) {
    const std::int64_t id = new_rows_->add_source_row(stream, key, row);
    row_keys_->add(row_key_of(stream, key), id);
    return id;
}

void SqliteStore::save_source_row(const SourceRow& row) {
    prepared("UPDATE source_row SET version = ?, digest = ?, block = ?, row = ? WHERE id = ?")
        .bind(1, row.version)
        .bind(2, static_cast<std::int64_t>(row.digest))
        .bind(3, row.place.block)
        .bind(4, row.place.index)
        .bind(5, row.id)
        .run();
}

void SqliteStore::remove_source_row(std::int64_t id) {
    Use removed(prepared("DELETE FROM source_row WHERE id = ? RETURNING stream, key"));
    removed->bind(1, id);
    while (removed->step()) row_keys_->remove(row_key_of(removed->integer(0), unpacked_key(*removed, 1)));
    // What was set aside of it must not come back.
    prepared("DELETE FROM record WHERE origin = ? AND kind < 0").bind(1, id).run();
}

void SqliteStore::visit_source_rows(StreamId stream, const VisitSourceRow& visit) {
    Use found(prepared("SELECT id, key, version FROM source_row WHERE stream = ?"));
    found->bind(1, stream);
    while (found->step()) visit(found->integer(0), unpacked_key(*found, 1), found->integer(2));
}

std::vector<std::string> SqliteStore::newest_source_rows(StreamId stream, std::size_t most) {
    Use found(prepared("SELECT key FROM source_row WHERE stream = ? ORDER BY id DESC LIMIT ?"));
    found->bind(1, stream);
    found->bind(2, static_cast<std::int64_t>(most));
    std::vector<std::string> keys;
    while (found->step()) keys.emplace_back(unpacked_key(*found, 0));
    return keys;
}

std::int64_t SqliteStore::source_row_bound() {
    Use found(prepared("SELECT max(id) FROM source_row"));
    return found->step() ? found->integer(0) : 0;
}

std::vector<RecordId> SqliteStore::records_of_row(std::int64_t source_row) {
    std::vector<RecordId> records;
    Use found(prepared("SELECT id FROM record WHERE origin = ? AND kind >= 0"));
    found->bind(1, source_row);
    while (found->step()) records.push_back(found->integer(0));
    return records;
}

}  // namespace baselined::daemon
