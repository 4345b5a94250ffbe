#include "daemon/app/judgement.hpp"

#include "daemon/app/young_figures.hpp"

namespace baselined::daemon {

Judgement judge(Portfolio& portfolio, Store& store, RecordKeeper& keeper, Books& books, Instant now,
                Reading reading, const std::set<std::string>& untried_sources) {
    if (reading == Reading::complete) {
        keeper.allow_snapshots(now);
        YoungFigures(portfolio, store, books.figures, now).remember();
    }
    Judgement judgement;
    judgement.thaws = freeze_baselines(portfolio, store, books.figures, now);
    judgement.views = evaluate(portfolio, store, books, now);
    // Before the statuses: whether a measure was ever known is asked of its history.
    judgement.tellings =
        plan_tellings(portfolio, store, books.figures, judgement.views, now, untried_sources);
    judgement.turns = remember_statuses(judgement.views, store, now);
    return judgement;
}

}  // namespace baselined::daemon
