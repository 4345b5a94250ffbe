// Sources as a user wrote them: ServiceNow instances, Jira sites, folders of exports.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "mappings/measure/definition.hpp"
#include "mappings/record/mark.hpp"
#include "mappings/record/time.hpp"

namespace baselined::config {

using std::chrono::milliseconds;

struct OAuth2 {
    enum class Grant { client_credentials, password, refresh_token, jwt_bearer };
    Grant grant = Grant::client_credentials;
    std::string client_id, client_secret;
    std::string user, password;    ///< of the grant `password`
    std::string refresh_token;     ///< the first one; later ones stand in the store
    std::string scope, token_url;  ///< an empty URL: the system's own
    std::string issuer, subject;   ///< of the grant jwt_bearer
    std::string key;               ///< path of a PEM file
};

struct Auth {
    enum class By { nothing, basic, bearer, api_key, oauth2 };
    By by = By::nothing;
    std::string user, password;  ///< basic
    std::string token;           ///< bearer; api_key
    OAuth2 oauth2;
};

/// What a PEM file is for.
enum class PemUse { authority, client_certificate, client_key, signing_key };

/// Paths of PEM files; empty: the system's authorities, no client certificate.
struct Tls {
    std::string ca, cert, key;
};

struct Stream {
    std::string name;
    std::vector<std::size_t> mappings;  ///< indexes of Configuration::mappings
    // files
    std::string match;                ///< which files
    std::string sheet;                ///< empty: the first that is visible
    std::vector<int> header_rows{1};  ///< several: their names are joined with "/"
    std::string delimiter, encoding;  ///< empty: found out from the file
    // servicenow
    std::string table, query;
    // jira
    std::string jql;
    Mark mark;
};

struct Source {
    enum class Type { files, servicenow, jira };
    enum class Flavour { ask, cloud, data_center };
    Type type = Type::files;
    std::string name;
    const date::time_zone* zone = nullptr;  ///< of times without an offset
    milliseconds poll{std::chrono::minutes{5}};
    milliseconds stale_after{std::chrono::hours{24}};
    milliseconds give_up{std::chrono::minutes{1}};  ///< of `once`
    std::vector<Stream> streams;
    Mark mark;

    std::string path;  ///< files: absolute, or relative to the working directory

    std::string url;  ///< without a slash at the end
    Auth auth;
    Tls tls;
    std::string proxy;
    bool allow_http = false;
    std::optional<mappings::Day> since;
    int page_size = 1000;
    milliseconds reconcile{std::chrono::hours{24}};
    Flavour flavour = Flavour::ask;
    std::string cloud_id;
};

std::string_view name_of(Source::Type type);
/// How often a source is asked that does not say.
milliseconds usual_poll(Source::Type type);

}  // namespace baselined::config
