#include "daemon/app/remote_source.hpp"

#include <algorithm>
#include <array>

#include "mappings/indicator/calendar.hpp"

namespace baselined::daemon {

namespace {

using mappings::Origin;

/// Fields that describe a record to people: an instance that lacks one loses no figure.
constexpr std::array described_by{"title", "url", "owner", "labels", "problem", "parent"};

void add(std::vector<std::string>& names, const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

/// A rule with several origins takes what is there: none of them alone has to be.
void add_required(const mappings::ValueRule& rule, std::vector<std::string>& names) {
    if (rule.from.size() == 1 || rule.joined)
        for (const Origin& origin : rule.from) add(names, origin.name);
}

}  // namespace

connectors::Connection connection_of(const config::Source& source) {
    connectors::Connection connection;
    connection.ca = source.tls.ca;
    connection.cert = source.tls.cert;
    connection.key = source.tls.key;
    connection.proxy = source.proxy;
    connection.allow_http = source.allow_http;
    return connection;
}

connectors::Login login_of(const config::Source& source) {
    connectors::Login login;
    login.by = static_cast<connectors::Login::By>(source.auth.by);
    login.user = source.auth.user;
    login.password = source.auth.password;
    login.token = source.auth.token;
    login.api_key_header = "x-sn-apikey";
    const config::OAuth2& oauth2 = source.auth.oauth2;
    login.grant = static_cast<connectors::Login::Grant>(oauth2.grant);
    if (login.by == connectors::Login::By::oauth2) {
        login.user = oauth2.user;
        login.password = oauth2.password;
    }
    login.client_id = oauth2.client_id;
    login.client_secret = oauth2.client_secret;
    login.refresh_token = oauth2.refresh_token;
    login.scope = oauth2.scope;
    login.issuer = oauth2.issuer;
    login.subject = oauth2.subject;
    login.key = oauth2.key;
    login.token_url = oauth2.token_url;
    if (login.token_url.empty())
        login.token_url = source.type == config::Source::Type::servicenow ? source.url + "/oauth_token.do"
                          : source.flavour == config::Source::Flavour::data_center
                              ? source.url + "/rest/oauth2/latest/token"
                              : "https://auth.atlassian.com/oauth/token";
    return login;
}

connectors::servicenow::TableOptions table_options_of(const StreamPlan& plan,
                                                      const config::Configuration& configuration) {
    connectors::servicenow::TableOptions options;
    options.url = plan.source->url;
    options.table = plan.stream->table;
    options.query = plan.stream->query;
    options.page_size = plan.source->page_size;
    if (plan.source->since) {
        const mappings::Calendar days(configuration.zone, mappings::PeriodLength::day);
        options.since_ms = days.start_of(*plan.source->since).time_since_epoch().count();
    }
    for (const std::size_t index : plan.stream->mappings) {
        const auto& mapping = configuration.mappings[index];
        for (const Origin& origin : mappings::origins_of(mapping)) add(options.fields, origin.name);
        for (const auto* rule : {&mapping.id, &mapping.number, &mapping.updated_at})
            if (*rule) add_required(**rule, options.required);
        for (const auto& field : mapping.fields)
            if (std::find(described_by.begin(), described_by.end(), field.name) == described_by.end())
                add_required(field.rule, options.required);
    }
    return options;
}

}  // namespace baselined::daemon
