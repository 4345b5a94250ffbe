// Reads the issues of one JQL query without losing one: by `updated`, overlapping, to the last page.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "connectors/http/exchange.hpp"
#include "connectors/jira/cursor.hpp"
#include "connectors/jira/page_walk.hpp"
#include "connectors/jira/search_api.hpp"
#include "connectors/page.hpp"

namespace baselined::connectors::jira {

struct SiteOptions {
    std::string url, cloud_id;
    std::optional<Flavour> flavour;  ///< none: the site is asked
    std::string jql;
    std::vector<std::string> fields;             ///< ids, as `summary`
    std::vector<std::string> needed_fields;      ///< those that a mapping names and a figure is made from
    std::vector<std::string> describing_fields;  ///< the others that a mapping names
    std::vector<std::string> named_fields;       ///< custom fields by their names
    std::vector<std::string> links;              ///< phrases of issue links
    std::vector<std::string> needed_links;       ///< those of them that a figure is made from
    bool wants_slas = false;
    std::int64_t since_ms = 0;
    int page_size = 1000;
};

using IssueIds = std::set<std::string>;

/// One reading of one query. The exchange outlives it.
class IssueReading {
  public:
    IssueReading(Exchange& exchange, SiteOptions options);

    /// Reads on from the position to the end, handing page after page to the sink. Notes say what could not
    /// be read.
    boost::asio::awaitable<Result<Notes>> run(StreamPosition position, PageSink sink);
    /// The newest issues. Fields that readings up to this cursor met are known again; empty: there was none.
    boost::asio::awaitable<Result<Sample>> sample(std::string cursor, int rows, bool all_fields);

  private:
    using IssueSink = std::function<boost::asio::awaitable<Result<void>>(SearchPage page)>;
    /// Which issues of the query, and which of their fields.
    struct Scan {
        enum class Within {
            query,
            site,     ///< whatever the query lets through
            rest,     ///< what the query does not let through
            negation  ///< the same, but for issues whose field is empty
        };
        std::vector<std::string> ids;         ///< these ones, or
        std::optional<std::int64_t> from_ms;  ///< those updated since
        std::vector<std::string> fields;
        PageWalk::By by = PageWalk::By::updated;
        std::optional<std::int64_t> to_ms = std::nullopt;  ///< and before, of those by creation
        Within within = Within::query;
    };
    /// An issue that is there, though no search may show it.
    struct Alive {
        std::int64_t updated_ms = 0;
        std::string project;
        bool is_archived = false;  ///< by itself: no search shows it
        bool is_indexed = false;   ///< a search showed it, whatever the query lets through
    };
    using AliveIssues = std::map<std::string, Alive>;
    /// What a look past the query found. Issues in none of these are not there, for all that the account may
    /// see: Jira itself said so.
    struct Look {
        AliveIssues alive;
        std::map<std::string, std::string> withheld;  ///< why the site does not show them, in its words
        IssueIds unlooked;                            ///< they were not asked for, or not answered
        std::size_t left = 0;                         ///< so many of those are left to the next readings
        std::string unanswered;  ///< why the others of those were not answered; empty: there are none
        std::string looked_to;   ///< see Cursor::looked_to
    };
    /// Stored issues, and when they were updated, in milliseconds; 0: it is not known.
    using StoredUpdates = std::map<std::string, std::int64_t>;
    /// Stored issues that a listing of the query lacks, and what became of them.
    struct Missing {
        std::vector<std::string> gone;              ///< deleted, or there and of the query no longer
        std::vector<std::string> unseen;            ///< not there, for all that the account may see
        std::vector<std::string> unindexed;         ///< there, and nothing shows that they left the query
        std::vector<std::string> archived;          ///< each by itself
        Look look;                                  ///< for those that might be there
        std::vector<std::string> of_lost_projects;  ///< of those that are archived or not shown as a whole
        std::vector<std::string> lost_projects;
    };
    using ProjectCounts = std::map<std::string, std::int64_t>;
    /// What a site has of the query.
    struct Listing {
        std::set<std::string> unmet;  ///< ids that are not stored, or in an older version
        ProjectCounts projects;       ///< how many issues of each
        /// Ids of issues whose project's key was renamed since they were stored, the first that was listed
        /// last.
        std::vector<std::string> under_old_keys;
    };
    // site_preflight.cpp
    boost::asio::awaitable<Result<void>> prepare();
    boost::asio::awaitable<Result<void>> check_login();
    boost::asio::awaitable<Result<void>> find_fields();
    Result<void> find_field(const std::string& name);
    void note_unlisted_fields();
    boost::asio::awaitable<void> find_links();
    void note_differing_fields();
    [[nodiscard]] Result<void> check_lost_fields() const;
    [[nodiscard]] bool is_listed(const std::string& id) const;
    [[nodiscard]] bool is_wanted(const std::string& id) const;
    boost::asio::awaitable<Result<void>> find_flavour();
    boost::asio::awaitable<Result<void>> ask_time();
    void note_clock(const Response& answer);
    void note_time(std::int64_t there_ms);
    boost::asio::awaitable<Result<Response>> get(std::string path);

    // issue_reader.cpp
    boost::asio::awaitable<Result<SearchPage>> ask(SearchQuery query);
    void set_time_of(SearchPage& page);
    boost::asio::awaitable<Result<void>> scan(Scan what, IssueSink sink);
    boost::asio::awaitable<Result<void>> read_news(PageSink sink);
    boost::asio::awaitable<Result<void>> store(SearchPage found, PageSink sink);
    void move_cursor(std::int64_t updated_ms);
    [[nodiscard]] bool is_elsewhere(const Cursor& stored) const;
    boost::asio::awaitable<Result<void>> begin(const StreamPosition& position, PageSink sink);
    static std::string bound_of(const Scan& what, const PageWalk& walk);
    [[nodiscard]] std::vector<std::string> asked_fields() const;
    [[nodiscard]] std::string fingerprint() const;
    [[nodiscard]] Error about(const Error& error) const;
    [[nodiscard]] Error of(const std::string& question, const Error& error) const;
    [[nodiscard]] std::string wrong_flavour() const;
    [[nodiscard]] std::string api() const {
        return flavour_ == Flavour::cloud ? "/rest/api/3" : "/rest/api/2";
    }

    // issue_page.cpp
    Page page_of(SearchPage& found);
    [[nodiscard]] bool is_bare(const rapidjson::Value& issue, const std::vector<std::string>& asked) const;
    void leave_out(const std::string& id, const std::string& key);
    void leave_nameless(const rapidjson::Value& issue, Page& page);
    void take_name(const std::string& key, Page& page);
    void note_left_out();
    void note_unknown_fields();
    void note_shown_fields(const rapidjson::Value& issue);
    void note_difference(const rapidjson::Value& issue);

    // missing_issues.cpp
    boost::asio::awaitable<Result<Missing>> sort_missing(std::vector<std::string> missing,
                                                         ProjectCounts listed, PageSink sink);
    boost::asio::awaitable<Result<StoredUpdates>> set_aside_lost_projects(std::vector<std::string> ids,
                                                                          ProjectCounts listed,
                                                                          Missing& missing);
    [[nodiscard]] bool is_recent(const Alive& issue) const;
    boost::asio::awaitable<Result<void>> judge_left(AliveIssues left, StoredUpdates stored, Missing& missing);
    boost::asio::awaitable<Result<bool>> is_lost_project(std::string project);
    boost::asio::awaitable<Result<bool>> is_listed_project(std::string project);
    void note_missing(Missing& missing, std::int64_t compared);
    void keep_looks(const Missing& missing);
    void note_looks();

    // empty_answers.cpp
    boost::asio::awaitable<Result<bool>> has_vanished(const StreamPosition& position);
    boost::asio::awaitable<Result<bool>> shows_some(std::vector<std::string> ids);
    boost::asio::awaitable<Result<bool>> matches_some();
    boost::asio::awaitable<Error> why_none();
    boost::asio::awaitable<Result<std::optional<bool>>> shows_projects();

    // sla_rights.cpp
    boost::asio::awaitable<Result<void>> look_for_hidden_slas();
    boost::asio::awaitable<Result<bool>> sees_slas(std::string project);
    boost::asio::awaitable<Result<void>> keep_hidden_slas(const SearchPage& found);
    bool take_kept_slas(rapidjson::Value& issue, rapidjson::Document::AllocatorType& allocator);
    void note_hidden_slas();
    void note_slas_never_seen();

    // issue_census.cpp
    boost::asio::awaitable<Result<bool>> is_still_lost(PageSink sink);
    void note_lost(std::string note, const std::vector<std::string>& ids, bool is_access);
    static Note note_of(const LostAccess& lost);
    boost::asio::awaitable<Result<void>> read_running(bool all, PageSink sink);
    boost::asio::awaitable<Result<void>> take_census(StreamPosition position, PageSink sink);
    boost::asio::awaitable<Result<Listing>> list_all(std::shared_ptr<StoredRows> stored);
    boost::asio::awaitable<void> compare(SearchPage page, std::shared_ptr<StoredRows> stored,
                                         std::shared_ptr<Listing> listing);
    boost::asio::awaitable<void> find_old_keys(SearchPage page, std::shared_ptr<StoredRows> stored,
                                               std::shared_ptr<Listing> listing);
    /// Gives the ids of those that are there and that the query still finds.
    boost::asio::awaitable<Result<IssueIds>> read_ids(std::vector<std::string> ids, PageSink sink,
                                                      std::size_t at_once = most_reconciled);
    boost::asio::awaitable<Result<IssueIds>> read_few(std::vector<std::string> ids, PageSink sink);

    // issue_lookup.cpp
    boost::asio::awaitable<Result<Look>> look_at(std::vector<std::string> ids);
    std::vector<std::string> next_pace(std::vector<std::string> ids, std::size_t most, Look& look) const;
    boost::asio::awaitable<Result<void>> look_past_index(std::vector<std::string> ids, Look& look);
    [[nodiscard]] bool take_look_up(const Response& response, const std::vector<std::string>& ids,
                                    Look& look) const;
    boost::asio::awaitable<Result<AliveIssues>> find_indexed(std::vector<std::string> ids);
    boost::asio::awaitable<Result<AliveIssues>> find_few_indexed(std::vector<std::string> ids);
    boost::asio::awaitable<Result<AliveIssues>> ask_index(std::vector<std::string> ids, Scan::Within within);
    static void note_alive(const rapidjson::Value& issue, AliveIssues& alive);

    Exchange& exchange_;
    SiteOptions options_;
    std::string base_;
    Flavour flavour_ = Flavour::cloud;
    FieldList known_;                         ///< as the site lists them
    std::vector<mappings::JiraField> named_;  ///< of the fields asked for by name
    Cursor cursor_;
    int page_size_ = 0;
    std::int64_t server_ms_ = 0;  ///< what time it is at the site
    /// The site's clock less the one here that nobody sets; none: the site does not tell.
    std::optional<std::int64_t> site_ahead_ms_;
    std::int64_t newest_seen_ms_ = 0;    ///< update of an issue, in any answer
    bool is_question_refused_ = false;   ///< the newest answer was 400: the question cannot be asked so
    bool is_too_deep_ = false;           ///< the newest answer was a refusal to page so far
    std::int64_t began_ms_ = 0;          ///< when the first of the news came, by the site's clock
    std::int64_t newest_ms_ = 0;         ///< of the news
    bool has_shown_fields_ = false;      ///< an issue at least came with what was asked for
    bool has_news_ = false;              ///< an issue at least came
    std::size_t looked_for_singly_ = 0;  ///< so many requests went to find out whether anything is shown
    std::int64_t paged_instant_ms_ = 0;
    std::map<std::string, std::string> bare_;  ///< keys by id of issues that came without their fields
    std::set<std::string> nameless_;           ///< keys of issues that came without an id
    bool is_undecided_ = false;                ///< the census cannot tell of an issue whether it is gone
    std::shared_ptr<StoredRows> stored_;       ///< none while rows are only looked at
    std::set<std::string> with_slas_;          ///< projects whose SLAs are shown
    std::map<std::string, std::string>
        kept_slas_;  ///< stored texts by id: their cycles stand in for hidden ones
    Notes notes_;
};

}  // namespace baselined::connectors::jira
