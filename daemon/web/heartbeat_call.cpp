#include "daemon/web/heartbeat_call.hpp"

#include <fmt/format.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daemon/app/failure_log.hpp"

namespace baselined::daemon {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds call_every{60};
/// While all is not well, that is looked at more often.
constexpr std::chrono::seconds look_every{1};
constexpr std::chrono::seconds patience{10};

}  // namespace

asio::awaitable<void> call_heartbeat(asio::io_context& io, std::shared_ptr<Exchanges> exchanges,
                                     std::function<HeartbeatState()> state) {
    FailureLog failures;
    for (;;) {
        const HeartbeatState now = state();
        if (now.is_stopping) co_return;
        const bool is_called = !now.url.empty() && now.is_well;
        if (is_called) {
            connectors::Request request;
            request.url = now.url;
            connectors::Connection connection;
            connection.allow_http = true;  // it carries nothing
            connection.connect_timeout = patience;
            connection.timeout = patience;
            const auto answer = co_await exchanges->client().send(request, connection);
            std::string trouble;
            if (!answer)
                trouble = answer.error().text;
            else if (!answer->is_ok())
                trouble = fmt::format("{} answers {}", connectors::origin_of(now.url), answer->status);
            failures.note("heartbeat", trouble);
        }
        const bool is_waiting = !now.url.empty() && !is_called;
        asio::steady_timer timer(io, is_waiting ? look_every : call_every);
        co_await timer.async_wait(asio::use_awaitable);
    }
}

}  // namespace baselined::daemon
