// One try to deliver a notice: as a mail or to a webhook. Nothing is stored or repeated here.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <optional>
#include <string>

#include "config/alerts.hpp"
#include "connectors/http/client.hpp"
#include "connectors/mail/client.hpp"
#include "daemon/notify/notice.hpp"

namespace baselined::daemon {

/// How a try ended. `retry`: the receiver may take it later, or nobody knows whether it did.
enum class Delivery { arrived, retry, dead, disabled };

struct DeliveryOutcome {
    Delivery delivery = Delivery::arrived;
    std::string words;                                ///< the receiver's, or what went wrong; never a secret
    std::optional<std::chrono::seconds> retry_after;  ///< as the receiver asked
};

using MailAddress = connectors::Mailbox;

/// One message for one recipient. SMTP's 4xx, a refused login and a connection that failed: retry; 5xx and
/// an address that cannot be written to: dead. On the io_context's thread; what is referred to outlives the
/// call.
boost::asio::awaitable<DeliveryOutcome> send_mail(connectors::MailClient& client,
                                                  const config::Alerts& alerts, MailAddress to,
                                                  Notice notice);
/// Connects, checks TLS and logs in, and sends nothing: for `check --online`.
boost::asio::awaitable<DeliveryOutcome> probe_smtp(connectors::MailClient& client, const config::Smtp& smtp);
/// 2xx: arrived; 410: disabled; 429, 5xx, redirects (never followed), time-outs and failed connections:
/// retry; any other answer: dead. `standard` and `slack`, `teams`, `alertmanager` forms by the webhook's
/// format.
boost::asio::awaitable<DeliveryOutcome> send_webhook(connectors::HttpClient& client,
                                                     const config::Webhook& webhook, Notice notice);
/// Asks what the webhook's URL allows (OPTIONS), which says nothing: any answer but 410 arrived.
boost::asio::awaitable<DeliveryOutcome> probe_webhook(connectors::HttpClient& client,
                                                      const config::Webhook& webhook);

}  // namespace baselined::daemon
