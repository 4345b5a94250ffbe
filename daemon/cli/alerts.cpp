// `alerts`: what was told, to whom, when; what waits; what is dead. And the deliveries of `once`.
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "daemon/alert/courier.hpp"
#include "daemon/alert/holding.hpp"
#include "daemon/alert/telling.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/json.hpp"
#include "daemon/sha256.hpp"

namespace baselined::daemon {

namespace {

constexpr std::size_t sent_shown = 20;

/// One line of the list: a delivery as far as it speaks of one measure.
struct AlertLine {
    std::string id, measure, kind, to;
    std::string_view status;
    int attempts = 0;
    std::optional<Instant> next_at, created_at, sent_at;
    std::string last_error;
};

std::string address_of(const std::string& receiver) {
    return receiver.substr(receiver.find(':') + 1);
}

/// What an ack or silence keeps back waits in no outbox: it is decided anew at each evaluation.
void add_held(const Invocation& invocation, Store& store, std::vector<AlertLine>& lines) {
    for (const auto& measure : invocation.portfolio->configuration().measures) {
        const auto stored = store.episode(measure.id);
        if (!stored || !stored->held) continue;
        const StoredEpisode& episode = *stored;
        for (const std::string& receiver : episode.held->receivers)
            lines.push_back({"held:" + episode.measure,
                             episode.measure,
                             episode.held->kind,
                             address_of(receiver),
                             "held",
                             0,
                             episode.held->until,
                             episode.held->since,
                             {},
                             ""});
    }
}

std::vector<AlertLine> alert_lines(const Invocation& invocation, Store& store) {
    std::vector<AlertLine> lines;
    const Holding holding(invocation.portfolio->configuration(), store, invocation.now);
    for (const StoredDelivery& delivery : store.deliveries()) {
        AlertLine line{delivery.id,
                       "",
                       "",
                       address_of(delivery.receiver),
                       name_of(delivery.state),
                       delivery.attempts,
                       delivery.next_at,
                       delivery.created_at,
                       delivery.sent_at,
                       delivery.last_error};
        const auto paused_until = store.receiver(delivery.receiver).paused_until;
        if (line.next_at && paused_until) line.next_at = std::max(*line.next_at, *paused_until);
        for (const DeliverySubject& subject : delivery.subjects) {
            line.measure = subject.measure;
            line.kind = subject.kind;
            lines.push_back(line);
            const auto held_until = line.next_at ? holding.until(subject) : std::nullopt;
            if (!held_until) continue;
            lines.back().status = name_of(DeliveryState::held);
            lines.back().next_at = std::max(*line.next_at, *held_until);
        }
    }
    add_held(invocation, store, lines);
    return lines;
}

/// The acks and silences that hold as of now.
std::vector<StoredHold> holds_in_force(const Invocation& invocation, Store& store) {
    return Holding(invocation.portfolio->configuration(), store, invocation.now).in_force();
}

void write_holds(Json& json, const std::vector<StoredHold>& holds) {
    json.key("holds").array();
    for (const StoredHold& hold : holds) {
        json.object();
        json.key("kind").text(name_of(hold.kind));
        json.key("measure").optional_text(hold.measure);
        json.key("owner").optional_text(hold.owner);
        json.key("programme").optional_text(hold.programme);
        json.key("until").text(mappings::format_day(hold.until));
        json.key("by").text(hold.by);
        json.key("reason").text(hold.reason);
        json.key("created_at").instant(hold.at);
        json.end_object();
    }
    json.end_array();
}

void print_holds(const std::vector<StoredHold>& holds) {
    if (!holds.empty()) fmt::print("Acks and silences in force\n");
    for (const StoredHold& hold : holds) {
        std::vector<std::string> of;
        if (!hold.measure.empty()) of.push_back(hold.measure);
        if (!hold.owner.empty()) of.push_back("owner " + hold.owner);
        if (!hold.programme.empty()) of.push_back("programme " + hold.programme);
        fmt::print("  {:<7}  {}, until {} has passed, by {}: {}\n", name_of(hold.kind), fmt::join(of, ", "),
                   mappings::spoken_day(hold.until), hold.by, hold.reason);
    }
}

void print_json(const std::vector<AlertLine>& lines, const std::vector<StoredHold>& holds) {
    Json json;
    json.object();
    json.key("alerts").array();
    for (const AlertLine& line : lines) {
        json.object();
        json.key("id").text(line.id);
        json.key("measure").optional_text(line.measure);
        json.key("kind").text(line.kind);
        json.key("to").text(line.to);
        json.key("status").text(line.status);
        json.key("attempts").number(line.attempts);
        json.key("next_at").instant(line.next_at);
        json.key("last_error").optional_text(line.last_error);
        json.key("created_at").instant(line.created_at);
        json.key("sent_at").instant(line.sent_at);
        json.end_object();
    }
    json.end_array();
    write_holds(json, holds);
    json.end_object();
    fmt::print("{}\n", json.str());
}

std::string moment(const std::optional<Instant>& at) {
    return at ? mappings::format_rfc3339(*at) : std::string("-");
}

void print_group(const std::vector<AlertLine>& lines, std::string_view status, const char* title,
                 std::size_t most) {
    std::vector<const AlertLine*> chosen;
    for (const AlertLine& line : lines)
        if (line.status == status) chosen.push_back(&line);
    if (chosen.empty()) return;
    fmt::print("{}{}\n", title,
               chosen.size() > most ? fmt::format(" (the newest {} of {})", most, chosen.size()) : "");
    for (std::size_t i = chosen.size() - std::min(most, chosen.size()); i < chosen.size(); ++i) {
        const AlertLine& line = *chosen[i];
        const bool is_sent = line.status == "sent", is_dead = line.status == "dead";
        fmt::print("  {}  {:<18} {:<14} to {}{}{}\n", moment(is_sent ? line.sent_at : line.created_at),
                   line.kind, line.measure.empty() ? "-" : line.measure, line.to,
                   is_sent || is_dead ? "" : ", next " + moment(line.next_at),
                   line.attempts > 1 || !line.last_error.empty()
                       ? fmt::format(", {} tr{}", line.attempts, line.attempts == 1 ? "y" : "ies")
                       : "");
        if (!line.last_error.empty()) fmt::print("      {}\n", line.last_error);
        if (is_dead) fmt::print("      send again: baselined alerts --resend {}\n", line.id);
    }
}

void print_disabled(const Invocation& invocation, Store& store) {
    const auto& alerts = invocation.portfolio->configuration().alerts;
    if (!alerts) return;
    for (const config::Webhook& webhook : alerts->webhooks) {
        const StoredReceiver receiver = store.receiver("webhook:" + webhook.name);
        if (receiver.disabled_digest == sha256(webhook.url))
            fmt::print("The webhook {} is disabled since {}: {}\n", webhook.name,
                       moment(receiver.disabled_at), receiver.words);
    }
}

std::vector<DeliveryFailure> run_courier(Invocation& invocation, Store& store) {
    boost::asio::io_context io;
    StoreThread thread;
    Courier courier(io, invocation.portfolio->configuration(), store, thread,
                    [now = invocation.now] { return now; });
    std::vector<DeliveryFailure> failures;
    courier.set_report([&](const DeliveryFailure& failure) { failures.push_back(failure); });
    std::exception_ptr thrown;
    const Courier::Spawn spawn = [&](boost::asio::awaitable<void> work) {
        boost::asio::co_spawn(io, std::move(work), [&](std::exception_ptr error) {
            if (error) thrown = error;
        });
    };
    // The second round takes what the first one brought forth: that a webhook has disabled itself.
    for (int round = 0; round < 2; ++round) {
        spawn(courier.begin_due(spawn));
        io.run();
        io.restart();
        if (thrown) std::rethrow_exception(thrown);
    }
    return failures;
}

}  // namespace

bool deliver_once(Invocation& invocation, Store& store) {
    if (!invocation.portfolio->configuration().alerts) return true;
    const auto failures = run_courier(invocation, store);
    for (const DeliveryFailure& failure : failures)
        fmt::print(stderr, "alert to {} ({}): {}{}\n", failure.receiver, failure.subject, failure.words,
                   failure.is_dead ? "; not tried again, see `baselined alerts`" : "; tried again later");
    return failures.empty();
}

void print_what_would_be_told(const Invocation& invocation, const Tellings& tellings, Store& store) {
    const Holding holding(invocation.portfolio->configuration(), store, invocation.now);
    const auto print = [](const StoredDelivery& delivery, const char* words) {
        for (const DeliverySubject& subject : delivery.subjects)
            fmt::print("would {} {}: {} {}\n", words, address_of(delivery.receiver), subject.kind,
                       subject.measure);
    };
    for (StoredDelivery& delivery : store.pending_deliveries()) {
        if (*delivery.next_at > invocation.now) continue;
        std::erase_if(delivery.subjects,
                      [&](const auto& subject) { return holding.until(subject).has_value(); });
        print(delivery, "try again to tell");
    }
    for (const StoredDelivery& delivery : tellings.deliveries)
        print(delivery, delivery.state == DeliveryState::held   ? "tell after quiet hours"
                        : delivery.state == DeliveryState::dead ? "not tell (its webhook is disabled)"
                                                                : "tell");
}

int show_alerts(Invocation& invocation) {
    const auto store = open_sqlite_store(invocation.portfolio->configuration().store, StoreMode::read);
    const auto lines = alert_lines(invocation, *store);
    const auto holds = holds_in_force(invocation, *store);
    if (invocation.json) {
        print_json(lines, holds);
        return exit_done;
    }
    print_disabled(invocation, *store);
    print_holds(holds);
    print_group(lines, "sent", "Told", sent_shown);
    print_group(lines, "waiting", "Waiting", lines.size());
    print_group(lines, "held", "Held back", lines.size());
    print_group(lines, "dead", "Dead: given up", lines.size());
    if (lines.empty())
        fmt::print("{}\n", invocation.portfolio->configuration().alerts
                               ? "Nothing was told yet."
                               : "The configuration has no `alerts`: nobody is told.");
    return exit_done;
}

int resend_alerts(Invocation& invocation, const std::vector<std::string>& ids) {
    const auto store = open_sqlite_store(invocation.portfolio->configuration().store, StoreMode::beside);
    Transaction transaction(*store);
    for (const std::string& id : ids) {
        auto delivery = store->delivery(id);
        if (!delivery || delivery->state != DeliveryState::dead) {
            fmt::print(stderr, "{}: {}\n", id,
                       !delivery ? "there is no delivery of that id; `baselined alerts` lists them"
                                 : fmt::format("it is not dead but {}", name_of(delivery->state)));
            return exit_usage;
        }
        delivery->state = DeliveryState::waiting;
        delivery->attempts = 0;
        delivery->first_try_at.reset();
        delivery->next_at = invocation.now;
        store->save_delivery(*delivery);
        StoredReceiver receiver = store->receiver(delivery->receiver);
        receiver.disabled_digest.clear();
        receiver.disabled_at.reset();
        receiver.paused_until.reset();
        receiver.paused_at.reset();
        store->save_receiver(receiver);
    }
    transaction.commit();
    fmt::print("sent again, under the same id, by the next `baselined once` or the daemon\n");
    return exit_done;
}

}  // namespace baselined::daemon
