#include <iterator>

#include "config/schema/tables.hpp"
#include "config/source.hpp"

namespace baselined::config::schema {

namespace {

std::vector<Key> joined(std::vector<Key> first, std::vector<Key> second) {
    std::move(second.begin(), second.end(), std::back_inserter(first));
    return first;
}

std::vector<Key> keys_of_all(Source::Type type) {
    const Source standard;
    return {
        {"type", word({std::string(name_of(type))}), "What the source is.", required},
        {"timezone", "time zone", "Of times that come without an offset.", otherwise("UTC")},
        {"poll", "duration", "How often the source is asked.", otherwise(text_of(usual_poll(type)))},
        {"stale_after", "duration",
         "Its measures read `unknown`, and `admin` is told, when the last complete reading is older.",
         otherwise(text_of(standard.stale_after))},
        {"give_up", "duration", "How long `once` repeats what fails before it goes on without this source.",
         otherwise_key("give_up")},
    };
}

std::vector<Key> keys_of_remote(Source::Type type) {
    const Source standard;
    return joined(
        keys_of_all(type),
        {
            {"url", "address", "Where it is; https, unless `allow_http` says otherwise.", required},
            {"allow_http", "boolean",
             "Allows plain http beyond this machine: whoever is on the way reads the password.",
             otherwise("false")},
            {"auth", "login", "How the daemon logs in.", required},
            {"tls", "tls", "Certificates that are not the system's.", optional},
            {"proxy", "proxy", "A proxy.", otherwise_words("the environment's: https_proxy, no_proxy")},
            {"since", "day",
             "What was changed since that day is read. A recurrence looks back before the baseline begins.",
             otherwise_words("everything")},
            {"page_size", "integer", "How many rows are asked for at once, 1 to 10000.",
             otherwise(std::to_string(standard.page_size))},
            {"reconcile", "duration", "How often ids are compared, to find what was deleted.",
             otherwise(text_of(standard.reconcile))},
        });
}

Key streams(const char* shape, const char* about) {
    return {"streams", names_of("name", shape), about, required};
}

Shape mappings() {
    return some_of("mapping name");
}

}  // namespace

std::vector<NamedShape> source_shapes() {
    const char* mapped = "What its columns mean. Several mappings make records of several kinds of each row.";
    return {
        {"source", "One place that is read. Its `type` decides which keys it has.",
         by("type", {"files", "servicenow", "jira"}, {"files source", "servicenow source", "jira source"})},
        {"files source", "A folder of exports: CSV, XLSX or ODS, each also packed as .gz.",
         map(joined(
             keys_of_all(Source::Type::files),
             {{"path", "path",
               "The folder. `run` reads a file when it has stopped changing, `once` as it is.", required},
              streams("files stream", "Which files are read, and how.")}))},
        {"files stream", "The files of one pattern.",
         map({
             {"match", "text",
              "Which files, like \"incident*.csv\", or \"old/*.csv\" in a folder within `path`.", required},
             {"mapping", mappings(), mapped, required},
             {"sheet", "line", "Of a workbook.", otherwise_words("the first that is visible")},
             {"header_row", some_of("integer"),
              "The row with the columns' names, counted from 1. Several rows are joined with `/`.",
              otherwise("1")},
             {"csv", "csv", "How a CSV is written.", optional},
         })},
        {"csv", "How a CSV is written.",
         map({
             {"delimiter", "delimiter", "What stands between cells: one character, or `\\t`.",
              otherwise_words("found out from the file")},
             {"encoding", "encoding",
              "Of the bytes; without it they tell it themselves, or it is guessed and said.",
              otherwise_words("found out from the file")},
         })},
        {"servicenow source", "A ServiceNow instance, read through its Table API.",
         map(joined(keys_of_remote(Source::Type::servicenow),
                    {streams("servicenow stream", "Which tables are read.")}))},
        {"servicenow stream", "One table.",
         map({
             {"table", "line", "The table's name.", name_above},
             {"query", "line", "An encoded query that its rows have to fulfil, like type!=standard.",
              optional},
             {"mapping", mappings(), mapped, required},
         })},
        {"jira source", "A Jira site, Cloud or Data Center.",
         map(joined(
             keys_of_remote(Source::Type::jira),
             {{"flavour", word({"ask", "cloud", "data_center"}), "Which Jira it is.", otherwise("ask")},
              {"cloud_id", "cloud id",
               "The site's id; needed with OAuth and with scoped tokens, which go by "
               "api.atlassian.com.",
               optional},
              streams("jira stream", "Which issues are read.")}))},
        {"jira stream", "The issues of one JQL query.",
         map({
             {"jql", "line", "The query. An `order by` of its own is set aside.", name_above},
             {"mapping", mappings(), mapped, required},
         })},
        {"login", "How the daemon logs in: exactly one way.",
         map(
             {
                 {"basic", "basic login", "A user and a password or API token.", optional},
                 {"bearer", "secret", "A token: a personal access token of Jira Data Center, for one.",
                  optional},
                 {"api_key", "secret", "ServiceNow's API key.", optional},
                 {"oauth2", "oauth2", "Tokens by OAuth 2.0, fetched and renewed by the daemon.", optional},
             },
             {exactly_one({{"basic"}, {"bearer"}, {"api_key"}, {"oauth2"}})})},
        {"basic login", "A user and a password.",
         map({
             {"user", "text", "The user's name; in Jira Cloud the email address.", required},
             {"password", "secret", "The password; in Jira Cloud an API token.", required},
         })},
        {"oauth2", "OAuth 2.0.",
         map(
             {
                 {"grant", word({"client_credentials", "password", "refresh_token", "jwt_bearer"}),
                  "How tokens are had.", required},
                 {"client_id", "line", "The client's id.", required},
                 {"client_secret", "secret", "The client's secret; the grant client_credentials needs it.",
                  optional},
                 {"user", "line", "Of the grant password.", optional},
                 {"password", "secret", "Of the grant password.", optional},
                 {"refresh_token", "secret",
                  "The first one, of the grant refresh_token; later ones stand sealed in the store.",
                  optional},
                 {"scope", "line", "What is asked for, if the server wants to be told.", optional},
                 {"token_url", "address", "Where tokens are fetched.",
                  otherwise_words("the source's usual one")},
                 {"issuer", "line", "`iss` of the grant jwt_bearer.", otherwise_words("the `client_id`")},
                 {"subject", "line",
                  "`sub` of the grant jwt_bearer: the user it acts for; ServiceNow lets nobody in without.",
                  optional},
                 {"key", "pem file", "A PEM file with the private key of the grant jwt_bearer, RSA or EC.",
                  optional},
             },
             {when("grant", "client_credentials", {"client_secret"}),
              when("grant", "password", {"user", "password"}),
              when("grant", "refresh_token", {"refresh_token"}),
              when("grant", "jwt_bearer", {"subject", "key"})})},
        {"tls", "Certificates that are not the system's.",
         map({
             {"ca", "pem file", "A PEM file with the authorities that signed the server's certificate.",
              optional},
             {"cert", "pem file", "A PEM file with the client's certificate; goes with `key`.", optional},
             {"key", "pem file", "A PEM file with its key.", optional},
         })},
    };
}

}  // namespace baselined::config::schema
