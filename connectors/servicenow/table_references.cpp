// What a row says of other rows: those change, and ServiceNow does not touch the row that refers to them.
#include <fmt/format.h>

#include <algorithm>

#include "connectors/servicenow/table_reader.hpp"

namespace baselined::connectors::servicenow {

namespace asio = boost::asio;

namespace {

/// What something is called, and what never changes.
constexpr std::string_view labels[]{"name", "number", "sys_id", "user_name", "label", "short_description"};

/// Of a page of ids and times: whether the conditions are obeyed, and the times shown. Empty: they are.
std::string why_unfollowed(const TableAnswer& answer, const std::string& after, std::int64_t after_ms,
                           const std::string& updated) {
    bool is_obeyed = !has_id(answer, after), is_shown = false;
    for (std::size_t index = 0; index < answer.rows(); ++index) {
        const auto at = parse_stamp(answer.row(index)[1]);
        is_shown = is_shown || at;
        is_obeyed = is_obeyed && at.value_or(after_ms + 1) > after_ms;
    }
    if (!is_obeyed) return "the instance disregards the condition on " + updated;
    return is_shown ? "" : fmt::format("the field {} is not there, or the account may not read it", updated);
}

}  // namespace

std::vector<std::string> followed_references(const std::vector<std::string>& fields) {
    std::vector<std::string> references;
    for (const std::string& field : fields)
        for (std::size_t dot = field.find('.'); dot != std::string::npos; dot = field.find('.', dot + 1)) {
            const std::string rest = field.substr(dot + 1);
            if (std::find(std::begin(labels), std::end(labels), rest) == std::end(labels))
                references.push_back(field.substr(0, dot));
        }
    std::sort(references.begin(), references.end());
    references.erase(std::unique(references.begin(), references.end()), references.end());
    return references;
}

asio::awaitable<Result<void>> TableReading::follow_references(PageSink sink) {
    for (const std::string& reference : followed_)
        if (auto followed = co_await follow(reference, sink); !followed) co_return followed.error();
    co_return Result<void>{};
}

/// Reads the rows again that refer to what has changed since: a condition may be walked as a field is.
asio::awaitable<Result<void>> TableReading::follow(std::string reference, PageSink sink) {
    Reach& reach = cursor_.references[reference];
    const std::int64_t after_ms = reach.newest_ms - (reach.is_settled ? 0 : overlap_ms);
    const std::string updated = reference + ".sys_updated_on";
    const std::string condition =
        fmt::format("sys_updated_on>{}^{}>{}", stamp(options_.since_ms - 1'000), updated, stamp(after_ms));
    const std::vector<std::string> fields{"sys_id", updated};
    std::int64_t newest_ms = reach.newest_ms;
    for (std::string after;;) {
        const auto answer = co_await pages_.page(behind_id(condition, after), "ORDERBYsys_id", fields);
        const bool is_theirs =
            !answer && (answer.error().code == ErrorCode::limit || is_refused_query(answer.error()));
        if (!answer && !is_theirs) co_return answer.error();
        if (!answer) {
            note_unfollowed(reference, answer.error().text);
            co_return Result<void>{};
        }
        if (answer->rows() == 0) break;
        if (const auto why = why_unfollowed(*answer, after, after_ms, updated); !why.empty()) {
            note_unfollowed(reference, why);
            co_return Result<void>{};
        }
        std::vector<std::string> ids;
        for (std::size_t index = 0; index < answer->rows(); ++index) {
            ids.emplace_back(answer->row(index)[0]);
            newest_ms = std::max(newest_ms, parse_stamp(answer->row(index)[1]).value_or(0));
        }
        after = ids.back();
        if (const auto read = co_await read_ids(std::move(ids), sink); !read) co_return read.error();
    }
    note_changes(reach, newest_ms);
    co_return Result<void>{};
}

/// As of the rows themselves: changes are committed after the moment that they carry. A change of a time to
/// come moves nothing.
void TableReading::note_changes(Reach& reach, std::int64_t newest_ms) const {
    newest_ms = std::min(newest_ms, clock_ms_);
    if (newest_ms > reach.newest_ms)
        reach = {newest_ms, {clock_ms_, here_ms_}, false};
    else
        reach.is_settled = reach.is_settled || is_long_after(reach.moved);
}

void TableReading::note_unfollowed(const std::string& reference, std::string_view why) {
    notes_.push_back(
        {fmt::format(
             "table {}: changes of what {} refers to are not followed, so that {} stay as they were when "
             "the row itself changed: {}",
             options_.table, reference, walked_through(reference), why),
         Note::About::remark});
}

/// The fields that are walked through the reference, as a list for people.
std::string TableReading::walked_through(const std::string& reference) const {
    std::vector<std::string_view> walked;
    for (const std::string& field : columns_)
        if (field.starts_with(reference + ".")) walked.push_back(field);
    return fmt::format("{}", fmt::join(walked, ", "));
}

}  // namespace baselined::connectors::servicenow
