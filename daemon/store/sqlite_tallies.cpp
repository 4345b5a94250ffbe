// Tallies of series, period by period, and the snapshots that are taken once.
#include <cstring>

#include <algorithm>

#include "daemon/store/sqlite_store.hpp"

namespace baselined::daemon {

namespace {

using mappings::ExactSum;
using mappings::Millis;
using mappings::Tally;

template <class T>
std::string_view bytes_of(const std::vector<T>& items) {
    return {reinterpret_cast<const char*>(items.data()), items.size() * sizeof(T)};
}

template <class T>
std::vector<T> items_of(std::string_view bytes) {
    std::vector<T> items(bytes.size() / sizeof(T));
    if (!items.empty()) std::memcpy(items.data(), bytes.data(), items.size() * sizeof(T));
    return items;
}

// A tally has values or spans or neither; the first byte of the column says which.
std::string list_bytes(const Tally& tally) {
    if (!tally.values.empty()) return "v" + std::string(bytes_of(tally.values));
    if (!tally.spans.empty()) return "s" + std::string(bytes_of(tally.spans));
    return {};
}

Tally tally_of(const Statement& row, int first) {
    Tally tally;
    tally.count = row.integer(first);
    tally.sum =
        ExactSum::from_parts(row.integer(first + 1), static_cast<std::uint64_t>(row.integer(first + 2)));
    tally.digest = static_cast<std::uint64_t>(row.integer(first + 3));
    const std::string_view list = row.blob(first + 4);
    if (list.empty()) return tally;
    if (list.front() == 'v')
        tally.values = items_of<double>(list.substr(1));
    else
        tally.spans = items_of<mappings::TallySpan>(list.substr(1));
    return tally;
}

}  // namespace

std::int64_t SqliteStore::numbered(const char* find_sql, const char* insert_sql, std::string_view digest) {
    {
        Use found(prepared(find_sql));
        found->bind_text(1, digest);
        if (found->step()) return found->integer(0);
    }
    prepared(insert_sql).bind_text(1, digest).run();
    return database_.last_row();
}

void SqliteStore::drop_rows_except(const char* list_sql, std::span<const std::int64_t> kept,
                                   std::initializer_list<const char*> drop_sql) {
    std::vector<std::int64_t> dropped;
    {
        Use all(prepared(list_sql));
        while (all->step())
            if (std::find(kept.begin(), kept.end(), all->integer(0)) == kept.end())
                dropped.push_back(all->integer(0));
    }
    for (const std::int64_t id : dropped)
        for (const char* sql : drop_sql) prepared(sql).bind(1, id).run();
}

std::int64_t SqliteStore::series(std::string_view digest) {
    return numbered("SELECT id FROM series WHERE digest = ?", "INSERT INTO series(digest) VALUES(?)", digest);
}

std::optional<std::int64_t> SqliteStore::find_series(std::string_view digest) {
    Use found(prepared("SELECT id FROM series WHERE digest = ?"));
    found->bind_text(1, digest);
    if (!found->step()) return std::nullopt;
    return found->integer(0);
}

bool SqliteStore::is_built(std::int64_t series) {
    Use found(prepared("SELECT built FROM series WHERE id = ?"));
    found->bind(1, series);
    return found->step() && found->integer(0) != 0;
}

void SqliteStore::set_built(std::int64_t series, bool built) {
    prepared("UPDATE series SET built = ? WHERE id = ?").bind(1, built ? 1 : 0).bind(2, series).run();
}

void SqliteStore::drop_series_except(std::span<const std::int64_t> kept) {
    drop_rows_except(
        "SELECT id FROM series", kept,
        {"DELETE FROM tally WHERE series = ?", "UPDATE series SET built = 0 WHERE id = ?",
         "DELETE FROM series WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM snapshot WHERE series = ?1)"});
}

void SqliteStore::clear_tallies(std::int64_t series) {
    prepared("DELETE FROM tally WHERE series = ?").bind(1, series).run();
}

Tally SqliteStore::tally(std::int64_t series, Instant period) {
    Use found(
        prepared("SELECT count, sum_high, sum_low, digest, list FROM tally WHERE series = ? AND period = ?"));
    found->bind(1, series).bind(2, period.time_since_epoch().count());
    if (!found->step()) return {};
    return tally_of(*found, 0);
}

void SqliteStore::save_tally(std::int64_t series, Instant period, const Tally& tally) {
    if (tally.is_empty()) {
        prepared("DELETE FROM tally WHERE series = ? AND period = ?")
            .bind(1, series)
            .bind(2, period.time_since_epoch().count())
            .run();
        return;
    }
    const std::string list = list_bytes(tally);
    Statement& save = prepared(
        "INSERT INTO tally(series, period, count, sum_high, sum_low, digest, list) VALUES(?, ?, ?, ?, ?, ?, "
        "?) ON "
        "CONFLICT(series, period) DO UPDATE SET count = excluded.count, sum_high = excluded.sum_high, "
        "sum_low = "
        "excluded.sum_low, digest = excluded.digest, list = excluded.list");
    save.bind(1, series).bind(2, period.time_since_epoch().count()).bind(3, tally.count);
    save.bind(4, tally.sum.high()).bind(5, static_cast<std::int64_t>(tally.sum.low()));
    save.bind(6, static_cast<std::int64_t>(tally.digest));
    if (list.empty())
        save.bind_null(7);
    else
        save.bind_blob(7, list);
    save.run();
}

std::vector<std::pair<Instant, Tally>> SqliteStore::tallies(std::int64_t series) {
    std::vector<std::pair<Instant, Tally>> tallies;
    Use found(prepared(
        "SELECT period, count, sum_high, sum_low, digest, list FROM tally WHERE series = ? ORDER BY period"));
    found->bind(1, series);
    while (found->step()) tallies.emplace_back(Instant{Millis{found->integer(0)}}, tally_of(*found, 1));
    return tallies;
}

void SqliteStore::save_snapshot(std::int64_t series, Instant period, std::int64_t count, std::int64_t hits) {
    prepared("INSERT OR IGNORE INTO snapshot(series, period, count, hits) VALUES(?, ?, ?, ?)")
        .bind(1, series)
        .bind(2, period.time_since_epoch().count())
        .bind(3, count)
        .bind(4, hits)
        .run();
}

std::vector<Store::Snapshot> SqliteStore::snapshots(std::int64_t series) {
    std::vector<Snapshot> snapshots;
    Use found(prepared("SELECT period, count, hits FROM snapshot WHERE series = ? ORDER BY period"));
    found->bind(1, series);
    while (found->step())
        snapshots.push_back({Instant{Millis{found->integer(0)}}, found->integer(1), found->integer(2)});
    return snapshots;
}

void SqliteStore::add_young_figure(std::string_view series, const YoungFigure& figure) {
    prepared(
        "INSERT OR IGNORE INTO ripening(series, period, age, numerator, denominator) VALUES(?, ?, ?, ?, ?)")
        .bind_text(1, series)
        .bind(2, figure.period.time_since_epoch().count())
        .bind(3, figure.age_days)
        .bind_real(4, figure.numerator)
        .bind_real(5, figure.denominator)
        .run();
}

std::vector<Store::YoungFigure> SqliteStore::young_figures(std::string_view series, int age_days) {
    std::vector<YoungFigure> figures;
    Use found(prepared(
        "SELECT period, numerator, denominator FROM ripening WHERE series = ? AND age = ? ORDER BY period"));
    found->bind_text(1, series).bind(2, age_days);
    while (found->step())
        figures.push_back(
            {Instant{mappings::Millis{found->integer(0)}}, age_days, found->real(1), found->real(2)});
    return figures;
}

}  // namespace baselined::daemon
