// Reads one ServiceNow table without losing a row: by (sys_updated_on, sys_id), ties drained, to an empty
// page.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "connectors/http/exchange.hpp"
#include "connectors/page.hpp"
#include "connectors/servicenow/cursor.hpp"
#include "connectors/servicenow/table_api.hpp"
#include "connectors/servicenow/table_pages.hpp"

namespace baselined::connectors::servicenow {

struct TableOptions {
    std::string url, table, query;
    std::vector<std::string> fields;    ///< what the mappings read
    std::vector<std::string> required;  ///< those of them that must be readable
    std::int64_t since_ms = 0;
    int page_size = 1000;
};

/// One reading of one table. The exchange outlives it.
class TableReading {
  public:
    TableReading(Exchange& exchange, TableOptions options);

    /// Asks whether the table, its fields and its filter can be read at all. Every trouble is one note in the
    /// instance's words; an error when nothing can be read.
    boost::asio::awaitable<Result<Notes>> preflight();
    /// Reads on from the position to the end, handing page after page to the sink.
    boost::asio::awaitable<Result<Notes>> run(StreamPosition position, PageSink sink);
    /// The newest rows, after a preflight.
    boost::asio::awaitable<Result<Sample>> sample(int rows, bool all_fields);

  private:
    boost::asio::awaitable<bool> is_truly_empty();
    boost::asio::awaitable<Result<void>> read_window(std::int64_t until_ms, PageSink sink);
    boost::asio::awaitable<Result<void>> drain_tie(PageSink sink);
    boost::asio::awaitable<Result<void>> store(TableAnswer answer, PageSink sink);
    boost::asio::awaitable<Result<void>> find_deleted(PageSink sink);
    boost::asio::awaitable<Result<void>> reconcile(StreamPosition position, PageSink sink);
    boost::asio::awaitable<Result<std::set<std::string>>> read_ids(std::vector<std::string> ids,
                                                                   PageSink sink);
    Page page_of(TableAnswer answer) const;
    [[nodiscard]] std::string hidden_rows() const;
    void note_missing(const std::string& field, Notes& notes) const;
    void note_missing_fields(const TableAnswer& answer);
    [[nodiscard]] std::size_t column(const std::string& field) const;
    [[nodiscard]] std::string fingerprint() const;
    [[nodiscard]] std::int64_t server_ms() const;

    Exchange& exchange_;
    TableOptions options_;
    TablePages pages_;
    std::vector<std::string> columns_;  ///< fields, and what reading itself needs
    Cursor cursor_;
    std::vector<bool> seen_fields_;
    std::int64_t rows_seen_ = 0;
    Notes notes_;
};

}  // namespace baselined::connectors::servicenow
