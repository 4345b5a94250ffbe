#include "daemon/web/web_server.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <stdexcept>

#include "daemon/app/log.hpp"

namespace baselined::daemon {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

namespace {

constexpr int most_connections = 16;
constexpr std::uint32_t most_header_bytes = 8 * 1024;
constexpr std::chrono::seconds request_time{10}, idle_time{30};
constexpr std::chrono::seconds pause_without_descriptors{1};

tcp::endpoint endpoint_of(const std::string& listen) {
    const std::size_t colon = listen.rfind(':');
    std::string host = listen.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (host == "localhost") host = "127.0.0.1";
    boost::system::error_code error;
    const auto address = asio::ip::make_address(host, error);
    if (error) throw std::runtime_error(fmt::format("web: listen: {}: \"{}\" is no address", listen, host));
    return {address, static_cast<std::uint16_t>(std::stoi(listen.substr(colon + 1)))};
}

/// Counts a connection for as long as it stands; the count outlives the server.
class Place {
  public:
    explicit Place(std::shared_ptr<int> open) : open_(std::move(open)) { ++*open_; }
    ~Place() { --*open_; }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

  private:
    std::shared_ptr<int> open_;
};

using Answer = http::response<http::string_body>;

Answer answer_of(Page page, bool is_head, bool keep_alive) {
    Answer answer;
    answer.result(static_cast<unsigned>(page.status));
    answer.set(http::field::content_type, page.type);
    answer.set(http::field::cache_control, "no-store");
    answer.set("X-Content-Type-Options", "nosniff");
    if (page.status == 405) answer.set(http::field::allow, "GET, HEAD");
    answer.content_length(page.body.size());
    if (!is_head) answer.body() = std::move(page.body);
    answer.keep_alive(keep_alive);
    return answer;
}

/// What could not be read as a request; 0: nobody to answer to.
int status_of(const boost::system::error_code& error) {
    if (error == http::error::header_limit || error == http::error::buffer_overflow) return 431;
    if (error == http::error::unexpected_body || error == http::error::body_limit) return 413;
    if (error == http::error::end_of_stream || error == beast::error::timeout) return 0;
    return error.category() == make_error_code(http::error::bad_method).category() ? 400 : 0;
}

}  // namespace

WebServer::WebServer(asio::io_context& io, const std::string& listen, Pages pages)
    : io_(io), acceptor_(io), pages_(std::make_shared<Pages>(std::move(pages))) {
    const auto endpoint = endpoint_of(listen);
    boost::system::error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(most_connections, error);
    if (error)
        throw std::runtime_error(fmt::format(
            "web: cannot listen on {}: {}; name another address in `web: listen`, or stop what uses it",
            listen, error.message()));
    const auto bound = acceptor_.local_endpoint();
    log(LogLevel::info, fmt::format("web: http://{}{}{}:{} answers /metrics, /health and /ready",
                                    bound.address().is_v6() ? "[" : "", bound.address().to_string(),
                                    bound.address().is_v6() ? "]" : "", bound.port()));
    asio::co_spawn(io_, accept(), asio::detached);
}

void WebServer::stop() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
}

asio::awaitable<void> WebServer::accept() {
    while (acceptor_.is_open()) {
        boost::system::error_code error;
        tcp::socket socket =
            co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
        if (error == asio::error::operation_aborted) co_return;
        if (error) {  // out of descriptors, as a rule: some will be free again
            asio::steady_timer timer(io_, pause_without_descriptors);
            co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
            continue;
        }
        if (*open_ >= most_connections) continue;  // closed as it goes out of scope
        asio::co_spawn(io_, serve(std::move(socket), open_), asio::detached);
    }
}

asio::awaitable<void> WebServer::serve(tcp::socket socket, std::shared_ptr<int> open) {
    const Place place(std::move(open));
    const auto pages = pages_;
    beast::tcp_stream stream(std::move(socket));
    beast::flat_buffer buffer(most_header_bytes);
    for (bool is_first = true;; is_first = false) {
        http::request_parser<http::empty_body> parser;
        parser.header_limit(most_header_bytes);
        boost::system::error_code error;
        stream.expires_after(is_first ? request_time : idle_time);
        co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
        Page page;
        bool is_head = false, keep_alive = false;
        if (error) {
            page.status = status_of(error);
            if (page.status == 0) co_return;
            page.body = "this request cannot be served\n";
        } else {
            const auto& request = parser.get();
            is_head = request.method() == http::verb::head;
            keep_alive = request.keep_alive();
            const std::string_view target(request.target().data(), request.target().size());
            if (is_head || request.method() == http::verb::get)
                page = (*pages)(target.substr(0, target.find('?')));
            else
                page = {405, page.type, "only GET and HEAD are served\n"};
        }
        Answer answer = answer_of(std::move(page), is_head, keep_alive);
        stream.expires_after(request_time);
        co_await http::async_write(stream, answer, asio::redirect_error(asio::use_awaitable, error));
        if (error || !keep_alive) break;
    }
    boost::system::error_code ignored;
    stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
}

}  // namespace baselined::daemon
