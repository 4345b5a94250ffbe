#include "connectors/mail/client.hpp"

#include <curl/curl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <unistd.h>

#include <array>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "connectors/secrets.hpp"

namespace baselined::connectors {

namespace asio = boost::asio;

namespace {

constexpr std::size_t longest_words = 400;
/// How long the answer to QUIT is waited for: nothing depends on it.
constexpr long quit_seconds = 2;

/// This machine's name as others know it, for EHLO.
std::string host_name() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
    std::string own = name.data();
    if (own.find('.') != std::string::npos) return own;
    addrinfo wanted{}, *found = nullptr;
    wanted.ai_flags = AI_CANONNAME;
    if (::getaddrinfo(own.c_str(), nullptr, &wanted, &found) != 0) return own;
    if (found->ai_canonname != nullptr &&
        std::string_view(found->ai_canonname).find('.') != std::string::npos)
        own = found->ai_canonname;
    ::freeaddrinfo(found);
    return own;
}

std::string with_crlf(const std::string& text) {
    std::string lines;
    for (const char c : text) {
        if (c == '\n') lines += '\r';
        if (c != '\r') lines += c;
    }
    return lines;
}

}  // namespace

/// One mail, or a probe without one. Made and asked on the io_context's thread, performed on the pool's.
struct MailClient::Transfer {
    Transfer(MailServer to, std::optional<Mail> given, std::shared_ptr<std::atomic<bool>> closing)
        : server(std::move(to)), mail(std::move(given)), is_closing(std::move(closing)) {}
    ~Transfer() {
        curl_easy_cleanup(easy);
        curl_mime_free(mime);
        curl_slist_free_all(headers);
        curl_slist_free_all(recipients);
        curl_url_cleanup(url);
    }
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    void perform() noexcept;
    void set_up_server();
    void set_up_mail();
    void add_text(curl_mime* to, const std::string& text, const char* type) const;
    [[nodiscard]] std::string told(std::string_view foreign) const;
    [[nodiscard]] MailOutcome outcome_of(CURLcode result) const;
    void note_command(std::string_view line);
    void note_answer(std::string_view line);
    static int on_trace(CURL*, curl_infotype type, char* bytes, std::size_t size, void* self);
    static std::size_t on_answer(char* bytes, std::size_t size, std::size_t count, void* self);
    static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t);

    template <class Value>
    void set(CURLoption option, Value value) {
        curl_easy_setopt(easy, option, value);
    }

    MailServer server;
    std::optional<Mail> mail;
    std::shared_ptr<std::atomic<bool>> is_closing;
    std::atomic<bool> is_stopped = false;
    MailOutcome outcome;

    CURL* easy = curl_easy_init();
    CURLU* url = curl_url();
    curl_mime* mime = nullptr;
    curl_slist* headers = nullptr;
    curl_slist* recipients = nullptr;
    std::array<char, CURL_ERROR_SIZE> words{};
    std::string answer;               ///< the server's last, its lines joined
    bool is_answer_complete = false;  ///< its last line has come
    bool is_mail_begun = false;       ///< MAIL was said: from here on a 5xx is about the mail
    bool is_body_wanted = false;      ///< 354 was said
    bool is_leaving = false;          ///< QUIT was said
};

int MailClient::Transfer::on_trace(CURL*, curl_infotype type, char* bytes, std::size_t size, void* self) {
    if (type == CURLINFO_HEADER_OUT) static_cast<Transfer*>(self)->note_command({bytes, size});
    return 0;
}

void MailClient::Transfer::note_command(std::string_view line) {
    if (line.starts_with("MAIL FROM")) is_mail_begun = true;
    if (!line.starts_with("QUIT")) return;
    is_leaving = true;
    set(CURLOPT_SERVER_RESPONSE_TIMEOUT, quit_seconds);
}

std::size_t MailClient::Transfer::on_answer(char* bytes, std::size_t size, std::size_t count, void* self) {
    static_cast<Transfer*>(self)->note_answer({bytes, size * count});
    return size * count;
}

void MailClient::Transfer::note_answer(std::string_view line) {
    if (is_leaving) return;  // what QUIT is answered says nothing of the mail
    while (!line.empty() && static_cast<unsigned char>(line.back()) <= ' ') line.remove_suffix(1);
    if (is_answer_complete) answer.clear();
    if (!answer.empty() && line.size() > 4) {  // a line more of the same answer
        answer += ' ';
        line.remove_prefix(4);
    }
    if (answer.size() < longest_words) answer += line;
    is_answer_complete = line.size() < 4 || line[3] != '-';
    if (answer.starts_with("354")) is_body_wanted = true;
}

int MailClient::Transfer::on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    const auto& self = *static_cast<Transfer*>(user);
    return self.is_stopped || *self.is_closing ? 1 : 0;
}

void MailClient::Transfer::set_up_server() {
    curl_url_set(url, CURLUPART_URL, server.url.c_str(), 0);
    char* path = nullptr;
    curl_url_get(url, CURLUPART_PATH, &path, 0);
    if (path == nullptr || std::string_view(path).size() <= 1)
        curl_url_set(url, CURLUPART_PATH, ("/" + host_name()).c_str(), CURLU_URLENCODE);
    curl_free(path);
    set(CURLOPT_CURLU, url);
    set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    set(CURLOPT_NOPROXY, "*");  // the environment's proxies are for HTTP
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_QUICK_EXIT, 1L);  // else a name that is given up is waited for
    set(CURLOPT_ERRORBUFFER, words.data());
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(server.connect_timeout.count()));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(server.timeout.count()));
    set(CURLOPT_FORBID_REUSE, 1L);
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    const bool is_required = server.tls == MailServer::Tls::required;
    const bool is_plain = server.tls == MailServer::Tls::never;
    set(CURLOPT_USE_SSL, static_cast<long>(is_required ? CURLUSESSL_ALL
                                           : is_plain  ? CURLUSESSL_NONE
                                                       : CURLUSESSL_TRY));
    if (!server.ca.empty()) set(CURLOPT_CAINFO, server.ca.c_str());
    if (!server.user.empty()) {
        set(CURLOPT_USERNAME, server.user.c_str());
        set(CURLOPT_PASSWORD, server.password.c_str());
    }
    set(CURLOPT_HEADERFUNCTION, on_answer);
    set(CURLOPT_HEADERDATA, this);
    // The trace is the only way to see which command an answer belongs to; none of it is kept.
    set(CURLOPT_VERBOSE, 1L);
    set(CURLOPT_DEBUGFUNCTION, on_trace);
    set(CURLOPT_DEBUGDATA, this);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, on_progress);
    set(CURLOPT_XFERINFODATA, this);
}

void MailClient::Transfer::add_text(curl_mime* to, const std::string& text, const char* type) const {
    curl_mimepart* part = curl_mime_addpart(to);
    const std::string lines = with_crlf(text);
    curl_mime_data(part, lines.data(), lines.size());
    curl_mime_type(part, type);
    curl_mime_encoder(part, "quoted-printable");
}

void MailClient::Transfer::set_up_mail() {
    set(CURLOPT_MAIL_FROM, fmt::format("<{}>", mail->from.address).c_str());
    recipients = curl_slist_append(recipients, fmt::format("<{}>", mail->to.address).c_str());
    set(CURLOPT_MAIL_RCPT, recipients);
    const auto header = [this](std::string_view name, std::string_view value) {
        headers = curl_slist_append(headers, fmt::format("{}: {}", name, value).c_str());
    };
    header("From", header_mailbox(mail->from));
    header("To", header_mailbox(mail->to));
    header("Subject", header_text(mail->subject));
    header("Date",
           header_date(std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())));
    for (const auto& [name, value] : mail->headers) header(name, value);
    header("Content-Type", "multipart/alternative");
    set(CURLOPT_HTTPHEADER, headers);

    mime = curl_mime_init(easy);
    add_text(mime, mail->text, "text/plain; charset=utf-8");
    curl_mime* related = curl_mime_init(easy);
    add_text(related, mail->html, "text/html; charset=utf-8");
    for (const InlinePicture& picture : mail->pictures) {
        curl_mimepart* part = curl_mime_addpart(related);
        curl_mime_data(part, picture.bytes.data(), picture.bytes.size());
        curl_mime_type(part, picture.type.c_str());
        curl_mime_encoder(part, "base64");
        curl_slist* own =
            curl_slist_append(nullptr, fmt::format("Content-ID: <{}>", picture.content_id).c_str());
        curl_mime_headers(part, curl_slist_append(own, "Content-Disposition: inline"), 1);
    }
    curl_mimepart* shown = curl_mime_addpart(mime);
    curl_mime_subparts(shown, related);
    curl_mime_type(shown, "multipart/related; type=\"text/html\"");
    set(CURLOPT_MIMEPOST, mime);
}

void MailClient::Transfer::perform() noexcept {
    set_up_server();
    if (mail) {
        set_up_mail();
    } else {
        set(CURLOPT_CUSTOMREQUEST, "NOOP");
        set(CURLOPT_NOBODY, 1L);
    }
    outcome = outcome_of(curl_easy_perform(easy));
}

/// Servers quote logins that they refuse.
std::string MailClient::Transfer::told(std::string_view foreign) const {
    Secrets secrets;
    secrets.add_login(server.user, server.password);
    secrets.add_login_in(server.url);
    return connectors::told(foreign, secrets, longest_words);
}

MailOutcome MailClient::Transfer::outcome_of(CURLcode result) const {
    using State = MailOutcome::State;
    const std::string said = told(answer);
    if (result == CURLE_OK) return {State::accepted, said};
    long code = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
    const bool is_about_login =
        result == CURLE_LOGIN_DENIED || code == 530 || code == 534 || code == 535 || code == 538;
    if (is_about_login) return {State::later, "the mail server wants another login: " + said};
    if (code >= 500 && is_mail_begun) return {State::refused, said};
    if (code >= 400) return {State::later, said};
    if (is_stopped || *is_closing) return {State::later, "stopped"};
    const std::string reason = told(words[0] != '\0' ? words.data() : curl_easy_strerror(result));
    if (is_body_wanted)
        return {State::later, fmt::format("the mail was sent and not acknowledged: {}", reason)};
    return {State::later, reason};
}

MailClient::MailClient() {
    static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
    (void)global;
}

MailClient::~MailClient() {
    *is_closing_ = true;
    pool_.join();
}

asio::awaitable<MailOutcome> MailClient::send(MailServer server, Mail mail) {
    for (const Mailbox* mailbox : {&mail.from, &mail.to})
        if (const auto checked = check_address(mailbox->address); !checked)
            co_return MailOutcome{MailOutcome::State::refused, checked.error().text};
    co_return co_await perform(std::move(server), std::move(mail));
}

asio::awaitable<MailOutcome> MailClient::probe(MailServer server) {
    return perform(std::move(server), std::nullopt);
}

asio::awaitable<MailOutcome> MailClient::perform(MailServer server, std::optional<Mail> mail) {
    auto transfer = std::make_shared<Transfer>(std::move(server), std::move(mail), is_closing_);
    auto start = [this, transfer](auto handler) {
        auto slot = asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected())
            slot.assign([transfer](asio::cancellation_type) { transfer->is_stopped = true; });
        // Tracked: the io_context must not run out of work meanwhile.
        auto back =
            asio::prefer(asio::get_associated_executor(handler), asio::execution::outstanding_work.tracked);
        asio::post(pool_, [transfer, back, waiting = std::move(handler)]() mutable {
            transfer->perform();
            asio::post(back, std::move(waiting));
        });
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(std::move(start),
                                                                         asio::use_awaitable);
    co_return transfer->outcome;
}

}  // namespace baselined::connectors
