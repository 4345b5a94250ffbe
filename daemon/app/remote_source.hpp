// From a configured ServiceNow or Jira source to what its connector needs.
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "connectors/http/auth.hpp"
#include "connectors/http/request.hpp"
#include "connectors/jira/issue_reader.hpp"
#include "connectors/servicenow/table_reader.hpp"
#include "daemon/app/portfolio.hpp"

namespace baselined::daemon {

connectors::Connection connection_of(const config::Source& source);
connectors::Login login_of(const config::Source& source);
connectors::servicenow::TableOptions table_options_of(const StreamPlan& plan,
                                                      const config::Configuration& configuration);

connectors::jira::SiteOptions site_options_of(const StreamPlan& plan,
                                              const config::Configuration& configuration);

}  // namespace baselined::daemon
