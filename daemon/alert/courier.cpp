#include "daemon/alert/courier.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daemon/alert/holding.hpp"
#include "daemon/alert/letters.hpp"
#include "daemon/sha256.hpp"
#include "mappings/alert/schedule.hpp"

namespace baselined::daemon {

namespace asio = boost::asio;
using std::chrono::steady_clock;

namespace {

constexpr std::chrono::seconds look_every{15};
constexpr std::chrono::minutes rate_window{1};
/// A way that has failed in a row for so long is left alone until the next round.
constexpr std::chrono::minutes failing_for{1};

std::string way_of(const StoredDelivery& delivery) {
    return delivery.receiver.starts_with("mail:") ? "mail" : delivery.receiver;
}

std::string address_of(const StoredDelivery& delivery) {
    return delivery.receiver.substr(delivery.receiver.find(':') + 1);
}

std::string subject_text(const StoredDelivery& delivery) {
    constexpr std::size_t most = 5;
    std::string text;
    for (std::size_t i = 0; i < std::min(most, delivery.subjects.size()); ++i) {
        const DeliverySubject& subject = delivery.subjects[i];
        text += (text.empty() ? "" : ", ") + (subject.measure.empty() ? subject.kind : subject.measure);
    }
    if (delivery.subjects.size() > most) text += fmt::format(" and {} more", delivery.subjects.size() - most);
    return text;
}

/// Nothing is put off for longer than it is tried for, and a night: a time further on was noted by a clock
/// that has been set back since.
bool has_come(const std::optional<Instant>& at, Instant now) {
    return *at <= now || *at - now > mappings::tried_for + std::chrono::hours{24};
}

/// Whether a receiver asked not to be spoken to yet; what a clock noted that has been set back since is
/// nothing that it asked for.
bool is_left_alone(const StoredReceiver& receiver, Instant now) {
    if (!receiver.paused_until) return false;
    return receiver.paused_at ? *receiver.paused_at <= now && now < *receiver.paused_until
                              : !has_come(receiver.paused_until, now);
}

std::string asks_too_long(Instant until) {
    return fmt::format(
        "given up: the receiver asks to be left alone until {}, for longer than the 7 days in which an "
        "alert is tried",
        mappings::format_rfc3339(until));
}

void end_as_dead(StoredDelivery& delivery, std::string words) {
    delivery.state = DeliveryState::dead;
    delivery.next_at.reset();
    delivery.last_error = std::move(words);
}

DeliveryOutcome lost(std::string words) {
    return {Delivery::dead, std::move(words), {}};
}

}  // namespace

asio::awaitable<void> Pace::wait() {
    for (;;) {
        const auto now = steady_clock::now();
        while (!begun_.empty() && begun_.front() + rate_window <= now) begun_.pop_front();
        if (begun_.size() < static_cast<std::size_t>(per_minute_)) {
            begun_.push_back(now);
            co_return;
        }
        asio::steady_timer timer(io_, begun_.front() + rate_window);
        co_await timer.async_wait(asio::use_awaitable);
    }
}

void note_outcome(StoredDelivery& delivery, const DeliveryOutcome& outcome, Instant now) {
    ++delivery.attempts;
    if (!delivery.first_try_at) delivery.first_try_at = now;
    delivery.last_error = outcome.delivery == Delivery::arrived ? "" : outcome.words;
    delivery.next_at.reset();
    switch (outcome.delivery) {
        case Delivery::arrived:
            delivery.state = DeliveryState::sent;
            delivery.sent_at = now;
            return;
        case Delivery::dead:
        case Delivery::disabled:
            delivery.state = DeliveryState::dead;
            return;
        case Delivery::retry:
            break;
    }
    if (now - *delivery.first_try_at >= mappings::tried_for)
        return end_as_dead(delivery, fmt::format("given up after {} tries in 7 days; the last said: {}",
                                                 delivery.attempts, outcome.words));
    if (outcome.retry_after && *outcome.retry_after > mappings::tried_for)
        return end_as_dead(delivery,
                           fmt::format("{}; {}", asks_too_long(now + *outcome.retry_after), outcome.words));
    mappings::Millis pause = mappings::retry_pause(delivery.attempts);
    if (outcome.retry_after) pause = std::max<mappings::Millis>(pause, *outcome.retry_after);
    delivery.state = DeliveryState::waiting;
    delivery.next_at = now + pause;
}

Courier::Courier(asio::io_context& io, const config::Configuration& configuration, Store& store,
                 StoreThread& thread, std::function<Instant()> clock)
    : configuration_(configuration),
      store_(store),
      thread_(thread),
      clock_(std::move(clock)),
      http_(io),
      pace_(io, configuration.alerts->per_minute),
      waking_(io) {}

asio::awaitable<void> Courier::begin_due(Spawn spawn) {
    auto load = [this] { return store_.pending_deliveries(); };
    const auto pending = co_await thread_.run(std::move(load));
    std::map<std::string, std::vector<StoredDelivery>> queues;
    for (const StoredDelivery& delivery : pending) queues[delivery.receiver].push_back(delivery);
    const Instant now = clock_();
    for (auto& [receiver, queue] : queues) {
        const bool is_due = std::any_of(queue.begin(), queue.end(), [&](const auto& delivery) {
            return has_come(delivery.next_at, now);
        });
        if (is_due && busy_.insert(receiver).second) spawn(serve(receiver, std::move(queue)));
    }
}

asio::awaitable<void> Courier::keep_delivering(Spawn spawn) {
    for (;;) {
        co_await begin_due(spawn);
        waking_.expires_after(look_every);
        boost::system::error_code woken;
        co_await waking_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        const auto state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none) co_return;
    }
}

asio::awaitable<void> Courier::serve(std::string receiver, std::vector<StoredDelivery> queue) {
    struct Leave {
        std::set<std::string>& busy;
        const std::string& receiver;
        ~Leave() { busy.erase(receiver); }
    };
    const Leave leave{busy_, receiver};
    auto load = [this, receiver] { return store_.receiver(receiver); };
    const StoredReceiver stored = co_await thread_.run(std::move(load));
    if (is_left_alone(stored, clock_())) {
        if (*stored.paused_until - clock_() > mappings::tried_for)
            co_await give_up(std::move(queue), asks_too_long(*stored.paused_until));
        co_return;
    }
    // What is told of a measure arrives in the order in which it happened: behind one that waits, others of
    // the same measure wait too.
    std::set<std::string> waiting;
    const auto hold_back = [&](const StoredDelivery& delivery) {
        for (const DeliverySubject& subject : delivery.subjects) waiting.insert(subject.measure);
    };
    for (std::size_t i = 0; i < queue.size(); ++i) {
        StoredDelivery& delivery = queue[i];
        const bool is_behind =
            std::any_of(delivery.subjects.begin(), delivery.subjects.end(),
                        [&](const auto& subject) { return waiting.count(subject.measure) != 0; });
        if (is_behind || !has_come(delivery.next_at, clock_())) {
            hold_back(delivery);
            continue;
        }
        auto ready = [this, delivery]() mutable {
            const bool may_go =
                set_apart_what_is_held(Holding(configuration_, store_, clock_()), store_, delivery);
            return may_go ? std::optional(delivery) : std::nullopt;
        };
        const auto readied = co_await thread_.run(std::move(ready));
        if (!readied) continue;  // an ack or silence keeps it, and all else of its measures
        delivery = *readied;
        const auto failing = failing_since_.find(way_of(delivery));
        if (failing != failing_since_.end() && steady_clock::now() - failing->second > failing_for) {
            std::vector<StoredDelivery> rest(queue.begin() + static_cast<std::ptrdiff_t>(i), queue.end());
            co_await postpone(std::move(rest));
            co_return;
        }
        co_await pace_.wait();
        if (begins_no_more_) co_return;
        const bool is_told_to_wait = co_await try_one(delivery);
        if (is_told_to_wait) co_return;
        auto reload = [this, id = delivery.id] { return store_.delivery(id)->state; };
        const DeliveryState state = co_await thread_.run(std::move(reload));
        if (state == DeliveryState::waiting) hold_back(delivery);
    }
}

/// Whether the receiver asked to be left alone for a while.
asio::awaitable<bool> Courier::try_one(StoredDelivery delivery) {
    const DeliveryOutcome outcome = co_await send(delivery);
    const std::string way = way_of(delivery);
    if (outcome.delivery == Delivery::retry)
        failing_since_.try_emplace(way, steady_clock::now());
    else
        failing_since_.erase(way);
    auto store = [this, delivery, outcome]() mutable {
        remember(delivery, outcome);
        return delivery;
    };
    const StoredDelivery after = co_await thread_.run(std::move(store));
    if (outcome.delivery != Delivery::arrived && report_)
        report_({address_of(delivery), subject_text(delivery), after.last_error,
                 after.state == DeliveryState::dead});
    co_return outcome.retry_after.has_value();
}

asio::awaitable<DeliveryOutcome> Courier::send(const StoredDelivery& delivery) {
    auto load = [this, id = delivery.id] { return store_.delivery(id)->content; };
    const std::string content = co_await thread_.run(std::move(load));
    const auto notice = notice_from_json(content);
    if (!notice) co_return lost(notice.error().text);
    const config::Alerts& alerts = *configuration_.alerts;
    if (delivery.receiver.starts_with("mail:")) {
        if (!alerts.smtp) co_return lost("alerts has no `smtp` any more");
        // Named: g++ 12 destroys a temporary within a co_await twice.
        MailAddress to{delivery.name, address_of(delivery)};
        co_return co_await send_mail(mail_, alerts, std::move(to), *notice);
    }
    const config::Webhook* webhook = webhook_of(delivery);
    if (webhook == nullptr) co_return lost("there is no webhook of that name any more");
    auto look = [this, receiver = delivery.receiver] { return store_.receiver(receiver); };
    const StoredReceiver receiver = co_await thread_.run(std::move(look));
    if (receiver.disabled_digest == sha256(webhook->url))
        co_return lost("the webhook is disabled: " + receiver.words);
    co_return co_await send_webhook(http_, *webhook, *notice);
}

/// The round ends for this receiver: the rest is due again with the next one, as if it had been tried now.
asio::awaitable<void> Courier::postpone(std::vector<StoredDelivery> rest) {
    failing_since_.erase(way_of(rest.front()));
    auto store = [this, rest, now = clock_()]() mutable {
        Transaction transaction(store_);
        for (StoredDelivery& delivery : rest) {
            if (!has_come(delivery.next_at, now)) continue;
            delivery.next_at = now + mappings::retry_pause(delivery.attempts + 1);
            delivery.last_error = "not tried: the tries before it failed for a minute";
            store_.save_delivery(delivery);
        }
        transaction.commit();
    };
    co_await thread_.run(std::move(store));
    if (report_)
        report_({address_of(rest.front()), fmt::format("{} deliveries", rest.size()),
                 "not tried: the tries before failed for a minute", false});
}

/// What is due and would have to wait for too long.
asio::awaitable<void> Courier::give_up(std::vector<StoredDelivery> queue, std::string words) {
    auto store = [this, queue, words, now = clock_()]() mutable {
        const Holding holding(configuration_, store_, now);
        std::erase_if(queue, [&](StoredDelivery& delivery) {
            return !has_come(delivery.next_at, now) || !set_apart_what_is_held(holding, store_, delivery);
        });
        Transaction transaction(store_);
        for (StoredDelivery& delivery : queue) {
            end_as_dead(delivery, words);
            store_.save_delivery(delivery);
        }
        transaction.commit();
        return queue;
    };
    const auto given_up = co_await thread_.run(std::move(store));
    if (!report_) co_return;
    for (const StoredDelivery& delivery : given_up)
        report_({address_of(delivery), subject_text(delivery), words, true});
}

/// On the store's thread.
void Courier::remember(StoredDelivery& delivery, const DeliveryOutcome& outcome) {
    const Instant now = clock_();
    note_outcome(delivery, outcome, now);
    Transaction transaction(store_);
    store_.save_delivery(delivery);
    if (outcome.retry_after) {
        StoredReceiver receiver = store_.receiver(delivery.receiver);
        receiver.paused_until = now + *outcome.retry_after;
        receiver.paused_at = now;
        store_.save_receiver(receiver);
    }
    if (outcome.delivery == Delivery::disabled) disable(delivery, outcome.words);
    transaction.commit();
}

/// Stored, so that nothing is sent there any more until its URL changes or somebody sends it again; told to
/// the administrator.
void Courier::disable(const StoredDelivery& delivery, const std::string& words) {
    const config::Webhook* webhook = webhook_of(delivery);
    if (webhook == nullptr) return;
    StoredReceiver receiver = store_.receiver(delivery.receiver);
    receiver.disabled_digest = sha256(webhook->url);
    receiver.disabled_at = clock_();
    receiver.words = words;
    store_.save_receiver(receiver);
    const config::Alerts& alerts = *configuration_.alerts;
    if (!alerts.smtp || alerts.admin.empty()) return;
    Notice notice;
    notice.created_at = clock_();
    notice.title = "Webhook disabled: " + webhook->name;
    notice.remarks.push_back(fmt::format(
        "The webhook {} is disabled: it answered that it is gone ({}). What it should get is kept as "
        "dead; give it another `url`, or send one again with `baselined alerts --resend ID`.",
        webhook->name, words));
    StoredDelivery told =
        delivery_of(std::move(notice), {"mail:" + alerts.admin, "", nullptr}, configuration_, clock_());
    told.subjects.push_back({"", "webhook_disabled"});
    store_.add_delivery(told);
}

const config::Webhook* Courier::webhook_of(const StoredDelivery& delivery) const {
    for (const config::Webhook& webhook : configuration_.alerts->webhooks)
        if ("webhook:" + webhook.name == delivery.receiver) return &webhook;
    return nullptr;
}

}  // namespace baselined::daemon
