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
    /// Sentences for the user, of what the mappings did not reach; of sources that are done.
    [[nodiscard]] const std::vector<std::string>& left() const { return left_; }

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
    void tell(SourceId source);

    Portfolio& portfolio_;
    Store& store_;
    RecordKeeper& keeper_;
    std::vector<Pending> pending_;
    std::vector<std::string> left_;
};

/// What the last change of a stream's mapping did not reach, or what waits for a stream to come back: a
/// sentence, from what is stored. Empty: nothing.
std::string left_of(Store& store, const StoredStream& stream);

/// The same of what the next run is going to do under this configuration: sentences. Only looks.
std::vector<std::string> foreseen_left(Portfolio& portfolio, Store& store);

/// All of it at once; left().
std::vector<std::string> map_changed_sources(Portfolio& portfolio, Store& store, RecordKeeper& keeper);

}  // namespace baselined::daemon
