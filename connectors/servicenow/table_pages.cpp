#include "connectors/servicenow/table_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace baselined::connectors::servicenow {

namespace asio = boost::asio;

namespace {

constexpr int smallest_page = 10;
/// By so many rows a page that is hidden as a whole is stepped over while nothing larger was ever answered:
/// an instance may give fewer rows at a time than it is asked for.
constexpr std::int64_t careful_step = 100;
/// So many pages in a row without a visible row, of an instance that counts nothing, are enough.
constexpr int most_hidden_pages = 10'000;
constexpr std::size_t ids_at_once = 200;
/// Instances refuse longer addresses (414).
constexpr std::size_t longest_url = 8'192;

// g++ 12 cannot build a list in the same expression as co_await.
const std::vector<std::string> id_only{"sys_id"};

std::int64_t returned(const TableAnswer& answer) {
    return static_cast<std::int64_t>(answer.rows()) + answer.hidden;
}

/// An instance that refuses a query does not say for which of its fields.
std::string names_in(const TableQuery& query, const Error& refusal) {
    if (refusal.text.find("in the query") == std::string::npos) return {};
    std::vector<std::string> names = fields_of_query(query.query);
    for (std::string& field : order_of_query(query.query))
        if (std::find(names.begin(), names.end(), field) == names.end()) names.push_back(std::move(field));
    return fmt::format(" (it names {})", fmt::join(names, ", "));
}

std::size_t id_column(const TableQuery& query) {
    return static_cast<std::size_t>(std::find(query.fields.begin(), query.fields.end(), "sys_id") -
                                    query.fields.begin());
}

}  // namespace

TablePages::TablePages(Exchange& exchange, std::string url, std::string table, std::string query,
                       int page_size)
    : exchange_(exchange),
      url_(std::move(url)),
      table_(std::move(table)),
      query_(std::move(query)),
      page_size_(page_size),
      largest_page_(page_size) {}

TablePages TablePages::of(std::string table, std::string query) const {
    TablePages pages(exchange_, url_, std::move(table), std::move(query), page_size_);
    pages.is_logged_in_ = is_logged_in_;
    return pages;
}

/// To nobody every table is empty, and every row deleted.
std::optional<Error> TablePages::refuse_answer_to_nobody(const Response& response) const {
    if (!is_logged_in_ || response.header("X-Is-Logged-In") != "false") return std::nullopt;
    return Error{ErrorCode::unavailable,
                 "answered as it answers nobody (X-Is-Logged-In: false): the login was lost on the way"};
}

asio::awaitable<Result<TableAnswer>> TablePages::ask(TableQuery query) {
    const auto about = [this, &query](const Error& error) {
        return Error{error.code, fmt::format("table {}: {}{}", table_, error.text, names_in(query, error))};
    };
    for (;;) {
        Request request = table_request(url_, query);
        if (request.url.size() > longest_url)
            co_return Error{
                ErrorCode::bad_input,
                fmt::format("table {}: a request's address would have {} bytes, and instances take {}: "
                            "shorten the stream's `query` ({} bytes) or read fewer fields ({})",
                            table_, request.url.size(), longest_url, query_.size(), query.fields.size())};
        const bool is_smallest = query.limit <= smallest_page;
        const auto parsed = std::make_shared<std::optional<TableAnswer>>();
        if (is_smallest) {
            // Fewer rows cannot be asked for: what is cut off is asked for again.
            request.refusal = [fields = query.fields,
                               parsed](const Response& response) -> std::optional<Error> {
                auto answer = parse_table(response, fields);
                if (answer)
                    *parsed = std::move(*answer);
                else if (answer.error().code != ErrorCode::bad_input)
                    return Error{ErrorCode::unavailable, answer.error().text};
                return std::nullopt;
            };
        } else {
            request.is_final = is_cancelled;
        }
        request.refusal =
            [this, others = std::move(request.refusal)](const Response& answer) -> std::optional<Error> {
            if (auto refused = refuse_answer_to_nobody(answer)) return refused;
            return others(answer);
        };
        auto response = co_await exchange_.call(std::move(request));
        if (!response) co_return about(response.error());
        auto answer = *parsed ? Result<TableAnswer>(std::move(**parsed))
                              : parse_table(std::move(*response), query.fields);
        if (answer) {
            server_ms_ = std::max(server_ms_, answer->server_ms);
            is_logged_in_ = is_logged_in_ || answer->is_to_somebody;
            most_rows_ = std::max(most_rows_, returned(*answer));
            answer->limit = query.limit;
            if (query.limit >= page_size_)
                page_size_ = std::min(largest_page_, page_size_ + page_size_ / 4 + 1);
            co_return answer;
        }
        if (answer.error().code != ErrorCode::limit || is_smallest) co_return about(answer.error());
        query.limit = std::max(smallest_page, query.limit / 2);
        page_size_ = std::min(page_size_, query.limit);
    }
}

asio::awaitable<Result<TableAnswer>> TablePages::page(std::string condition, std::string order,
                                                      std::vector<std::string> fields, int skip) {
    TableQuery query{table_, both(query_, condition) + "^" + order, std::move(fields), page_size_, skip};
    bool is_checked = false;
    for (int hidden_pages = 0; hidden_pages < most_hidden_pages;) {
        query.limit = page_size_;
        auto answer = co_await looked_at(query, condition);
        if (!answer || answer->rows() > 0) co_return answer;
        if (!is_checked && !visible_id_.empty()) {
            // What says that nothing is there has to be the instance that showed rows before.
            if (auto known = co_await check_login(); !known) co_return known.error();
            is_checked = true;
            continue;
        }
        Result<bool> is_more = answer->hidden > 0 || answer->behind.value_or(0) > 0;
        if (!answer->behind && skip == 0) is_more = co_await are_others_shown(query, *answer);
        if (!is_more) co_return is_more.error();
        if (!*is_more) co_return answer;
        if (!is_checked) {
            is_checked = true;
            continue;
        }
        is_hidden_ = true;
        ++hidden_pages;
        query.offset += step(*answer);
        if (answer->total && query.offset >= *answer->total) co_return answer;
    }
    co_return Error{ErrorCode::bad_input,
                    fmt::format("table {}: more rows are there, and {} pages on the way to them show none: "
                                "the account may not read them",
                                table_, most_hidden_pages)};
}

asio::awaitable<Result<void>> TablePages::look(std::string condition, std::string order) {
    TableQuery query{table_, both(query_, condition) + "^" + order, id_only, page_size_, 0};
    const auto answer = co_await looked_at(std::move(query), std::move(condition));
    if (!answer) co_return answer.error();
    if (answer->rows() == 0 && answer->behind.value_or(0) > 0) is_hidden_ = true;
    co_return Result<void>{};
}

/// A page as it comes, how much is behind it, and whether rows of it are hidden. The instance's count may be
/// missing (a proxy strips the header): of a page that is not full the statistics are asked instead.
asio::awaitable<Result<TableAnswer>> TablePages::looked_at(TableQuery query, std::string condition) {
    auto answer = co_await ask(query);
    if (!answer) co_return answer;
    const bool is_its_count = answer->total.has_value();
    if (!is_its_count && !is_uncounted_ && returned(*answer) < answer->limit) {
        answer->total = co_await count(both(query_, condition));
        is_uncounted_ = !answer->total;
    }
    if (answer->total) answer->behind = *answer->total - query.offset - returned(*answer);
    if (answer->hidden > 0) is_hidden_ = true;
    if (answer->rows() == 0) co_return answer;
    if (auto looked = co_await look_behind(query, *answer, is_its_count); !looked) co_return looked.error();
    co_return answer;
}

/// How far to step over a page without a visible row.
int TablePages::step(const TableAnswer& answer) const {
    const std::int64_t given = std::min<std::int64_t>(answer.limit, std::max(most_rows_, careful_step));
    return static_cast<int>(std::max(given, answer.hidden));
}

/// A page that is shorter than asked for although more would match: either rows in it are hidden, or the
/// instance gives no more at a time. Then the row behind it is one that the page did not have. Where nobody
/// counts, a short page is the end if neither the row behind it nor the other end shows anything else.
asio::awaitable<Result<void>> TablePages::look_behind(const TableQuery& query, const TableAnswer& answer,
                                                      bool is_its_count) {
    if (is_hidden_ || returned(answer) >= answer.limit || (answer.behind && *answer.behind <= 0))
        co_return Result<void>{};
    TableQuery next = query;
    next.offset += static_cast<int>(answer.rows());
    next.limit = 1;
    next.fields = id_only;
    const auto row = co_await ask(next);
    if (!row) co_return row.error();
    if (row->rows() > 0 && !has_id(answer, row->row(0)[0], id_column(query))) {
        // A count that came later may know a row of since: it makes no page of a few rows the largest.
        if (is_its_count || static_cast<std::int64_t>(answer.rows()) >= careful_step)
            page_size_ = largest_page_ = static_cast<int>(answer.rows());
        co_return Result<void>{};
    }
    if (row->rows() > 0 || answer.behind) {
        is_hidden_ = true;
    } else if (query.offset == 0) {
        const auto others = co_await are_others_shown(query, answer);
        if (!others) co_return others.error();
        is_hidden_ = *others;
    }
    co_return Result<void>{};
}

/// Whether the other end of what the query lets through shows a row that the answer lacks.
asio::awaitable<Result<bool>> TablePages::are_others_shown(const TableQuery& query,
                                                           const TableAnswer& answer) {
    TableQuery last{table_, backwards(query.query), id_only, query.limit, 0};
    const auto rows = co_await ask(std::move(last));
    if (!rows) co_return rows.error();
    for (std::size_t index = 0; index < rows->rows(); ++index)
        if (!has_id(answer, rows->row(index)[0], id_column(query))) co_return true;
    co_return false;
}

/// An instance that lost a session may go on answering 200 with empty lists.
asio::awaitable<Result<void>> TablePages::check_login() {
    if (visible_id_.empty()) co_return Result<void>{};
    TableQuery known{table_, "sys_id=" + visible_id_, id_only, 1, 0};
    auto row = co_await ask(known);
    if (!row) co_return row.error();
    if (row->rows() > 0) co_return Result<void>{};
    TableQuery any{table_, "ORDERBYsys_id", id_only, smallest_page, 0};  // that row may have gone
    row = co_await ask(any);
    if (!row) co_return row.error();
    if (row->rows() > 0) co_return Result<void>{};
    co_return Error{
        ErrorCode::unavailable,
        fmt::format("table {}: the instance showed rows a moment ago and shows none now: the login, "
                    "or its rights, were lost on the way",
                    table_)};
}

asio::awaitable<Result<TableAnswer>> TablePages::rows_of(const std::vector<std::string>& ids, std::size_t& at,
                                                         std::vector<std::string> fields) {
    std::size_t number = std::min({ids_at_once, ids.size() - at, static_cast<std::size_t>(page_size_)});
    TableQuery query{table_, "", std::move(fields), 0, 0};
    for (;;) {
        const auto begin = ids.begin() + static_cast<std::ptrdiff_t>(at);
        const std::string list =
            fmt::format("{}", fmt::join(begin, begin + static_cast<std::ptrdiff_t>(number), ","));
        query.query = both(query_, "sys_idIN" + list) + "^ORDERBYsys_id";
        query.limit = static_cast<int>(number);
        if (number > 1 && table_request(url_, query).url.size() > longest_url) {
            number /= 2;
            continue;
        }
        auto answer = co_await ask(query);
        if (answer && answer->limit < query.limit) {  // too many for the server: name fewer
            number = static_cast<std::size_t>(answer->limit);
            continue;
        }
        if (answer) at += number;
        co_return answer;
    }
}

asio::awaitable<std::optional<std::int64_t>> TablePages::count(std::string query) {
    const auto counted = co_await exchange_.call(count_request(url_, table_, query));
    co_return counted ? parse_count(*counted) : std::nullopt;
}

}  // namespace baselined::connectors::servicenow
