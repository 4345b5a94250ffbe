#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "config/source_reader.hpp"

namespace baselined::config {

namespace {

const std::vector<std::string> format_names{"standard", "slack", "teams", "alertmanager"};
constexpr std::array roles{"owner", "sponsor", "controller"};

class AlertReader {
  public:
    AlertReader(const YamlNode& node, const Surroundings& surroundings, Problems& problems)
        : reader_(node, "alerts", problems), surroundings_(surroundings), problems_(problems) {}

    Alerts read() {
        if (reader_.node().form != YamlNode::Form::map) return std::move(alerts_);
        alerts_.from = address("from");
        alerts_.admin = address("admin");
        if (const YamlNode* smtp = reader_.take("smtp")) alerts_.smtp = read_smtp(*smtp);
        if (alerts_.smtp && alerts_.from.empty())
            reader_.problem(reader_.node().mark, "mail needs `from`: the address it comes from");
        for (const auto& [name, value] : reader_.entries("webhooks"))
            alerts_.webhooks.push_back(read_webhook(name, value));
        reader_.each("routes", [&](const YamlNode& node) { alerts_.routes.push_back(read_route(node)); });
        read_repeat();
        alerts_.per_minute = static_cast<int>(reader_.integer("per_minute").value_or(alerts_.per_minute));
        if (alerts_.per_minute < 1) reader_.problem(reader_.node().mark, "`per_minute` is at least 1");
        if (const YamlNode* quiet = reader_.take("quiet")) read_quiet(*quiet);
        if (const YamlNode* digest = reader_.take("digest")) read_digest(*digest);
        reader_.finish();
        return std::move(alerts_);
    }

  private:
    std::string address(const std::string& key) {
        const auto value = reader_.scalar(key);
        if (value && !is_email(value->text))
            reader_.problem(value->mark, fmt::format("\"{}\" is no email address", value->text));
        return value ? value->text : "";
    }

    /// A local time of the day, as 07:30; midnight is 00:00.
    std::chrono::minutes time_of_day(MapReader& reader, const std::string& key,
                                     std::chrono::minutes otherwise) {
        const auto text = reader.scalar(key);
        if (!text) return otherwise;
        int hour = 0, minute = 0, length = 0;
        const bool is_time = std::sscanf(text->text.c_str(), "%2d:%2d%n", &hour, &minute, &length) == 2 &&
                             static_cast<std::size_t>(length) == text->text.size() && hour >= 0 &&
                             hour < 24 && minute >= 0 && minute < 60;
        if (!is_time)
            reader.problem(text->mark,
                           fmt::format("`{}` is a time of the day, like 07:30, not \"{}\"", key, text->text));
        return std::chrono::hours{hour} + std::chrono::minutes{minute};
    }

    void read_quiet(const YamlNode& node) {
        MapReader reader(node, "quiet", problems_);
        reader.require("from");
        reader.require("to");
        const mappings::QuietHours quiet{time_of_day(reader, "from", {}), time_of_day(reader, "to", {})};
        if (node.form == YamlNode::Form::map && quiet.from == quiet.to)
            reader.problem(node.mark, "quiet hours begin and end at different times");
        alerts_.quiet = quiet;
        reader.finish();
    }

    void read_digest(const YamlNode& node) {
        MapReader reader(node, "digest", problems_);
        const std::vector<std::string> days{"sunday",   "monday", "tuesday", "wednesday",
                                            "thursday", "friday", "saturday"};
        if (const auto day = reader.choice("day", days))
            alerts_.digest.day = date::weekday{static_cast<unsigned>(*day)};
        alerts_.digest.at = time_of_day(reader, "at", alerts_.digest.at);
        reader.finish();
    }

    void read_repeat() {
        for (const Scalar& text : reader_.list("repeat")) {
            const auto interval = parse_duration(text.text);
            if (!interval || *interval <= milliseconds{0})
                reader_.problem(text.mark,
                                fmt::format("`repeat` lists times, like 1d, not \"{}\"", text.text));
            else if (!alerts_.repeat.empty() && *interval <= alerts_.repeat.back())
                reader_.problem(
                    text.mark,
                    "`repeat` counts from the first telling: each time is longer than the one before");
            else
                alerts_.repeat.push_back(*interval);
        }
    }

    Smtp read_smtp(const YamlNode& node) {
        MapReader reader(node, "smtp", problems_);
        Smtp smtp;
        smtp.mark = node.mark;
        const Scalar url = reader.required_scalar("url");
        smtp.url = url.text;
        const auto parts = parts_of(smtp.url);
        if (!url.text.empty() && (!parts || (parts->scheme != "smtp" && parts->scheme != "smtps")))
            reader.problem(url.mark, "`url` is an address like smtps://mail.acme.com:465");
        smtp.user = reader.text("user");
        smtp.password = reader.text("password");
        smtp.starttls_required = !parts || !is_loopback(parts->host);
        if (const YamlNode* tls = reader.take("tls")) {
            MapReader inner(*tls, "tls", problems_);
            if (const auto ca = inner.scalar("ca"))
                smtp.ca = surroundings_.login_file(*ca, PemUse::authority, "");
            if (const auto starttls = inner.choice("starttls", {"required", "optional"}))
                smtp.starttls_required = *starttls == 0;
            inner.finish();
        }
        reader.finish();
        return smtp;
    }

    Webhook read_webhook(const YamlNode& name, const YamlNode& node) {
        MapReader reader(node, fmt::format("the webhook \"{}\"", name.text), problems_);
        Webhook webhook;
        webhook.name = name.text;
        webhook.mark = name.mark;
        require_one_line({name.text, name.mark}, problems_);
        if (is_email(name.text) || std::find(roles.begin(), roles.end(), name.text) != roles.end())
            problems_.push_back(
                {name.mark,
                 fmt::format("\"{}\" means somebody else in routes: choose another name", name.text)});
        webhook.allow_private = reader.boolean("allow_private").value_or(false);
        webhook.allow_http = reader.boolean("allow_http").value_or(false);
        const Scalar url = reader.required_scalar("url");
        webhook.url = url.text;
        if (!url.text.empty()) check_url(reader, url, webhook);
        webhook.format = static_cast<Webhook::Format>(reader.choice("format", format_names).value_or(0));
        const auto secrets = reader.list("secret");
        for (const Scalar& secret : secrets) {
            check_secret(reader, secret);
            webhook.secrets.push_back(secret.text);
        }
        if (secrets.size() > 2)
            reader.problem(secrets[2].mark, "`secret` is one, or two while one replaces the other");
        if (const YamlNode* tls = reader.take("tls")) {
            MapReader inner(*tls, "tls", problems_);
            if (const auto ca = inner.scalar("ca"))
                webhook.ca = surroundings_.login_file(*ca, PemUse::authority, "");
            inner.finish();
        }
        reader.finish();
        return webhook;
    }

    static void check_secret(MapReader& reader, const Scalar& secret) {
        if (secret.text.empty()) reader.problem(secret.mark, "`secret` is empty: anybody could sign with it");
        if (!secret.text.starts_with("whsec_")) return;
        std::string_view key = std::string_view(secret.text).substr(6);
        while (key.ends_with('=')) key.remove_suffix(1);
        const auto is_base64 = [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
                   c == '/';
        };
        if (key.empty() || key.size() % 4 == 1 || !std::all_of(key.begin(), key.end(), is_base64))
            reader.problem(secret.mark,
                           "what stands behind `whsec_` in `secret` is the key in base64, and this is none");
    }

    static void check_url(MapReader& reader, const Scalar& url, const Webhook& webhook) {
        const auto parts = parts_of(url.text);
        if (!is_web(parts))
            reader.problem(url.mark, "a webhook's `url` is an address like https://hooks.acme.com/itsm");
        else if (is_open(*parts) && !webhook.allow_http)
            reader.problem(
                url.mark,
                "plain http can be read and changed on the way: write https, or `allow_http: true`");
    }

    Route read_route(const YamlNode& node) {
        MapReader reader(node, "a route", problems_);
        Route route;
        route.mark = node.mark;
        if (const YamlNode* when = reader.take("when")) route.when = read_condition(*when);
        const auto to = reader.required_list(
            "to", node.mark, "a route needs `to`: owner, sponsor, controller, an address or a webhook");
        for (const Scalar& name : to) route.to.push_back(receiver(name));
        route.is_digest = reader.choice("digest", {"weekly"}).has_value();
        for (const Scalar& name : to)
            if (route.is_digest && is_webhook(name.text))
                reader.problem(name.mark,
                               "a digest is a mail: a webhook is told of each change, by a route of its own");
        reader.finish();
        return route;
    }

    RouteCondition read_condition(const YamlNode& node) {
        MapReader reader(node, "when", problems_);
        RouteCondition when;
        const auto texts = [&](const char* key) {
            std::vector<std::string> values;
            for (const Scalar& value : reader.list(key)) values.push_back(value.text);
            return values;
        };
        const std::vector<std::string> statuses{"on_track", "weakening", "off_track", "unknown"};
        for (const Scalar& status : reader.list("status")) {
            if (std::find(statuses.begin(), statuses.end(), status.text) == statuses.end())
                reader.problem(status.mark,
                               fmt::format("`status` is one of {}, not \"{}\"{}", fmt::join(statuses, ", "),
                                           status.text, did_you_mean(status.text, statuses)));
            when.status.push_back(status.text);
        }
        when.programme = texts("programme");
        when.owner = texts("owner");
        when.service = texts("service");
        when.measure = texts("measure");
        if (const YamlNode* money = reader.take("money_at_risk")) {
            MapReader inner(*money, "money_at_risk", problems_);
            when.money_at_risk = inner.number("at_least");
            if (!when.money_at_risk) inner.require("at_least");
            inner.finish();
        }
        reader.finish();
        return when;
    }

    [[nodiscard]] bool is_webhook(const std::string& name) const {
        return std::any_of(alerts_.webhooks.begin(), alerts_.webhooks.end(),
                           [&](const Webhook& webhook) { return webhook.name == name; });
    }

    std::string receiver(const Scalar& name) {
        if (name.text.find("://") != std::string::npos) {
            problems_.push_back(
                {name.mark, "an address stands under `webhooks`, by a name: write that name here"});
            return name.text;
        }
        std::vector<std::string> known(roles.begin(), roles.end());
        for (const Webhook& webhook : alerts_.webhooks) known.push_back(webhook.name);
        if (!is_email(name.text) && std::find(known.begin(), known.end(), name.text) == known.end())
            problems_.push_back({name.mark, fmt::format("\"{}\" is no role, address or webhook{}", name.text,
                                                        did_you_mean(name.text, known))});
        return name.text;
    }

    MapReader reader_;
    const Surroundings& surroundings_;
    Problems& problems_;
    Alerts alerts_;
};

}  // namespace

Alerts read_alerts(const YamlNode& node, const Surroundings& surroundings, Problems& problems) {
    return AlertReader(node, surroundings, problems).read();
}

}  // namespace baselined::config
