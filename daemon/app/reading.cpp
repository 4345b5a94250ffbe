#include "daemon/app/reading.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <set>

#include "connectors/files/folder.hpp"
#include "connectors/files/header.hpp"
#include "connectors/files/table_reader.hpp"
#include "daemon/store/misfits.hpp"
#include "daemon/store/raw_rows.hpp"

namespace baselined::daemon {

namespace {

using connectors::FileEntry;
using connectors::TableReader;
using mappings::Cell;

constexpr std::int64_t rows_a_block = 1'000;
/// Blocks in one transaction: large ones spare SQLite writing the same pages again and again.
constexpr int blocks_a_transaction = 100;
constexpr int blocks_at_once = 32;

/// Maps the rows of one block and hands the records on; counts what did not fit.
class BlockMapper {
  public:
    BlockMapper(StreamPlan& plan, const StoredStream& stream, RecordKeeper& keeper)
        : plan_(plan), stream_(stream), keeper_(keeper) {}

    void bind(const std::vector<std::string>& columns) {
        columns_ = columns.size();
        for (auto& mapping : plan_.mappings) mapping.bind(columns);
    }

    void map(RawBlock& block) {
        block.rejected = 0;
        block.misfits.clear();
        RawRowReader rows(block.data);
        for (std::int64_t index = 0; rows.next(); ++index) {
            if (rows.cells().size() > columns_)
                count_misfit(block.misfits, "(row)",
                             fmt::format("row {} has {} cells under {} names", rows.row_number(),
                                         rows.cells().size(), columns_));
            for (auto& mapping : plan_.mappings) map_row(mapping, rows, {block.id, index}, block);
        }
    }

  private:
    void map_row(mappings::CompiledMapping& mapping, const RawRowReader& row, RowPlace place,
                 RawBlock& block) {
        misfits_.clear();
        const auto outcome = mapping.map(row.cells(), misfits_);
        for (const auto& misfit : misfits_) count_misfit(block.misfits, misfit.field, misfit.example);
        if (outcome == mappings::Outcome::rejected) {
            ++block.rejected;
            count_misfit(block.misfits, "id", fmt::format("row {} has none", row.row_number()));
        }
        if (outcome != mappings::Outcome::record) return;
        keeper_.put({stream_.source, stream_.id, place, row.digest(), &mapping.record()});
    }

    StreamPlan& plan_;
    const StoredStream& stream_;
    RecordKeeper& keeper_;
    std::size_t columns_ = 0;
    std::vector<mappings::ValueMisfit> misfits_;
};

/// One file, from its header to its end.
class FileReading {
  public:
    FileReading(StreamPlan& plan, const StoredStream& stream, Store& store, RecordKeeper& keeper)
        : plan_(plan), stream_(stream), store_(store), keeper_(keeper), mapper_(plan, stream, keeper) {}

    Result<void> read(const FileEntry& entry, bool is_known) {
        Transaction first(store_);
        file_ = {0, stream_.id, entry.name, entry.size, entry.modified_ns, false, {}};
        file_.id = store_.save_file(file_);
        known_blocks_ = is_known ? store_.block_digests(file_.id) : std::vector<std::uint64_t>{};
        first.commit();

        auto reader = connectors::open_table(
            entry.path, {plan_.stream->delimiter, plan_.stream->encoding, plan_.stream->sheet});
        if (!reader) return reader.error();
        if (auto header = read_header(**reader); !header) return header.error();
        if (auto rows = read_rows(**reader); !rows) return rows.error();
        finish();
        return {};
    }

  private:
    Result<void> read_header(TableReader& reader) {
        std::vector<std::vector<std::string>> rows;
        for (const int wanted : plan_.stream->header_rows) {
            while (reader.row_number() < wanted) {
                const auto more = reader.next();
                if (!more) return more.error();
                if (!*more)
                    return Error{
                        ErrorCode::bad_input,
                        fmt::format("{}: has no row {} to take the column names from", file_.name, wanted)};
            }
            // A row without anything in it is passed over: the one that came instead is not it.
            const bool is_it = reader.row_number() == wanted;
            rows.push_back(is_it ? connectors::header_texts(reader.cells()) : std::vector<std::string>{});
            if (!is_it && plan_.stream->header_rows.size() == 1)
                return Error{ErrorCode::bad_input,
                             fmt::format("{}: row {}, where the column names should be, is empty: "
                                         "name their row with `header_row`",
                                         file_.name, wanted)};
        }
        const auto columns = connectors::column_names(rows);
        shape_ = encode_names(columns);
        mapper_.bind(columns);
        return {};
    }

    Result<void> read_rows(TableReader& reader) {
        for (;;) {
            const auto more = reader.next();
            if (!more) {
                flush_transaction();
                return more.error();
            }
            if (!*more) break;
            rows_.add(reader.row_number(), reader.cells());
            if (rows_.rows() == rows_a_block) close_block();
        }
        if (rows_.rows() > 0) close_block();
        return {};
    }

    /// A block that the file had at this place before changes nothing: so a file that grew is read on from
    /// where it stood, and one that was being read when the program was killed too.
    void close_block() {
        const std::uint64_t digest = XXH3_64bits(rows_.bytes().data(), rows_.bytes().size()) ^
                                     XXH3_64bits(shape_.data(), shape_.size());
        const auto ordinal = static_cast<std::size_t>(ordinal_++);
        const bool is_known =
            is_prefix_ && ordinal < known_blocks_.size() && known_blocks_[ordinal] == digest;
        if (!is_known) {
            open_transaction();
            if (is_prefix_) store_.retire_blocks(file_.id, static_cast<std::int64_t>(ordinal));
            is_prefix_ = false;
            add_block(digest, static_cast<std::int64_t>(ordinal));
        }
        rows_.clear();
    }

    void add_block(std::uint64_t digest, std::int64_t ordinal) {
        RawBlock block;
        block.stream = stream_.id;
        block.file = file_.id;
        block.ordinal = ordinal;
        block.shape = shape_;
        block.digest = digest;
        block.data = rows_.bytes();
        block.rows = rows_.rows();
        block.id = store_.add_block(block);
        mapper_.map(block);
        if (block.rejected > 0 || !block.misfits.empty()) store_.save_block_counts(block);
        if (++blocks_in_transaction_ >= blocks_a_transaction) flush_transaction();
    }

    void open_transaction() {
        if (!transaction_) transaction_.emplace(store_);
    }

    void flush_transaction() {
        if (!transaction_) return;
        keeper_.flush();
        transaction_->commit();
        transaction_.reset();
        blocks_in_transaction_ = 0;
    }

    void finish() {
        open_transaction();
        if (is_prefix_) store_.retire_blocks(file_.id, ordinal_);
        store_.drop_unused_blocks(file_.id);
        file_.complete = true;
        store_.save_file(file_);
        flush_transaction();
    }

    StreamPlan& plan_;
    const StoredStream& stream_;
    Store& store_;
    RecordKeeper& keeper_;
    BlockMapper mapper_;
    StoredFile file_;
    std::string shape_;
    std::vector<std::uint64_t> known_blocks_;
    bool is_prefix_ = true;
    std::int64_t ordinal_ = 0;
    RawRowWriter rows_;
    std::optional<Transaction> transaction_;
    int blocks_in_transaction_ = 0;
};

class Reading {
  public:
    Reading(Portfolio& portfolio, Store& store, RecordKeeper& keeper, Instant now)
        : portfolio_(portfolio), store_(store), keeper_(keeper), now_(now) {}

    std::vector<ReadingFailure> run() {
        map_changed_sources();
        for (StreamPlan& plan : portfolio_.streams()) read(plan);
        return std::move(failures_);
    }

  private:
    StoredStream stored(const StreamPlan& plan) {
        Transaction transaction(store_);
        StoredStream stream = store_.stream(plan.source->name, plan.stream->name);
        transaction.commit();
        return stream;
    }

    /// A mapping that changed is applied to the whole history, from the rows as they came. The mark of how
    /// far this got is stored with each step.
    void map_changed_sources() {
        std::set<SourceId> changed;
        for (const StreamPlan& plan : portfolio_.streams()) {
            const StoredStream stream = stored(plan);
            const bool is_changed = !stream.mapping_digest.empty() && stream.mapping_digest != plan.digest;
            if (is_changed || store_.fact(position_fact(stream.source))) changed.insert(stream.source);
        }
        for (const SourceId source : changed) map_anew(source);
    }

    static std::string position_fact(SourceId source) { return fmt::format("mapping_position:{}", source); }

    void map_anew(SourceId source) {
        {
            Transaction transaction(store_);
            keeper_.forget(source);
            for (const StreamPlan& plan : portfolio_.streams()) {
                StoredStream stream = store_.stream(plan.source->name, plan.stream->name);
                if (stream.source != source) continue;
                stream.mapping_digest = plan.digest;
                store_.save_stream(stream);
            }
            store_.set_fact(position_fact(source), "0");
            transaction.commit();
        }
        BlockId position = 0;
        for (;;) {
            auto blocks = store_.blocks_after(source, position, blocks_at_once);
            Transaction transaction(store_);
            for (RawBlock& block : blocks) map_block(block);
            if (!blocks.empty()) position = blocks.back().id;
            keeper_.flush();
            if (blocks.empty()) store_.clear_fact(position_fact(source));
            transaction.commit();
            if (blocks.empty()) return;
        }
    }

    void map_block(RawBlock& block) {
        for (StreamPlan& plan : portfolio_.streams()) {
            const StoredStream stream = store_.stream(plan.source->name, plan.stream->name);
            if (stream.id != block.stream) continue;
            BlockMapper mapper(plan, stream, keeper_);
            mapper.bind(decode_names(block.shape));
            mapper.map(block);
            store_.save_block_counts(block);
        }
    }

    void read(StreamPlan& plan) {
        StoredStream stream = stored(plan);
        stream.mapping_digest = plan.digest;
        stream.error.clear();
        const auto files = connectors::list_files(plan.source->path, plan.stream->match);
        if (!files)
            fail(plan, stream, files.error().text);
        else
            read_files(plan, stream, *files);
        if (stream.error.empty()) {
            stream.complete_at = now_;
            if (!stream.first_complete_at) stream.first_complete_at = now_;
        }
        Transaction transaction(store_);
        store_.save_stream(stream);
        transaction.commit();
    }

    void read_files(StreamPlan& plan, StoredStream& stream, const std::vector<FileEntry>& files) {
        const auto known = store_.files(stream.id);
        if (files.empty() && known.empty())
            fail(plan, stream,
                 fmt::format("no file in {} matches \"{}\"", plan.source->path, plan.stream->match));
        for (const FileEntry& entry : files) {
            const auto before = std::find_if(known.begin(), known.end(),
                                             [&](const StoredFile& file) { return file.name == entry.name; });
            const bool is_same = before != known.end() && before->size == entry.size &&
                                 before->modified_ns == entry.modified_ns;
            if (is_same && before->complete) continue;
            FileReading reading(plan, stream, store_, keeper_);
            if (auto done = reading.read(entry, before != known.end()); !done)
                fail(plan, stream, done.error().text);
        }
    }

    void fail(const StreamPlan& plan, StoredStream& stream, const std::string& text) {
        stream.error += (stream.error.empty() ? "" : "; ") + text;
        failures_.push_back({plan.source->name, plan.stream->name, text});
    }

    Portfolio& portfolio_;
    Store& store_;
    RecordKeeper& keeper_;
    Instant now_;
    std::vector<ReadingFailure> failures_;
};

}  // namespace

std::vector<ReadingFailure> read_all(Portfolio& portfolio, Store& store, RecordKeeper& keeper, Instant now) {
    return Reading(portfolio, store, keeper, now).run();
}

}  // namespace baselined::daemon
