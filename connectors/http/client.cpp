#include "connectors/http/client.hpp"

#include <fmt/format.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "connectors/http/transfer.hpp"

namespace baselined::connectors {

namespace asio = boost::asio;
using asio::posix::descriptor_base;

namespace {

/// The first header that would begin another one; empty: there is none.
std::string unsendable_header(const Request& request) {
    for (const auto& [name, value] : request.headers)
        if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) return name;
    return {};
}

}  // namespace

struct HttpClient::Socket {
    Socket(asio::io_context& io, curl_socket_t number) : descriptor(io, number) {}
    asio::posix::stream_descriptor descriptor;
    int wanted = 0;
    bool is_reading = false, is_writing = false;
};

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
