// The store on SQLite: WAL, one writer, statements prepared once.
#pragma once

#include <array>
#include <chrono>
#include <map>
#include <unordered_map>

#include "daemon/store/key_table.hpp"
#include "daemon/store/lock.hpp"
#include "daemon/store/new_rows.hpp"
#include "daemon/store/sqlite.hpp"
#include "daemon/store/store.hpp"

namespace baselined::daemon {

class SqliteStore final : public Store {
  public:
    SqliteStore(const std::string& path, StoreMode mode);
    ~SqliteStore() override;
    SqliteStore(const SqliteStore&) = delete;
    SqliteStore& operator=(const SqliteStore&) = delete;

    void begin() override;
    void begin_or_join() override;
    void commit() override;
    void commit_later(std::int64_t rows) override;
    void settle() override;
    void rollback() noexcept override;
    void watch(std::function<bool()> goes_on) override;

    SourceId source(std::string_view name) override;
    StoredStream stream(std::string_view source, std::string_view name) override;
    void save_stream(const StoredStream& stream) override;
    std::vector<StoredStream> streams() override;
    std::vector<StoredFile> files(StreamId stream) override;
    FileId save_file(const StoredFile& file) override;
    std::vector<FileShape> shapes_of_files(StreamId stream) override;
    StreamCounts counts(StreamId stream) override;
    void add_deleted(StreamId stream, std::int64_t count) override;
    std::optional<Instant> last_record_at(StreamId stream) override;

    BlockId add_block(const RawBlock& block) override;
    BlockId next_block() override;
    void save_block_counts(const RawBlock& block) override;
    std::vector<std::uint64_t> block_digests(FileId file) override;
    void retire_blocks(FileId file, std::int64_t from_ordinal) override;
    void forget_former_blocks(FileId file) override;
    void visit_former_blocks(FileId file, std::int64_t from_ordinal,
                             const std::function<void(const RawBlock&)>& visit) override;
    std::vector<RawBlock> kept_blocks(FileId file, int limit) override;
    void save_overruled(const RawBlock& block) override;
    std::vector<RawBlock> blocks_after(SourceId source, BlockId after, int limit) override;

    void foresee_source_row(StreamId stream, std::string_view key) override;
    std::optional<SourceRow> source_row(StreamId stream, std::string_view key) override;
    std::int64_t add_source_row(StreamId stream, std::string_view key, const SourceRow& row) override;
    void save_source_row(const SourceRow& row) override;
    void remove_source_row(std::int64_t id) override;
    void visit_source_rows(StreamId stream, const VisitSourceRow& visit) override;
    std::vector<std::string> newest_source_rows(StreamId stream, std::size_t most) override;
    std::int64_t source_row_bound() override;
    std::vector<RecordId> records_of_row(std::int64_t source_row) override;

    std::optional<RecordHead> find(const RecordKey& key) override;
    RecordId insert(const RecordKey& key, StreamId stream, RowPlace place, std::uint64_t row_hash,
                    const Record& record) override;
    void update(RecordId id, StreamId stream, RowPlace place, std::uint64_t row_hash,
                const Record& record) override;
    void touch(RecordId id, RowPlace place, std::uint64_t row_hash) override;
    void remove(RecordId id) override;
    std::int64_t remove_what_rows_make(StreamId stream) override;
    RowlessRecords rowless_records(StreamId stream) override;
    std::int64_t set_aside(StreamId stream) override;
    bool load(RecordId id, Record& record, std::int64_t& source) const override;
    void scan(Kind kind, const std::function<void(RecordId, SourceId, const Record&)>& visit) override;
    std::optional<RowPlace> place_of(RecordId id) override;
    bool is_of_file(RecordId id, FileId file) override;
    std::int64_t record_count_bound() override;
    std::optional<StoredFile> file_of(BlockId block) override;

    std::int64_t series(std::string_view digest) override;
    std::optional<std::int64_t> find_series(std::string_view digest) override;
    bool is_built(std::int64_t series) override;
    void set_built(std::int64_t series, bool built) override;
    void drop_series_except(std::span<const std::int64_t> kept) override;
    void clear_tallies(std::int64_t series) override;
    mappings::Tally tally(std::int64_t series, Instant period) override;
    void save_tally(std::int64_t series, Instant period, const mappings::Tally& tally) override;
    std::vector<std::pair<Instant, mappings::Tally>> tallies(std::int64_t series) override;
    void save_snapshot(std::int64_t series, Instant period, std::int64_t count, std::int64_t hits) override;
    std::vector<Snapshot> snapshots(std::int64_t series) override;

    void add_young_figure(std::string_view series, const YoungFigure& figure) override;
    std::vector<YoungFigure> young_figures(std::string_view series, int age_days) override;
    std::int64_t posting_list(std::string_view digest) override;
    bool is_list_built(std::int64_t list) override;
    void set_list_built(std::int64_t list, bool built) override;
    void clear_postings(std::int64_t list) override;
    void insert_postings(std::int64_t list, std::span<const mappings::Posting> postings) override;
    void drop_lists_except(std::span<const std::int64_t> kept) override;
    void insert_posting(std::int64_t list, const mappings::Posting& posting) override;
    void erase_posting(std::int64_t list, const mappings::Posting& posting) override;
    void visit_postings(std::int64_t list, std::uint64_t hash, Instant from, Instant to,
                        const std::function<bool(const mappings::Posting&)>& visit) const override;
    void visit_all_postings(std::int64_t list,
                            const std::function<void(const mappings::Posting&)>& visit) const override;

    std::optional<StoredBaseline> baseline(std::string_view measure) override;
    void save_baseline(const StoredBaseline& baseline) override;
    void drop_baseline(std::string_view measure) override;
    std::optional<StatusChange> last_status(std::string_view measure) override;
    void add_status(const StatusChange& change) override;

    std::optional<StoredEpisode> episode(std::string_view measure) override;
    void save_episode(const StoredEpisode& episode) override;
    bool was_known(std::string_view measure) override;
    std::vector<StoredHold> holds() override;
    void add_hold(const StoredHold& hold) override;
    void save_hold(const StoredHold& hold) override;
    std::optional<WatchedSource> watched_source(std::string_view name) override;
    void save_watched_source(const WatchedSource& source) override;
    void add_delivery(const StoredDelivery& delivery) override;
    void save_delivery(const StoredDelivery& delivery) override;
    void rewrite_delivery(const StoredDelivery& delivery) override;
    std::optional<StoredDelivery> delivery(std::string_view id) override;
    std::vector<StoredDelivery> pending_deliveries() override;
    std::vector<StoredDelivery> deliveries() override;
    std::map<std::string, std::int64_t> delivery_counts() override;
    std::optional<Instant> oldest_waiting_delivery() override;
    StoredReceiver receiver(std::string_view receiver) override;
    void save_receiver(const StoredReceiver& receiver) override;

    std::int64_t newest_block() override;
    void look_at_use(BlockUse& use, int most) override;
    std::vector<BlockId> unused_blocks(const BlockUse& use, BlockId until) override;
    void drop_block(BlockId block) override;
    void note_block_age(Instant at) override;
    BlockId newest_block_at(Instant at) override;
    int empty_blocks(BlockId until, int most) override;
    int drop_history(Instant before, int most) override;
    int shrink(int pages) override;
    void truncate_log() override;
    void keep_log_short() override;

    std::optional<std::string> fact(std::string_view name) override;
    void set_fact(std::string_view name, std::string_view value) override;
    void clear_fact(std::string_view name) override;
    void use_attributes(const mappings::Schemas& schemas) override;

  private:
    /// The statement of this SQL text, prepared at its first use. Keyed by address: pass literals only. What
    /// is new is written before.
    Statement& prepared(const char* sql) const;
    std::optional<RecordId> written_record(const RecordKey& key);  ///< in read mode
    void body_of(const Record& record);
    StoredDelivery read_delivery(Statement& row) const;
    void add_subjects(const StoredDelivery& delivery);
    std::vector<StoredDelivery> read_deliveries(Statement& rows) const;
    [[nodiscard]] const mappings::AttributeNumbers& attributes_of(Kind kind) const;
    SourceId source_of(StreamId stream) const;
    void bring_back(StreamId stream);
    std::int64_t recount(StreamId stream);
    std::int64_t shape_id(std::string_view names);
    RawBlock read_block(Statement& row) const;
    void drop_rows_except(const char* list_sql, std::span<const std::int64_t> kept,
                          std::initializer_list<const char*> drop_sql);
    std::int64_t numbered(const char* find_sql, const char* insert_sql, std::string_view digest);

    std::optional<StoreLock> lock_;  ///< first: taken before and released after the database
    StoreMode mode_;
    std::function<bool()> goes_on_;
    mutable Database database_;
    mutable std::unordered_map<const char*, std::unique_ptr<Statement>> statements_;
    mutable std::unordered_map<StreamId, SourceId> sources_of_streams_;
    std::array<mappings::AttributeNumbers, mappings::kind_count> attributes_;
    std::string body_;

    /// Kept beside the records, so that nobody has to count them; written with the commit.
    struct StreamTotals {
        std::int64_t records = 0;
        std::int64_t newest_at = INT64_MIN;
    };
    void note(StreamId stream, std::int64_t records, const Record* record);
    void save_totals();
    std::map<StreamId, StreamTotals> totals_;

    /// What commit_later() left open.
    std::int64_t open_rows_ = 0;
    std::chrono::steady_clock::time_point open_since_;
    bool is_open_ = false;            ///< a transaction waits for its commit
    bool is_begun_ = false;           ///< within somebody's transaction
    std::optional<StoreError> loss_;  ///< why what was to be committed later is lost; empty: it is not

    std::optional<KeyTable> record_keys_, row_keys_;  ///< in write mode
    mutable std::optional<NewRows> new_rows_;         ///< in write mode
    std::optional<BulkInsert> add_postings_;          ///< from its first use on
};

}  // namespace baselined::daemon
