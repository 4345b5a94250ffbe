#include "daemon/app/remote_source.hpp"

#include <algorithm>
#include <array>

#include "mappings/indicator/calendar.hpp"

namespace baselined::daemon {

namespace {

using mappings::Origin;

/// Fields that describe a record to people: an instance that lacks one loses no figure, unless a measure uses
/// it.
constexpr std::array described_by{"title", "url", "owner", "labels", "problem", "parent"};

bool has(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

void add(std::vector<std::string>& names, const std::string& name) {
    if (!has(names, name)) names.push_back(name);
}

/// Columns that a field takes alone.
std::vector<std::string> own_columns(const mappings::MappingDefinition& mapping) {
    std::vector<std::string> names;
    for (const mappings::FieldRule& field : mapping.fields)
        if (field.rule.from.size() == 1) add(names, field.rule.from.front().name);
    return names;
}

/// A rule with several origins takes what is there: one of them has to be, and those that are have to be
/// readable. Two sorts are no second choice, and what they stand beside has to be there, too. What is walked
/// to through a reference: without it ids would stand for names. And a column that is another field's own, as
/// closed_at where resolved_at is empty: without resolved_at every record would be resolved when it was
/// closed.
void add_columns(const mappings::ValueRule& rule, const std::vector<std::string>& own_columns,
                 std::vector<std::vector<std::string>>& lists) {
    std::vector<std::string> names;
    for (const Origin& origin : rule.from)
        if (origin.name != "$link") add(names, origin.name);  // the connector's own
    const bool has_choice = names.size() > 1 && !rule.joined;
    const bool has_stand_in = has_choice && std::any_of(names.begin(), names.end(), [&](const auto& name) {
                                  return has(own_columns, name);
                              });
    for (const std::string& name : names)
        if (const auto dot = name.rfind('.');
            !has_choice || has_stand_in || (dot != std::string::npos && has(names, name.substr(0, dot))))
            lists.push_back({name});
    if (has_choice) lists.push_back(std::move(names));
}

/// Whether a figure, or whether there is a record at all, hangs on the field.
bool is_needed(const std::string& field, const StreamPlan& plan, const mappings::MappingDefinition& mapping) {
    std::vector<std::string> needed = plan.needed;
    mappings::add_fields_used(mapping.skip, needed);
    return has(needed, field) ||
           std::find(described_by.begin(), described_by.end(), field) == described_by.end();
}

/// Jira's id of the field that a path walks into, `duedate` of `fields.duedate`; empty: it walks elsewhere.
std::string jira_field_of(const Origin& origin) {
    std::string_view path = origin.name;
    if (path.starts_with("$.")) path.remove_prefix(2);
    if (origin.by == Origin::By::jira_field || origin.by == Origin::By::jira_link ||
        !path.starts_with("fields."))
        return {};
    path.remove_prefix(7);
    return std::string(path.substr(0, path.find_first_of(".[")));
}

void add_jira_fields(const mappings::ValueRule& rule, std::vector<std::string>& ids) {
    for (const Origin& origin : rule.from)
        if (const std::string id = jira_field_of(origin); !id.empty()) add(ids, id);
}

/// By what hangs on them: a figure, or words for people.
void sort_jira_fields(const StreamPlan& plan, const mappings::MappingDefinition& mapping,
                      connectors::jira::SiteOptions& options) {
    for (const auto* rule : {&mapping.id, &mapping.number, &mapping.updated_at})
        if (*rule) add_jira_fields(**rule, options.needed_fields);
    for (const auto& field : mapping.fields)
        add_jira_fields(field.rule, is_needed(field.name, plan, mapping) ? options.needed_fields
                                                                         : options.describing_fields);
    std::erase_if(options.describing_fields, [&](const auto& id) { return has(options.needed_fields, id); });
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

std::int64_t since_ms(const config::Source& source, const config::Configuration& configuration) {
    if (!source.since) return 0;
    const mappings::Calendar days(configuration.zone, mappings::PeriodLength::day);
    return days.start_of(*source.since).time_since_epoch().count();
}

connectors::servicenow::TableOptions table_options_of(const StreamPlan& plan,
                                                      const config::Configuration& configuration) {
    connectors::servicenow::TableOptions options;
    options.url = plan.source->url;
    options.table = plan.stream->table;
    options.query = plan.stream->query;
    options.page_size = plan.source->page_size;
    options.since_ms = since_ms(*plan.source, configuration);
    for (const std::size_t index : plan.stream->mappings) {
        const auto& mapping = configuration.mappings[index];
        for (const Origin& origin : mappings::origins_of(mapping)) add(options.fields, origin.name);
        const std::vector<std::string> columns = own_columns(mapping);
        for (const auto* rule : {&mapping.id, &mapping.number, &mapping.updated_at})
            if (*rule) add_columns(**rule, columns, options.needed);
        for (const auto& field : mapping.fields)
            add_columns(field.rule, columns,
                        is_needed(field.name, plan, mapping) ? options.needed : options.describing);
    }
    return options;
}

connectors::jira::SiteOptions site_options_of(const StreamPlan& plan,
                                              const config::Configuration& configuration) {
    using Flavour = config::Source::Flavour;
    connectors::jira::SiteOptions options;
    options.url = plan.source->url;
    options.cloud_id = plan.source->cloud_id;
    if (plan.source->flavour == Flavour::cloud) options.flavour = connectors::jira::Flavour::cloud;
    if (plan.source->flavour == Flavour::data_center)
        options.flavour = connectors::jira::Flavour::data_center;
    options.jql = plan.stream->jql;
    options.page_size = plan.source->page_size;
    options.since_ms = since_ms(*plan.source, configuration);
    for (const std::size_t index : plan.stream->mappings) {
        sort_jira_fields(plan, configuration.mappings[index], options);
        for (const auto& field : configuration.mappings[index].fields)
            for (const Origin& origin : field.rule.from)
                if (origin.by == Origin::By::jira_link && has(plan.needed, field.name))
                    add(options.needed_links, origin.name);
    }
    for (const std::size_t index : plan.stream->mappings)
        for (const Origin& origin : mappings::origins_of(configuration.mappings[index])) {
            if (origin.by == Origin::By::jira_field) {
                add(options.named_fields, origin.name);
                continue;
            }
            if (origin.by == Origin::By::jira_link) {
                add(options.fields, "issuelinks");
                add(options.links, origin.name);
                continue;
            }
            std::string_view path = origin.name;
            if (path.starts_with("$.")) path.remove_prefix(2);
            if (path == "$done_at")
                for (const char* field : {"status", "statuscategorychangedate"}) add(options.fields, field);
            if (path == "slas" || path.starts_with("slas[")) options.wants_slas = true;
            if (std::string id = jira_field_of(origin); !id.empty()) add(options.fields, id);
        }
    return options;
}

}  // namespace baselined::daemon
