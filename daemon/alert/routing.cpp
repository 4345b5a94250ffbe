#include "daemon/alert/routing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace baselined::daemon {

namespace {

using mappings::ConditionDefinition;
using mappings::MeasureDefinition;
using mappings::Person;

constexpr std::array roles{"owner", "sponsor", "controller"};

bool is_role(std::string_view name) {
    return std::find(roles.begin(), roles.end(), name) != roles.end();
}

const Person& person_of(const MeasureDefinition& measure, std::string_view role) {
    if (role == "sponsor") return measure.sponsor;
    return role == "controller" ? measure.controller : measure.owner;
}

bool is_same_text(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

bool names(const std::vector<std::string>& wanted, std::string_view value) {
    return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

/// The services that a measure's scope names.
void add_services(const ConditionDefinition& where, std::vector<std::string>& services) {
    if (where.node == ConditionDefinition::Node::field && where.field.text == "service")
        for (const auto& test : where.tests)
            if (test.op == mappings::FieldTest::Operator::any_of)
                for (const auto& operand : test.operands) services.push_back(operand.text);
    if (where.node != ConditionDefinition::Node::negation)
        for (const auto& child : where.children) add_services(child, services);
}

/// Whether the route may ever speak of this measure: all but its status and money, which change.
bool concerns(const config::RouteCondition& when, const MeasureDefinition& measure) {
    std::vector<std::string> services;
    add_services(measure.where, services);
    const bool has_service = when.service.empty() ||
                             std::any_of(services.begin(), services.end(),
                                         [&](const auto& service) { return names(when.service, service); });
    const bool has_owner =
        when.owner.empty() || names(when.owner, measure.owner.name) || names(when.owner, measure.owner.email);
    return has_service && has_owner && names(when.programme, measure.programme) &&
           names(when.measure, measure.id);
}

bool matches(const config::RouteCondition& when, const RoutedMeasure& routed) {
    if (!concerns(when, *routed.measure) || !names(when.status, routed.status)) return false;
    return !when.money_at_risk || (routed.money_at_risk && *routed.money_at_risk >= *when.money_at_risk);
}

Receiver mail_receiver(const Person& person) {
    return {"mail:" + person.email, person.name, person.zone};
}

/// The person of that address among those whom the measure names.
Receiver mail_receiver(const MeasureDefinition& measure, const std::string& address) {
    for (const char* role : roles)
        if (is_same_text(person_of(measure, role).email, address))
            return mail_receiver(person_of(measure, role));
    return {"mail:" + address, "", nullptr};
}

void add_role(const config::Alerts& alerts, const MeasureDefinition& measure, std::string_view role,
              std::vector<Receiver>& receivers) {
    const Person& person = person_of(measure, role);
    if (alerts.smtp && !person.email.empty()) add_once(receivers, mail_receiver(person));
}

void add(const config::Alerts& alerts, const MeasureDefinition& measure, const std::string& to,
         std::vector<Receiver>& receivers) {
    if (is_role(to)) return add_role(alerts, measure, to, receivers);
    if (to.find('@') == std::string::npos) return add_once(receivers, {"webhook:" + to, "", nullptr});
    if (alerts.smtp) add_once(receivers, mail_receiver(measure, to));
}

bool is_unconditional(const config::RouteCondition& when) {
    return when.status.empty() && when.programme.empty() && when.owner.empty() && when.service.empty() &&
           when.measure.empty() && !when.money_at_risk;
}

}  // namespace

void add_once(std::vector<Receiver>& receivers, Receiver receiver) {
    const bool is_there = std::any_of(receivers.begin(), receivers.end(), [&](const Receiver& known) {
        return known.is_mail() ? is_same_text(known.key, receiver.key) : known.key == receiver.key;
    });
    if (!is_there) receivers.push_back(std::move(receiver));
}

std::vector<Receiver> receivers_of(const config::Alerts& alerts, const RoutedMeasure& routed,
                                   RouteKind kind) {
    std::vector<Receiver> receivers;
    if (alerts.routes.empty() && kind == RouteKind::at_once) {
        add_role(alerts, *routed.measure, "owner", receivers);
        if (routed.status == "off_track") add_role(alerts, *routed.measure, "sponsor", receivers);
    }
    for (const config::Route& route : alerts.routes)
        if (route.is_digest == (kind == RouteKind::digest) && matches(route.when, routed))
            for (const std::string& to : route.to) add(alerts, *routed.measure, to, receivers);
    if (routed.is_relapse && kind == RouteKind::at_once)
        add_role(alerts, *routed.measure, "controller", receivers);
    return receivers;
}

std::vector<Receiver> receivers_of_all(const config::Alerts& alerts) {
    std::vector<Receiver> receivers;
    if (alerts.smtp && !alerts.admin.empty()) add_once(receivers, {"mail:" + alerts.admin, "", nullptr});
    for (const config::Route& route : alerts.routes)
        for (const std::string& to : route.to)
            if (is_unconditional(route.when) && !is_role(to) && to.find('@') == std::string::npos)
                add_once(receivers, {"webhook:" + to, "", nullptr});
    return receivers;
}

std::optional<Receiver> receiver_of_key(const config::Alerts& alerts, const MeasureDefinition& measure,
                                        std::string_view key) {
    const std::string address(key.substr(key.find(':') + 1));
    if (key.starts_with("mail:"))
        return alerts.smtp ? std::optional(mail_receiver(measure, address)) : std::nullopt;
    for (const config::Webhook& webhook : alerts.webhooks)
        if (webhook.name == address) return Receiver{std::string(key), "", nullptr};
    return std::nullopt;
}

std::vector<std::string> gaps_of(const config::Alerts& alerts,
                                 const std::vector<MeasureDefinition>& measures) {
    std::vector<std::string> gaps;
    if (!alerts.smtp) gaps.push_back("alerts has no `smtp`: nobody is told by mail, only webhooks are");
    if (alerts.admin.empty())
        gaps.push_back("alerts has no `admin`: nobody is mailed when a source falls silent");
    for (const MeasureDefinition& measure : measures) {
        std::vector<std::string> named;
        if (alerts.routes.empty()) named = {"owner"};
        for (const config::Route& route : alerts.routes)
            if (concerns(route.when, measure)) named.insert(named.end(), route.to.begin(), route.to.end());
        for (const char* role : roles)
            if (std::find(named.begin(), named.end(), role) != named.end() &&
                person_of(measure, role).email.empty())
                gaps.push_back(
                    fmt::format("{}: a route tells its {}, who has no `email`: that person learns nothing",
                                measure.id, role));
        if (named.empty()) gaps.push_back(fmt::format("{}: no route tells anybody of it", measure.id));
    }
    return gaps;
}

}  // namespace baselined::daemon
