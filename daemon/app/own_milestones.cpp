#include "daemon/app/own_milestones.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <set>

#include "mappings/indicator/calendar.hpp"

namespace baselined::daemon {

namespace {

constexpr std::string_view source_name = "(measures)", stream_name = "milestones";

class OwnMilestones {
  public:
    OwnMilestones(Portfolio& portfolio, Store& store, RecordKeeper& keeper)
        : portfolio_(portfolio),
          keeper_(keeper),
          stream_(store.stream(source_name, stream_name)),
          schema_(portfolio.schemas().of(Kind::milestone)),
          days_(portfolio.configuration().zone, mappings::PeriodLength::day) {}

    void put_all() {
        for (const auto& measure : portfolio_.configuration().measures) {
            std::map<std::string, int> seen;
            for (const auto& milestone : measure.milestones) put(measure, milestone, ++seen[milestone.name]);
        }
    }

    [[nodiscard]] bool is_gone(SourceId source, RecordId id) const {
        return source == stream_.source && !put_.contains(id);
    }

  private:
    void put(const mappings::MeasureDefinition& measure, const mappings::Milestone& milestone, int nth) {
        const std::string id = measure.id + "/" + milestone.name + (nth > 1 ? fmt::format(" ({})", nth) : "");
        record_.clear(Kind::milestone);
        record_.set_text(mappings::slot_id, id);
        record_.set_text(mappings::slot_number, id);
        record_.set_text(mappings::slot_title, milestone.name);
        record_.set_text(mappings::slot_measure, measure.id);
        if (!measure.owner.name.empty()) record_.set_text(mappings::slot_owner, measure.owner.name);
        std::string said = id + "\n" + measure.owner.name;
        for (const auto& [field, day] : {std::pair{"due_at", &milestone.due}, {"done_at", &milestone.done}}) {
            if (!*day) continue;
            const Instant at = days_.start_of(**day);
            record_.set_timestamp(*schema_.find(field), at);
            said += fmt::format("\n{} {}", field, at.time_since_epoch().count());
        }
        put_.insert(
            keeper_.put({stream_.source, stream_.id, {}, XXH3_64bits(said.data(), said.size()), &record_})
                .id);
    }

    Portfolio& portfolio_;
    RecordKeeper& keeper_;
    StoredStream stream_;
    const mappings::Schema& schema_;
    mappings::Calendar days_;
    Record record_;
    std::set<RecordId> put_;
};

}  // namespace

void keep_own_milestones(Portfolio& portfolio, Store& store, RecordKeeper& keeper) {
    Transaction transaction(store);
    OwnMilestones milestones(portfolio, store, keeper);
    milestones.put_all();
    std::vector<RecordId> gone;
    store.scan(Kind::milestone, [&](RecordId id, SourceId source, const Record&) {
        if (milestones.is_gone(source, id)) gone.push_back(id);
    });
    for (const RecordId id : gone) keeper.remove(id);
    keeper.flush();
    transaction.commit();
}

SourceId own_milestones_source(Store& store) {
    return store.stream(source_name, stream_name).source;
}

}  // namespace baselined::daemon
