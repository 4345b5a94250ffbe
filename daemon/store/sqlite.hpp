// A thin, typed hold on SQLite: statements that are prepared once, bound and stepped; every failure is a
// StoreError.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "mappings/record/time.hpp"

namespace baselined::daemon {

class Database;

/// How long a statement waits for another process.
constexpr int busy_timeout_ms = 30'000;

/// One prepared statement. Bound texts and blobs must live until the next step: they are not copied.
class Statement {
  public:
    Statement(Database& database, std::string_view sql);

    Statement& bind(int index, std::int64_t value);
    /// NULL without a value.
    Statement& bind_optional(int index, const std::optional<std::int64_t>& value);
    Statement& bind_text(int index, std::string_view text);
    Statement& bind_blob(int index, std::string_view bytes);
    Statement& bind_null(int index);
    Statement& bind_real(int index, double value);
    /// Milliseconds since 1970; NULL without a value.
    Statement& bind_instant(int index, const std::optional<mappings::Instant>& at);

    /// True: a row is there.
    bool step();
    /// Steps to the end and makes the statement ready for the next use.
    void run();
    void reset();

    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] std::string_view text(int column) const;  ///< good until the next step or reset
    [[nodiscard]] std::string_view blob(int column) const;  ///< good until the next step or reset
    [[nodiscard]] bool is_null(int column) const;
    [[nodiscard]] bool is_blob(int column) const;
    [[nodiscard]] double real(int column) const;
    [[nodiscard]] std::optional<mappings::Instant> instant(int column) const;  ///< nullopt: NULL

  private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };
    Database* database_;
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// Resets a statement at the end of a scope, whatever happens in it, so that no read stays open.
class Use {
  public:
    explicit Use(Statement& statement) : statement_(statement) {}
    ~Use() { statement_.reset(); }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    Statement* operator->() { return &statement_; }
    Statement& operator*() { return statement_; }

  private:
    Statement& statement_;
};

class Database {
  public:
    enum class Access { read, write };
    Database(const std::string& path, Access access);
    void run(const char* sql);
    [[nodiscard]] std::int64_t last_row() const { return sqlite3_last_insert_rowid(handle_.get()); }
    [[nodiscard]] std::int64_t changes() const { return sqlite3_changes64(handle_.get()); }
    [[nodiscard]] bool in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }
    [[nodiscard]] sqlite3* handle() { return handle_.get(); }
    /// Throws what SQLite says about `code`, with what to do about it.
    [[noreturn]] void fail(int code) const;

  private:
    struct Close {
        void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
    };
    std::string path_;
    std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace baselined::daemon
