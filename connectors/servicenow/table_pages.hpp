// Asks a ServiceNow table page by page, so that a page without rows is the end and nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "connectors/http/exchange.hpp"
#include "connectors/servicenow/table_api.hpp"

namespace baselined::connectors::servicenow {

/// The pages of one reading of one table. The exchange outlives it.
class TablePages {
  public:
    /// `query`: the stream's own, without an order.
    TablePages(Exchange& exchange, std::string url, std::string table, std::string query, int page_size);

    /// Those of another table or query, of the same login.
    [[nodiscard]] TablePages of(std::string table, std::string query) const;

    /// Asks; a page that is too large for the server is asked for again at half its size. Once an answer said
    /// that somebody is logged in, one that says nobody is none, and asked for again.
    boost::asio::awaitable<Result<TableAnswer>> ask(TableQuery query);
    /// One page of what the stream's query and the condition let through, `skip` rows left out. Without rows
    /// it is the end: pages that access rules hide are stepped over, and an instance that has forgotten the
    /// login, and shows nothing to nobody, is an error.
    boost::asio::awaitable<Result<TableAnswer>> page(std::string condition, std::string order,
                                                     std::vector<std::string> fields, int skip = 0);
    /// Looks whether rows are hidden on one page, and takes nothing: is_hidden() tells.
    boost::asio::awaitable<Result<void>> look(std::string condition, std::string order);
    /// The rows of as many of the ids, from `at` on, as one request can name; `at` moves on behind them.
    boost::asio::awaitable<Result<TableAnswer>> rows_of(const std::vector<std::string>& ids, std::size_t& at,
                                                        std::vector<std::string> fields);
    /// How many rows the table has, by the instance's statistics. Empty: it does not say.
    boost::asio::awaitable<std::optional<std::int64_t>> count(std::string query);

    /// An error where the instance showed rows before and shows none to anybody now.
    boost::asio::awaitable<Result<void>> check_login();

    /// A row that the account may see: it has to be there as long as anything is.
    void note_visible(std::string id) { visible_id_ = std::move(id); }
    [[nodiscard]] bool knows_visible() const { return !visible_id_.empty(); }
    /// Rows are there that the instance does not show.
    [[nodiscard]] bool is_hidden() const { return is_hidden_; }
    void note_hidden() { is_hidden_ = true; }
    /// The Date of the newest answer; 0: the instance sends none.
    [[nodiscard]] std::int64_t server_ms() const { return server_ms_; }
    [[nodiscard]] int page_size() const { return page_size_; }
    [[nodiscard]] const std::string& query() const { return query_; }

  private:
    [[nodiscard]] std::optional<Error> refuse_answer_to_nobody(const Response& response) const;
    boost::asio::awaitable<Result<TableAnswer>> looked_at(TableQuery query, std::string condition);
    boost::asio::awaitable<Result<void>> look_behind(const TableQuery& query, const TableAnswer& answer,
                                                     bool is_its_count);
    boost::asio::awaitable<Result<bool>> are_others_shown(const TableQuery& query, const TableAnswer& answer);
    [[nodiscard]] int step(const TableAnswer& answer) const;

    Exchange& exchange_;
    std::string url_, table_, query_;
    int page_size_, largest_page_;
    std::int64_t most_rows_ = 0;  ///< that one answer had
    std::int64_t server_ms_ = 0;
    std::string visible_id_;
    bool is_hidden_ = false;
    bool is_uncounted_ = false;  ///< the statistics say nothing: they are not asked again
    bool is_logged_in_ = false;  ///< by an answer's word
};

}  // namespace baselined::connectors::servicenow
