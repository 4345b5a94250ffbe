// How a request shows who asks: basic, bearer, API key, OAuth 2.0 tokens.
#pragma once

#include <functional>
#include <string>

#include "connectors/http/request.hpp"
#include "connectors/secrets.hpp"
#include "mappings/record/result.hpp"

namespace baselined::connectors {

struct Login {
    enum class By { nothing, basic, bearer, api_key, oauth2 };
    enum class Grant { client_credentials, password, refresh_token, jwt_bearer };
    By by = By::nothing;
    std::string user, password, token;
    std::string api_key_header;  ///< `x-sn-apikey`
    Grant grant = Grant::client_credentials;
    std::string client_id, client_secret, refresh_token, scope, token_url, issuer, subject, key;
};

/// A token as the token endpoint gave it.
struct Token {
    std::string access, refresh;
    std::int64_t expires_at_ms = 0;  ///< since 1970; 0: nobody said
};

/// The headers of a login that needs no token.
Headers plain_headers(const Login& login);
/// The form that asks for a token (RFC 6749, 7523). `refresh` is the newest refresh token, empty where there
/// is none. Fails when the key of jwt_bearer cannot be read or signs nothing.
Result<Request> token_request(const Login& login, const std::string& refresh, std::int64_t now_ms);
/// What the endpoint answered; the error's text holds its own words, without the `secrets`.
Result<Token> parse_token(const Response& response, const Secrets& secrets, std::int64_t now_ms);

/// What must never be told of a login and the token it holds: as it was written and as it is sent.
Secrets secrets_of(const Login& login, const Token& token);

/// A JSON Web Token (RFC 7519) signed with RS256 or ES256, by the kind of the key.
Result<std::string> signed_jwt(const Login& login, std::int64_t now_ms);

}  // namespace baselined::connectors
