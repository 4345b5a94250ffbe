#include "daemon/app/file_reading.hpp"

#include <xxhash.h>

#include "daemon/app/block_mapper.hpp"
#include "daemon/app/file_blocks.hpp"
#include "daemon/app/file_look.hpp"

namespace baselined::daemon {

using connectors::FileEntry;

namespace {

/// Blocks in one transaction: large ones spare SQLite writing the same pages again and again.
constexpr int blocks_a_transaction = 100;

}  // namespace

/// One file: looked through, then taken from its header to its end.
class FileReading::State {
  public:
    State(StreamPlan& plan, StoredStream stream, Store& store, RecordKeeper& keeper)
        : plan_(plan),
          stream_(std::move(stream)),
          store_(store),
          keeper_(keeper),
          mapper_(plan, stream_, store, keeper) {}

    Result<void> open(const FileEntry& entry, const StoredFile* before) {
        entry_ = entry;
        is_known_ = before != nullptr;
        if (const auto opened = open_blocks(); !opened) return opened;
        look_.emplace(plan_, entry.name, *blocks_);
        if (!look_->is_needed()) begin();
        return {};
    }

    Result<bool> step() {
        if (look_) return look();
        const int before = transactions_;
        while (transactions_ == before) {
            const auto more = blocks_->next();
            if (!more) {
                flush_transaction();
                return more.error();
            }
            if (!*more) {
                finish();
                return false;
            }
            taken_ += blocks_->rows();
            take_block();
        }
        return true;
    }

    [[nodiscard]] std::int64_t rows() const { return taken_; }
    [[nodiscard]] bool is_refused() const { return is_refused_; }

  private:
    Result<void> open_blocks() {
        auto blocks = FileBlocks::open(entry_, *plan_.stream);
        if (!blocks) return blocks.error();
        blocks_.emplace(std::move(*blocks));
        return {};
    }

    Result<bool> look() {
        if (look_->step()) return true;
        if (std::string objection = look_->objection(); !objection.empty()) {
            is_refused_ = true;
            return Error{ErrorCode::bad_input, std::move(objection)};
        }
        if (const auto opened = open_blocks(); !opened) return opened.error();
        begin();
        return true;
    }

    void begin() {
        look_.reset();
        shape_ = encode_names(blocks_->columns());
        mapper_.bind(shape_);
        Transaction first(store_);
        file_ = {0, stream_.id, entry_.name, entry_.size, entry_.modified_ns, false, {}};
        file_.id = store_.save_file(file_);
        known_blocks_ = is_known_ ? store_.block_digests(file_.id) : std::vector<std::uint64_t>{};
        first.commit();
    }

    /// A block that the file had at this place before changes nothing: so a file that grew is read on from
    /// where it stood, and one that was being read when the program was killed too.
    void take_block() {
        const std::string& bytes = blocks_->bytes();
        const std::uint64_t digest =
            XXH3_64bits(bytes.data(), bytes.size()) ^ XXH3_64bits(shape_.data(), shape_.size());
        const std::size_t ordinal = blocks_->ordinal();
        if (is_prefix_ && ordinal < known_blocks_.size() && known_blocks_[ordinal] == digest) return;
        open_transaction();
        if (is_prefix_) store_.retire_blocks(file_.id, static_cast<std::int64_t>(ordinal));
        is_prefix_ = false;
        add_block(digest, static_cast<std::int64_t>(ordinal));
    }

    void add_block(std::uint64_t digest, std::int64_t ordinal) {
        RawBlock block;
        block.stream = stream_.id;
        block.file = file_.id;
        block.ordinal = ordinal;
        block.shape = shape_;
        block.digest = digest;
        block.data = blocks_->bytes();
        block.rows = blocks_->rows();
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
        if (is_prefix_) store_.retire_blocks(file_.id, blocks_->count());
        file_.complete = true;
        store_.save_file(file_);
        flush_transaction();
    }

    StreamPlan& plan_;
    StoredStream stream_;
    Store& store_;
    RecordKeeper& keeper_;
    BlockMapper mapper_;
    FileEntry entry_;
    bool is_known_ = false;
    StoredFile file_;
    std::string shape_;
    std::optional<FileBlocks> blocks_;
    std::optional<FileLook> look_;  ///< as long as it lasts
    bool is_refused_ = false;
    std::vector<std::uint64_t> known_blocks_;
    bool is_prefix_ = true;
    std::optional<Transaction> transaction_;
    int blocks_in_transaction_ = 0;
    int transactions_ = 0;
    std::int64_t taken_ = 0;
};

FileReading::FileReading(StreamPlan& plan, StoredStream stream, Store& store, RecordKeeper& keeper)
    : state_(std::make_unique<State>(plan, std::move(stream), store, keeper)) {}
FileReading::~FileReading() = default;

Result<void> FileReading::open(const FileEntry& entry, const StoredFile* before) {
    return state_->open(entry, before);
}

Result<bool> FileReading::step() {
    return state_->step();
}

std::int64_t FileReading::rows() const {
    return state_->rows();
}

bool FileReading::is_refused() const {
    return state_->is_refused();
}

}  // namespace baselined::daemon
