// The web listener: GET and HEAD of a few pages, within bounds, on the event loop.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "daemon/web/page.hpp"

namespace baselined::daemon {

/// Bounds: 16 connections at a time (one more is closed at once), 8 KiB of header, no body, 10 s for a
/// request to arrive and its answer to leave, 30 s of idling between two. All calls on the io_context's
/// thread.
class WebServer {
  public:
    /// The page of a path without its query; must not block.
    using Pages = std::function<Page(std::string_view path)>;

    /// `listen` is HOST:PORT, the host a number, [number] for IPv6, or localhost. Port 0 takes any; it is
    /// logged. Throws std::runtime_error with the reason when the address is not to be had.
    WebServer(boost::asio::io_context& io, const std::string& listen, Pages pages);
    void stop();

  private:
    boost::asio::awaitable<void> accept();
    boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket, std::shared_ptr<int> open);

    boost::asio::io_context& io_;
    boost::asio::ip::tcp::acceptor acceptor_;
    std::shared_ptr<Pages> pages_;
    std::shared_ptr<int> open_ = std::make_shared<int>(0);
};

}  // namespace baselined::daemon
