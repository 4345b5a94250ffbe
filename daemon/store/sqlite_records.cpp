// Canonical records, encoded, and the posting lists that lead from one to its neighbours.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "daemon/store/sqlite_store.hpp"

namespace baselined::daemon {

namespace {

using mappings::Millis;
using mappings::Posting;

std::int64_t as_integer(std::uint64_t bits) {
    return static_cast<std::int64_t>(bits);
}
std::int64_t millis_of(Instant at) {
    return at.time_since_epoch().count();
}

std::optional<Instant> updated_at_of(const Record& record) {
    const mappings::Value at = record.get(mappings::slot_updated_at);
    return at.present ? std::make_optional(at.instant()) : std::nullopt;
}

/// Kinds that every evaluation asks for as a whole have an index of their own, which names their numbers.
constexpr const char* scan_sql = "SELECT id, stream, body FROM record WHERE kind = ? ORDER BY id";
constexpr const char* indexed_scan_sql =
    "SELECT id, stream, body FROM record WHERE kind = ? AND (kind = 4 OR kind = 5 OR kind = 8) ORDER BY id";
static_assert(static_cast<int>(Kind::action) == 4 && static_cast<int>(Kind::finding) == 5 &&
              static_cast<int>(Kind::milestone) == 8);

}  // namespace

void SqliteStore::use_attributes(const mappings::Schemas& schemas) {
    for (std::size_t kind = 0; kind < mappings::kind_count; ++kind) {
        const mappings::Schema& schema = schemas.of(static_cast<Kind>(kind));
        mappings::AttributeNumbers numbers(schema.built_in_count());
        for (mappings::Slot slot = schema.built_in_count(); slot < schema.fields().size(); ++slot) {
            const std::string& name = schema.field(slot).name;
            if (mode_ == StoreMode::write)
                prepared("INSERT OR IGNORE INTO attribute(kind, name) VALUES(?, ?)")
                    .bind(1, static_cast<std::int64_t>(kind))
                    .bind_text(2, name)
                    .run();
            Use found(prepared("SELECT number FROM attribute WHERE kind = ? AND name = ?"));
            found->bind(1, static_cast<std::int64_t>(kind)).bind_text(2, name);
            if (found->step()) numbers.assign(slot, static_cast<std::uint32_t>(found->integer(0)));
        }
        attributes_[kind] = std::move(numbers);
    }
}

const mappings::AttributeNumbers& SqliteStore::attributes_of(Kind kind) const {
    return attributes_[static_cast<std::size_t>(kind)];
}

void SqliteStore::body_of(const Record& record) {
    body_.clear();
    mappings::encode(record, attributes_of(record.kind()), body_);
}

std::optional<RecordId> SqliteStore::written_record(const RecordKey& key) {
    Use found(prepared("SELECT number FROM record_key WHERE key = ?"));
    found->bind_blob(1, {reinterpret_cast<const char*>(key.data()), key.size()});
    return found->step() ? std::optional(found->integer(0)) : std::nullopt;
}

std::optional<RecordHead> SqliteStore::find(const RecordKey& key) {
    const auto id = record_keys_ ? record_keys_->find(key) : written_record(key);
    if (!id) return std::nullopt;
    Use found(prepared("SELECT row_hash, updated_at FROM record WHERE id = ?"));
    found->bind(1, *id);
    if (!found->step()) throw StoreError(ErrorCode::corrupt, "the store misses a record: restore a copy");
    return RecordHead{*id, static_cast<std::uint64_t>(found->integer(0)),
                      found->is_null(1) ? INT64_MIN : found->integer(1)};
}

RecordId SqliteStore::insert(const RecordKey& key, StreamId stream, RowPlace place, std::uint64_t row_hash,
                             const Record& record) {
    body_of(record);
    const RecordId id =
        new_rows_->add_record({key, record.kind(), stream, place, row_hash, updated_at_of(record)}, body_);
    record_keys_->add(key, id);
    note(stream, 1, &record);
    return id;
}

void SqliteStore::update(RecordId id, StreamId stream, RowPlace place, std::uint64_t row_hash,
                         const Record& record) {
    body_of(record);
    Statement& change = prepared(
        "UPDATE record SET stream = ?, block = ?, row = ?, row_hash = ?, updated_at = ?, body = ?, origin = "
        "? "
        "WHERE id = ?");
    change.bind(1, stream).bind(2, place.block).bind(3, place.index).bind(4, as_integer(row_hash));
    change.bind_instant(5, updated_at_of(record))
        .bind_blob(6, body_)
        .bind_optional(7, origin_or_null(place))
        .bind(8, id)
        .run();
    note(stream, 0, &record);
}

void SqliteStore::touch(RecordId id, RowPlace place, std::uint64_t row_hash) {
    prepared("UPDATE record SET block = ?, row = ?, row_hash = ? WHERE id = ?")
        .bind(1, place.block)
        .bind(2, place.index)
        .bind(3, as_integer(row_hash))
        .bind(4, id)
        .run();
}

void SqliteStore::remove(RecordId id) {
    Use removed(prepared("DELETE FROM record WHERE id = ? RETURNING stream, key"));
    removed->bind(1, id);
    while (removed->step()) {
        note(removed->integer(0), -1, nullptr);
        RecordKey key{};
        std::memcpy(key.data(), removed->blob(1).data(), std::min(key.size(), removed->blob(1).size()));
        record_keys_->remove(key);
    }
}

std::int64_t SqliteStore::remove_what_rows_make(StreamId stream) {
    record_keys_->write();
    prepared(R"(DELETE FROM record_key WHERE number IN (SELECT id FROM record WHERE stream = ?1 AND kind >= 0
        AND block NOT IN (SELECT id FROM raw_block WHERE stream = ?1 AND size = 0 AND row_count > 0)))")
        .bind(1, stream)
        .run();
    prepared(R"(DELETE FROM record WHERE stream = ?1
        AND block NOT IN (SELECT id FROM raw_block WHERE stream = ?1 AND size = 0 AND row_count > 0))")
        .bind(1, stream)
        .run();
    bring_back(stream);
    return recount(stream);
}

Store::RowlessRecords SqliteStore::rowless_records(StreamId stream) {
    Use counted(prepared(R"(SELECT count(*) FILTER (WHERE block IN
        (SELECT id FROM raw_block WHERE stream = ?1 AND size = 0 AND row_count > 0)), count(*)
        FROM record WHERE stream = ?1)"));
    counted->bind(1, stream);
    counted->step();
    return {counted->integer(0), counted->integer(1)};
}

/// What is set aside has a kind below zero, and no key.
std::int64_t SqliteStore::set_aside(StreamId stream) {
    record_keys_->write();
    prepared("DELETE FROM record_key WHERE number IN (SELECT id FROM record WHERE stream = ? AND kind >= 0)")
        .bind(1, stream)
        .run();
    prepared("UPDATE record SET kind = -1 - kind WHERE stream = ? AND kind >= 0").bind(1, stream).run();
    recount(stream);
    Use aside(prepared("SELECT count(*) FROM record WHERE stream = ?"));
    aside->bind(1, stream);
    aside->step();
    return aside->integer(0);
}

void SqliteStore::bring_back(StreamId stream) {
    std::vector<std::pair<RecordId, RecordKey>> aside;
    {
        Use found(prepared("SELECT id, key FROM record WHERE stream = ? AND kind < 0"));
        for (found->bind(1, stream); found->step();) {
            RecordKey key{};
            std::memcpy(key.data(), found->blob(1).data(), std::min(key.size(), found->blob(1).size()));
            aside.emplace_back(found->integer(0), key);
        }
    }
    for (const auto& [id, key] : aside) {
        // One that another stream of the source holds too waits until that one leaves.
        if (record_keys_->find(key)) continue;
        prepared("UPDATE record SET kind = -1 - kind WHERE id = ?").bind(1, id).run();
        record_keys_->add(key, id);
    }
}

std::int64_t SqliteStore::recount(StreamId stream) {
    Use left(prepared("SELECT count(*), max(updated_at) FROM record WHERE stream = ? AND kind >= 0"));
    left->bind(1, stream);
    left->step();
    const std::int64_t count = left->integer(0);
    prepared("UPDATE stream SET records = ?, newest_at = ? WHERE id = ?")
        .bind(1, count)
        .bind_instant(2, left->instant(1))
        .bind(3, stream)
        .run();
    return count;
}

bool SqliteStore::load(RecordId id, Record& record, std::int64_t& source) const {
    Use found(prepared("SELECT kind, stream, body FROM record WHERE id = ?"));
    found->bind(1, id);
    if (!found->step()) return false;
    const auto kind = static_cast<Kind>(found->integer(0));
    source = source_of(found->integer(1));
    if (!mappings::decode(found->blob(2), kind, attributes_of(kind), record))
        throw StoreError(ErrorCode::corrupt,
                         fmt::format("the store's record {} cannot be decoded: restore a copy", id));
    return true;
}

void SqliteStore::scan(Kind kind, const std::function<void(RecordId, SourceId, const Record&)>& visit) {
    Record record;
    const bool is_indexed = kind == Kind::action || kind == Kind::finding || kind == Kind::milestone;
    Use found(prepared(is_indexed ? indexed_scan_sql : scan_sql));
    found->bind(1, static_cast<std::int64_t>(kind));
    while (found->step()) {
        if (!mappings::decode(found->blob(2), kind, attributes_of(kind), record))
            throw StoreError(
                ErrorCode::corrupt,
                fmt::format("the store's record {} cannot be decoded: restore a copy", found->integer(0)));
        visit(found->integer(0), source_of(found->integer(1)), record);
    }
}

std::optional<RowPlace> SqliteStore::place_of(RecordId id) {
    Use found(prepared("SELECT block, row FROM record WHERE id = ?"));
    found->bind(1, id);
    if (!found->step()) return std::nullopt;
    return RowPlace{found->integer(0), found->integer(1)};
}

bool SqliteStore::is_of_file(RecordId id, FileId file) {
    Use found(
        prepared("SELECT 1 FROM record r JOIN raw_block b ON b.id = r.block WHERE r.id = ? AND b.file = ?"));
    found->bind(1, id).bind(2, file);
    return found->step();
}

std::int64_t SqliteStore::record_count_bound() {
    Use found(prepared("SELECT max(id) FROM record"));
    return found->step() ? found->integer(0) : 0;
}

std::int64_t SqliteStore::posting_list(std::string_view digest) {
    return numbered("SELECT id FROM posting_list WHERE digest = ?",
                    "INSERT INTO posting_list(digest) VALUES(?)", digest);
}

bool SqliteStore::is_list_built(std::int64_t list) {
    Use found(prepared("SELECT built FROM posting_list WHERE id = ?"));
    found->bind(1, list);
    return found->step() && found->integer(0) != 0;
}

void SqliteStore::set_list_built(std::int64_t list, bool built) {
    prepared("UPDATE posting_list SET built = ? WHERE id = ?").bind(1, built ? 1 : 0).bind(2, list).run();
}

void SqliteStore::clear_postings(std::int64_t list) {
    prepared("DELETE FROM posting WHERE list = ?").bind(1, list).run();
}

void SqliteStore::drop_lists_except(std::span<const std::int64_t> kept) {
    drop_rows_except("SELECT id FROM posting_list", kept,
                     {"DELETE FROM posting WHERE list = ?", "DELETE FROM posting_list WHERE id = ?"});
}

void SqliteStore::insert_posting(std::int64_t list, const Posting& posting) {
    insert_postings(list, {&posting, 1});
}

void SqliteStore::insert_postings(std::int64_t list, std::span<const Posting> postings) {
    if (!add_postings_)
        add_postings_.emplace(database_, "INSERT OR IGNORE INTO posting(list, hash, at, record)", 4);
    add_postings_->run(postings.size(), [&](Statement& statement, int first, std::size_t index) {
        const Posting& posting = postings[index];
        statement.bind(first, list)
            .bind(first + 1, as_integer(posting.hash))
            .bind(first + 2, millis_of(posting.at))
            .bind(first + 3, posting.record);
    });
}

void SqliteStore::erase_posting(std::int64_t list, const Posting& posting) {
    prepared("DELETE FROM posting WHERE list = ? AND hash = ? AND at = ? AND record = ?")
        .bind(1, list)
        .bind(2, as_integer(posting.hash))
        .bind(3, millis_of(posting.at))
        .bind(4, posting.record)
        .run();
}

void SqliteStore::visit_postings(std::int64_t list, std::uint64_t hash, Instant from, Instant to,
                                 const std::function<bool(const Posting&)>& visit) const {
    Use found(
        prepared("SELECT at, record FROM posting WHERE list = ? AND hash = ? AND at BETWEEN ? AND ? ORDER BY "
                 "at, record"));
    found->bind(1, list).bind(2, as_integer(hash)).bind(3, millis_of(from)).bind(4, millis_of(to));
    while (found->step())
        if (!visit({hash, Instant{Millis{found->integer(0)}}, found->integer(1)})) return;
}

void SqliteStore::visit_all_postings(std::int64_t list,
                                     const std::function<void(const Posting&)>& visit) const {
    Use found(prepared("SELECT hash, at, record FROM posting WHERE list = ? ORDER BY hash, at, record"));
    found->bind(1, list);
    while (found->step())
        visit({static_cast<std::uint64_t>(found->integer(0)), Instant{Millis{found->integer(1)}},
               found->integer(2)});
}

}  // namespace baselined::daemon
