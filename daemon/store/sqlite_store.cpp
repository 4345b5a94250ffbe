#include "daemon/store/sqlite_store.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include <filesystem>

#include "daemon/store/migrations.hpp"

namespace baselined::daemon {

namespace {

/// When the failure itself has been told.
StoreError lost() {
    return {ErrorCode::unavailable,
            "the store could not keep what was read before: start again, it is read anew"};
}

const std::string in_memory = ":memory:";

/// Pages of the database that change with every row are written once for so many rows, not once a page of the
/// source.
constexpr std::int64_t most_open_rows = 200'000;
constexpr std::chrono::seconds longest_open{3};

void shape_pages(Database& database) {
    database.run("PRAGMA page_size = 8192");
    // Of a new file only: its unused pages can be given back a few at a time.
    database.run("PRAGMA auto_vacuum = INCREMENTAL");
}

void require_file(const std::string& path) {
    if (::access(path.c_str(), F_OK) == 0) return;
    if (errno == EACCES)
        throw StoreError(ErrorCode::unavailable,
                         fmt::format("store {}: this user may not look into its folder; a service's store is "
                                     "its user's: `runuser -u baselined -- baselined ...`",
                                     path));
    throw StoreError(
        ErrorCode::unavailable,
        fmt::format("store {}: there is none yet; `baselined once` makes it by reading the sources", path));
}

/// Ours are born whole, see make_file(): one that is empty was emptied, and with it acknowledgements, frozen
/// baselines and what was told.
void refuse_emptied(const std::string& path) {
    std::error_code error;
    if (std::filesystem::file_size(path, error) == 0 && !error)
        throw StoreError(
            ErrorCode::corrupt,
            fmt::format("store {}: the file is empty: it was truncated, or made by somebody else; restore a "
                        "copy, or remove it to begin with a new store",
                        path));
}

/// A new store under another name first: killed in between, it leaves no file that looks like an emptied one.
void make_file(const std::string& path) {
    std::error_code error;
    if (std::filesystem::exists(std::filesystem::symlink_status(path, error))) return;
    const std::string unfinished = path + ".new";
    std::filesystem::remove(unfinished, error);
    // Tokens and names stand in it. SQLite gives its logs the same rights.
    if (const int made = ::open(unfinished.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600); made >= 0)
        ::close(made);
    {
        Database database(unfinished, Database::Access::write);
        shape_pages(database);
        migrate(database);
    }
    // A log without its store: SQLite would take it for the new one's.
    for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(path + suffix, error);
    std::filesystem::rename(unfinished, path);
}

Database open_database(const std::string& path, StoreMode mode) {
    if (mode == StoreMode::write && path != in_memory) make_file(path);
    if (mode != StoreMode::write) require_file(path);
    if (path != in_memory) refuse_emptied(path);
    return {path, mode == StoreMode::write ? Database::Access::write : Database::Access::read};
}

}  // namespace

SqliteStore::SqliteStore(const std::string& path, StoreMode mode)
    : lock_(mode == StoreMode::write && path != in_memory ? std::make_optional<StoreLock>(path)
                                                          : std::nullopt),
      mode_(mode),
      database_(open_database(path, mode)) {
    if (mode != StoreMode::write) {
        require_current_shape(database_);
        return;
    }
    refuse_foreign(database_);
    shape_pages(database_);
    database_.run("PRAGMA journal_mode = WAL");
    // NORMAL in WAL mode: a power cut may lose the last commits, never consistency; the cursor goes with its
    // rows.
    database_.run("PRAGMA synchronous = NORMAL");
    // Larger checkpoints: a page that changes often is written back once.
    database_.run("PRAGMA wal_autocheckpoint = 20000");
    database_.run("PRAGMA cache_size = -65536");
    database_.run("PRAGMA temp_store = FILE");
    migrate(database_);
    record_keys_.emplace(database_, "record_key");
    row_keys_.emplace(database_, "source_row_key");
    new_rows_.emplace(database_);
}

SqliteStore::~SqliteStore() {
    try {
        settle();
    } catch (const StoreError&) {
        // Nobody is left to be told; what was not durable is read again.
    }
}

std::unique_ptr<Store> open_sqlite_store(const std::string& path, StoreMode mode) {
    return std::make_unique<SqliteStore>(path, mode);
}

std::unique_ptr<Store> make_passing_store() {
    return std::make_unique<SqliteStore>(in_memory, StoreMode::write);
}

Statement& SqliteStore::prepared(const char* sql) const {
    if (new_rows_) new_rows_->write();  // whatever the statement looks at
    auto& statement = statements_[sql];
    if (!statement) statement = std::make_unique<Statement>(database_, sql);
    return *statement;
}

void SqliteStore::begin() {
    if (loss_) throw StoreError(*loss_);
    settle();
    prepared("BEGIN IMMEDIATE").run();
    is_begun_ = true;
}

void SqliteStore::begin_or_join() {
    if (!is_open_ || loss_) begin();
    is_begun_ = true;
}

void SqliteStore::commit() {
    save_totals();
    if (record_keys_) record_keys_->write();
    if (row_keys_) row_keys_->write();
    prepared("COMMIT").run();
    is_begun_ = is_open_ = false;
    open_rows_ = 0;
}

void SqliteStore::commit_later(std::int64_t rows) {
    const auto now = std::chrono::steady_clock::now();
    if (!is_open_) open_since_ = now;
    is_open_ = true;
    open_rows_ += rows;
    if (open_rows_ >= most_open_rows || now - open_since_ > longest_open) settle();
    is_begun_ = false;
}

void SqliteStore::settle() {
    if (!is_open_ || loss_) return;
    loss_ = lost();
    try {
        commit();
    } catch (const StoreError& error) {
        loss_ = error;
        throw;
    }
    loss_.reset();
}

void SqliteStore::rollback() noexcept {
    if (!is_begun_) {
        if (!loss_) return;
        loss_.reset();
        is_open_ = false;
        open_rows_ = 0;
    } else if (is_open_ && !loss_) {
        loss_ = lost();
    }
    is_begun_ = false;
    totals_.clear();
    if (record_keys_) record_keys_->forget();
    if (row_keys_) row_keys_->forget();
    if (new_rows_) new_rows_->forget();
    // SQLite may have rolled back by itself already (disk full); a second failure has nobody to tell.
    if (database_.in_transaction()) sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void SqliteStore::watch(std::function<bool()> goes_on) {
    constexpr int steps_between = 20'000;  // of SQLite's machine: some milliseconds
    goes_on_ = std::move(goes_on);
    sqlite3_progress_handler(
        database_.handle(), steps_between,
        [](void* self) { return static_cast<SqliteStore*>(self)->goes_on_() ? 0 : 1; }, this);
}

std::optional<std::string> SqliteStore::fact(std::string_view name) {
    Use found(prepared("SELECT value FROM fact WHERE name = ?"));
    found->bind_text(1, name);
    if (!found->step()) return std::nullopt;
    return std::string(found->text(0));
}

void SqliteStore::set_fact(std::string_view name, std::string_view value) {
    prepared(
        "INSERT INTO fact(name, value) VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value")
        .bind_text(1, name)
        .bind_text(2, value)
        .run();
}

void SqliteStore::clear_fact(std::string_view name) {
    prepared("DELETE FROM fact WHERE name = ?").bind_text(1, name).run();
}

std::optional<StoredBaseline> SqliteStore::baseline(std::string_view measure) {
    Use found(prepared("SELECT definition, frozen_at, content FROM baseline WHERE measure = ?"));
    found->bind_text(1, measure);
    if (!found->step()) return std::nullopt;
    return StoredBaseline{std::string(measure), std::string(found->text(0)),
                          Instant{mappings::Millis{found->integer(1)}}, std::string(found->text(2))};
}

void SqliteStore::save_baseline(const StoredBaseline& baseline) {
    prepared(
        "INSERT INTO baseline(measure, definition, frozen_at, content) VALUES(?, ?, ?, ?) ON "
        "CONFLICT(measure) DO "
        "UPDATE SET definition = excluded.definition, frozen_at = excluded.frozen_at, content = "
        "excluded.content")
        .bind_text(1, baseline.measure)
        .bind_text(2, baseline.definition)
        .bind(3, baseline.frozen_at.time_since_epoch().count())
        .bind_text(4, baseline.content)
        .run();
}

void SqliteStore::drop_baseline(std::string_view measure) {
    prepared("DELETE FROM baseline WHERE measure = ?").bind_text(1, measure).run();
}

std::optional<StatusChange> SqliteStore::last_status(std::string_view measure) {
    Use found(
        prepared("SELECT at, potential, implementation FROM status_history WHERE measure = ? ORDER BY id "
                 "DESC LIMIT 1"));
    found->bind_text(1, measure);
    if (!found->step()) return std::nullopt;
    return StatusChange{std::string(measure), Instant{mappings::Millis{found->integer(0)}},
                        std::string(found->text(1)), std::string(found->text(2))};
}

void SqliteStore::add_status(const StatusChange& change) {
    prepared("INSERT INTO status_history(measure, at, potential, implementation) VALUES(?, ?, ?, ?)")
        .bind_text(1, change.measure)
        .bind(2, change.at.time_since_epoch().count())
        .bind_text(3, change.potential)
        .bind_text(4, change.implementation)
        .run();
}

}  // namespace baselined::daemon
