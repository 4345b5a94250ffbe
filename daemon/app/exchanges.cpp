#include "daemon/app/exchanges.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/app/outage.hpp"
#include "daemon/app/remote_source.hpp"
#include "daemon/app/sealed.hpp"

namespace baselined::daemon {

namespace asio = boost::asio;

namespace {

std::string token_fact(const config::Source& source) {
    return "refresh_token:" + source.name;
}
std::string pause_fact(const config::Source& source) {
    return "paused_until:" + source.name;
}

std::string secret_of(const config::Source& source) {
    return source.auth.oauth2.client_secret + "\n" + source.auth.oauth2.refresh_token + "\n" +
           source.auth.oauth2.client_id;
}

std::string settings_of(const config::Source& source) {
    const auto connection = connection_of(source);
    const auto login = login_of(source);
    const std::vector<std::string> parts{source.url,
                                         connection.ca,
                                         connection.cert,
                                         connection.key,
                                         connection.proxy,
                                         std::string(connection.allow_http ? "http" : ""),
                                         std::to_string(static_cast<int>(login.by)),
                                         login.user,
                                         login.password,
                                         login.token,
                                         std::to_string(static_cast<int>(login.grant)),
                                         login.client_id,
                                         login.client_secret,
                                         login.refresh_token,
                                         login.scope,
                                         login.issuer,
                                         login.subject,
                                         login.key,
                                         login.token_url};
    return fmt::format("{}", fmt::join(parts, "\n"));
}

}  // namespace

asio::awaitable<std::shared_ptr<connectors::Exchange>> Exchanges::of(const config::Source& source) {
    if (const auto known = known_.find(source.name); known != known_.end()) co_return known->second.exchange;
    auto look_up = [this, &source] {
        connectors::ExchangeMemory memory;
        if (const auto sealed = store_.fact(token_fact(source)))
            memory.refresh_token = unseal(*sealed, secret_of(source)).value_or("");
        if (const auto until = store_.fact(pause_fact(source))) memory.paused_until_ms = std::stoll(*until);
        memory.outage = outage_of(source.name, store_);
        return memory;
    };
    auto memory = co_await thread_.run(std::move(look_up));
    // Another stream of the source may have come first.
    auto [known, is_new] = known_.try_emplace(source.name);
    if (is_new) known->second = {settings_of(source), make(source, std::move(memory))};
    co_return known->second.exchange;
}

std::shared_ptr<connectors::Exchange> Exchanges::make(const config::Source& source,
                                                      connectors::ExchangeMemory memory) {
    memory.store_refresh_token = [this, fact = token_fact(source),
                                  secret = secret_of(source)](const std::string& token) {
        return remember(fact, seal(token, secret));
    };
    memory.store_pause = [this, fact = pause_fact(source)](std::int64_t until) {
        return remember(fact, std::to_string(until));
    };
    memory.store_outage = [this, name = source.name](const std::string& reason) {
        return keep_outage(name, reason);
    };
    auto exchange = std::make_shared<connectors::Exchange>(io_, client_, connection_of(source),
                                                           login_of(source), std::move(memory));
    exchange->set_observer([this, name = source.name](const connectors::RequestNote& note) {
        if (observer_) observer_(name, note);
    });
    exchange->set_trouble_observer([this, name = source.name](const std::optional<std::string>& trouble) {
        if (trouble_observer_) trouble_observer_(name, trouble);
    });
    return exchange;
}

asio::awaitable<void> Exchanges::keep_outage(std::string source, std::string reason) {
    if (!trouble_observer_ && !reason.empty()) co_return;
    auto save = [this, source = std::move(source), reason = std::move(reason)] {
        Transaction transaction(store_);
        note_outage(source, reason, store_);
        transaction.commit();
    };
    co_await thread_.run(std::move(save));
}

asio::awaitable<void> Exchanges::remember(std::string name, std::string value) {
    auto save = [this, name = std::move(name), value = std::move(value)] {
        Transaction transaction(store_);
        store_.set_fact(name, value);
        transaction.commit();
    };
    co_await thread_.run(std::move(save));
}

void copy_pause(const config::Source& source, Store& from, Store& to) {
    const auto told = from.fact(pause_fact(source));
    if (!told) return;
    const auto known = to.fact(pause_fact(source));
    if (known && std::stoll(*known) >= std::stoll(*told)) return;
    Transaction transaction(to);
    to.set_fact(pause_fact(source), *told);
    transaction.commit();
}

void Exchanges::keep(const std::vector<config::Source>& sources) {
    std::erase_if(known_, [&](const auto& known) {
        const auto found = std::find_if(sources.begin(), sources.end(),
                                        [&](const auto& source) { return source.name == known.first; });
        return found == sources.end() || settings_of(*found) != known.second.settings;
    });
    for (auto& [name, known] : known_) known.exchange->forget_refusal();
}

}  // namespace baselined::daemon
