#include "daemon/store/migrations.hpp"

#include <fmt/format.h>

#include <array>

#include "daemon/sha256.hpp"
#include "daemon/store/packed_key.hpp"
#include "daemon/store/store.hpp"

namespace baselined::daemon {

namespace {

// Appended to, never edited: a store in the field has applied what stands here.
constexpr std::array steps{
    R"(
CREATE TABLE fact(name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE source(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE stream(
    id INTEGER PRIMARY KEY, source INTEGER NOT NULL, name TEXT NOT NULL, mapping_digest TEXT NOT NULL DEFAULT '',
    complete_at INTEGER, first_complete_at INTEGER, error TEXT NOT NULL DEFAULT '', deleted INTEGER NOT NULL DEFAULT 0,
    UNIQUE(source, name));
CREATE TABLE file(
    id INTEGER PRIMARY KEY, stream INTEGER NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL,
    modified_ns INTEGER NOT NULL, complete INTEGER NOT NULL, error TEXT NOT NULL DEFAULT '', UNIQUE(stream, name));
CREATE TABLE shape(id INTEGER PRIMARY KEY, names BLOB NOT NULL UNIQUE);
CREATE TABLE raw_block(
    id INTEGER PRIMARY KEY AUTOINCREMENT, stream INTEGER NOT NULL, file INTEGER NOT NULL, ordinal INTEGER NOT NULL,
    current INTEGER NOT NULL, shape INTEGER NOT NULL, digest INTEGER NOT NULL, size INTEGER NOT NULL,
    data BLOB NOT NULL, row_count INTEGER NOT NULL, rejected INTEGER NOT NULL, misfits TEXT);
CREATE INDEX raw_block_file ON raw_block(file, ordinal);
CREATE TABLE record(
    id INTEGER PRIMARY KEY, key BLOB NOT NULL, kind INTEGER NOT NULL, stream INTEGER NOT NULL,
    block INTEGER NOT NULL, row INTEGER NOT NULL, row_hash INTEGER NOT NULL, updated_at INTEGER, body BLOB NOT NULL);
CREATE UNIQUE INDEX record_key ON record(key);
CREATE TABLE attribute(
    number INTEGER PRIMARY KEY, kind INTEGER NOT NULL, name TEXT NOT NULL, UNIQUE(kind, name));
CREATE TABLE posting_list(id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, built INTEGER NOT NULL DEFAULT 0);
CREATE TABLE posting(
    list INTEGER NOT NULL, hash INTEGER NOT NULL, at INTEGER NOT NULL, record INTEGER NOT NULL,
    PRIMARY KEY(list, hash, at, record)) WITHOUT ROWID;
CREATE TABLE series(id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, built INTEGER NOT NULL DEFAULT 0);
CREATE TABLE tally(
    series INTEGER NOT NULL, period INTEGER NOT NULL, count INTEGER NOT NULL, sum_high INTEGER NOT NULL,
    sum_low INTEGER NOT NULL, digest INTEGER NOT NULL, list BLOB, PRIMARY KEY(series, period)) WITHOUT ROWID;
CREATE TABLE snapshot(
    series INTEGER NOT NULL, period INTEGER NOT NULL, count INTEGER NOT NULL, hits INTEGER NOT NULL,
    PRIMARY KEY(series, period)) WITHOUT ROWID;
CREATE TABLE baseline(
    measure TEXT PRIMARY KEY, definition TEXT NOT NULL, frozen_at INTEGER NOT NULL, content TEXT NOT NULL);
CREATE TABLE status_history(
    id INTEGER PRIMARY KEY, measure TEXT NOT NULL, at INTEGER NOT NULL, potential TEXT NOT NULL,
    implementation TEXT NOT NULL);
CREATE INDEX status_history_measure ON status_history(measure, id);
)",
    R"(
ALTER TABLE stream ADD COLUMN cursor TEXT NOT NULL DEFAULT '';
ALTER TABLE stream ADD COLUMN reconciled_at INTEGER;
ALTER TABLE stream ADD COLUMN records INTEGER NOT NULL DEFAULT 0;
ALTER TABLE stream ADD COLUMN newest_at INTEGER;
UPDATE stream SET records = (SELECT count(*) FROM record WHERE record.stream = stream.id),
    newest_at = (SELECT max(updated_at) FROM record WHERE record.stream = stream.id);
CREATE TABLE source_row(
    id INTEGER PRIMARY KEY, stream INTEGER NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL,
    digest INTEGER NOT NULL, block INTEGER NOT NULL, row INTEGER NOT NULL);
CREATE UNIQUE INDEX source_row_key ON source_row(stream, key);
ALTER TABLE record ADD COLUMN origin INTEGER;
CREATE INDEX record_origin ON record(origin) WHERE origin IS NOT NULL;
CREATE INDEX record_of_measure ON record(kind) WHERE kind IN (4, 5);
CREATE INDEX raw_block_counts ON raw_block(stream, current, row_count, rejected);
CREATE INDEX raw_block_misfits ON raw_block(stream) WHERE misfits <> '';
)",
    R"(
CREATE TABLE ripening(
    series TEXT NOT NULL, period INTEGER NOT NULL, age INTEGER NOT NULL, numerator REAL NOT NULL, denominator REAL NOT NULL,
    PRIMARY KEY(series, period, age)) WITHOUT ROWID;
)",
    R"(
CREATE TABLE episode(
    measure TEXT PRIMARY KEY, standing TEXT NOT NULL, first_told INTEGER, last_told INTEGER, told TEXT NOT NULL,
    held_kind TEXT NOT NULL, held_by TEXT NOT NULL, held_since INTEGER, held_until INTEGER, held_from TEXT NOT NULL);
CREATE TABLE hold(
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, measure TEXT NOT NULL, owner TEXT NOT NULL, programme TEXT NOT NULL,
    until INTEGER NOT NULL, by TEXT NOT NULL, system_user TEXT NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL,
    lifted_at INTEGER, warned_at INTEGER);
CREATE TABLE watched_source(name TEXT PRIMARY KEY, first_seen INTEGER NOT NULL, told_silent_at INTEGER);
CREATE TABLE delivery(
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, receiver TEXT NOT NULL, name TEXT NOT NULL,
    content TEXT NOT NULL, created_at INTEGER NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL,
    first_try_at INTEGER, next_at INTEGER, sent_at INTEGER, last_error TEXT NOT NULL);
CREATE INDEX delivery_pending ON delivery(number) WHERE state IN ('waiting', 'held');
CREATE TABLE delivery_subject(
    delivery TEXT NOT NULL, measure TEXT NOT NULL, kind TEXT NOT NULL);
CREATE INDEX delivery_subject_of ON delivery_subject(delivery);
CREATE TABLE receiver(
    name TEXT PRIMARY KEY, paused_until INTEGER, disabled_url TEXT NOT NULL, disabled_at INTEGER, words TEXT NOT NULL);
)",
    R"(
DROP INDEX source_row_key;
CREATE TABLE source_row_key(key BLOB PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO source_row_key SELECT row_key(stream, key), id FROM source_row ORDER BY 1;
UPDATE source_row SET key = packed_key(key);
DROP INDEX record_key;
CREATE TABLE record_key(key BLOB PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO record_key SELECT key, id FROM record ORDER BY key;
)",
    R"(
DROP INDEX record_of_measure;
CREATE INDEX record_of_measure ON record(kind) WHERE kind IN (4, 5, 8);
)",
    R"(
CREATE TABLE block_age(block INTEGER PRIMARY KEY, at INTEGER NOT NULL);
ALTER TABLE stream ADD COLUMN dropped_rows INTEGER NOT NULL DEFAULT 0;
ALTER TABLE stream ADD COLUMN dropped_rejected INTEGER NOT NULL DEFAULT 0;
)",
    // SQLite makes a table of its own for a list of three at every row that is written: half of its cost.
    R"(
DROP INDEX record_of_measure;
CREATE INDEX record_of_measure ON record(kind) WHERE kind = 4 OR kind = 5 OR kind = 8;
)",
    // Keys of ids of up to 16 bytes met those of other streams, kinds and sources, and one of two was lost:
    // where there are such, all is mapped anew, and their streams are read from the beginning. What is set
    // aside has a kind below zero, and no key.
    R"(
DELETE FROM source_row_key;
INSERT INTO source_row_key SELECT row_key(stream, key), id FROM source_row ORDER BY 1;
UPDATE record SET key = record_key((SELECT source FROM stream WHERE id = record.stream),
    CASE WHEN kind >= 0 THEN kind ELSE -1 - kind END, body);
DELETE FROM record_key;
INSERT INTO record_key SELECT key, id FROM record WHERE kind >= 0 ORDER BY key;
UPDATE posting_list SET built = 0;
UPDATE series SET built = 0;
UPDATE stream SET mapping_digest = 'of mixed keys' WHERE mapping_digest NOT IN ('', 'removed')
    AND EXISTS (SELECT 1 FROM record WHERE length(record_id(body)) <= 16);
UPDATE stream SET cursor = '' WHERE mapping_digest = 'of mixed keys'
    AND (NOT EXISTS (SELECT 1 FROM source_row WHERE source_row.stream = stream.id)
        OR EXISTS (SELECT 1 FROM source_row WHERE source_row.stream = stream.id AND typeof(key) = 'text' AND length(key) <= 16));
)",
    // When a receiver of alerts asked to be left alone: what a clock noted that was set back since is no
    // wish.
    R"(
ALTER TABLE receiver ADD COLUMN paused_at INTEGER;
)",
    // `current` is 1; 2 for what a file had before while it is being read anew; else 0. `overruled`: a byte a
    // row, of blocks that have such rows.
    R"(
ALTER TABLE raw_block ADD COLUMN overruled BLOB;
)",
    // A column is found by its name without the blanks at its ends, too: what may have been passed over is
    // mapped anew.
    R"(
UPDATE stream SET mapping_digest = 'of exact column names' WHERE mapping_digest NOT IN ('', 'removed')
    AND id IN (SELECT stream FROM raw_block WHERE current = 1 AND misfits LIKE '%(no column %');
)",
    // A webhook's URL is a key. What servers said when they refused may quote it, or a login: of them only
    // the status stays.
    R"(
ALTER TABLE receiver RENAME COLUMN disabled_url TO disabled_digest;
UPDATE receiver SET disabled_digest = sha256(disabled_digest), words = substr(words, 1, length('answered 410'))
    WHERE disabled_digest <> '';
UPDATE delivery SET last_error = substr(last_error, 1, length('answered 410')) WHERE last_error LIKE 'answered ___: %';
UPDATE delivery SET last_error = substr(last_error, 1, length('the webhook is disabled: answered 410'))
    WHERE last_error LIKE 'the webhook is disabled: answered ___: %';
UPDATE delivery SET last_error = 'the mail server wants another login'
    WHERE last_error LIKE 'the mail server wants another login: %';
)",
};

void sha256_of(sqlite3_context* context, int /*count*/, sqlite3_value** values) {
    const auto* bytes = static_cast<const char*>(sqlite3_value_blob(values[0]));
    const std::string digest = sha256({bytes, static_cast<std::size_t>(sqlite3_value_bytes(values[0]))});
    sqlite3_result_text(context, digest.data(), static_cast<int>(digest.size()), SQLITE_TRANSIENT);
}

/// Makes `sha256(text)` known to SQL.
void add_digest_function(Database& database) {
    const int code =
        sqlite3_create_function_v2(database.handle(), "sha256", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
                                   nullptr, sha256_of, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) database.fail(code);
}

int shape_of(Database& database) {
    Statement statement(database, "PRAGMA user_version");
    statement.step();
    return static_cast<int>(statement.integer(0));
}

void refuse_newer(int shape) {
    if (shape <= static_cast<int>(steps.size())) return;
    throw StoreError(
        ErrorCode::unsupported,
        fmt::format("the store has shape {}, this program knows {}: it was written by a newer version; "
                    "install that version again",
                    shape, steps.size()));
}

}  // namespace

void refuse_foreign(Database& database) {
    Statement statement(database,
                        "SELECT count(*), total(name IN ('fact', 'raw_block', 'tally')) FROM sqlite_master "
                        "WHERE type = 'table'");
    statement.step();
    const bool is_empty = statement.integer(0) == 0 && shape_of(database) == 0;
    if (!is_empty && statement.integer(1) != 3)
        throw StoreError(
            ErrorCode::bad_input,
            "the file is another program's database and no store of baselined: name another file");
}

void migrate(Database& database) {
    refuse_newer(shape_of(database));
    add_key_functions(database);
    add_digest_function(database);
    for (auto next = static_cast<std::size_t>(shape_of(database)); next < steps.size(); ++next) {
        database.run("BEGIN IMMEDIATE");
        database.run(steps[next]);
        database.run(fmt::format("PRAGMA user_version = {}", next + 1).c_str());
        database.run("COMMIT");
    }
}

void require_known_shape(Database& database) {
    refuse_foreign(database);
    const int shape = shape_of(database);
    refuse_newer(shape);
    if (shape == 0)
        throw StoreError(ErrorCode::bad_input, "the file is no store of baselined: name another file");
}

void require_current_shape(Database& database) {
    refuse_foreign(database);
    const int shape = shape_of(database);
    refuse_newer(shape);
    if (shape < static_cast<int>(steps.size()))
        throw StoreError(
            ErrorCode::unavailable,
            "the store was written by an older version: run `baselined once` (or the daemon) once, it "
            "brings the store up to date");
}

}  // namespace baselined::daemon
