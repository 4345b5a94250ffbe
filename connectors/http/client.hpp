// One HTTP client for all sources: libcurl's multi interface, driven by Asio.
#pragma once

#include <curl/curl.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>

#include "connectors/http/request.hpp"
#include "mappings/record/result.hpp"

namespace baselined::connectors {

struct Transfer;

/// Connections are kept and used again; gzip and brotli are unpacked, HTTP/2 is taken where it is offered,
/// TLS is always verified. Redirects are not followed. All calls on the thread of the io_context; it outlives
/// the client.
class HttpClient {
  public:
    explicit HttpClient(boost::asio::io_context& io);
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    /// Sends one request and reads its answer to the end, whatever its status. A body that is shorter than it
    /// said, or cannot be unpacked, is an error. Error texts name the host, never headers or bodies.
    /// Cancelling the coroutine drops the transfer.
    boost::asio::awaitable<Result<Response>> send(Request request, Connection connection);

  private:
    struct Socket;
    static int on_socket(CURL*, curl_socket_t descriptor, int what, void* self, void*);
    static int on_timer(CURLM*, long milliseconds, void* self);
    void watch(curl_socket_t descriptor, int what);
    void wait(std::shared_ptr<Socket> socket, boost::asio::posix::descriptor_base::wait_type direction);
    void act(curl_socket_t descriptor, int events);
    void finish_transfers();
    void set_timer(long milliseconds);

    boost::asio::io_context& io_;
    boost::asio::steady_timer timer_;
    CURLM* multi_;
    std::map<curl_socket_t, std::shared_ptr<Socket>> sockets_;
    std::map<CURL*, std::shared_ptr<Transfer>> transfers_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< false for handlers that come too late
};

}  // namespace baselined::connectors
