// Reads the issues of one JQL query without losing one: by `updated`, overlapping, to the last page.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "connectors/http/exchange.hpp"
#include "connectors/jira/cursor.hpp"
#include "connectors/jira/search_api.hpp"
#include "connectors/page.hpp"

namespace baselined::connectors::jira {

struct SiteOptions {
    std::string url, cloud_id;
    std::optional<Flavour> flavour;  ///< none: the site is asked
    std::string jql;
    std::vector<std::string> fields;        ///< ids, as `summary`
    std::vector<std::string> named_fields;  ///< custom fields by their names
    bool wants_slas = false;
    std::int64_t since_ms = 0;
    int page_size = 1000;
};

/// One reading of one query. The exchange outlives it.
class IssueReading {
  public:
    IssueReading(Exchange& exchange, SiteOptions options);

    /// Reads on from the position to the end, handing page after page to the sink. Notes say what could not
    /// be read.
    boost::asio::awaitable<Result<Notes>> run(StreamPosition position, PageSink sink);
    /// The newest issues, for people to look at.
    boost::asio::awaitable<Result<Page>> sample(int rows, bool all_fields);

  private:
    using IssueSink = std::function<boost::asio::awaitable<Result<void>>(SearchPage page)>;

    boost::asio::awaitable<Result<void>> prepare();
    boost::asio::awaitable<Result<void>> find_flavour();
    boost::asio::awaitable<Result<Response>> get(std::string path);
    boost::asio::awaitable<Result<SearchPage>> ask(SearchQuery query);
    /// All issues of the query, updated from `from_ms` on (none: whenever), page by page.
    boost::asio::awaitable<Result<void>> scan(std::string more, std::optional<std::int64_t> from_ms,
                                              std::vector<std::string> fields, IssueSink sink);
    boost::asio::awaitable<Result<void>> store(SearchPage found, PageSink sink);
    boost::asio::awaitable<Result<void>> read_running(PageSink sink);
    boost::asio::awaitable<Result<void>> take_census(StreamPosition position, PageSink sink);
    boost::asio::awaitable<Result<void>> read_ids(std::vector<std::string> ids, PageSink sink);
    Page page_of(SearchPage& found);
    void move_cursor(std::int64_t updated_ms);
    [[nodiscard]] std::vector<std::string> asked_fields() const;
    [[nodiscard]] std::string fingerprint() const;
    [[nodiscard]] Error about(const Error& error) const;

    Exchange& exchange_;
    SiteOptions options_;
    std::string base_;
    Flavour flavour_ = Flavour::cloud;
    FieldList known_;
    std::vector<mappings::JiraField> named_;  ///< of the fields asked for by name
    Cursor cursor_;
    int page_size_;
    std::int64_t server_ms_ = 0;
    Notes notes_;
};

}  // namespace baselined::connectors::jira
