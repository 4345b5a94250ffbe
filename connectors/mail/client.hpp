// Hands one mail at a time to an SMTP server: text, HTML and pictures, by libcurl.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "connectors/mail/mail.hpp"

namespace baselined::connectors {

struct MailServer {
    enum class Tls {
        never,         ///< plain: fit for this machine only
        when_offered,  ///< STARTTLS where the server has it
        required,      ///< STARTTLS, or no mail
    };
    std::string url;  ///< smtp://host:25, or smtps://host:465 which is TLS from the first byte on; a path is
                      ///< the name to say in EHLO instead of the host's own
    std::string user, password;
    std::string ca;  ///< a PEM file; empty: the system's authorities
    Tls tls = Tls::required;
    std::chrono::milliseconds connect_timeout{std::chrono::seconds{20}};
    std::chrono::milliseconds timeout{std::chrono::minutes{3}};
};

/// What came of it.
struct MailOutcome {
    enum class State {
        accepted,
        later,    ///< 4xx, a login that was refused, no connection, or nobody knows whether the server has it
        refused,  ///< 5xx to the sender, the recipient or the mail
    };
    State state = State::later;
    std::string words;  ///< the server's, with their code, or what went wrong; never a secret
};

/// libcurl waits for the answer to a mail's end without giving the thread back, whatever its interface: so
/// mails are sent on two threads of their own, and the io_context goes on. Calls on the io_context's thread;
/// the io_context outlives the client. Cancelling gives up within about a second; so does the destructor.
class MailClient {
  public:
    MailClient();
    ~MailClient();
    MailClient(const MailClient&) = delete;
    MailClient& operator=(const MailClient&) = delete;

    boost::asio::awaitable<MailOutcome> send(MailServer server, Mail mail);
    /// Connects, checks TLS and logs in; sends no mail.
    boost::asio::awaitable<MailOutcome> probe(MailServer server);

  private:
    struct Transfer;
    boost::asio::awaitable<MailOutcome> perform(MailServer server, std::optional<Mail> mail);

    std::shared_ptr<std::atomic<bool>> is_closing_ = std::make_shared<std::atomic<bool>>(false);
    boost::asio::thread_pool pool_{2};  ///< connections at a time: what a mail server bears beside others
};

}  // namespace baselined::connectors
