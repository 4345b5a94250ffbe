#include "daemon/app/file_reading.hpp"

#include <algorithm>

#include "daemon/app/block_mapper.hpp"
#include "daemon/app/file_blocks.hpp"
#include "daemon/app/file_look.hpp"
#include "daemon/app/former_rows.hpp"

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
        if (const auto opened = open_blocks(); !opened) return opened;
        {
            Transaction look_up(store_);
            if (before != nullptr) former_ = former_of(*before);
            look_up.commit();
        }
        look_.emplace(plan_, entry.name, former_, *blocks_, store_);
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

    [[nodiscard]] FormerFile former_of(const StoredFile& before) {
        const bool is_as_now = before.size == entry_.size && before.modified_ns == entry_.modified_ns;
        return {before.id, store_.block_digests(before.id), is_as_now && !before.complete};
    }

    void begin() {
        look_.reset();
        mapper_.bind(blocks_->shape());
        Transaction first(store_);
        file_ = {0, stream_.id, entry_.name, entry_.size, entry_.modified_ns, false, {}};
        file_.id = store_.save_file(file_);
        if (former_.is_begun) former_rows_ = FormerRows(file_.id, INT64_MAX, store_);
        first.commit();
    }

    /// A block that the file had at this place before changes nothing: so a file that grew is read on from
    /// where it stood, and one that was being read when the program was killed too.
    void take_block() {
        const std::size_t ordinal = blocks_->ordinal();
        if (is_prefix_ && ordinal < former_.blocks.size() && former_.blocks[ordinal] == blocks_->digest())
            return pass_over();
        open_transaction();
        if (is_prefix_) retire(static_cast<std::int64_t>(ordinal));
        is_prefix_ = false;
        add_block(static_cast<std::int64_t>(ordinal));
    }

    /// One that a reading took which was killed has used up former rows.
    void pass_over() {
        if (static_cast<std::int64_t>(blocks_->ordinal()) < former_rows_.first_ordinal()) return;
        for (const std::uint64_t digest : blocks_->digests()) former_rows_.find(digest);
    }

    /// What stood from there on is what the file said before it changed.
    void retire(std::int64_t ordinal) {
        store_.retire_blocks(file_.id, ordinal);
        if (former_.id != 0 && former_rows_.empty()) former_rows_ = FormerRows(file_.id, ordinal, store_);
    }

    void add_block(std::int64_t ordinal) {
        RawBlock block;
        block.stream = stream_.id;
        block.file = file_.id;
        block.ordinal = ordinal;
        block.shape = blocks_->shape();
        block.digest = blocks_->digest();
        block.data = blocks_->bytes();
        block.rows = blocks_->rows();
        block.id = store_.add_block(block);
        mapper_.map(block, are_repeated());
        if (block.rejected > 0 || !block.misfits.empty()) store_.save_block_counts(block);
        if (std::find(block.overruled.begin(), block.overruled.end(), true) != block.overruled.end())
            store_.save_overruled(block);
        if (++blocks_in_transaction_ >= blocks_a_transaction) flush_transaction();
    }

    /// Of the rows of the block; empty: none is.
    std::vector<bool> are_repeated() {
        std::vector<bool> repeated;
        if (former_rows_.empty()) return repeated;
        for (const std::uint64_t digest : blocks_->digests()) repeated.push_back(former_rows_.find(digest));
        return repeated;
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
        store_.forget_former_blocks(file_.id);
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
    FormerFile former_;
    StoredFile file_;
    std::optional<FileBlocks> blocks_;
    std::optional<FileLook> look_;  ///< as long as it lasts
    bool is_refused_ = false;
    bool is_prefix_ = true;  ///< all blocks so far are as they were
    FormerRows former_rows_;
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
