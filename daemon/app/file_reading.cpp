#include "daemon/app/file_reading.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include "connectors/files/header.hpp"
#include "connectors/files/table_reader.hpp"
#include "daemon/app/block_mapper.hpp"

namespace baselined::daemon {

using connectors::FileEntry;
using connectors::TableReader;

namespace {

constexpr std::int64_t rows_a_block = 1'000;
/// Blocks in one transaction: large ones spare SQLite writing the same pages again and again.
constexpr int blocks_a_transaction = 100;

}  // namespace

/// One file, from its header to its end.
class FileReading::State {
  public:
    State(StreamPlan& plan, StoredStream stream, Store& store, RecordKeeper& keeper)
        : plan_(plan),
          stream_(std::move(stream)),
          store_(store),
          keeper_(keeper),
          mapper_(plan, stream_, store, keeper) {}

    Result<void> open(const FileEntry& entry, bool is_known) {
        Transaction first(store_);
        file_ = {0, stream_.id, entry.name, entry.size, entry.modified_ns, false, {}};
        file_.id = store_.save_file(file_);
        known_blocks_ = is_known ? store_.block_digests(file_.id) : std::vector<std::uint64_t>{};
        first.commit();

        auto reader = connectors::open_table(
            entry.path, {plan_.stream->delimiter, plan_.stream->encoding, plan_.stream->sheet});
        if (!reader) return reader.error();
        reader_ = std::move(*reader);
        return read_header();
    }

    Result<bool> step() {
        const int before = transactions_;
        while (transactions_ == before) {
            const auto more = reader_->next();
            if (!more) {
                flush_transaction();
                return more.error();
            }
            if (!*more) {
                if (rows_.rows() > 0) close_block();
                finish();
                return false;
            }
            rows_.add(reader_->row_number(), reader_->cells());
            ++taken_;
            if (rows_.rows() == rows_a_block) close_block();
        }
        return true;
    }

    [[nodiscard]] std::int64_t rows() const { return taken_; }
    [[nodiscard]] const std::string& lacks() const { return lacks_; }

  private:
    Result<void> read_header() {
        const auto columns = connectors::read_header(*reader_, plan_.stream->header_rows, file_.name);
        if (!columns) return columns.error();
        shape_ = encode_names(*columns);
        mapper_.bind(shape_);
        if (const std::string lacks = mapper_.lacks(); !lacks.empty())
            lacks_ = fmt::format(
                "{} has {}: figures of measures need it, name it in the mapping as this file does",
                file_.name, lacks);
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
        ++transactions_;
    }

    void finish() {
        open_transaction();
        if (is_prefix_) store_.retire_blocks(file_.id, ordinal_);
        file_.complete = true;
        store_.save_file(file_);
        flush_transaction();
    }

    StreamPlan& plan_;
    StoredStream stream_;
    Store& store_;
    RecordKeeper& keeper_;
    BlockMapper mapper_;
    StoredFile file_;
    std::string shape_;
    std::string lacks_;
    std::vector<std::uint64_t> known_blocks_;
    bool is_prefix_ = true;
    std::int64_t ordinal_ = 0;
    RawRowWriter rows_;
    std::optional<Transaction> transaction_;
    int blocks_in_transaction_ = 0;
    int transactions_ = 0;
    std::int64_t taken_ = 0;
    std::unique_ptr<TableReader> reader_;
};

FileReading::FileReading(StreamPlan& plan, StoredStream stream, Store& store, RecordKeeper& keeper)
    : state_(std::make_unique<State>(plan, std::move(stream), store, keeper)) {}
FileReading::~FileReading() = default;

Result<void> FileReading::open(const FileEntry& entry, bool is_known) {
    return state_->open(entry, is_known);
}

Result<bool> FileReading::step() {
    return state_->step();
}

std::int64_t FileReading::rows() const {
    return state_->rows();
}

const std::string& FileReading::lacks() const {
    return state_->lacks();
}

}  // namespace baselined::daemon
