#include "connectors/http/client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

#include "connectors/http/address.hpp"
#include "connectors/http/private_key.hpp"
#include "connectors/open_failure.hpp"
#include "mappings/record/utf8.hpp"

namespace baselined::connectors {

namespace asio = boost::asio;
using asio::posix::descriptor_base;

namespace {

/// A transfer slower than this for a minute is given up.
constexpr long slowest_bytes_a_second = 16;
constexpr long slow_seconds = 60;
constexpr long receive_bytes = 256 << 10;  // pages are long

constexpr long status_proxy_login = 407;
constexpr std::size_t largest_doubled = 16u << 20;

ErrorCode code_of(CURLcode result) {
    switch (result) {
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
            return ErrorCode::unsupported;
        case CURLE_WRITE_ERROR:
        case CURLE_FILESIZE_EXCEEDED:
            return ErrorCode::limit;
        case CURLE_OUT_OF_MEMORY:
            return ErrorCode::internal;
        default:
            return ErrorCode::unavailable;
    }
}

/// The first header that would begin another one; empty: there is none.
std::string unsendable_header(const Request& request) {
    for (const auto& [name, value] : request.headers)
        if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) return name;
    return {};
}

/// The same failure has the same words each time, so that it is told once: without "after 13 ms".
std::string without_times(std::string words) {
    constexpr std::string_view after = " after ";
    const std::size_t at = words.find(after);
    if (at == std::string::npos) return words;
    std::size_t end = words.find_first_not_of("0123456789", at + after.size());
    for (const std::string_view unit : {" milliseconds", " ms"})
        if (end != std::string::npos && end > at + after.size() && words.compare(end, unit.size(), unit) == 0)
            return words.erase(at, end + unit.size() - at);
    return words;
}

}  // namespace

struct HttpClient::Socket {
    Socket(asio::io_context& io, curl_socket_t number) : descriptor(io, number) {}
    asio::posix::stream_descriptor descriptor;
    int wanted = 0;
    bool is_reading = false, is_writing = false;
};

struct HttpClient::Transfer {
    explicit Transfer(asio::io_context& io) : finished(io, asio::steady_timer::time_point::max()) {}
    ~Transfer() {
        curl_easy_cleanup(easy);
        curl_slist_free_all(headers);
    }
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    Request request;
    Connection connection;
    Response response;
    CURL* easy = curl_easy_init();
    curl_slist* headers = nullptr;
    asio::steady_timer finished;  ///< cancelled when the transfer is done
    bool is_done = false;
    CURLcode result = CURLE_OK;
    std::array<char, CURL_ERROR_SIZE> words{};
    std::string refused_address;  ///< private, and not allowed
    int open_error = 0;           ///< of the system, when no socket could be opened
    bool is_too_large = false;
    bool is_certificate_wanted = false;  ///< of us, by the server

    void set_up();
    /// Why there is no answer, without whose; nullopt: there is one.
    [[nodiscard]] std::optional<Error> failure() const;
    /// The server asked for a client's certificate, and there is none to show.
    [[nodiscard]] bool lacks_certificate() const;
    static curl_socket_t on_open(void* self, curlsocktype, curl_sockaddr* address);
    static int on_trace(CURL*, curl_infotype type, char* bytes, std::size_t size, void* self);
    static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);
    static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self);
};

std::size_t HttpClient::Transfer::on_body(char* bytes, std::size_t size, std::size_t count, void* user) {
    auto& self = *static_cast<Transfer*>(user);
    if (self.response.body.size() + size * count > self.connection.most_bytes) {
        self.is_too_large = true;
        return 0;
    }
    if (self.response.body.empty()) {
        curl_off_t announced = 0;
        curl_easy_getinfo(self.easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
        // One piece of memory for a page that comes unpacked. An announcement is no promise, but what is
        // reserved and not written takes no memory.
        if (announced > 0)
            self.response.body.reserve(
                std::min(static_cast<std::size_t>(announced), self.connection.most_bytes) + parse_margin);
    }
    // Doubling on would hold a long body twice while it is copied.
    if (self.response.body.size() + size * count > std::max(self.response.body.capacity(), largest_doubled))
        self.response.body.reserve(self.connection.most_bytes + parse_margin);
    self.response.body.append(bytes, size * count);
    return size * count;
}

std::size_t HttpClient::Transfer::on_header(char* bytes, std::size_t size, std::size_t count, void* user) {
    auto& self = *static_cast<Transfer*>(user);
    std::string_view line(bytes, size * count);
    if (line.starts_with("HTTP/")) self.response.headers.clear();  // a 100 or a proxy's came before
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos) {
        std::string_view value = line.substr(colon + 1);
        while (!value.empty() && static_cast<unsigned char>(value.front()) <= ' ') value.remove_prefix(1);
        while (!value.empty() && static_cast<unsigned char>(value.back()) <= ' ') value.remove_suffix(1);
        self.response.headers.emplace_back(line.substr(0, colon), value);
    }
    return size * count;
}

curl_socket_t HttpClient::Transfer::on_open(void* user, curlsocktype, curl_sockaddr* address) {
    auto& self = *static_cast<Transfer*>(user);
    if (!self.connection.allow_private && is_private(address->addr)) {
        self.refused_address = number_of(address->addr);
        return CURL_SOCKET_BAD;
    }
    const int opened = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    self.open_error = opened < 0 ? errno : 0;
    return opened;
}

void HttpClient::Transfer::set_up() {
    const auto set = [this](CURLoption option, auto value) { curl_easy_setopt(easy, option, value); };
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_BUFFERSIZE, receive_bytes);
    set(CURLOPT_ERRORBUFFER, words.data());
    set(CURLOPT_ACCEPT_ENCODING, "");
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connection.connect_timeout.count()));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(connection.timeout.count()));
    set(CURLOPT_LOW_SPEED_LIMIT, slowest_bytes_a_second);
    set(CURLOPT_LOW_SPEED_TIME, slow_seconds);
    set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(connection.most_bytes));
    set(CURLOPT_USERAGENT, "baselined");
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!connection.ca.empty()) set(CURLOPT_CAINFO, connection.ca.c_str());
    if (!connection.cert.empty()) {
        set(CURLOPT_SSLCERT, connection.cert.c_str());
        set(CURLOPT_SSLKEY, connection.key.c_str());
        set(CURLOPT_KEYPASSWD, "");  // without one OpenSSL asks for it on the terminal, and all waits
    }
    if (!connection.proxy.empty()) set(CURLOPT_PROXY, connection.proxy.c_str());
    set(CURLOPT_OPENSOCKETFUNCTION, on_open);
    set(CURLOPT_OPENSOCKETDATA, this);
    // A connection that was made without the check must not serve.
    if (!connection.allow_private) set(CURLOPT_FRESH_CONNECT, 1L);
    for (const auto& [name, value] : request.headers)
        headers = curl_slist_append(headers, fmt::format("{}: {}", name, value).c_str());
    headers = curl_slist_append(headers, "Expect:");  // no pause before a body
    set(CURLOPT_HTTPHEADER, headers);
    if (request.method != "GET") {
        set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
        set(CURLOPT_POSTFIELDS, request.body.c_str());
        set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    }
    if (connection.cert.empty()) {
        set(CURLOPT_VERBOSE, 1L);
        set(CURLOPT_DEBUGFUNCTION, on_trace);
        set(CURLOPT_DEBUGDATA, this);
    }
    set(CURLOPT_WRITEFUNCTION, on_body);
    set(CURLOPT_WRITEDATA, this);
    set(CURLOPT_HEADERFUNCTION, on_header);
    set(CURLOPT_HEADERDATA, this);
}

bool HttpClient::Transfer::lacks_certificate() const {
    const bool is_closed =
        result == CURLE_SEND_ERROR || result == CURLE_RECV_ERROR || result == CURLE_SSL_CONNECT_ERROR;
    return is_closed && is_certificate_wanted && connection.cert.empty();
}

std::optional<Error> HttpClient::Transfer::failure() const {
    long tunnel_status = 0;
    curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &tunnel_status);
    if (result != CURLE_OK && !refused_address.empty())
        return Error{ErrorCode::unsupported,
                     fmt::format("{} is a private address, and those are not allowed", refused_address)};
    if (is_too_large || result == CURLE_FILESIZE_EXCEEDED)
        return Error{ErrorCode::limit,
                     fmt::format("the answer is longer than {} MiB, unpacked: more is not read",
                                 connection.most_bytes >> 20)};
    if (response.status == status_proxy_login || tunnel_status == status_proxy_login)
        return Error{ErrorCode::bad_input,
                     "the proxy refuses its login (407): name and password stand in its URL"};
    if (result == CURLE_OK) return std::nullopt;
    if (open_error != 0) return Error{code_of(result), why_not_opened(open_error)};
    if (result == CURLE_SSL_CERTPROBLEM && !connection.key.empty())
        if (const auto key = read_private_key(connection.key); !key) return key.error();
    if (lacks_certificate())
        return Error{ErrorCode::unsupported,
                     "the server closes the connection: it wants a client certificate, `tls: { cert, key }`"};
    if (result == CURLE_OUT_OF_MEMORY)  // libcurl bounds nothing else by itself
        return Error{code_of(result), "a line of the answer's head is too long to be read"};
    return Error{
        code_of(result),
        mappings::one_line(without_times(words[0] != '\0' ? words.data() : curl_easy_strerror(result)))};
}

/// libcurl's account of the handshake is the only place that tells what the server asked for.
int HttpClient::Transfer::on_trace(CURL*, curl_infotype type, char* bytes, std::size_t size, void* self) {
    if (type == CURLINFO_TEXT &&
        std::string_view(bytes, size).find("handshake, Request CERT") != std::string_view::npos)
        static_cast<Transfer*>(self)->is_certificate_wanted = true;
    return 0;
}

HttpClient::HttpClient(asio::io_context& io) : io_(io), timer_(io), multi_(nullptr) {
    static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
    (void)global;
    multi_ = curl_multi_init();
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
}

HttpClient::~HttpClient() {
    *alive_ = false;
    for (auto& [easy, transfer] : transfers_) curl_multi_remove_handle(multi_, easy);
    transfers_.clear();
    curl_multi_cleanup(multi_);
    for (auto& [descriptor, socket] : sockets_) socket->descriptor.release();
}

asio::awaitable<Result<Response>> HttpClient::send(Request request, Connection connection) {
    const std::string origin = origin_of(request.url);
    if (origin.starts_with("http://") && !connection.allow_http && !is_loopback(request.url))
        co_return Error{ErrorCode::unsupported, fmt::format("{}: plain http is not allowed", origin)};
    if (const std::string name = unsendable_header(request); !name.empty())
        co_return Error{ErrorCode::bad_input,
                        fmt::format("{}: what is to be sent as {} has a line break in it", origin, name)};
    auto transfer = std::make_shared<Transfer>(io_);
    transfer->request = std::move(request);
    transfer->connection = std::move(connection);
    transfer->set_up();
    transfers_.emplace(transfer->easy, transfer);
    curl_multi_add_handle(multi_, transfer->easy);
    boost::system::error_code waited;
    while (!transfer->is_done) {
        co_await transfer->finished.async_wait(asio::redirect_error(asio::use_awaitable, waited));
        const auto state = co_await asio::this_coro::cancellation_state;
        if (!transfer->is_done && state.cancelled() != asio::cancellation_type::none) break;
    }
    curl_multi_remove_handle(multi_, transfer->easy);
    transfers_.erase(transfer->easy);
    if (!transfer->is_done) co_return Error{ErrorCode::unavailable, fmt::format("{}: stopped", origin)};
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &transfer->response.status);
    if (auto failure = transfer->failure()) {
        failure->text = origin + ": " + failure->text;
        co_return std::move(*failure);
    }
    co_return std::move(transfer->response);
}

int HttpClient::on_socket(CURL*, curl_socket_t descriptor, int what, void* self, void*) {
    static_cast<HttpClient*>(self)->watch(descriptor, what);
    return 0;
}

void HttpClient::watch(curl_socket_t descriptor, int what) {
    auto known = sockets_.find(descriptor);
    if (what == CURL_POLL_REMOVE) {
        if (known == sockets_.end()) return;
        known->second->wanted = 0;
        known->second->descriptor.release();  // libcurl closes it
        sockets_.erase(known);
        return;
    }
    if (known == sockets_.end())
        known = sockets_.emplace(descriptor, std::make_shared<Socket>(io_, descriptor)).first;
    const auto socket = known->second;
    socket->wanted = what;
    if ((what & CURL_POLL_IN) != 0 && !socket->is_reading) wait(socket, descriptor_base::wait_read);
    if ((what & CURL_POLL_OUT) != 0 && !socket->is_writing) wait(socket, descriptor_base::wait_write);
}

void HttpClient::wait(std::shared_ptr<Socket> socket, descriptor_base::wait_type direction) {
    const bool is_read = direction == descriptor_base::wait_read;
    (is_read ? socket->is_reading : socket->is_writing) = true;
    const curl_socket_t number = socket->descriptor.native_handle();
    socket->descriptor.async_wait(direction, [this, alive = alive_, socket, number, direction,
                                              is_read](const boost::system::error_code& error) {
        (is_read ? socket->is_reading : socket->is_writing) = false;
        if (!*alive || error == asio::error::operation_aborted) return;
        act(number, error ? CURL_CSELECT_ERR : is_read ? CURL_CSELECT_IN : CURL_CSELECT_OUT);
        const auto known = sockets_.find(number);
        if (known == sockets_.end() || known->second != socket) return;
        const int bit = is_read ? CURL_POLL_IN : CURL_POLL_OUT;
        const bool is_waiting = is_read ? socket->is_reading : socket->is_writing;
        if ((socket->wanted & bit) != 0 && !is_waiting) wait(socket, direction);
    });
}

void HttpClient::act(curl_socket_t descriptor, int events) {
    int running = 0;
    curl_multi_socket_action(multi_, descriptor, events, &running);
    finish_transfers();
}

int HttpClient::on_timer(CURLM*, long milliseconds, void* self) {
    static_cast<HttpClient*>(self)->set_timer(milliseconds);
    return 0;
}

void HttpClient::set_timer(long milliseconds) {
    timer_.cancel();
    if (milliseconds < 0) return;
    timer_.expires_after(std::chrono::milliseconds{milliseconds});
    timer_.async_wait([this, alive = alive_](const boost::system::error_code& error) {
        if (!error && *alive) act(CURL_SOCKET_TIMEOUT, 0);
    });
}

void HttpClient::finish_transfers() {
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        const auto found = transfers_.find(message->easy_handle);
        if (found == transfers_.end()) continue;
        found->second->result = message->data.result;
        found->second->is_done = true;
        found->second->finished.cancel();
    }
}

}  // namespace baselined::connectors
