#include "daemon/store/new_rows.hpp"

namespace baselined::daemon {

namespace {

constexpr std::size_t most_waiting = 1'024;

}  // namespace

std::optional<std::int64_t> origin_or_null(const RowPlace& place) {
    return place.origin != 0 ? std::make_optional(place.origin) : std::nullopt;
}

NewRows::NewRows(Database& database)
    : newest_record_(database, "SELECT max(id) FROM record"),
      newest_row_(database, "SELECT max(id) FROM source_row"),
      insert_records_(
          database,
          "INSERT INTO record(id, key, kind, stream, block, row, row_hash, updated_at, body, origin)", 10),
      insert_rows_(database, "INSERT INTO source_row(id, stream, key, version, digest, block, row)", 7) {}

std::int64_t NewRows::next(std::optional<std::int64_t>& last, Statement& newest) {
    if (!last) {
        Use found(newest);
        last = found->step() ? found->integer(0) : 0;
    }
    return ++*last;
}

std::size_t NewRows::keep(std::string_view text) {
    const std::size_t at = texts_.size();
    texts_.append(text);
    return at;
}

RecordId NewRows::add_record(const NewRecord& record, std::string_view body) {
    if (records_.size() >= most_waiting) write();
    const RecordId id = next(last_record_, newest_record_);
    records_.push_back({record, id, keep(body), body.size()});
    return id;
}

std::int64_t NewRows::add_source_row(StreamId stream, std::string_view key, const SourceRow& row) {
    if (rows_.size() >= most_waiting) write();
    WaitingRow waiting{row, stream, keep(key), key.size()};
    waiting.id = next(last_row_, newest_row_);
    rows_.push_back(waiting);
    return waiting.id;
}

void NewRows::write() {
    if (records_.empty() && rows_.empty()) return;
    write_source_rows();
    write_records();
    records_.clear();
    rows_.clear();
    texts_.clear();
}

void NewRows::write_records() {
    insert_records_.run(records_.size(), [this](Statement& statement, int first, std::size_t index) {
        const WaitingRecord& record = records_[index];
        statement.bind(first, record.id)
            .bind_blob(first + 1, {reinterpret_cast<const char*>(record.key.data()), record.key.size()})
            .bind(first + 2, static_cast<std::int64_t>(record.kind))
            .bind(first + 3, record.stream)
            .bind(first + 4, record.place.block)
            .bind(first + 5, record.place.index)
            .bind(first + 6, static_cast<std::int64_t>(record.row_hash))
            .bind_instant(first + 7, record.updated_at)
            .bind_blob(first + 8, std::string_view(texts_).substr(record.body, record.body_size))
            .bind_optional(first + 9, origin_or_null(record.place));
    });
}

void NewRows::write_source_rows() {
    std::vector<PackedKey> keys;
    keys.reserve(rows_.size());
    for (const WaitingRow& row : rows_)
        keys.emplace_back(std::string_view(texts_).substr(row.key, row.key_size));
    insert_rows_.run(rows_.size(), [&](Statement& statement, int first, std::size_t index) {
        const WaitingRow& row = rows_[index];
        statement.bind(first, row.id).bind(first + 1, row.stream);
        keys[index].bind(statement, first + 2);
        statement.bind(first + 3, row.version)
            .bind(first + 4, static_cast<std::int64_t>(row.digest))
            .bind(first + 5, row.place.block)
            .bind(first + 6, row.place.index);
    });
}

void NewRows::forget() {
    records_.clear();
    rows_.clear();
    texts_.clear();
    last_record_.reset();
    last_row_.reset();
}

}  // namespace baselined::daemon
