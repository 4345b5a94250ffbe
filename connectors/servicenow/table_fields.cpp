// Fields that the account may not read: which, and the rows that were stored without them.
#include <fmt/format.h>

#include <algorithm>

#include "connectors/servicenow/table_reader.hpp"

namespace baselined::connectors::servicenow {

namespace asio = boost::asio;

namespace {

/// One row may lack what others have: a reference that is empty, a field with rules of its own.
constexpr int looked_at = 10;
/// Of the rows that lack a field, so many are remembered.
constexpr std::size_t most_lacking = 20;

// g++ 12 cannot build a list in the same expression as co_await.
const std::vector<std::string> id_only{"sys_id"};

bool is_walked(const std::string& field) {
    return field.find('.') != std::string::npos;
}

std::string reference_of(const std::string& walked_field) {
    return walked_field.substr(0, walked_field.rfind('.'));
}

bool has(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

/// Which fields the rows looked at do not show, nor others where those say nothing.
asio::awaitable<Result<void>> TableReading::find_missing() {
    is_looked_for_ = true;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (seen_fields_[i]) continue;
        const std::size_t reference = references_[i];
        const bool is_reference_hidden = !is_walked(columns_[reference]) && !seen_fields_[reference];
        Result<bool> is_shown = false;
        if (is_walked(columns_[i]) && weight_of(columns_[i]) && !is_reference_hidden)
            is_shown = co_await is_readable(columns_[i]);
        if (!is_shown) co_return is_shown.error();
        if (!*is_shown) missing_.insert(columns_[i]);
    }
    co_return co_await find_absent();
}

/// Of what is missing, the fields that the instance does not have; where that makes a difference.
asio::awaitable<Result<void>> TableReading::find_absent() {
    std::set<std::string> doubtful;
    for (const auto& names : options_.needed)
        if (names.size() > 1) doubtful.insert(names.begin(), names.end());
    for (const auto& names : options_.describing) doubtful.insert(names.begin(), names.end());
    for (const std::string& field : missing_) {
        if (!doubtful.contains(field)) continue;
        const auto found = co_await is_there(field);
        if (!found) co_return found.error();
        if (!*found) absent_.insert(field);
    }
    co_return Result<void>{};
}

/// Rows leave out what may not be read and what is not there alike. A query does not: a condition on a field
/// that is not there is dropped, and one on a field that may not be read is obeyed, or refused with 403.
asio::awaitable<Result<bool>> TableReading::is_there(std::string field) {
    const auto impossible = co_await lets_through(field + "ISEMPTY^" + field + "ISNOTEMPTY");
    if (!impossible && is_refused_query(impossible.error())) co_return true;
    if (!impossible) co_return impossible.error();
    if (*impossible) co_return false;
    // An instance may be set to answer nothing where a condition is dropped: this one is met by every row.
    const auto certain = co_await lets_through(field + "ISEMPTY^OR" + field + "ISNOTEMPTY");
    if (!certain && is_refused_query(certain.error())) co_return true;
    if (!certain) co_return certain.error();
    co_return *certain;
}

/// Whether any row of the table meets the condition, visible or not.
asio::awaitable<Result<bool>> TableReading::lets_through(std::string condition) {
    TableQuery query{options_.table, std::move(condition) + "^ORDERBYsys_id", id_only, 1, 0};
    const auto rows = co_await pages_.ask(query);
    if (!rows) co_return rows.error();
    co_return rows->rows() > 0 || rows->hidden > 0 || rows->total.value_or(0) > 0;
}

/// 403: a condition on what may not be read.
bool TableReading::is_refused_query(const Error& error) const {
    return error.code == ErrorCode::bad_input && !exchange_.is_refused();
}

/// A field that is walked to may be left out of a row whose reference is empty: rows that have one tell.
/// Where there are none, nothing speaks against it.
asio::awaitable<Result<bool>> TableReading::is_readable(std::string walked_field) {
    const std::string reference = reference_of(walked_field);
    TableQuery query{options_.table,
                     reference + "ISNOTEMPTY^ORDERBYsys_id",
                     {walked_field, reference, "sys_id"},
                     looked_at,
                     0};
    const auto rows = co_await pages_.ask(query);
    if (!rows && is_refused_query(rows.error())) co_return false;
    if (!rows) co_return rows.error();
    if (rows->rows() == 0 || rows->present[0]) co_return true;
    if (!rows->present[1]) co_return false;
    for (std::size_t index = 0; index < rows->rows(); ++index)
        if (!rows->row(index)[1].empty()) co_return false;
    co_return true;
}

/// Whether rows that are stored without a field would show it now, in the version that is stored: the rights
/// have changed, and not the rows. Nobody is asked as long as no row at all shows the field.
asio::awaitable<Result<bool>> TableReading::is_field_given() {
    std::vector<std::string> fields, ids;
    for (const auto& [field, lack] : cursor_.lacks) {
        if (missing_.contains(field)) continue;
        fields.push_back(field);
        for (const auto& [id, version] : lack.rows) ids.push_back(id);
    }
    const std::vector<std::string> lacking = fields;
    fields.insert(fields.end(), {"sys_id", "sys_updated_on"});
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    std::set<std::string> met;
    for (std::size_t at = 0; at < ids.size();) {
        const auto answer = co_await pages_.rows_of(ids, at, fields);
        if (!answer) co_return answer.error();
        for (std::size_t index = 0; index < answer->rows(); ++index) {
            if (has_lack_ended(answer->row(index), lacking)) co_return true;
            met.emplace(answer->row(index)[lacking.size()]);
        }
    }
    co_return has_forgotten(lacking, met);
}

/// A row of the lacking fields, its id and its time.
bool TableReading::has_lack_ended(std::span<const std::string_view> row,
                                  const std::vector<std::string>& lacking) const {
    const std::string id(row[lacking.size()]);
    const std::int64_t version = parse_stamp(row[lacking.size() + 1]).value_or(0);
    for (std::size_t i = 0; i < lacking.size(); ++i) {
        const auto& rows = cursor_.lacks.at(lacking[i]).rows;
        const auto known = rows.find(id);
        if (known != rows.end() && known->second == version && !is_left_out(row[i])) return true;
    }
    return false;
}

/// Rows that are not there any more say nothing. Where none is left of a field's, there may be others that
/// nobody remembers: only reading them all tells.
bool TableReading::has_forgotten(const std::vector<std::string>& lacking, const std::set<std::string>& met) {
    for (const std::string& field : lacking) {
        Lack& lack = cursor_.lacks.at(field);
        std::erase_if(lack.rows, [&](const auto& row) { return !met.contains(row.first); });
        if (!lack.rows.empty()) continue;
        if (lack.is_more) return true;
        cursor_.lacks.erase(field);
    }
    return false;
}

/// Whether a field that the row leaves out is hidden from the account. Of a name that is walked to its
/// reference tells; where that is left out too, at the end of a longer walk, the row in between may have been
/// deleted.
bool TableReading::is_lack(std::span<const std::string_view> row, std::size_t field) const {
    if (!is_walked(columns_[field])) return true;
    const std::size_t reference = references_[field];
    return is_left_out(row[reference]) ? !is_walked(columns_[reference]) : !row[reference].empty();
}

void TableReading::note_lacks(const TableAnswer& answer) {
    rows_seen_ += static_cast<std::int64_t>(answer.rows());
    for (std::size_t i = 0; i < columns_.size(); ++i)
        if (answer.present[i]) seen_fields_[i] = true;
    const std::size_t id = column("sys_id"), updated = column("sys_updated_on");
    for (std::size_t index = 0; index < answer.rows(); ++index) {
        const auto row = answer.row(index);
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            if (i == id || i == updated) continue;  // rows without them are rows of their own kind
            if (!is_left_out(row[i]))
                note_shown(columns_[i], row[id]);
            else if (is_lack(row, i))
                note_lack(columns_[i], row[id], row[updated]);
        }
    }
}

void TableReading::note_lack(const std::string& field, std::string_view id, std::string_view updated) {
    Lack& lack = cursor_.lacks[field];
    const std::string key(id);
    if (lack.rows.size() < most_lacking || lack.rows.contains(key))
        lack.rows[key] = parse_stamp(updated).value_or(0);
    else
        lack.is_more = true;
}

/// A row that lacked the field has changed, and is stored with it now.
void TableReading::note_shown(const std::string& field, std::string_view id) {
    if (cursor_.lacks.empty()) return;
    const auto lack = cursor_.lacks.find(field);
    if (lack == cursor_.lacks.end() || lack->second.rows.erase(std::string(id)) == 0) return;
    if (lack->second.rows.empty() && !lack->second.is_more) cursor_.lacks.erase(lack);
}

/// What a lack of the field is; nothing for a column that no mapping reads.
std::optional<Note::About> TableReading::weight_of(const std::string& field) const {
    const auto is_named = [&](const std::vector<std::string>& names) { return has(names, field); };
    if (std::any_of(options_.needed.begin(), options_.needed.end(), is_named)) return Note::About::gap;
    if (std::any_of(options_.describing.begin(), options_.describing.end(), is_named))
        return Note::About::remark;
    return std::nullopt;
}

/// Those that are there and hidden; and all of a list of which not one can be read, unless it only describes.
void TableReading::note_missing_fields(Notes& notes) const {
    const auto is_missing = [this](const std::string& field) { return missing_.contains(field); };
    std::set<std::string> lacking;
    for (const std::string& field : missing_)
        if (weight_of(field) && !absent_.contains(field)) lacking.insert(field);
    for (const auto& names : options_.needed)
        if (std::all_of(names.begin(), names.end(), is_missing)) lacking.insert(names.begin(), names.end());
    for (const std::string& field : lacking) {
        const Note note{fmt::format("table {}: the field {} is not there, or the account may not read it",
                                    options_.table, field),
                        *weight_of(field)};
        if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(note);
    }
}

/// What only the rows of the stream say: no row was looked at before, or some of them lack a field.
asio::awaitable<Result<void>> TableReading::note_unseen_fields() {
    if (!is_looked_for_ && rows_seen_ > 0) {
        if (auto looked = co_await find_missing(); !looked) co_return looked.error();
        note_missing_fields(notes_);
    }
    for (const auto& [field, lack] : cursor_.lacks)
        if (const auto weight = weight_of(field); weight && !missing_.contains(field))
            notes_.push_back(
                {fmt::format("table {}: the field {} is left out of some rows: the account may not read it "
                             "there",
                             options_.table, field),
                 *weight});
    co_return Result<void>{};
}

}  // namespace baselined::connectors::servicenow
