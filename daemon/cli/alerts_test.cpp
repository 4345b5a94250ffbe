// `alerts test`: who would be told, and on request a marked test to each of them, past the outbox.
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "daemon/alert/letters.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/cli/measure_json.hpp"
#include "daemon/notify/sending.hpp"

namespace baselined::daemon {

namespace {

std::string list(const std::vector<Receiver>& receivers) {
    std::string text;
    for (const Receiver& receiver : receivers)
        text += (text.empty() ? "" : ", ") +
                (receiver.name.empty() ? std::string(receiver.address())
                                       : fmt::format("{} <{}>", receiver.name, receiver.address()));
    return text.empty() ? "nobody" : text;
}

/// Prints who is told by status, and returns all of them.
std::vector<Receiver> show_receivers(const config::Alerts& alerts, const MeasureView& view) {
    std::vector<Receiver> all;
    fmt::print("{}\n", heading_of(*view.plan->measure));
    for (const char* status : {"weakening", "off_track", "unknown"}) {
        const RoutedMeasure routed{view.plan->measure, status, view.assessment.money_at_risk(), false};
        const auto receivers = receivers_of(alerts, routed, RouteKind::at_once);
        fmt::print("  {:<10} {}\n", status, list(receivers));
        for (const Receiver& receiver : receivers) add_once(all, receiver);
        const auto weekly = receivers_of(alerts, routed, RouteKind::digest);
        if (!weekly.empty()) fmt::print("  {:<10} {} (weekly digest)\n", "", list(weekly));
        for (const Receiver& receiver : weekly) add_once(all, receiver);
    }
    return all;
}

std::vector<Receiver> all_of_no_measure(const config::Alerts& alerts) {
    std::vector<Receiver> receivers = receivers_of_all(alerts);
    for (const config::Webhook& webhook : alerts.webhooks)
        add_once(receivers, {"webhook:" + webhook.name, "", nullptr});
    return receivers;
}

Notice test_notice(Invocation& invocation, const std::optional<MeasureView>& view) {
    Notice notice;
    notice.created_at = invocation.now;
    notice.is_test = true;
    if (!view) {
        notice.remarks.push_back("This is how alerts of baselined reach you.");
        return notice;
    }
    const auto store = open_sqlite_store(invocation.portfolio->configuration().store, StoreMode::read);
    store->use_attributes(invocation.portfolio->schemas());
    FigureBook figures(*invocation.portfolio, *store, invocation.clock);
    const auto tickets = newest_tickets(figures, {&*view}, tickets_told);
    notice.measures.push_back(
        notice_of(*view, NoticeKind::test, "this is how an alert of it would look", tickets.front()));
    return notice;
}

bool send_test(const config::Configuration& configuration, const Receiver& receiver, const Notice& notice,
               Instant now) {
    const config::Alerts& alerts = *configuration.alerts;
    const StoredDelivery delivery = delivery_of(notice, receiver, configuration, now);  // gives it an id
    const Notice marked = *notice_from_json(delivery.content);
    boost::asio::io_context io;
    connectors::HttpClient http(io);
    connectors::MailClient mail;
    DeliveryOutcome outcome;
    std::exception_ptr thrown;
    const auto done = [&](std::exception_ptr error, DeliveryOutcome came) {
        thrown = error;
        outcome = std::move(came);
    };
    const auto webhook = std::find_if(alerts.webhooks.begin(), alerts.webhooks.end(),
                                      [&](const auto& known) { return known.name == receiver.address(); });
    if (receiver.is_mail())
        boost::asio::co_spawn(
            io, send_mail(mail, alerts, {receiver.name, std::string(receiver.address())}, marked), done);
    else
        boost::asio::co_spawn(io, send_webhook(http, *webhook, marked), done);
    io.run();
    if (thrown) std::rethrow_exception(thrown);
    if (outcome.delivery == Delivery::arrived)
        fmt::print("sent to {}\n", receiver.address());
    else
        fmt::print(stderr, "{}: {}\n", receiver.address(), outcome.words);
    return outcome.delivery == Delivery::arrived;
}

}  // namespace

bool try_ways(const config::Alerts& alerts) {
    boost::asio::io_context io;
    connectors::HttpClient http(io);
    connectors::MailClient mail;
    bool all_answer = true;
    std::exception_ptr thrown;
    const auto ask = [&](const std::string& name, boost::asio::awaitable<DeliveryOutcome> probe) {
        boost::asio::co_spawn(io, std::move(probe),
                              [&, name](std::exception_ptr error, const DeliveryOutcome& outcome) {
                                  if (error) thrown = error;
                                  if (error || outcome.delivery == Delivery::arrived) return;
                                  all_answer = false;
                                  fmt::print(stderr, "{}: {}\n", name, outcome.words);
                              });
    };
    if (alerts.smtp) ask("smtp", probe_smtp(mail, *alerts.smtp));
    for (const config::Webhook& webhook : alerts.webhooks)
        ask("webhook " + webhook.name, probe_webhook(http, webhook));
    io.run();
    if (thrown) std::rethrow_exception(thrown);
    return all_answer;
}

int test_alerts(Invocation& invocation, const AlertTestRequest& request) {
    const auto& configuration = invocation.portfolio->configuration();
    if (!configuration.alerts) {
        fmt::print(stderr, "the configuration has no `alerts`: nobody is told\n");
        return exit_usage;
    }
    std::optional<MeasureView> view;
    std::vector<Receiver> receivers;
    if (request.route.empty()) {
        receivers = all_of_no_measure(*configuration.alerts);
        fmt::print("a silent source: {}\n", list(receivers_of_all(*configuration.alerts)));
        fmt::print("of a measure: baselined alerts test --route measure=ID\n");
    } else {
        const std::string key = "measure=";
        if (!request.route.starts_with(key)) {
            fmt::print(stderr, "--route {}: write measure=ID\n", request.route);
            return exit_usage;
        }
        const auto store = open_sqlite_store(configuration.store, StoreMode::read);
        store->use_attributes(invocation.portfolio->schemas());
        const auto views = views_of(invocation, *store, request.route.substr(key.size()));
        if (!views || views->empty()) return exit_usage;
        view = views->front();
        receivers = show_receivers(*configuration.alerts, *view);
    }
    if (!request.is_sending) return exit_done;
    const Notice notice = test_notice(invocation, view);
    bool all_arrived = true;
    for (const Receiver& receiver : receivers)
        all_arrived = send_test(configuration, receiver, notice, invocation.now) && all_arrived;
    return all_arrived ? exit_done : exit_source_failed;
}

}  // namespace baselined::daemon
