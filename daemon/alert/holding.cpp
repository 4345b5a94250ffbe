#include "daemon/alert/holding.hpp"

#include <algorithm>

#include "daemon/alert/letters.hpp"
#include "mappings/alert/schedule.hpp"

namespace baselined::daemon {

namespace {

/// Moves the element from one list to another.
template <class List>
void move_one(List& from, std::size_t index, List& to) {
    to.push_back(std::move(from[index]));
    from.erase(from.begin() + static_cast<std::ptrdiff_t>(index));
}

/// Moves the part that a delivery's subject is of: measures, sources and remarks stand in the order of the
/// subjects.
void move_part(Notice& from, std::size_t index, Notice& to) {
    if (index < from.measures.size()) return move_one(from.measures, index, to.measures);
    index -= from.measures.size();
    if (index < from.sources.size()) return move_one(from.sources, index, to.sources);
    index -= from.sources.size();
    if (index < from.remarks.size()) move_one(from.remarks, index, to.remarks);
}

}  // namespace

bool concerns(const StoredHold& hold, const mappings::MeasureDefinition& measure) {
    const bool is_owner =
        hold.owner.empty() || hold.owner == measure.owner.name || hold.owner == measure.owner.email;
    return is_owner && (hold.measure.empty() || hold.measure == measure.id) &&
           (hold.programme.empty() || hold.programme == measure.programme);
}

Holding::Holding(const config::Configuration& configuration, Store& store, Instant now)
    : configuration_(configuration), holds_(store.holds()) {
    std::erase_if(holds_, [&](const StoredHold& hold) {
        return hold.lifted_at || mappings::end_of_day(hold.until, configuration.zone) <= now;
    });
}

std::optional<Instant> Holding::until(const DeliverySubject& subject) const {
    if (subject.measure.empty() || subject.kind == name_of(NoticeKind::silence_ends)) return std::nullopt;
    const auto known =
        std::find_if(configuration_.measures.begin(), configuration_.measures.end(),
                     [&](const mappings::MeasureDefinition& one) { return one.id == subject.measure; });
    mappings::MeasureDefinition gone;  // from the configuration: only its id is known
    gone.id = subject.measure;
    const auto& measure = known != configuration_.measures.end() ? *known : gone;
    std::optional<Instant> last;
    for (const StoredHold& hold : holds_) {
        const bool is_of_kind =
            hold.kind == StoredHold::Kind::silence || subject.kind == name_of(NoticeKind::reminder);
        if (is_of_kind && concerns(hold, measure))
            last = std::max(last, std::optional(mappings::end_of_day(hold.until, configuration_.zone)));
    }
    return last;
}

bool set_apart_what_is_held(const Holding& holding, Store& store, StoredDelivery& delivery) {
    const auto is_held = [&](const DeliverySubject& subject) { return holding.until(subject).has_value(); };
    const auto held_count = std::count_if(delivery.subjects.begin(), delivery.subjects.end(), is_held);
    if (held_count == 0) return true;
    Transaction transaction(store);
    if (static_cast<std::size_t>(held_count) == delivery.subjects.size()) {
        if (!delivery.first_try_at) return false;
        delivery.first_try_at.reset();
        store.save_delivery(delivery);
        transaction.commit();
        return false;
    }
    auto notice = notice_from_json(store.delivery(delivery.id)->content);
    if (!notice) return true;  // whoever tries to send it says so
    Notice held_notice = *notice;
    held_notice.measures.clear();
    held_notice.sources.clear();
    held_notice.remarks.clear();
    held_notice.id = new_notice_id();
    StoredDelivery held = delivery;
    held.subjects.clear();
    held.id = held_notice.id;
    for (std::size_t i = 0; i < delivery.subjects.size();) {
        if (!is_held(delivery.subjects[i])) {
            ++i;
            continue;
        }
        move_one(delivery.subjects, i, held.subjects);
        move_part(*notice, i, held_notice);
    }
    held.content = to_json(held_notice);
    delivery.content = to_json(*notice);
    store.add_delivery(held);
    store.rewrite_delivery(delivery);
    transaction.commit();
    return true;
}

}  // namespace baselined::daemon
