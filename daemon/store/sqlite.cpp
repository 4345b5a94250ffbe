#include "daemon/store/sqlite.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "daemon/store/store.hpp"

namespace baselined::daemon {

namespace {

struct Meaning {
    ErrorCode code;
    const char* remedy;
};

constexpr Meaning full{ErrorCode::unavailable,
                       "the disk is full: free some space; nothing is lost, the daemon goes on by itself, a "
                       "command is repeated"};
constexpr Meaning read_only{
    ErrorCode::unavailable,
    "it is read-only: check the owner, rights and attributes of the file and its folder, and how "
    "their disk is mounted"};

/// SQLite has one word for many failures of a disk; the system's own tells what to do.
Meaning meaning_of_system(int error) {
    switch (error) {
        case EDQUOT:
            return full;
        case EROFS:
        case EPERM:
        case EACCES:
            return read_only;
        case EMFILE:
        case ENFILE:
            return {
                ErrorCode::unavailable,
                "no file can be opened any more: raise the limit of open files (LimitNOFILE in the unit)"};
        default:
            return {ErrorCode::unavailable, "the disk did not answer: look at the system's log"};
    }
}

Meaning meaning_of(int code, int system_error) {
    switch (code & 0xff) {
        case SQLITE_FULL:
            return full;
        case SQLITE_INTERRUPT:
            return {ErrorCode::unavailable, "the daemon is stopping; nothing is lost"};
        case SQLITE_IOERR:
            return meaning_of_system(system_error);
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return {ErrorCode::unavailable, "another process holds it: wait for it to finish"};
        case SQLITE_READONLY:
            return read_only;
        case SQLITE_CANTOPEN:
            if (system_error == EMFILE || system_error == ENFILE) return meaning_of_system(system_error);
            return {ErrorCode::unavailable,
                    "check that the folder exists, and that folder "
                    "and file belong to this user"};
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return {
                ErrorCode::corrupt,
                "the file is damaged or no store of baselined: move it away and restore a copy, or read the "
                "sources again into a new one"};
        default:
            return {ErrorCode::internal, "please report this"};
    }
}

}  // namespace

Statement::Statement(Database& database, std::string_view sql) : database_(&database) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(database.handle(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) database.fail(code);
    statement_.reset(statement);
}

Statement& Statement::bind(int index, std::int64_t value) {
    sqlite3_bind_int64(statement_.get(), index, value);
    return *this;
}

Statement& Statement::bind_optional(int index, const std::optional<std::int64_t>& value) {
    return value ? bind(index, *value) : bind_null(index);
}

Statement& Statement::bind_text(int index, std::string_view text) {
    // A null pointer would bind NULL; an empty text is not that.
    const char* bytes = text.data() == nullptr ? "" : text.data();
    sqlite3_bind_text64(statement_.get(), index, bytes, text.size(), SQLITE_STATIC, SQLITE_UTF8);
    return *this;
}

Statement& Statement::bind_blob(int index, std::string_view bytes) {
    const char* data = bytes.data() == nullptr ? "" : bytes.data();
    sqlite3_bind_blob64(statement_.get(), index, data, bytes.size(), SQLITE_STATIC);
    return *this;
}

Statement& Statement::bind_real(int index, double value) {
    sqlite3_bind_double(statement_.get(), index, value);
    return *this;
}

Statement& Statement::bind_instant(int index, const std::optional<mappings::Instant>& at) {
    return at ? bind(index, at->time_since_epoch().count()) : bind_null(index);
}

std::optional<mappings::Instant> Statement::instant(int column) const {
    if (is_null(column)) return std::nullopt;
    return mappings::Instant{mappings::Millis{integer(column)}};
}

double Statement::real(int column) const {
    return sqlite3_column_double(statement_.get(), column);
}

Statement& Statement::bind_null(int index) {
    sqlite3_bind_null(statement_.get(), index);
    return *this;
}

bool Statement::step() {
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    sqlite3_reset(statement_.get());
    database_->fail(code);
}

void Statement::run() {
    while (step()) {
    }
    reset();
}

void Statement::reset() {
    sqlite3_reset(statement_.get());
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(statement_.get(), column);
}

std::string_view Statement::text(int column) const {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
    if (bytes == nullptr) return {};
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::string_view Statement::blob(int column) const {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
    if (bytes == nullptr) return {};
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

bool Statement::is_null(int column) const {
    return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

bool Statement::is_blob(int column) const {
    return sqlite3_column_type(statement_.get(), column) == SQLITE_BLOB;
}

Database::Database(const std::string& path, Access access) : path_(path) {
    // Before the first connection: counting SQLite's memory costs a lock at every allocation.
    static const int counts_nothing = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    (void)counts_nothing;
    sqlite3* handle = nullptr;
    const int flags =
        access == Access::write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READWRITE;
    const int code = sqlite3_open_v2(path.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, nullptr);
    handle_.reset(handle);
    if (code != SQLITE_OK) fail(code);
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, busy_timeout_ms);
}

void Database::run(const char* sql) {
    const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) fail(code);
}

void Database::fail(int code) const {
    // sqlite3_system_errno() does not know of a commit that failed: the thread's own is the last failure's.
    const int system_error = errno;
    const Meaning meaning = meaning_of(code, system_error);
    std::string said = handle_ ? sqlite3_errmsg(handle_.get()) : sqlite3_errstr(code);
    if ((code & 0xff) == SQLITE_IOERR && system_error != 0)
        said += fmt::format(" ({})", std::strerror(system_error));
    throw StoreError(meaning.code, fmt::format("store {}: {}; {}", path_, said, meaning.remedy));
}

}  // namespace baselined::daemon
