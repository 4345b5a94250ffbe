// The yardstick for a backfill: the least that can be done to keep 20 columns of a table that is read over
// HTTP. libcurl, RapidJSON in place, SQLite. Does not: keep raw rows, map, compute, resume. usage: bench_lean
// URL DATABASE
#include <curl/curl.h>
#include <fmt/format.h>
#include <rapidjson/reader.h>
#include <sqlite3.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::array<std::string_view, 20> columns{
    "sys_id",       "number",           "sys_updated_on",     "state",
    "priority",     "opened_at",        "resolved_at",        "closed_at",
    "category",     "subcategory",      "escalation",         "business_service",
    "cmdb_ci",      "assignment_group", "assigned_to",        "problem_id",
    "reopen_count", "caused_by",        "reassignment_count", "short_description"};
constexpr int page = 10'000;
constexpr std::int64_t rows_a_transaction = 100'000;

[[noreturn]] void fail(const std::string& why) {
    fmt::print(stderr, "{}\n", why);
    std::exit(1);
}

class Table {
  public:
    explicit Table(const char* path) {
        if (sqlite3_open(path, &database_) != SQLITE_OK) fail("cannot open the database");
        run("PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA "
            "wal_autocheckpoint = 20000; PRAGMA cache_size = -65536");
        std::string names = "sys_id BLOB", marks = "?";
        for (std::size_t i = 1; i < columns.size(); ++i) {
            names += fmt::format(", {} TEXT", columns[i]);
            marks += ",?";
        }
        run(("CREATE TABLE incident(" + names +
             "); CREATE UNIQUE INDEX by_id ON incident(sys_id); CREATE INDEX by_service ON "
             "incident(business_service, opened_at)")
                .c_str());
        sqlite3_prepare_v3(database_, ("INSERT OR REPLACE INTO incident VALUES(" + marks + ")").c_str(), -1,
                           SQLITE_PREPARE_PERSISTENT, &insert_, nullptr);
        run("BEGIN");
    }
    ~Table() {
        run("COMMIT");
        sqlite3_finalize(insert_);
        sqlite3_close(database_);
    }
    Table(const Table&) = delete;
    Table& operator=(const Table&) = delete;

    void insert(const std::array<std::string_view, columns.size()>& row) {
        std::array<unsigned char, 16> id{};
        for (std::size_t i = 0; i < id.size() && 2 * i + 2 <= row[0].size(); ++i)
            std::from_chars(row[0].data() + 2 * i, row[0].data() + 2 * i + 2, id[i], 16);
        sqlite3_bind_blob(insert_, 1, id.data(), id.size(), SQLITE_STATIC);
        for (std::size_t i = 1; i < row.size(); ++i)
            sqlite3_bind_text(insert_, static_cast<int>(i + 1), row[i].data(),
                              static_cast<int>(row[i].size()), SQLITE_STATIC);
        if (sqlite3_step(insert_) != SQLITE_DONE) fail(sqlite3_errmsg(database_));
        sqlite3_reset(insert_);
        if (++rows_ % rows_a_transaction == 0) run("COMMIT; BEGIN");
    }
    [[nodiscard]] std::int64_t rows() const { return rows_; }

  private:
    void run(const char* sql) {
        if (sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
            fail(sqlite3_errmsg(database_));
    }
    sqlite3* database_ = nullptr;
    sqlite3_stmt* insert_ = nullptr;
    std::int64_t rows_ = 0;
};

/// Rows are objects at depth 2; their texts stay in the page.
class Rows : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Rows> {
  public:
    explicit Rows(Table& table) : table_(table) {}
    bool StartObject() {
        if (++depth_ == 2) row_.fill({});
        return true;
    }
    bool Key(const char* text, rapidjson::SizeType size, bool) {
        const std::string_view name(text, size);
        column_ = columns.size();
        // Fields come in the same order row after row.
        for (std::size_t i = 0; i < columns.size() && column_ == columns.size(); ++i)
            if (columns[i] == name) column_ = i;
        return true;
    }
    bool String(const char* text, rapidjson::SizeType size, bool) {
        if (depth_ == 2 && column_ < columns.size()) row_[column_] = {text, size};
        return true;
    }
    bool EndObject(rapidjson::SizeType) {
        if (depth_-- == 2) {
            table_.insert(row_);
            last_ = row_[2];
        }
        return true;
    }
    [[nodiscard]] const std::string& last() const { return last_; }

  private:
    Table& table_;
    int depth_ = 0;
    std::size_t column_ = columns.size();
    std::array<std::string_view, columns.size()> row_{};
    std::string last_;
};

std::size_t append(char* bytes, std::size_t size, std::size_t count, void* body) {
    static_cast<std::string*>(body)->append(bytes, size * count);
    return size * count;
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 3) fail("usage: bench_lean URL DATABASE");
    Table table(arguments[2]);
    CURL* curl = curl_easy_init();
    std::string body, since = "2000-01-01 00:00:00";
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
    for (;;) {
        char* query = curl_easy_escape(
            curl, fmt::format("sys_updated_on>{}^ORDERBYsys_updated_on^ORDERBYsys_id", since).c_str(), 0);
        const std::string url = fmt::format("{}/api/now/table/incident?sysparm_limit={}&sysparm_query={}",
                                            arguments[1], page, query);
        curl_free(query);
        body.clear();
        curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
        if (curl_easy_perform(curl) != CURLE_OK) fail("no answer");
        Rows rows(table);
        const std::int64_t before = table.rows();
        rapidjson::InsituStringStream stream(body.data());
        rapidjson::Reader reader;
        if (!reader.Parse<rapidjson::kParseInsituFlag>(stream, rows)) fail("no JSON");
        if (table.rows() == before) break;
        since = rows.last();
    }
    fmt::print("{}\n", table.rows());
    curl_easy_cleanup(curl);
}
