#include "daemon/notify/sending.hpp"

#include <fmt/format.h>

#include "connectors/http/retry.hpp"
#include "connectors/secrets.hpp"
#include "daemon/notify/mail.hpp"
#include "daemon/notify/signature.hpp"
#include "daemon/notify/webhook_body.hpp"
#include "daemon/real_clock.hpp"

namespace baselined::daemon {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds webhook_timeout{10};
constexpr std::size_t quoted_bytes = 200;     ///< of an answer's body
constexpr std::size_t most_answer = 1 << 20;  ///< a receiver has nothing longer to say
/// No receiver means longer, and times stay times.
constexpr std::chrono::hours longest_pause{24 * 3653};

/// What a receiver says, its own address left out: for most it is the key.
std::string told(const config::Webhook& webhook, std::string_view words) {
    connectors::Secrets secrets;
    secrets.add_address(webhook.url);
    return connectors::told(words, secrets, quoted_bytes);
}

connectors::Request request_of(const config::Webhook& webhook, const Notice& notice) {
    connectors::Request request;
    request.method = "POST";
    request.url = webhook.url;
    request.body = webhook_body(notice, webhook.format, real_now());
    const auto seconds = std::chrono::floor<std::chrono::seconds>(real_now()).time_since_epoch().count();
    request.headers = {{"Content-Type", "application/json"},
                       {"webhook-id", notice.id},
                       {"webhook-timestamp", std::to_string(seconds)}};
    if (!webhook.secrets.empty())
        request.headers.emplace_back("webhook-signature",
                                     signatures(webhook.secrets, notice.id, seconds, request.body));
    return request;
}

connectors::Connection connection_of(const config::Webhook& webhook) {
    connectors::Connection connection;
    connection.ca = webhook.ca;
    connection.allow_http = webhook.allow_http;
    connection.allow_private = webhook.allow_private;
    connection.connect_timeout = connection.timeout = webhook_timeout;
    connection.most_bytes = most_answer;
    return connection;
}

DeliveryOutcome outcome_of(const config::Webhook& webhook, const connectors::Response& response) {
    const long status = response.status;
    DeliveryOutcome outcome;
    if (response.is_ok()) return outcome;
    outcome.words = fmt::format("answered {}", status);
    if (const std::string said = told(webhook, response.body); !said.empty()) outcome.words += ": " + said;
    const bool is_redirect = status >= 300 && status < 400;
    if (is_redirect) outcome.words = fmt::format("answered {}: redirects are not followed", status);
    const bool may_help = is_redirect || status == 408 || status == 425 || status == 429 || status >= 500;
    outcome.delivery = status == 410 ? Delivery::disabled : may_help ? Delivery::retry : Delivery::dead;
    if (may_help)
        if (const auto told =
                connectors::told_to_wait(response, real_now().time_since_epoch().count(), longest_pause))
            outcome.retry_after = std::chrono::ceil<std::chrono::seconds>(*told);
    return outcome;
}

connectors::MailServer server_of(const config::Smtp& smtp) {
    using Tls = connectors::MailServer::Tls;
    connectors::MailServer server;
    server.url = smtp.url;
    server.user = smtp.user;
    server.password = smtp.password;
    server.ca = smtp.ca;
    // On this machine nobody stands between: without an authority to check a certificate by, plain is as
    // good.
    const bool is_plain = connectors::is_loopback(smtp.url) && smtp.ca.empty();
    server.tls = smtp.starttls_required ? Tls::required : is_plain ? Tls::never : Tls::when_offered;
    return server;
}

DeliveryOutcome unreached(const config::Webhook& webhook, const Error& error) {
    std::string words = told(webhook, error.text);
    if (error.code == ErrorCode::unsupported && words.find("private address") != std::string::npos)
        words += ": `allow_private: true` at the webhook allows them";
    return {Delivery::retry, std::move(words), std::nullopt};
}

DeliveryOutcome outcome_of(connectors::MailOutcome outcome) {
    using State = connectors::MailOutcome::State;
    const Delivery delivery = outcome.state == State::accepted  ? Delivery::arrived
                              : outcome.state == State::refused ? Delivery::dead
                                                                : Delivery::retry;
    return {delivery, std::move(outcome.words), std::nullopt};
}

}  // namespace

asio::awaitable<DeliveryOutcome> send_mail(connectors::MailClient& client, const config::Alerts& alerts,
                                           connectors::Mailbox to, Notice notice) {
    if (!alerts.smtp) co_return DeliveryOutcome{Delivery::dead, "no `smtp` is configured", std::nullopt};
    connectors::Mail mail = mail_of(notice, {alerts.from, alerts.admin}, to);
    auto outcome = co_await client.send(server_of(*alerts.smtp), std::move(mail));
    co_return outcome_of(std::move(outcome));
}

asio::awaitable<DeliveryOutcome> probe_smtp(connectors::MailClient& client, const config::Smtp& smtp) {
    auto outcome = co_await client.probe(server_of(smtp));
    co_return outcome_of(std::move(outcome));
}

asio::awaitable<DeliveryOutcome> send_webhook(connectors::HttpClient& client, const config::Webhook& webhook,
                                              Notice notice) {
    auto answer = co_await client.send(request_of(webhook, notice), connection_of(webhook));
    if (answer) co_return outcome_of(webhook, *answer);
    co_return unreached(webhook, answer.error());
}

asio::awaitable<DeliveryOutcome> probe_webhook(connectors::HttpClient& client,
                                               const config::Webhook& webhook) {
    connectors::Request request;
    request.method = "OPTIONS";
    request.url = webhook.url;
    auto answer = co_await client.send(std::move(request), connection_of(webhook));
    if (!answer) co_return unreached(webhook, answer.error());
    DeliveryOutcome outcome;
    if (answer->status == 410) outcome = outcome_of(webhook, *answer);
    co_return outcome;
}

}  // namespace baselined::daemon
