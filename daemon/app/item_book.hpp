// The actions, findings and mapped milestones that serve measures.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "daemon/app/portfolio.hpp"
#include "daemon/store/store.hpp"
#include "mappings/measure/assessment.hpp"

namespace baselined::daemon {

/// Reads all records of a kind when it is asked for the first of them. Both outlive it.
class ItemBook {
  public:
    using Items = std::vector<mappings::ActionFigure>;

    ItemBook(Portfolio& portfolio, Store& store) : portfolio_(portfolio), store_(store) {}

    /// By number; those of the kind action, finding or milestone that name the measure. A measure's own
    /// milestones are not among them: they stand in its definition.
    const Items& of(Kind kind, const std::string& measure);
    /// Records of the kind changed.
    void forget(Kind kind) { by_kind_.erase(kind); }

  private:
    using ItemsByMeasure = std::map<std::string, Items>;
    ItemsByMeasure read(Kind kind);

    Portfolio& portfolio_;
    Store& store_;
    std::map<Kind, ItemsByMeasure> by_kind_;
};

}  // namespace baselined::daemon
