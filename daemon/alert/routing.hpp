// Who is told of a measure: the receivers of all routes that match, each once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/alerts.hpp"
#include "mappings/measure/definition.hpp"

namespace baselined::daemon {

struct Receiver {
    std::string key;                        ///< "mail:dana@acme.com" or "webhook:ops"
    std::string name;                       ///< the person's, where it is known
    const date::time_zone* zone = nullptr;  ///< where the person works; null: the configured one

    [[nodiscard]] bool is_mail() const { return key.starts_with("mail:"); }
    /// The address, or the webhook's name.
    [[nodiscard]] std::string_view address() const { return std::string_view(key).substr(key.find(':') + 1); }
};

/// What of a measure a route may ask for.
struct RoutedMeasure {
    const mappings::MeasureDefinition* measure = nullptr;
    std::string_view status;  ///< potential
    std::optional<double> money_at_risk;
    bool is_relapse = false;  ///< its controller is told, by whatever route
};

enum class RouteKind { at_once, digest };

/// Without routes: the owner, and the sponsor too when it is off track. Roles without an address are nobody.
std::vector<Receiver> receivers_of(const config::Alerts& alerts, const RoutedMeasure& routed, RouteKind kind);
/// Receivers of what belongs to no measure (a silent source): `admin`, and webhooks of routes without `when`.
std::vector<Receiver> receivers_of_all(const config::Alerts& alerts);
/// The receiver of that key as it is configured today; nullopt: there is no such webhook or no `smtp` any
/// more.
std::optional<Receiver> receiver_of_key(const config::Alerts& alerts,
                                        const mappings::MeasureDefinition& measure, std::string_view key);
/// What routes promise and cannot keep, each in a sentence: a role without an address, no `smtp`, no `admin`.
std::vector<std::string> gaps_of(const config::Alerts& alerts,
                                 const std::vector<mappings::MeasureDefinition>& measures);

/// Adds one unless it is there already; addresses are the same in capitals.
void add_once(std::vector<Receiver>& receivers, Receiver receiver);

}  // namespace baselined::daemon
