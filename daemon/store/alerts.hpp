// What is remembered of alerts: who was told what of which measure, what keeps tellings back, and the outbox.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mappings/alert/decision.hpp"
#include "mappings/measure/definition.hpp"

namespace baselined::daemon {

using mappings::Instant;

/// A telling that is held back as of the last evaluation.
struct HeldTelling {
    std::string kind;  ///< of the notice that would be sent
    mappings::Hold by = mappings::Hold::nothing;
    Instant since;
    std::optional<Instant> until;
    std::vector<std::string> receivers;
};

struct StoredEpisode {
    std::string measure;
    mappings::Episode episode;
    std::vector<std::string> told;  ///< every receiver who was told anything in it
    std::optional<HeldTelling> held;
};

/// What somebody asked for with `ack` or `silence`.
struct StoredHold {
    enum class Kind { ack, silence };
    std::int64_t id = 0;
    Kind kind = Kind::ack;
    std::string measure, owner, programme;  ///< a silence holds what matches all that is not empty
    mappings::Day until;                    ///< included, in local time
    std::string by, system_user, reason;
    Instant at;
    std::optional<Instant> lifted_at;  ///< an ack whose measure got worse, a silence that another replaces
    std::optional<Instant> warned_at;  ///< when it was told that it ends soon
};

std::string_view name_of(StoredHold::Kind kind);

/// A source as those who are told of silent ones know it.
struct WatchedSource {
    std::string name;
    Instant first_seen;
    std::optional<Instant> told_silent_at;  ///< empty: it is not silent, as far as anybody was told
};

/// One measure (or source) that a delivery speaks of.
struct DeliverySubject {
    std::string measure;  ///< empty: a source, or the whole
    std::string kind;     ///< the notice's
};

enum class DeliveryState {
    waiting,
    held,  ///< until quiet hours end
    sent,
    dead,
};
std::string_view name_of(DeliveryState state);

/// One notice on its way to one receiver.
struct StoredDelivery {
    std::int64_t number = 0;  ///< grows in the order in which they were made
    std::string id;           ///< the same at every try
    std::string receiver;     ///< "mail:dana@acme.com" or "webhook:ops"
    std::string name;         ///< the person's, of a mail
    std::vector<DeliverySubject> subjects;
    std::string content;  ///< the notice as JSON; empty once it was sent
    Instant created_at;
    DeliveryState state = DeliveryState::waiting;
    int attempts = 0;
    std::optional<Instant> first_try_at, next_at, sent_at;
    std::string last_error;
};

struct StoredReceiver {
    std::string receiver;
    std::optional<Instant> paused_until;  ///< as it asked by Retry-After
    std::optional<Instant> paused_at;     ///< when it asked
    /// SHA-256 of the webhook's URL that answered 410; empty: it did not. The URL is a key, and not stored.
    std::string disabled_digest;
    std::optional<Instant> disabled_at;
    std::string words;  ///< the receiver's, when it disabled itself
};

class AlertStore {
  public:
    virtual ~AlertStore() = default;

    virtual std::optional<StoredEpisode> episode(std::string_view measure) = 0;
    virtual void save_episode(const StoredEpisode& episode) = 0;
    /// Whether the measure has ever had another status than unknown.
    virtual bool was_known(std::string_view measure) = 0;

    virtual std::vector<StoredHold> holds() = 0;
    virtual void add_hold(const StoredHold& hold) = 0;
    virtual void save_hold(const StoredHold& hold) = 0;

    virtual std::optional<WatchedSource> watched_source(std::string_view name) = 0;
    virtual void save_watched_source(const WatchedSource& source) = 0;

    virtual void add_delivery(const StoredDelivery& delivery) = 0;
    /// State, attempts, times and words; an empty content where it was sent.
    virtual void save_delivery(const StoredDelivery& delivery) = 0;
    /// Its content and subjects: part of it became a delivery of its own.
    virtual void rewrite_delivery(const StoredDelivery& delivery) = 0;
    virtual std::optional<StoredDelivery> delivery(std::string_view id) = 0;
    /// Waiting and held ones in the order in which what they tell was decided, without their content.
    virtual std::vector<StoredDelivery> pending_deliveries() = 0;
    /// All of them, without their content.
    virtual std::vector<StoredDelivery> deliveries() = 0;
    /// How many there are in each state, by its name.
    virtual std::map<std::string, std::int64_t> delivery_counts() = 0;
    virtual std::optional<Instant> oldest_waiting_delivery() = 0;
    virtual StoredReceiver receiver(std::string_view receiver) = 0;
    virtual void save_receiver(const StoredReceiver& receiver) = 0;
};

}  // namespace baselined::daemon
