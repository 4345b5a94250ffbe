// What a store does for its own size, a small part a call.
#pragma once

#include <cstdint>
#include <unordered_set>
#include <vector>

#include "mappings/record/result.hpp"
#include "mappings/record/time.hpp"

namespace baselined::daemon {

/// Which blocks of raw rows are in use, found out a part at a time.
struct BlockUse {
    std::int64_t last_record = 0, last_row = 0;  ///< how far this got
    bool is_whole = false;
    std::unordered_set<std::int64_t> blocks;
};

/// All calls but shrink(), truncate_log() and keep_log_short() stand inside a transaction.
class UpkeepStore {
  public:
    virtual ~UpkeepStore() = default;

    /// 0: there is none.
    virtual std::int64_t newest_block() = 0;
    /// Adds the blocks that up to `most` more records, then rows of sources, stand on.
    virtual void look_at_use(BlockUse& use, int most) = 0;
    /// The blocks up to `until` that nothing stands on, and that are no part of a file as it is now.
    virtual std::vector<std::int64_t> unused_blocks(const BlockUse& use, std::int64_t until) = 0;
    /// Its rows still count as read.
    virtual void drop_block(std::int64_t block) = 0;

    /// Remembers which blocks were there at that time.
    virtual void note_block_age(mappings::Instant at) = 0;
    /// Blocks up to this one were there by then; 0: nothing is known of that time.
    virtual std::int64_t newest_block_at(mappings::Instant at) = 0;
    /// Takes the rows out of up to `most` blocks up to `until`, and leaves what tells a file that changed
    /// from one that did not; how many.
    virtual int empty_blocks(std::int64_t until, int most) = 0;
    /// Deletes up to `most` of what was noted before that: changes of statuses but the last ones, what was
    /// delivered, how periods filled up; how many.
    virtual int drop_history(mappings::Instant before, int most) = 0;

    /// Gives up to `pages` unused pages of the file back to the system; how many.
    virtual int shrink(int pages) = 0;
    /// Empties the write-ahead log, unless another process reads just now.
    virtual void truncate_log() = 0;
    /// The same where the log is long, to be called often: what was busy once is tried again.
    virtual void keep_log_short() = 0;
};

}  // namespace baselined::daemon
