#include "connectors/http/auth.hpp"

#include <fmt/format.h>
#include <rapidjson/document.h>

#include <algorithm>

namespace baselined::connectors {

namespace {

constexpr std::int64_t default_seconds = 1800;
constexpr std::size_t words_bytes = 200;

std::string text_at(const rapidjson::Document& document, const char* name) {
    if (!document.IsObject()) return {};
    const auto found = document.FindMember(name);
    return found != document.MemberEnd() && found->value.IsString() ? found->value.GetString() : "";
}

std::int64_t seconds_at(const rapidjson::Document& document, const char* name) {
    const auto found = document.FindMember(name);
    if (found == document.MemberEnd()) return default_seconds;
    if (found->value.IsNumber()) return static_cast<std::int64_t>(found->value.GetDouble());
    return found->value.IsString() ? std::atoll(found->value.GetString()) : default_seconds;
}

/// As RFC 6749 has tokens: printable ASCII. A line break would begin a header of its own.
bool is_sendable(std::string_view token) {
    return std::all_of(token.begin(), token.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

/// Why a token endpoint's answer holds no token.
std::string words_of(const rapidjson::Document& document) {
    if (document.HasParseError()) return "with a page for people instead of data";
    std::string words = text_at(document, "error");
    if (const std::string more = text_at(document, "error_description"); !more.empty())
        words += (words.empty() ? "" : " ") + more;
    return words.empty() ? "without an `access_token`" : words;
}

/// Codes of RFC 6749 in an answer that should have been a 400; two of them say that it may pass.
bool is_refusal(std::string_view code) {
    return !code.empty() && code != "server_error" && code != "temporarily_unavailable";
}

/// A login is sent nowhere else. What stands behind the target's host may be a secret.
Error redirected(const Response& response) {
    const std::string target = origin_of(response.header("Location"));
    return {ErrorCode::bad_input,
            fmt::format("no token: the token endpoint answered {}, a redirect{}, where no login is sent: is "
                        "`token_url` (or `url`) right?",
                        response.status, target.find("://") == std::string::npos ? "" : " to " + target)};
}

void add(std::string& form, const char* name, const std::string& value) {
    if (value.empty()) return;
    form += fmt::format("{}{}={}", form.empty() ? "" : "&", name, encoded(value));
}

}  // namespace

Headers plain_headers(const Login& login) {
    switch (login.by) {
        case Login::By::basic:
            return {{"Authorization", "Basic " + base64(login.user + ":" + login.password)}};
        case Login::By::bearer:
            return {{"Authorization", "Bearer " + login.token}};
        case Login::By::api_key:
            return {{login.api_key_header, login.token}};
        default:
            return {};
    }
}

Result<Request> token_request(const Login& login, const std::string& refresh, std::int64_t now_ms) {
    Request request;
    request.method = "POST";
    request.url = login.token_url;
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}};
    request.is_idempotent = refresh.empty();  // a refresh token is used up
    const bool refreshes = !refresh.empty();
    if (refreshes) {
        add(request.body, "grant_type", "refresh_token");
        add(request.body, "refresh_token", refresh);
    } else if (login.grant == Login::Grant::password) {
        add(request.body, "grant_type", "password");
        add(request.body, "username", login.user);
        add(request.body, "password", login.password);
    } else if (login.grant == Login::Grant::jwt_bearer) {
        const auto assertion = signed_jwt(login, now_ms);
        if (!assertion) return assertion.error();
        add(request.body, "grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
        add(request.body, "assertion", *assertion);
    } else {
        add(request.body, "grant_type", "client_credentials");
    }
    add(request.body, "client_id", login.client_id);
    add(request.body, "client_secret", login.client_secret);
    add(request.body, "scope", login.scope);
    return request;
}

Result<Token> parse_token(const Response& response, const Secrets& secrets, std::int64_t now_ms) {
    rapidjson::Document document;
    document.Parse<rapidjson::kParseIterativeFlag>(response.body.data(), response.body.size());
    if (response.status >= 300 && response.status < 400) return redirected(response);
    // 408 and 429 say "not now", not "not you".
    const bool is_refused = (response.status >= 400 && response.status < 500 && response.status != 408 &&
                             response.status != 429) ||
                            (response.is_ok() && is_refusal(text_at(document, "error")));
    if (!response.is_ok() || document.HasParseError() || text_at(document, "access_token").empty()) {
        return Error{is_refused ? ErrorCode::bad_input : ErrorCode::unavailable,
                     fmt::format("no token: the token endpoint answered {} {}", response.status,
                                 told(words_of(document), secrets, words_bytes))};
    }
    if (!is_sendable(text_at(document, "access_token")))
        return Error{
            ErrorCode::unavailable,
            "no token: the token endpoint gave one with a line break or another character in it that "
            "no token may have"};
    Token token;
    token.access = text_at(document, "access_token");
    token.refresh = text_at(document, "refresh_token");
    token.expires_at_ms = now_ms + seconds_at(document, "expires_in") * 1000;
    return token;
}

Secrets secrets_of(const Login& login, const Token& token) {
    Secrets secrets;
    secrets.add_login(login.user, login.password);
    secrets.add_login(login.client_id, login.client_secret);
    for (const auto& secret : {login.token, login.refresh_token, token.access, token.refresh})
        secrets.add(secret);
    return secrets;
}

}  // namespace baselined::connectors
