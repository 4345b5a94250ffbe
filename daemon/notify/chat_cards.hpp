// A notice as other programs' messages: Slack, Microsoft Teams, Prometheus Alertmanager.
#pragma once

#include <string>

#include "daemon/notify/notice.hpp"

namespace baselined::daemon {

/// A text and Block Kit blocks, within Slack's limits (50 blocks, 150 characters a header, 3,000 a section).
/// (https://api.slack.com/reference/block-kit/blocks)
std::string slack_message(const Notice& notice);

/// A message with one Adaptive Card, as workflows and incoming webhooks of Teams take it.
/// (https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using)
std::string teams_message(const Notice& notice);

/// The alerts of POST /api/v2/alerts. A measure is three alerts of the same labels but for `severity`:
/// critical (off track), warning (weakening), info (unknown); the one that holds is firing, the others have
/// ended. So a change of severity resolves what was there before, and `resolved` resolves all.
/// (https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml)
std::string alertmanager_alerts(const Notice& notice, mappings::Instant now);

}  // namespace baselined::daemon
