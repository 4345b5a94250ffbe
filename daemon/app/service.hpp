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

/// Runs in the foreground. SIGTERM and SIGINT stop it within seconds, between two transactions. SIGHUP asks
/// `reload` for a new configuration; a null pointer (a bad file, which it has told) changes nothing.
/// Throws StoreError when the store cannot be opened or does not do its work any more.
void serve(std::unique_ptr<ReadyConfiguration> configuration,
           const std::function<std::unique_ptr<ReadyConfiguration>()>& reload);

}  // namespace baselined::daemon
