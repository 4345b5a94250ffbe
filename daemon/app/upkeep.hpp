// The store kept small, once a day, in parts that hold up nobody.
#pragma once

#include <vector>

#include "config/config.hpp"
#include "daemon/store/store.hpp"

namespace baselined::daemon {

/// A round: raw rows whose records were replaced go, then what is past its age, then the file is made
/// smaller. Records, figures, frozen baselines and what is still to be delivered are never touched. A round
/// that is killed begins anew, nothing of it is half done. All calls on the store's thread; what it is given
/// outlives it. Not while a mapping is applied to the history: that has records stand on old blocks again.
class Upkeep {
  public:
    Upkeep(Store& store, const config::Retention& retention) : store_(store), retention_(retention) {}

    [[nodiscard]] bool is_due(Instant now) const;
    /// One part, some milliseconds; false: the round is over, and the next step would begin another.
    bool step(Instant now);

  private:
    enum class Part { begin, look, drop, empty, forget, shrink };
    void begin(Instant now);
    bool look();
    bool drop();
    bool empty(Instant now);
    bool forget(Instant now);
    void end(Instant now);

    Store& store_;
    const config::Retention& retention_;
    Part part_ = Part::begin;
    BlockUse use_;
    BlockId until_ = 0;
    std::vector<BlockId> unused_;
};

}  // namespace baselined::daemon
