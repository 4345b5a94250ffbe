// What the daemon remembers, as a repository: no word of SQLite here, so that PostgreSQL can stand behind it
// too.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/store/alerts.hpp"
#include "daemon/store/upkeep.hpp"
#include "mappings/indicator/postings.hpp"
#include "mappings/indicator/tally.hpp"
#include "mappings/record/encoding.hpp"
#include "mappings/record/record.hpp"
#include "mappings/record/result.hpp"

namespace baselined::daemon {

using mappings::Instant;
using mappings::Kind;
using mappings::Record;
using mappings::RecordId;

/// Thrown by every call of the store that cannot do its work: disk full, file damaged, locked for too long.
/// The open transaction is rolled back when its guard goes out of scope, so nothing is half written.
class StoreError : public std::runtime_error {
  public:
    StoreError(ErrorCode code, const std::string& text) : std::runtime_error(text), code_(code) {}
    [[nodiscard]] ErrorCode code() const { return code_; }

  private:
    ErrorCode code_;
};

using SourceId = std::int64_t;
using StreamId = std::int64_t;
using FileId = std::int64_t;
using BlockId = std::int64_t;

struct StoredStream {
    StreamId id = 0;
    SourceId source = 0;
    std::string source_name;
    std::string name;
    std::string mapping_digest;          ///< of the mappings that made its records; empty: nothing read yet
    std::optional<Instant> complete_at;  ///< when it was last read to its end
    std::optional<Instant> first_complete_at;
    std::string error;   ///< the last reading's, in the source's words; empty: it went well
    std::string cursor;  ///< of an instance or site: how far it was read; the connector's own words
    std::optional<Instant> reconciled_at;  ///< when ids were last compared with the source's
};

/// One export file of a stream, as it stood when it was read.
struct StoredFile {
    FileId id = 0;
    StreamId stream = 0;
    std::string name;
    std::int64_t size = 0;
    std::int64_t modified_ns = 0;
    bool complete = false;  ///< read to its end in that state
    std::string error;
};

/// The column names, encoded, of rows of a file as it is now.
struct FileShape {
    std::string name;
    std::string shape;
};

/// What one field could not take, within one block or summed over a stream.
struct Misfit {
    std::string field;
    std::string example;
    std::int64_t count = 0;
};

/// Up to a thousand rows as the source gave them; the log from which records can be made anew.
struct RawBlock {
    BlockId id = 0;
    StreamId stream = 0;
    FileId file = 0;
    std::int64_t ordinal = 0;  ///< its place in its file, from 0
    std::string shape;         ///< the column names, encoded; the same for all blocks of a file
    std::uint64_t digest = 0;  ///< of `data` before compression
    std::string data;          ///< uncompressed rows, see raw_rows.hpp
    std::int64_t rows = 0;
    std::int64_t rejected = 0;  ///< rows without an id
    std::vector<Misfit> misfits;
    /// Rows that their file had before, and that another file had overruled: they count only where nobody
    /// says anything else. Empty: none.
    std::vector<bool> overruled;
};

/// Which row made a record: block and index within it.
struct RowPlace {
    BlockId block = 0;
    std::int64_t index = 0;
    std::int64_t origin = 0;  ///< the SourceRow that it is a version of; 0: a file's
};

/// One row of an instance or site in its newest version, by the id that the source gives it.
struct SourceRow {
    std::int64_t id = 0;
    std::int64_t version = 0;  ///< milliseconds of its last update
    std::uint64_t digest = 0;  ///< of what it said
    RowPlace place;
};

using RecordKey = std::array<unsigned char, 16>;  ///< digest of source, kind and id

struct RecordHead {
    RecordId id = 0;
    std::uint64_t row_hash = 0;
    std::int64_t updated_at = INT64_MIN;  ///< milliseconds; INT64_MIN: the row had none
};

struct StreamCounts {
    std::int64_t read = 0, rejected = 0, records = 0, deleted = 0;
    std::vector<Misfit> misfits;
};

struct StoredBaseline {
    std::string measure;
    std::string definition;  ///< digest of everything that Definition changes names
    Instant frozen_at;
    std::string content;  ///< JSON: the periods' figures and the reported value
};

struct StatusChange {
    std::string measure;
    Instant at;
    std::string potential, implementation;
};

class Store : public mappings::PostingIndex,
              public mappings::RecordSource,
              public AlertStore,
              public UpkeepStore {
  public:
    ~Store() override = default;

    // Transactions: one writer. commit() makes everything since begin() durable at once.
    virtual void begin() = 0;
    /// Goes on in the transaction that commit_later() left open, where there is one.
    virtual void begin_or_join() = 0;
    virtual void commit() = 0;
    /// Ends a transaction that may become durable a little later, together with those that follow: at the
    /// next commit(), after many rows or some seconds, with settle(), or when the store is closed. Nothing of
    /// it is lost alone: should a later part fail, all of it is gone, and the store refuses to go on.
    virtual void commit_later(std::int64_t rows) = 0;
    /// Makes durable what commit_later() has left open.
    virtual void settle() = 0;
    virtual void rollback() noexcept = 0;  ///< between transactions: goes on without what was lost

    /// Asked now and then within long work, on the thread that does it; false ends the work with a
    /// StoreError.
    virtual void watch(std::function<bool()> goes_on) = 0;

    // Streams and files
    virtual SourceId source(std::string_view name) = 0;
    virtual StoredStream stream(std::string_view source, std::string_view name) = 0;
    virtual void save_stream(const StoredStream& stream) = 0;
    /// Every stream that was ever there, configured or not.
    virtual std::vector<StoredStream> streams() = 0;
    virtual std::vector<StoredFile> files(StreamId stream) = 0;
    virtual FileId save_file(const StoredFile& file) = 0;
    virtual std::vector<FileShape> shapes_of_files(StreamId stream) = 0;
    virtual StreamCounts counts(StreamId stream) = 0;
    /// Adds to the count of rows that the source holds no longer.
    virtual void add_deleted(StreamId stream, std::int64_t count) = 0;
    /// The newest updated_at that any record of the stream ever had.
    virtual std::optional<Instant> last_record_at(StreamId stream) = 0;

    // The log of raw rows
    virtual BlockId add_block(const RawBlock& block) = 0;
    /// The id that the next block will get, within this transaction.
    virtual BlockId next_block() = 0;
    virtual void save_block_counts(const RawBlock& block) = 0;
    /// Digests of a file's current blocks in order: what a second reading is compared with.
    virtual std::vector<std::uint64_t> block_digests(FileId file) = 0;
    /// From this ordinal on the file says something else now: its old blocks are no longer current. They are
    /// former ones until forget_former_blocks().
    virtual void retire_blocks(FileId file, std::int64_t from_ordinal) = 0;
    /// The file was read to its end as it is now.
    virtual void forget_former_blocks(FileId file) = 0;
    /// The former blocks of a file, and its current ones from this ordinal on, as far as their rows are kept.
    virtual void visit_former_blocks(FileId file, std::int64_t from_ordinal,
                                     const std::function<void(const RawBlock&)>& visit) = 0;
    /// The file's current blocks whose rows are kept, in their order, at most `limit`.
    virtual std::vector<RawBlock> kept_blocks(FileId file, int limit) = 0;
    virtual void save_overruled(const RawBlock& block) = 0;
    /// The source's blocks after `after` whose rows are kept, oldest first, at most `limit`.
    virtual std::vector<RawBlock> blocks_after(SourceId source, BlockId after, int limit) = 0;

    // Rows of instances and sites, each once
    /// source_row() of it will be asked for soon: a hint, for speed.
    virtual void foresee_source_row(StreamId stream, std::string_view key) = 0;
    virtual std::optional<SourceRow> source_row(StreamId stream, std::string_view key) = 0;
    /// A row that was not there before; returns its id.
    virtual std::int64_t add_source_row(StreamId stream, std::string_view key, const SourceRow& row) = 0;
    /// Makes it the newest version of the row with its id.
    virtual void save_source_row(const SourceRow& row) = 0;
    virtual void remove_source_row(std::int64_t id) = 0;
    using VisitSourceRow = std::function<void(std::int64_t id, std::string_view key, std::int64_t version)>;
    virtual void visit_source_rows(StreamId stream, const VisitSourceRow& visit) = 0;
    /// The keys of those added last, at most so many.
    virtual std::vector<std::string> newest_source_rows(StreamId stream, std::size_t most) = 0;
    /// No row has a larger id.
    virtual std::int64_t source_row_bound() = 0;
    virtual std::vector<RecordId> records_of_row(std::int64_t source_row) = 0;

    // Records
    virtual std::optional<RecordHead> find(const RecordKey& key) = 0;
    virtual RecordId insert(const RecordKey& key, StreamId stream, RowPlace place, std::uint64_t row_hash,
                            const Record& record) = 0;
    virtual void update(RecordId id, StreamId stream, RowPlace place, std::uint64_t row_hash,
                        const Record& record) = 0;
    virtual void touch(RecordId id, RowPlace place, std::uint64_t row_hash) = 0;
    virtual void remove(RecordId id) = 0;
    /// Of a stream that is mapped anew: removes its records but those whose rows are kept no longer, since
    /// nothing could make them again; what was set aside counts among them. How many stay.
    virtual std::int64_t remove_what_rows_make(StreamId stream) = 0;
    /// How many would stay, and how many there are now, those set aside among them. A pass over all records.
    struct RowlessRecords {
        std::int64_t rowless = 0, all = 0;
    };
    virtual RowlessRecords rowless_records(StreamId stream) = 0;
    /// The stream's records are found and scanned no more, until it is mapped anew. How many there are.
    virtual std::int64_t set_aside(StreamId stream) = 0;
    virtual void scan(Kind kind, const std::function<void(RecordId, SourceId, const Record&)>& visit) = 0;
    virtual std::optional<RowPlace> place_of(RecordId id) = 0;
    /// Whether it is a row of this file that made it as it is.
    virtual bool is_of_file(RecordId id, FileId file) = 0;
    /// An upper bound of how many records there are; cheap.
    virtual std::int64_t record_count_bound() = 0;
    virtual std::optional<StoredFile> file_of(BlockId block) = 0;

    // Tallies: one series is an indicator in a scope, cut into periods.
    /// The series' number, and whether its tallies are built.
    virtual std::int64_t series(std::string_view digest) = 0;
    virtual std::optional<std::int64_t> find_series(std::string_view digest) = 0;
    virtual bool is_built(std::int64_t series) = 0;
    virtual void set_built(std::int64_t series, bool built) = 0;
    /// Series that nobody asks for any more are no longer kept current. Their snapshots stay: they cannot be
    /// taken again.
    virtual void drop_series_except(std::span<const std::int64_t> kept) = 0;
    virtual void clear_tallies(std::int64_t series) = 0;
    virtual mappings::Tally tally(std::int64_t series, Instant period) = 0;
    virtual void save_tally(std::int64_t series, Instant period, const mappings::Tally& tally) = 0;
    virtual std::vector<std::pair<Instant, mappings::Tally>> tallies(std::int64_t series) = 0;
    virtual void save_snapshot(std::int64_t series, Instant period, std::int64_t count,
                               std::int64_t hits) = 0;
    struct Snapshot {
        Instant period;
        std::int64_t count = 0, hits = 0;
    };
    virtual std::vector<Snapshot> snapshots(std::int64_t series) = 0;

    // How periods fill up: what was known of one at an age, in whole days since it ended
    struct YoungFigure {
        Instant period;
        int age_days = 0;
        double numerator = 0, denominator = 0;
    };
    /// The first figure of a period at an age is kept.
    virtual void add_young_figure(std::string_view series, const YoungFigure& figure) = 0;
    virtual std::vector<YoungFigure> young_figures(std::string_view series, int age_days) = 0;

    // Posting lists (PostingIndex) by their persistent name
    virtual std::int64_t posting_list(std::string_view digest) = 0;
    virtual bool is_list_built(std::int64_t list) = 0;
    virtual void set_list_built(std::int64_t list, bool built) = 0;
    virtual void clear_postings(std::int64_t list) = 0;
    /// As insert_posting() one by one, and cheaper; cheapest in their order.
    virtual void insert_postings(std::int64_t list, std::span<const mappings::Posting> postings) = 0;
    virtual void drop_lists_except(std::span<const std::int64_t> kept) = 0;

    // Measures
    virtual std::optional<StoredBaseline> baseline(std::string_view measure) = 0;
    virtual void save_baseline(const StoredBaseline& baseline) = 0;
    virtual void drop_baseline(std::string_view measure) = 0;
    virtual std::optional<StatusChange> last_status(std::string_view measure) = 0;
    virtual void add_status(const StatusChange& change) = 0;

    // Small facts of the daemon's own
    virtual std::optional<std::string> fact(std::string_view name) = 0;
    virtual void set_fact(std::string_view name, std::string_view value) = 0;
    virtual void clear_fact(std::string_view name) = 0;

    /// Numbers of the users' attributes, for decoding; a new attribute gets one at once when the store is
    /// writable.
    virtual void use_attributes(const mappings::Schemas& schemas) = 0;
};

/// Rolls back when it goes out of scope without commit().
class Transaction {
  public:
    explicit Transaction(Store& store) : store_(store) { store_.begin(); }
    /// One that ends with commit_later(), and may go on where such a one ended.
    enum class Joins { yes };
    Transaction(Store& store, Joins /*yes*/) : store_(store) { store_.begin_or_join(); }
    ~Transaction() {
        if (open_) store_.rollback();
    }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    void commit() {
        store_.commit();
        open_ = false;
    }
    void commit_later(std::int64_t rows) {
        store_.commit_later(rows);
        open_ = false;
    }

  private:
    Store& store_;
    bool open_ = true;
};

/// `beside`: a few small writes (an ack, a silence) while another process, the daemon, holds the lock.
enum class StoreMode { read, beside, write };

/// Opens (and in write mode makes or migrates) the store. Write mode takes the store's lock, which dies with
/// the process, and waits for it. The other modes of a file that does not exist: ErrorCode::unavailable.
std::unique_ptr<Store> open_sqlite_store(const std::string& path, StoreMode mode);

/// A store of nobody else's that is forgotten when it goes: for looking at a source without keeping anything.
std::unique_ptr<Store> make_passing_store();

}  // namespace baselined::daemon
