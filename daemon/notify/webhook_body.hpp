// A notice as the body of a webhook, in each of the four forms.
#pragma once

#include <string>

#include "config/alerts.hpp"
#include "daemon/notify/notice.hpp"

namespace baselined::daemon {

/// The same bytes for every try, except alertmanager's, which knows when an alert ends only by the clock.
/// `standard` tells of the notice's first measure, else its first source, else its remarks; what decides who
/// is told makes one notice of each. docs/webhooks.md describes all forms.
std::string webhook_body(const Notice& notice, config::Webhook::Format format, mappings::Instant now);

}  // namespace baselined::daemon
