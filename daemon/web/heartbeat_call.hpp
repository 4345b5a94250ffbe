// A URL that is asked for while all is well: who watches it hears of the daemon's end even when the daemon
// cannot tell.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "daemon/app/exchanges.hpp"

namespace baselined::daemon {

struct HeartbeatState {
    std::string url;  ///< empty: none is configured
    bool is_well = false, is_stopping = false;
};

/// Asks for it once a minute while `state` says that all is well. Failures are logged, once until it answers
/// again; the URL's path may be a secret and is never shown.
boost::asio::awaitable<void> call_heartbeat(boost::asio::io_context& io, std::shared_ptr<Exchanges> exchanges,
                                            std::function<HeartbeatState()> state);

}  // namespace baselined::daemon
