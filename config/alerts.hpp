// Who is told, of what, and by which way: the section `alerts`.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "config/source.hpp"
#include "mappings/alert/schedule.hpp"

namespace baselined::config {

struct Smtp {
    std::string url, user, password, ca;
    bool starttls_required = true;  ///< unless told otherwise, or the server is this machine
    Mark mark;
};

struct Webhook {
    enum class Format { standard, slack, teams, alertmanager };
    std::string name, url, ca;
    std::vector<std::string> secrets;  ///< two while one replaces the other
    Format format = Format::standard;
    bool allow_private = false, allow_http = false;
    Mark mark;
};

/// What a measure has to be like; what stands empty holds for all. A list means any of.
struct RouteCondition {
    std::vector<std::string> status, programme, owner, service, measure;
    std::optional<double> money_at_risk;  ///< at least, in the measure's currency
};

struct Route {
    RouteCondition when;
    std::vector<std::string> to;  ///< owner, sponsor, controller, an address, a webhook's name
    bool is_digest = false;       ///< told once a week of what stands, instead of each change
    Mark mark;
};

struct Alerts {
    std::string from, admin;
    std::optional<Smtp> smtp;
    std::vector<Webhook> webhooks;
    std::vector<Route> routes;
    std::vector<std::chrono::milliseconds> repeat;
    int per_minute = 60;                        ///< messages of all kinds
    std::optional<mappings::QuietHours> quiet;  ///< mails wait for their end, in the receiver's own zone
    mappings::Weekly digest;  ///< when routes with a digest are told, in the configured zone
};

}  // namespace baselined::config
