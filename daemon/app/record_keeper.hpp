// Keeps records, posting lists and tallies in step while rows come in, page by page.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "daemon/store/store.hpp"
#include "mappings/indicator/indicator_set.hpp"
#include "mappings/indicator/update.hpp"

namespace baselined::daemon {

/// What one mapped row wants to become.
struct IncomingRecord {
    SourceId source = 0;
    StreamId stream = 0;
    RowPlace place;
    std::uint64_t row_hash = 0;
    const Record* record = nullptr;
    FileId file = 0;           ///< that the row is of; 0: an instance's or site's
    bool is_repeated = false;  ///< its file said the same before: no news where another file spoke since
    bool went_back = false;    ///< its row was updated later, by the version before: it counts as the newest
};

struct KeptRecord {
    RecordId id = 0;
    bool is_overruled = false;  ///< the row is a repeated one, and what another file said since stands
};

/// What is no longer as it was.
struct Changes {
    std::set<std::size_t> series;  ///< by their index in the IndicatorSet: tallies or snapshots
    std::set<Kind> kinds;          ///< of records
};

/// Two ways to the same figures: small changes are applied by their difference; when a large part of the
/// history changes (a first reading, a changed mapping), the kinds are marked as not built and recomputed
/// once at the end. Calls stand inside a transaction of the store; those marks are part of it, so a kill
/// loses nothing.
class RecordKeeper {
  public:
    /// Both outlive the keeper. Forgets series and lists that the set does not need.
    RecordKeeper(Store& store, const mappings::IndicatorSet& set);

    /// Stores the record if it is the newest version; the newest wins by updated_at, then by the order of
    /// calls.
    /// The id is that of the stored record, changed or not.
    KeptRecord put(const IncomingRecord& incoming);
    void remove(RecordId id);
    /// To be called before commit(): brings tallies up to date with what was put since the last call.
    void flush();
    /// Records went or came behind its back: every list and series is made anew.
    void mark_all_stale();

    /// Recomputes what is stale or new, in transactions of its own.
    void rebuild();

    /// How many tallies were computed since it was asked last.
    std::int64_t take_cells_recomputed() { return std::exchange(cells_recomputed_, 0); }

    /// What changed since it was asked last; more than that after a transaction that was rolled back.
    Changes take_changes() { return std::exchange(told_changes_, {}); }

    [[nodiscard]] std::int64_t series_number(std::size_t series) const { return series_[series]; }
    [[nodiscard]] mappings::ListNumbers lists() const { return lists_; }
    /// Takes the snapshots of periods that ended up to `now` from what is stored: to be called before a
    /// reading.
    void take_snapshots(Instant now);
    /// A first reading is complete: periods that end from now on get a snapshot.
    void allow_snapshots(Instant now);

  private:
    struct Change {
        SourceId source = 0;
        std::optional<Record> before;
        std::optional<Record> after;
    };

    void note_change(RecordId id, SourceId source, std::optional<Record> before, const Record* after);
    void mark_stale(Kind kind);
    void set_built(std::size_t series, bool built);
    bool is_bulk();
    void rebuild_lists();
    void fill_lists(Kind kind, const std::vector<std::size_t>& lists);
    void rebuild_series();
    void apply(const mappings::TallyDeltas& deltas);

    Store& store_;
    const mappings::IndicatorSet& set_;
    std::vector<std::int64_t> series_;
    std::vector<std::int64_t> lists_;
    std::set<Kind> stale_;
    std::int64_t known_before_ = 0;  ///< records when this keeper began
    std::int64_t changed_ = 0;
    std::int64_t cells_recomputed_ = 0;
    Changes told_changes_;
    std::map<RecordId, Change> changes_;
};

}  // namespace baselined::daemon
