// One exchange a source, for as long as the source is reached the same way: logins, tokens and pauses outlast
// a reload.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "config/source.hpp"
#include "connectors/http/exchange.hpp"
#include "daemon/app/store_thread.hpp"
#include "daemon/store/store.hpp"

namespace baselined::daemon {

/// All calls on the io_context's thread. What it is given outlives it.
class Exchanges {
  public:
    Exchanges(boost::asio::io_context& io, Store& store, StoreThread& thread)
        : io_(io), store_(store), thread_(thread), client_(io) {}

    /// Made at first with what the store remembers of it.
    boost::asio::awaitable<std::shared_ptr<connectors::Exchange>> of(const config::Source& source);
    /// Keeps those of sources that are reached as before, forgets the others; refused logins are tried again.
    void keep(const std::vector<config::Source>& sources);

    using Observer = std::function<void(const std::string& source, const connectors::RequestNote& note)>;
    void set_observer(Observer observer) { observer_ = std::move(observer); }
    /// Who watches keeps outages, too (see outage.hpp): without, readings end soon and say themselves.
    using TroubleObserver =
        std::function<void(const std::string& source, const std::optional<std::string>& trouble)>;
    void set_trouble_observer(TroubleObserver observer) { trouble_observer_ = std::move(observer); }
    connectors::HttpClient& client() { return client_; }

  private:
    struct Known {
        std::string settings;  ///< all that makes one exchange differ from another; never shown
        std::shared_ptr<connectors::Exchange> exchange;
    };
    std::shared_ptr<connectors::Exchange> make(const config::Source& source,
                                               connectors::ExchangeMemory memory);
    boost::asio::awaitable<void> keep_outage(std::string source, std::string reason);
    boost::asio::awaitable<void> remember(std::string name, std::string value);

    boost::asio::io_context& io_;
    Store& store_;
    StoreThread& thread_;
    connectors::HttpClient client_;
    std::map<std::string, Known> known_;
    Observer observer_;
    TroubleObserver trouble_observer_;
};

/// Until when a source told to wait, from one store into another; the later word holds.
void copy_pause(const config::Source& source, Store& from, Store& to);

}  // namespace baselined::daemon
