// Episodes, holds and the outbox.
#include <algorithm>
#include <array>

#include "daemon/store/sqlite_store.hpp"

namespace baselined::daemon {

namespace {

constexpr std::array<std::string_view, 4> state_names{"waiting", "held", "sent", "dead"};
constexpr std::array<std::string_view, 2> hold_kinds{"ack", "silence"};

/// Receivers are told apart by line breaks, which no address or name has.
std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += (text.empty() ? "" : "\n") + line;
    return text;
}

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

Instant certain_time_at(const Statement& row, int column) {
    return Instant{mappings::Millis{row.integer(column)}};
}

template <class Enum, std::size_t count>
Enum named(const std::array<std::string_view, count>& names, std::string_view name) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end())
        throw StoreError(ErrorCode::corrupt,
                         "the store holds an alert in a state that nobody knows: restore a copy");
    return static_cast<Enum>(found - names.begin());
}

mappings::Hold hold_named(std::string_view name) {
    using mappings::Hold;
    for (const Hold hold : {Hold::silenced, Hold::acknowledged, Hold::source_silent})
        if (mappings::name_of(hold) == name) return hold;
    return Hold::nothing;
}

StoredEpisode read_episode(const Statement& row) {
    StoredEpisode stored;
    stored.measure = row.text(0);
    stored.episode.standing = mappings::standing_named(row.text(1)).value_or(mappings::Standing::clear);
    stored.episode.first_told = row.instant(2);
    stored.episode.last_told = row.instant(3);
    stored.told = split(row.text(4));
    if (row.is_null(7)) return stored;
    stored.held = HeldTelling{std::string(row.text(5)), hold_named(row.text(6)), certain_time_at(row, 7),
                              row.instant(8), split(row.text(9))};
    return stored;
}

}  // namespace

std::string_view name_of(DeliveryState state) {
    return state_names[static_cast<std::size_t>(state)];
}

std::string_view name_of(StoredHold::Kind kind) {
    return hold_kinds[static_cast<std::size_t>(kind)];
}

std::optional<StoredEpisode> SqliteStore::episode(std::string_view measure) {
    Use found(prepared(
        "SELECT measure, standing, first_told, last_told, told, held_kind, held_by, held_since, held_until, "
        "held_from FROM episode WHERE measure = ?"));
    found->bind_text(1, measure);
    if (!found->step()) return std::nullopt;
    return read_episode(*found);
}

void SqliteStore::save_episode(const StoredEpisode& stored) {
    const HeldTelling held = stored.held.value_or(HeldTelling{});
    const std::string told = joined(stored.told), held_from = joined(held.receivers);
    Statement& statement = prepared(
        "INSERT INTO episode(measure, standing, first_told, last_told, told, held_kind, held_by, held_since, "
        "held_until, held_from) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(measure) DO UPDATE SET "
        "standing = excluded.standing, first_told = excluded.first_told, last_told = excluded.last_told, "
        "told = excluded.told, held_kind = excluded.held_kind, held_by = excluded.held_by, held_since = "
        "excluded.held_since, held_until = excluded.held_until, held_from = excluded.held_from");
    statement.bind_text(1, stored.measure).bind_text(2, name_of(stored.episode.standing));
    statement.bind_instant(3, stored.episode.first_told);
    statement.bind_instant(4, stored.episode.last_told);
    statement.bind_text(5, told).bind_text(6, held.kind).bind_text(7, mappings::name_of(held.by));
    statement.bind_instant(8, stored.held ? std::optional(held.since) : std::nullopt);
    statement.bind_instant(9, held.until);
    statement.bind_text(10, held_from).run();
}

bool SqliteStore::was_known(std::string_view measure) {
    Use found(prepared("SELECT 1 FROM status_history WHERE measure = ? AND potential <> 'unknown' LIMIT 1"));
    found->bind_text(1, measure);
    return found->step();
}

std::vector<StoredHold> SqliteStore::holds() {
    Use rows(
        prepared("SELECT id, kind, measure, owner, programme, until, by, system_user, reason, at, lifted_at, "
                 "warned_at FROM hold ORDER BY id"));
    std::vector<StoredHold> holds;
    while (rows->step()) {
        StoredHold hold;
        hold.id = rows->integer(0);
        hold.kind = named<StoredHold::Kind>(hold_kinds, rows->text(1));
        hold.measure = rows->text(2);
        hold.owner = rows->text(3);
        hold.programme = rows->text(4);
        hold.until = mappings::Day{date::days{rows->integer(5)}};
        hold.by = rows->text(6);
        hold.system_user = rows->text(7);
        hold.reason = rows->text(8);
        hold.at = certain_time_at(*rows, 9);
        hold.lifted_at = rows->instant(10);
        hold.warned_at = rows->instant(11);
        holds.push_back(std::move(hold));
    }
    return holds;
}

void SqliteStore::add_hold(const StoredHold& hold) {
    Statement& statement = prepared(
        "INSERT INTO hold(kind, measure, owner, programme, until, by, system_user, reason, at) "
        "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)");
    statement.bind_text(1, name_of(hold.kind))
        .bind_text(2, hold.measure)
        .bind_text(3, hold.owner)
        .bind_text(4, hold.programme)
        .bind(5, hold.until.time_since_epoch().count())
        .bind_text(6, hold.by)
        .bind_text(7, hold.system_user)
        .bind_text(8, hold.reason)
        .bind(9, hold.at.time_since_epoch().count())
        .run();
}

void SqliteStore::save_hold(const StoredHold& hold) {
    Statement& statement = prepared("UPDATE hold SET lifted_at = ?, warned_at = ? WHERE id = ?");
    statement.bind_instant(1, hold.lifted_at);
    statement.bind_instant(2, hold.warned_at);
    statement.bind(3, hold.id).run();
}

std::optional<WatchedSource> SqliteStore::watched_source(std::string_view name) {
    Use found(prepared("SELECT first_seen, told_silent_at FROM watched_source WHERE name = ?"));
    found->bind_text(1, name);
    if (!found->step()) return std::nullopt;
    return WatchedSource{std::string(name), certain_time_at(*found, 0), found->instant(1)};
}

void SqliteStore::save_watched_source(const WatchedSource& source) {
    Statement& statement = prepared(
        "INSERT INTO watched_source(name, first_seen, told_silent_at) VALUES(?, ?, ?) ON "
        "CONFLICT(name) DO UPDATE SET told_silent_at = excluded.told_silent_at");
    statement.bind_text(1, source.name).bind(2, source.first_seen.time_since_epoch().count());
    statement.bind_instant(3, source.told_silent_at);
    statement.run();
}

void SqliteStore::add_delivery(const StoredDelivery& delivery) {
    Statement& statement = prepared(
        "INSERT INTO delivery(id, receiver, name, content, created_at, state, attempts, first_try_at, "
        "next_at, "
        "sent_at, last_error) VALUES(?, ?, ?, ?, ?, ?, ?, NULL, ?, NULL, ?)");
    statement.bind_text(1, delivery.id)
        .bind_text(2, delivery.receiver)
        .bind_text(3, delivery.name)
        .bind_text(4, delivery.content)
        .bind(5, delivery.created_at.time_since_epoch().count())
        .bind_text(6, name_of(delivery.state))
        .bind(7, delivery.attempts);
    statement.bind_instant(8, delivery.next_at);
    statement.bind_text(9, delivery.last_error).run();
    add_subjects(delivery);
}

void SqliteStore::add_subjects(const StoredDelivery& delivery) {
    for (const DeliverySubject& subject : delivery.subjects)
        prepared("INSERT INTO delivery_subject(delivery, measure, kind) VALUES(?, ?, ?)")
            .bind_text(1, delivery.id)
            .bind_text(2, subject.measure)
            .bind_text(3, subject.kind)
            .run();
}

void SqliteStore::rewrite_delivery(const StoredDelivery& delivery) {
    prepared("UPDATE delivery SET content = ? WHERE id = ?")
        .bind_text(1, delivery.content)
        .bind_text(2, delivery.id)
        .run();
    prepared("DELETE FROM delivery_subject WHERE delivery = ?").bind_text(1, delivery.id).run();
    add_subjects(delivery);
}

void SqliteStore::save_delivery(const StoredDelivery& delivery) {
    Statement& statement = prepared(
        "UPDATE delivery SET state = ?1, attempts = ?2, first_try_at = ?3, next_at = ?4, sent_at = ?5, "
        "last_error = ?6, content = CASE WHEN ?1 = 'sent' THEN '' ELSE content END WHERE id = ?7");
    statement.bind_text(1, name_of(delivery.state)).bind(2, delivery.attempts);
    statement.bind_instant(3, delivery.first_try_at);
    statement.bind_instant(4, delivery.next_at);
    statement.bind_instant(5, delivery.sent_at);
    statement.bind_text(6, delivery.last_error).bind_text(7, delivery.id).run();
}

StoredDelivery SqliteStore::read_delivery(Statement& row) const {
    StoredDelivery delivery;
    delivery.number = row.integer(0);
    delivery.id = row.text(1);
    delivery.receiver = row.text(2);
    delivery.name = row.text(3);
    delivery.created_at = certain_time_at(row, 4);
    delivery.state = named<DeliveryState>(state_names, row.text(5));
    delivery.attempts = static_cast<int>(row.integer(6));
    delivery.first_try_at = row.instant(7);
    delivery.next_at = row.instant(8);
    delivery.sent_at = row.instant(9);
    delivery.last_error = row.text(10);
    Use subjects(prepared("SELECT measure, kind FROM delivery_subject WHERE delivery = ? ORDER BY rowid"));
    subjects->bind_text(1, delivery.id);
    while (subjects->step())
        delivery.subjects.push_back({std::string(subjects->text(0)), std::string(subjects->text(1))});
    return delivery;
}

std::vector<StoredDelivery> SqliteStore::read_deliveries(Statement& statement) const {
    Use rows(statement);
    std::vector<StoredDelivery> deliveries;
    while (rows->step()) deliveries.push_back(read_delivery(*rows));
    return deliveries;
}

std::optional<StoredDelivery> SqliteStore::delivery(std::string_view id) {
    Use found(prepared(
        "SELECT number, id, receiver, name, created_at, state, attempts, first_try_at, next_at, sent_at, "
        "last_error, content FROM delivery WHERE id = ?"));
    found->bind_text(1, id);
    if (!found->step()) return std::nullopt;
    StoredDelivery delivery = read_delivery(*found);
    delivery.content = found->text(11);
    return delivery;
}

std::vector<StoredDelivery> SqliteStore::pending_deliveries() {
    return read_deliveries(prepared(
        "SELECT number, id, receiver, name, created_at, state, attempts, first_try_at, next_at, sent_at, "
        "last_error FROM delivery WHERE state IN ('waiting', 'held') ORDER BY created_at, number"));
}

std::vector<StoredDelivery> SqliteStore::deliveries() {
    return read_deliveries(prepared(
        "SELECT number, id, receiver, name, created_at, state, attempts, first_try_at, next_at, sent_at, "
        "last_error FROM delivery ORDER BY number"));
}

std::map<std::string, std::int64_t> SqliteStore::delivery_counts() {
    std::map<std::string, std::int64_t> counts;
    Use rows(prepared("SELECT state, count(*) FROM delivery GROUP BY state"));
    while (rows->step()) counts[std::string(rows->text(0))] = rows->integer(1);
    return counts;
}

std::optional<Instant> SqliteStore::oldest_waiting_delivery() {
    Use found(prepared("SELECT min(created_at) FROM delivery WHERE state IN ('waiting', 'held')"));
    found->step();
    return found->instant(0);
}

StoredReceiver SqliteStore::receiver(std::string_view receiver) {
    StoredReceiver stored;
    stored.receiver = receiver;
    Use found(prepared(
        "SELECT paused_until, disabled_digest, disabled_at, words, paused_at FROM receiver WHERE name = ?"));
    found->bind_text(1, receiver);
    if (!found->step()) return stored;
    stored.paused_until = found->instant(0);
    stored.disabled_digest = found->text(1);
    stored.disabled_at = found->instant(2);
    stored.words = found->text(3);
    stored.paused_at = found->instant(4);
    return stored;
}

void SqliteStore::save_receiver(const StoredReceiver& receiver) {
    Statement& statement = prepared(
        "INSERT INTO receiver(name, paused_until, disabled_digest, disabled_at, words, paused_at) VALUES(?, "
        "?, "
        "?, "
        "?, ?, ?) ON CONFLICT(name) DO UPDATE SET paused_until = excluded.paused_until, disabled_digest = "
        "excluded.disabled_digest, disabled_at = excluded.disabled_at, words = excluded.words, paused_at = "
        "excluded.paused_at");
    statement.bind_text(1, receiver.receiver);
    statement.bind_instant(2, receiver.paused_until);
    statement.bind_text(3, receiver.disabled_digest);
    statement.bind_instant(4, receiver.disabled_at);
    statement.bind_text(5, receiver.words);
    statement.bind_instant(6, receiver.paused_at);
    statement.run();
}

}  // namespace baselined::daemon
