// Reads one ServiceNow table without losing a row: by (sys_updated_on, sys_id), ties drained, to an empty
// page.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/http/exchange.hpp"
#include "connectors/page.hpp"
#include "connectors/servicenow/cursor.hpp"
#include "connectors/servicenow/table_api.hpp"
#include "connectors/servicenow/table_pages.hpp"

namespace baselined::connectors::servicenow {

struct TableOptions {
    std::string url, table, query;
    std::vector<std::string> fields;  ///< what the mappings read
    /// Of each of these lists one field has to be there, and the account has to read those that are.
    std::vector<std::vector<std::string>> needed;
    /// The same of what only describes records: a lack of it is a remark, and such a field need not be there.
    std::vector<std::vector<std::string>> describing;
    std::int64_t since_ms = 0;
    int page_size = 1000;
};

/// Rows are committed a little after the moment they carry, and a little out of order: the minutes before are
/// read again, and what is the same is dropped.
constexpr std::int64_t overlap_ms = 10 * 60'000;
/// So many rows without a readable time are asked for by id at each reading: what one request can name.
constexpr std::size_t most_undated = 200;

/// What the fields are walked through, where more than what it is called is read of it: `task` of
/// `task.priority` and of `task.cmdb_ci.name`. A name changes seldom, and what carries it is touched all the
/// time (discovery updates every CI).
std::vector<std::string> followed_references(const std::vector<std::string>& fields);

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
    // table_preflight.cpp
    boost::asio::awaitable<bool> is_truly_empty();
    boost::asio::awaitable<Result<void>> look_for_hidden_rows(Notes& notes);
    boost::asio::awaitable<Result<void>> check_somebody_asks(std::string_view found);
    boost::asio::awaitable<Result<void>> check_conditions(const TableAnswer& newest);
    boost::asio::awaitable<Result<TableAnswer>> newest_rows();
    boost::asio::awaitable<Result<void>> check_times(std::vector<std::string> ids, std::string id,
                                                     std::string shown);
    boost::asio::awaitable<Result<void>> check_queried_fields();
    boost::asio::awaitable<Result<void>> check_ranges();
    [[nodiscard]] Note hidden_rows() const;

    // table_fields.cpp
    boost::asio::awaitable<Result<void>> find_missing();
    boost::asio::awaitable<Result<void>> find_absent();
    boost::asio::awaitable<Result<bool>> is_readable(std::string walked_field);
    boost::asio::awaitable<Result<bool>> is_there(std::string field);
    boost::asio::awaitable<Result<bool>> lets_through(std::string condition);
    [[nodiscard]] bool is_refused_query(const Error& error) const;
    boost::asio::awaitable<Result<bool>> is_field_given();
    [[nodiscard]] bool has_lack_ended(std::span<const std::string_view> row,
                                      const std::vector<std::string>& lacking) const;
    bool has_forgotten(const std::vector<std::string>& lacking, const std::set<std::string>& met);
    [[nodiscard]] bool is_lack(std::span<const std::string_view> row, std::size_t field) const;
    void note_lacks(const TableAnswer& answer);
    void note_lack(const std::string& field, std::string_view id, std::string_view updated);
    void note_shown(const std::string& field, std::string_view id);
    [[nodiscard]] std::optional<Note::About> weight_of(const std::string& field) const;
    void note_missing_fields(Notes& notes) const;
    boost::asio::awaitable<Result<void>> note_unseen_fields();

    // table_reader.cpp
    [[nodiscard]] bool is_elsewhere(const Cursor& stored) const;
    boost::asio::awaitable<Result<void>> begin(StreamPosition& position, PageSink sink);
    boost::asio::awaitable<Result<std::int64_t>> find_end();
    Page page_to_store(TableAnswer answer);
    boost::asio::awaitable<Result<void>> store(TableAnswer answer, PageSink sink);
    [[nodiscard]] std::string cursor_text() const;
    void note_reach();
    [[nodiscard]] bool is_long_after(const Moment& moment) const;
    void note_hidden(bool is_whole);
    boost::asio::awaitable<Result<void>> note_oddities();
    Page page_of(TableAnswer answer);
    void note_undated(std::string_view id, std::string_view shown);
    void note_columns();
    [[nodiscard]] std::size_t column(const std::string& field) const;
    [[nodiscard]] std::string fingerprint() const;
    [[nodiscard]] std::int64_t server_ms() const;

    // table_window.cpp
    [[nodiscard]] Error disorder(const std::pair<std::string, std::string>& rows, Order order) const;
    boost::asio::awaitable<Result<TableAnswer>> window_page(std::string condition, int skip);
    boost::asio::awaitable<Result<void>> read_window(std::int64_t until_ms, PageSink sink);
    boost::asio::awaitable<Result<void>> drain_tie(PageSink sink);

    // table_references.cpp
    boost::asio::awaitable<Result<void>> follow_references(PageSink sink);
    boost::asio::awaitable<Result<void>> follow(std::string reference, PageSink sink);
    void note_changes(Reach& reach, std::int64_t newest_ms) const;
    void note_unfollowed(const std::string& reference, std::string_view why);
    [[nodiscard]] std::string walked_through(const std::string& reference) const;

    // table_census.cpp
    boost::asio::awaitable<Result<void>> read_undated(bool wants_listing, PageSink sink);
    boost::asio::awaitable<Result<void>> find_deleted(PageSink sink);
    boost::asio::awaitable<Result<bool>> is_back();
    boost::asio::awaitable<Result<void>> check_shown(const StreamPosition& position);
    boost::asio::awaitable<Result<void>> check_vanished(StreamPosition position);
    boost::asio::awaitable<Result<void>> read_unmet(std::shared_ptr<StoredRows> stored, PageSink sink);
    [[nodiscard]] std::string why_kept(std::size_t missing, std::int64_t compared) const;
    boost::asio::awaitable<Result<std::set<std::string>>> find_elsewhere(std::vector<std::string> ids);
    boost::asio::awaitable<Result<void>> reconcile(std::shared_ptr<StoredRows> stored, PageSink sink);
    boost::asio::awaitable<Result<std::vector<std::string>>> find_gone(std::vector<std::string> ids,
                                                                       PageSink sink);
    boost::asio::awaitable<Result<std::set<std::string>>> read_ids(std::vector<std::string> ids,
                                                                   PageSink sink);

    Exchange& exchange_;
    TableOptions options_;
    TablePages pages_;
    std::vector<std::string> columns_;   ///< fields, and what reading itself needs
    std::vector<std::string> followed_;  ///< references whose changes change a row: see followed_references()
    std::vector<std::size_t> references_;  ///< by column: of what a walked field is walked through
    Cursor cursor_;
    Cursor begin_;                   ///< the cursor that the reading found
    bool is_empty_ = false;          ///< neither the list nor the statistics know a row
    bool is_shown_ = false;          ///< one of the table's newest rows was
    std::int64_t newest_ms_ = 0;     ///< the time of the newest row seen; 0: none seen
    std::int64_t clock_ms_ = 0;      ///< of the instance, when the reading began
    std::int64_t here_ms_ = 0;       ///< of this machine, then
    std::set<std::string> undated_;  ///< rows of this reading without a readable time, so many as are kept
    std::string undated_example_;
    std::set<std::string> missing_;  ///< fields that none of the rows looked at shows
    std::set<std::string> absent_;   ///< those of them that the instance does not have
    bool is_looked_for_ = false;     ///< missing_ and absent_ are known
    std::vector<bool> seen_fields_;
    std::int64_t rows_seen_ = 0;
    Notes notes_;
};

}  // namespace baselined::connectors::servicenow
