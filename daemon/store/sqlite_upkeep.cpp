// The size of the store: blocks that nothing stands on, rows and history past their age, unused pages.
#include <sys/stat.h>

#include <algorithm>

#include "daemon/store/sqlite_store.hpp"

namespace baselined::daemon {

namespace {

/// A first reading leaves a log of ten times as much, which nothing makes smaller by itself.
constexpr off_t longest_log_bytes = 16 << 20;

class DoesNotWait {
  public:
    explicit DoesNotWait(sqlite3* database) : database_(database) { sqlite3_busy_timeout(database_, 0); }
    ~DoesNotWait() { sqlite3_busy_timeout(database_, busy_timeout_ms); }
    DoesNotWait(const DoesNotWait&) = delete;
    DoesNotWait& operator=(const DoesNotWait&) = delete;

  private:
    sqlite3* database_;
};

}  // namespace

std::int64_t SqliteStore::newest_block() {
    return next_block() - 1;
}

void SqliteStore::look_at_use(BlockUse& use, int most) {
    int looked_at = 0;
    const auto look = [&](const char* sql, std::int64_t& position) {
        Use found(prepared(sql));
        found->bind(1, position).bind(2, most - looked_at);
        for (; found->step(); ++looked_at) {
            position = found->integer(0);
            use.blocks.insert(found->integer(1));
        }
    };
    look("SELECT id, block FROM record WHERE id > ? ORDER BY id LIMIT ?", use.last_record);
    if (looked_at < most)
        look("SELECT id, block FROM source_row WHERE id > ? ORDER BY id LIMIT ?", use.last_row);
    use.is_whole = looked_at < most;
}

std::vector<BlockId> SqliteStore::unused_blocks(const BlockUse& use, BlockId until) {
    std::vector<BlockId> unused;
    Use found(prepared("SELECT id FROM raw_block WHERE id <= ? AND (current = 0 OR file = 0)"));
    found->bind(1, until);
    while (found->step())
        if (!use.blocks.contains(found->integer(0))) unused.push_back(found->integer(0));
    return unused;
}

void SqliteStore::drop_block(BlockId block) {
    prepared(
        "UPDATE stream SET dropped_rows = dropped_rows + b.row_count, dropped_rejected = dropped_rejected + "
        "b.rejected FROM raw_block b WHERE b.id = ? AND b.current = 1 AND stream.id = b.stream")
        .bind(1, block)
        .run();
    prepared("DELETE FROM raw_block WHERE id = ?").bind(1, block).run();
}

void SqliteStore::note_block_age(Instant at) {
    prepared("INSERT OR IGNORE INTO block_age(block, at) VALUES(?, ?)")
        .bind(1, newest_block())
        .bind(2, at.time_since_epoch().count())
        .run();
}

BlockId SqliteStore::newest_block_at(Instant at) {
    Use found(prepared("SELECT max(block) FROM block_age WHERE at <= ?"));
    found->bind(1, at.time_since_epoch().count());
    return found->step() ? found->integer(0) : 0;
}

int SqliteStore::empty_blocks(BlockId until, int most) {
    prepared(
        "UPDATE raw_block SET size = 0, data = x'' "
        "WHERE id IN (SELECT id FROM raw_block WHERE id <= ? AND size > 0 LIMIT ?)")
        .bind(1, until)
        .bind(2, most)
        .run();
    return sqlite3_changes(database_.handle());
}

int SqliteStore::drop_history(Instant before, int most) {
    constexpr const char* changes_but_the_last = R"(
        DELETE FROM status_history WHERE id IN (
            SELECT id FROM status_history
            WHERE at < ? AND id NOT IN (
                SELECT max(id) FROM status_history GROUP BY measure
                UNION SELECT max(id) FROM status_history WHERE potential <> 'unknown' GROUP BY measure)
            LIMIT ?))";
    constexpr const char* subjects_of_deliveries = R"(
        DELETE FROM delivery_subject WHERE delivery IN (
            SELECT id FROM delivery WHERE created_at < ? AND state IN ('sent', 'dead') LIMIT ?))";
    constexpr const char* deliveries_without_subjects = R"(
        DELETE FROM delivery WHERE number IN (
            SELECT number FROM delivery
            WHERE created_at < ? AND state IN ('sent', 'dead')
                AND id NOT IN (SELECT delivery FROM delivery_subject)
            LIMIT ?))";
    constexpr const char* how_periods_filled_up = R"(
        DELETE FROM ripening WHERE (series, period, age) IN (
            SELECT series, period, age FROM ripening WHERE period < ? LIMIT ?))";
    int dropped = 0;
    for (const char* sql :
         {changes_but_the_last, subjects_of_deliveries, deliveries_without_subjects, how_periods_filled_up}) {
        prepared(sql).bind(1, before.time_since_epoch().count()).bind(2, most).run();
        dropped += sqlite3_changes(database_.handle());
    }
    return dropped;
}

int SqliteStore::shrink(int pages) {
    const auto unused = [this] {
        Statement count(database_, "PRAGMA freelist_count");
        return count.step() ? count.integer(0) : 0;
    };
    settle();
    const std::int64_t before = unused();
    if (before == 0) return 0;
    Statement vacuum(database_, "PRAGMA incremental_vacuum(" + std::to_string(pages) + ")");
    while (vacuum.step()) {
    }
    return static_cast<int>(before - unused());
}

void SqliteStore::keep_log_short() {
    struct stat log {};
    const char* file = sqlite3_filename_wal(sqlite3_db_filename(database_.handle(), "main"));
    if (file != nullptr && ::stat(file, &log) == 0 && log.st_size > longest_log_bytes) truncate_log();
}

void SqliteStore::truncate_log() {
    settle();
    // Whoever reads keeps the log alive. Everything else that the store has to do does not wait for them.
    const DoesNotWait impatient(database_.handle());
    Statement checkpoint(database_, "PRAGMA wal_checkpoint(TRUNCATE)");
    checkpoint.step();
}

}  // namespace baselined::daemon
