// The daemon: every stream polled on its own schedule, figures and statuses kept current, until it is told to
// stop.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "config/config.hpp"
#include "daemon/app/portfolio.hpp"

namespace baselined::daemon {

/// A configuration that was loaded, checked and made ready.
struct ReadyConfiguration {
    config::Loaded loaded;
    std::unique_ptr<Portfolio> portfolio;
};

/// A null pointer: the configuration is bad, and the complaints say why, one a line.
using Reload = std::function<std::unique_ptr<ReadyConfiguration>(std::string& complaints)>;

/// Runs in the foreground. SIGTERM and SIGINT stop it within seconds, between two transactions. SIGHUP asks
/// `reload` for a new configuration; a bad one is logged and changes nothing. A store that cannot be written
/// (disk full, read-only) is tried again until it can. Throws StoreError when the store cannot be opened at
/// the start or is damaged, std::runtime_error when the web listener's address is not to be had.
void serve(std::unique_ptr<ReadyConfiguration> configuration, const Reload& reload);

}  // namespace baselined::daemon
