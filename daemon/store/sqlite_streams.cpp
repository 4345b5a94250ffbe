// Sources, streams and files, and the counts that are kept of them.
#include "daemon/store/misfits.hpp"
#include "daemon/store/sqlite_store.hpp"

namespace baselined::daemon {

SourceId SqliteStore::source(std::string_view name) {
    {
        Use found(prepared("SELECT id FROM source WHERE name = ?"));
        found->bind_text(1, name);
        if (found->step()) return found->integer(0);
    }
    if (mode_ == StoreMode::read) return 0;
    prepared("INSERT INTO source(name) VALUES(?)").bind_text(1, name).run();
    return database_.last_row();
}

StoredStream SqliteStore::stream(std::string_view source_name, std::string_view name) {
    StoredStream stream;
    stream.source = source(source_name);
    stream.source_name = source_name;
    stream.name = name;
    {
        Use found(
            prepared("SELECT id, mapping_digest, complete_at, first_complete_at, error, cursor, "
                     "reconciled_at FROM stream "
                     "WHERE source = ? AND name = ?"));
        found->bind(1, stream.source).bind_text(2, name);
        if (found->step()) {
            stream.id = found->integer(0);
            stream.mapping_digest = found->text(1);
            stream.complete_at = found->instant(2);
            stream.first_complete_at = found->instant(3);
            stream.error = found->text(4);
            stream.cursor = found->text(5);
            stream.reconciled_at = found->instant(6);
            return stream;
        }
    }
    if (mode_ == StoreMode::read) return stream;
    prepared("INSERT INTO stream(source, name) VALUES(?, ?)").bind(1, stream.source).bind_text(2, name).run();
    stream.id = database_.last_row();
    return stream;
}

std::vector<StoredStream> SqliteStore::streams() {
    std::vector<std::pair<std::string, std::string>> names;
    {
        Use found(prepared(
            "SELECT source.name, stream.name FROM stream JOIN source ON source.id = stream.source ORDER BY "
            "stream.id"));
        while (found->step()) names.emplace_back(found->text(0), found->text(1));
    }
    std::vector<StoredStream> streams;
    for (const auto& [source_name, name] : names) streams.push_back(stream(source_name, name));
    return streams;
}

void SqliteStore::save_stream(const StoredStream& stream) {
    Statement& save = prepared(
        "UPDATE stream SET mapping_digest = ?, complete_at = ?, first_complete_at = ?, error = ?, cursor = "
        "?, "
        "reconciled_at = ? WHERE id = ?");
    save.bind_text(1, stream.mapping_digest);
    save.bind_instant(2, stream.complete_at);
    save.bind_instant(3, stream.first_complete_at);
    save.bind_text(4, stream.error).bind_text(5, stream.cursor);
    save.bind_instant(6, stream.reconciled_at);
    save.bind(7, stream.id).run();
}

SourceId SqliteStore::source_of(StreamId stream) const {
    auto [known, is_new] = sources_of_streams_.try_emplace(stream, 0);
    if (is_new) {
        Use found(prepared("SELECT source FROM stream WHERE id = ?"));
        found->bind(1, stream);
        if (found->step()) known->second = found->integer(0);
    }
    return known->second;
}

std::vector<StoredFile> SqliteStore::files(StreamId stream) {
    std::vector<StoredFile> files;
    Use found(prepared(
        "SELECT id, name, size, modified_ns, complete, error FROM file WHERE stream = ? ORDER BY name"));
    found->bind(1, stream);
    while (found->step())
        files.push_back({found->integer(0), stream, std::string(found->text(1)), found->integer(2),
                         found->integer(3), found->integer(4) != 0, std::string(found->text(5))});
    return files;
}

FileId SqliteStore::save_file(const StoredFile& file) {
    Use saved(
        prepared("INSERT INTO file(stream, name, size, modified_ns, complete, error) VALUES(?, ?, ?, ?, ?, "
                 "?) ON CONFLICT(stream, "
                 "name) DO UPDATE SET size = excluded.size, modified_ns = excluded.modified_ns, complete = "
                 "excluded.complete, "
                 "error = excluded.error RETURNING id"));
    saved->bind(1, file.stream).bind_text(2, file.name).bind(3, file.size).bind(4, file.modified_ns);
    saved->bind(5, file.complete ? 1 : 0).bind_text(6, file.error);
    saved->step();
    const FileId id = saved->integer(0);
    while (saved->step()) {
    }
    return id;
}

std::vector<FileShape> SqliteStore::shapes_of_files(StreamId stream) {
    std::vector<FileShape> shapes;
    Use found(prepared(
        "SELECT DISTINCT f.name, s.names FROM file f JOIN raw_block b ON b.file = f.id AND b.current = 1 "
        "JOIN shape s ON s.id = b.shape WHERE f.stream = ? ORDER BY f.name"));
    found->bind(1, stream);
    while (found->step()) shapes.push_back({std::string(found->text(0)), std::string(found->blob(1))});
    return shapes;
}

std::optional<StoredFile> SqliteStore::file_of(BlockId block) {
    Use found(prepared(
        "SELECT f.id, f.stream, f.name, f.size, modified_ns, complete, error FROM raw_block b JOIN file f "
        "ON f.id = b.file WHERE b.id = ?"));
    found->bind(1, block);
    if (!found->step()) return std::nullopt;
    return StoredFile{found->integer(0),          found->integer(1), std::string(found->text(2)),
                      found->integer(3),          found->integer(4), found->integer(5) != 0,
                      std::string(found->text(6))};
}

StreamCounts SqliteStore::counts(StreamId stream) {
    StreamCounts counts;
    {
        Use blocks(
            prepared("SELECT sum(row_count), sum(rejected) FROM raw_block WHERE stream = ? AND current = 1"));
        blocks->bind(1, stream);
        blocks->step();
        counts.read = blocks->integer(0);
        counts.rejected = blocks->integer(1);
    }
    {
        Use blocks(
            prepared("SELECT misfits FROM raw_block WHERE stream = ? AND misfits <> '' AND current = 1"));
        blocks->bind(1, stream);
        while (blocks->step()) add_misfits(counts.misfits, blocks->text(0));
    }
    Use records(prepared("SELECT records, deleted, dropped_rows, dropped_rejected FROM stream WHERE id = ?"));
    records->bind(1, stream);
    if (records->step()) {
        counts.records = records->integer(0);
        counts.deleted = records->integer(1);
        counts.read += records->integer(2);
        counts.rejected += records->integer(3);
    }
    return counts;
}

void SqliteStore::add_deleted(StreamId stream, std::int64_t count) {
    prepared("UPDATE stream SET deleted = deleted + ? WHERE id = ?").bind(1, count).bind(2, stream).run();
}

std::optional<Instant> SqliteStore::last_record_at(StreamId stream) {
    Use newest(prepared("SELECT newest_at FROM stream WHERE id = ?"));
    newest->bind(1, stream);
    return newest->step() ? newest->instant(0) : std::nullopt;
}

void SqliteStore::note(StreamId stream, std::int64_t records, const Record* record) {
    StreamTotals& totals = totals_[stream];
    totals.records += records;
    if (record != nullptr && record->has(mappings::slot_updated_at))
        totals.newest_at = std::max(totals.newest_at, record->get(mappings::slot_updated_at).integer);
}

void SqliteStore::save_totals() {
    for (const auto& [stream, totals] : totals_) {
        prepared("UPDATE stream SET records = records + ? WHERE id = ?")
            .bind(1, totals.records)
            .bind(2, stream)
            .run();
        if (totals.newest_at == INT64_MIN) continue;
        prepared("UPDATE stream SET newest_at = max(ifnull(newest_at, ?1), ?1) WHERE id = ?2")
            .bind(1, totals.newest_at)
            .bind(2, stream)
            .run();
    }
    totals_.clear();
}

}  // namespace baselined::daemon
