#include "daemon/alert/routing.hpp"

#include "daemon/alert/courier.hpp"
#include "mappings/alert/schedule.hpp"
#include "tests/support/catch.hpp"

using namespace baselined;
using namespace baselined::daemon;
using namespace std::chrono_literals;

namespace {

mappings::MeasureDefinition measure() {
    mappings::MeasureDefinition measure;
    measure.id = "M";
    measure.programme = "Stability";
    measure.owner = {"Dana", "dana@acme.com", nullptr};
    measure.sponsor = {"Sam", "sam@acme.com", nullptr};
    measure.controller = {"Kofi", "kofi@acme.com", nullptr};
    mappings::ConditionDefinition field;
    field.node = mappings::ConditionDefinition::Node::field;
    field.field = {"service", {}};
    field.tests.push_back({mappings::FieldTest::Operator::any_of, {{"vpn", {}}}, {}});
    measure.where.children.push_back(field);
    return measure;
}

config::Alerts alerts() {
    config::Alerts alerts;
    alerts.admin = "admin@acme.com";
    alerts.smtp = config::Smtp{};
    alerts.webhooks.push_back({});
    alerts.webhooks.back().name = "ops";
    return alerts;
}

void route(config::Alerts& alerts, config::RouteCondition when, std::vector<std::string> to,
           bool is_digest = false) {
    alerts.routes.push_back({std::move(when), std::move(to), is_digest, {}});
}

using Keys = std::vector<std::string>;

Keys keys(const std::vector<Receiver>& receivers) {
    Keys keys;
    for (const Receiver& receiver : receivers) keys.push_back(receiver.key);
    return keys;
}

Keys told(const config::Alerts& alerts, std::string_view status, std::optional<double> money = {},
          RouteKind kind = RouteKind::at_once, bool is_relapse = false) {
    const auto one = measure();
    return keys(receivers_of(alerts, {&one, status, money, is_relapse}, kind));
}

StoredDelivery tried(DeliveryOutcome outcome, int times, Instant at, mappings::Millis step) {
    StoredDelivery delivery;
    for (int i = 0; i < times; ++i) note_outcome(delivery, outcome, at + i * step);
    return delivery;
}

}  // namespace

TEST_CASE("without routes the owner is told, and the sponsor when it is off track") {
    CHECK(told(alerts(), "weakening") == Keys{"mail:dana@acme.com"});
    CHECK(told(alerts(), "off_track") == Keys{"mail:dana@acme.com", "mail:sam@acme.com"});
    CHECK(told(alerts(), "unknown") == Keys{"mail:dana@acme.com"});
}

TEST_CASE("all routes that match are a union, each receiver once") {
    auto some = alerts();
    route(some, {}, {"owner", "ops"});
    route(some, {{"off_track"}, {}, {}, {}, {}, {}}, {"Dana@ACME.com", "sponsor", "controller", "ops"});
    CHECK(told(some, "weakening") == Keys{"mail:dana@acme.com", "webhook:ops"});
    CHECK(told(some, "off_track") ==
          Keys{"mail:dana@acme.com", "webhook:ops", "mail:sam@acme.com", "mail:kofi@acme.com"});
}

TEST_CASE("conditions are on status, programme, owner, service, measure and money") {
    const auto matches = [](config::RouteCondition when, std::optional<double> money = {}) {
        auto some = alerts();
        route(some, std::move(when), {"ops"});
        return !told(some, "weakening", money).empty();
    };
    CHECK(matches({}));
    CHECK(matches({{"unknown", "weakening"}, {"Stability"}, {"Dana"}, {"vpn"}, {"M"}, {}}));
    CHECK(matches({{}, {}, {"dana@acme.com"}, {}, {}, {}}));
    CHECK_FALSE(matches({{"off_track"}, {}, {}, {}, {}, {}}));
    CHECK_FALSE(matches({{}, {"Other"}, {}, {}, {}, {}}));
    CHECK_FALSE(matches({{}, {}, {"Sam"}, {}, {}, {}}));
    CHECK_FALSE(matches({{}, {}, {}, {"mail"}, {}, {}}));
    CHECK_FALSE(matches({{}, {}, {}, {}, {"N"}, {}}));
    CHECK(matches({{}, {}, {}, {}, {}, 1000.0}, 1000));
    CHECK_FALSE(matches({{}, {}, {}, {}, {}, 1000.0}, 999));
    CHECK_FALSE(matches({{}, {}, {}, {}, {}, 1000.0}));
}

TEST_CASE("a digest is told by itself, a relapse to the controller too") {
    auto some = alerts();
    route(some, {}, {"owner"});
    route(some, {}, {"sponsor"}, true);
    CHECK(told(some, "weakening") == Keys{"mail:dana@acme.com"});
    CHECK(told(some, "weakening", {}, RouteKind::digest) == Keys{"mail:sam@acme.com"});
    CHECK(told(some, "weakening", {}, RouteKind::at_once, true) ==
          Keys{"mail:dana@acme.com", "mail:kofi@acme.com"});
}

TEST_CASE("a silent source is told to the administrator and to webhooks that get everything") {
    auto some = alerts();
    CHECK(keys(receivers_of_all(some)) == Keys{"mail:admin@acme.com"});
    route(some, {{"off_track"}, {}, {}, {}, {}, {}}, {"ops"});
    CHECK(keys(receivers_of_all(some)) == Keys{"mail:admin@acme.com"});
    route(some, {}, {"owner", "ops", "boss@acme.com"});
    CHECK(keys(receivers_of_all(some)) == Keys{"mail:admin@acme.com", "webhook:ops"});
}

TEST_CASE("what a route cannot keep is named") {
    auto some = alerts();
    auto one = measure();
    CHECK(gaps_of(some, {one}).empty());
    one.owner.email.clear();
    CHECK(gaps_of(some, {one}) ==
          Keys{"M: a route tells its owner, who has no `email`: that person learns nothing"});
    route(some, {{}, {"Other"}, {}, {}, {}, {}}, {"owner"});
    CHECK(gaps_of(some, {one}) == Keys{"M: no route tells anybody of it"});
    some.smtp.reset();
    some.admin.clear();
    CHECK(gaps_of(some, {}).size() == 2);
    CHECK(told(some, "weakening").empty());
}

TEST_CASE("who was told is found again as configured today") {
    const auto one = measure();
    CHECK(receiver_of_key(alerts(), one, "mail:kofi@acme.com")->name == "Kofi");
    CHECK(receiver_of_key(alerts(), one, "webhook:ops")->key == "webhook:ops");
    CHECK_FALSE(receiver_of_key(alerts(), one, "webhook:gone"));
}

TEST_CASE("tries are repeated with growing pauses for seven days, then given up") {
    const Instant start = *mappings::parse_rfc3339("2026-05-12T08:00:00Z");
    Instant now = start;
    StoredDelivery delivery;
    int tries = 0;
    while (delivery.state != DeliveryState::dead) {
        note_outcome(delivery, {Delivery::retry, "450 later", {}}, now);
        ++tries;
        if (!delivery.next_at) break;
        CHECK(*delivery.next_at - now == mappings::retry_pause(tries));
        now = *delivery.next_at;
    }
    CHECK(now - start >= 7 * 24h);
    CHECK(now - start < 7 * 24h + 4h);
    CHECK(delivery.attempts == tries);
    CHECK_THAT(delivery.last_error, Catch::Contains("450 later"));
}

TEST_CASE("a receiver that asks to wait is waited for, also longer than the longest pause") {
    const Instant now = *mappings::parse_rfc3339("2026-05-12T08:00:00Z");
    CHECK(*tried({Delivery::retry, "", 30s}, 1, now, 0ms).next_at == now + 1min);
    CHECK(*tried({Delivery::retry, "", 10h}, 1, now, 0ms).next_at == now + 10h);
    const auto refused = tried({Delivery::dead, "550 no such user", {}}, 1, now, 0ms);
    CHECK((refused.state == DeliveryState::dead));
    CHECK(refused.last_error == "550 no such user");
    const auto arrived = tried({Delivery::arrived, "", {}}, 1, now, 0ms);
    CHECK((arrived.state == DeliveryState::sent));
    CHECK(arrived.sent_at == now);
    CHECK_FALSE(arrived.next_at);
}
