// A mapping that changed is applied to the whole history, from the rows as they came.
#pragma once

#include <string>
#include <vector>

#include "daemon/app/portfolio.hpp"
#include "daemon/app/record_keeper.hpp"
#include "daemon/store/store.hpp"

namespace baselined::daemon {

/// Makes all records of each source anew whose mappings differ from those that made them, a transaction a
/// step. How far this got is stored with each step: killed or stopped, it goes on there. Between two steps
/// other sources may be read, these not. All calls on the store's thread; what it is given outlives it.
class Remapping {
  public:
    Remapping(Portfolio& portfolio, Store& store, RecordKeeper& keeper);
    /// Names of the sources whose records are not all made anew yet.
    [[nodiscard]] std::vector<std::string> sources() const;
    /// False: nothing is left.
    bool step();
    /// A sentence for the user; empty: all was mapped anew.
    [[nodiscard]] std::string what_was_left() const;

  private:
    struct Pending {
        std::string name;
        SourceId id = 0;
        bool goes_on = false;  ///< begun before, with the same mappings
        BlockId position = 0;
    };
    bool note_change(StoredStream& stream);
    void begin(Pending& source);
    bool map_some(Pending& source);
    void map_block(RawBlock& block);

    Portfolio& portfolio_;
    Store& store_;
    RecordKeeper& keeper_;
    std::vector<Pending> pending_;
    std::int64_t left_as_they_were_ = 0;
};

/// All of it at once; what_was_left().
std::string map_changed_sources(Portfolio& portfolio, Store& store, RecordKeeper& keeper);

}  // namespace baselined::daemon
