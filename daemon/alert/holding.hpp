// What acks and silences keep back of that which waits in the outbox already.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "daemon/store/store.hpp"

namespace baselined::daemon {

/// Whether an ack or silence speaks of that measure.
bool concerns(const StoredHold& hold, const mappings::MeasureDefinition& measure);

/// The acks and silences that hold at an instant.
class Holding {
  public:
    /// Reads the holds; the configuration outlives it.
    Holding(const config::Configuration& configuration, Store& store, Instant now);
    [[nodiscard]] const std::vector<StoredHold>& in_force() const { return holds_; }
    /// Until when what is told of a measure is kept back: all of it by a silence, reminders by an ack too.
    /// nullopt: it may go.
    [[nodiscard]] std::optional<Instant> until(const DeliverySubject& subject) const;

  private:
    const config::Configuration& configuration_;
    std::vector<StoredHold> holds_;
};

/// Readies a pending delivery for a try, within a transaction of its own: what is kept back of a mail about
/// several measures becomes a delivery that waits, in the place of the whole; the rest keeps the id. False:
/// nothing of it may go now. The days for which it is tried begin anew when it may.
bool set_apart_what_is_held(const Holding& holding, Store& store, StoredDelivery& delivery);

}  // namespace baselined::daemon
