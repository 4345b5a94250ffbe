// Certificates and keys that a configuration names, looked at before anybody connects with them.
#pragma once

#include "config/config.hpp"

namespace baselined::daemon {

/// What cannot serve as what it is named for. One that is not there was told while loading; one that this
/// user may not read is left to the service, whose it may be. No content is quoted.
Problems faults_of(const std::vector<config::LoginFile>& files);

}  // namespace baselined::daemon
