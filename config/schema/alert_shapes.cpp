#include "config/alerts.hpp"
#include "config/schema/tables.hpp"

namespace baselined::config::schema {

namespace {

const char* any_of = " A list means any of.";

Shape weekday() {
    return word({"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"});
}

std::vector<NamedShape> ways() {
    return {
        {"smtp", "The mail server.",
         map({
             {"url", "mail server", "Its address.", required},
             {"user", "line", "The user, where it wants a login.", optional},
             {"password", "secret", "Its password.", optional},
             {"tls", "mail tls", "How the connection is secured.",
              otherwise_words("TLS, checked against the system's authorities")},
         })},
        {"mail tls", "How the connection to the mail server is secured.",
         map({
             {"ca", "pem file", "A PEM file with the authorities that signed its certificate.", optional},
             {"starttls", word({"required", "optional"}), "Whether a server without STARTTLS is refused.",
              otherwise_words("required, except on this machine")},
         })},
        {"webhook", "An address that is sent one JSON message a measure.",
         map({
             {"url", "secret address", "Where it is sent.", required},
             {"format", word({"standard", "slack", "teams", "alertmanager"}), "What the message looks like.",
              otherwise("standard")},
             {"secret", some_of("secret"),
              "Signs messages (Standard Webhooks); two while one replaces the other.", optional},
             {"allow_private", "boolean", "Allows an address within private networks.", otherwise("false")},
             {"allow_http", "boolean",
              "Allows plain http beyond this machine: it can be read and changed on the way.",
              otherwise("false")},
             {"tls", "webhook tls", "A certificate that is not the system's.", optional},
         })},
        {"webhook tls", "A certificate that is not the system's.",
         map({{"ca", "pem file", "A PEM file with the authorities that signed the receiver's certificate.",
               optional}})},
    };
}

std::vector<NamedShape> routes() {
    return {
        {"route", "Whom to tell of which measures.",
         map({
             {"when", "route condition", "What the measure has to be like. Without it: every measure.",
              optional},
             {"to", some_of("receiver"), "Who is told.", required},
             {"digest", word({"weekly"}),
              "One mail a week with what stands, instead of one for each change. Not for webhooks.",
              optional},
         })},
        {"route condition", "What a measure has to be like; all that is named has to hold.",
         map({
             {"status", some_of(word({"on_track", "weakening", "off_track", "unknown"})),
              std::string("Its Potential Status.") + any_of, optional},
             {"programme", some_of("text"), std::string("Its programme.") + any_of, optional},
             {"owner", some_of("text"), std::string("Its owner's name or address.") + any_of, optional},
             {"service", some_of("text"), std::string("A service that its `where` names.") + any_of,
              optional},
             {"measure", some_of("text"), std::string("Its id.") + any_of, optional},
             {"money_at_risk", map({{"at_least", "number", "In the measure's currency.", required}}),
              "The target saving less the forecast one.", optional},
         })},
    };
}

}  // namespace

std::vector<NamedShape> alert_shapes() {
    std::vector<NamedShape> shapes{
        {"alerts", "Who is told of what, and by which way.",
         map({
             {"from", "email", "Whom mails come from; needed with `smtp`.", optional},
             {"admin", "email", "Is told of silent sources and of what else concerns no measure.", optional},
             {"smtp", "smtp", "The mail server. Without it no mail is sent.", optional},
             {"webhooks", names_of("name", "webhook", {"owner", "sponsor", "controller"}),
              "Addresses that are told by HTTP, by a name for `routes`.", optional},
             {"routes", list_of("route"), "Who is told: all routes that match, as a union.",
              otherwise_words("the owner, and the sponsor too when it is off track")},
             {"repeat", some_of("duration"),
              "When reminders are due, counted from the first telling, each later than the one before; the "
              "last interval goes on.",
              otherwise_words("no reminders")},
             {"per_minute", "integer", "How many messages are sent in a minute, of all kinds.",
              otherwise(std::to_string(Alerts{}.per_minute))},
             {"quiet", "quiet hours", "When mails wait. Webhooks do not.", optional},
             {"digest", "digest", "When digests are sent.", otherwise_words("monday, 08:00")},
         })},
        {"quiet hours", "A span of the day in which mails wait, in the receiver's own time zone.",
         map({
             {"from", "time of the day", "When it begins.", required},
             {"to", "time of the day", "When it ends; it may lie after midnight.", required},
         })},
        {"digest", "When digests are sent, in the configured time zone.",
         map({
             {"day", weekday(), "The day of the week.", otherwise("monday")},
             {"at", "time of the day", "The time.", otherwise("08:00")},
         })},
    };
    for (const auto& part : {ways(), routes()}) shapes.insert(shapes.end(), part.begin(), part.end());
    return shapes;
}

}  // namespace baselined::config::schema
