#include "connectors/http/auth.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <rapidjson/document.h>

#include <algorithm>

namespace baselined::connectors {

namespace {

constexpr std::int64_t default_seconds = 1800;
constexpr std::size_t words_bytes = 200;
constexpr std::size_t least_secret_bytes = 4;  ///< less is a word of the answer rather than a secret
constexpr std::string_view hidden = "(hidden)";

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

void add(std::string& form, const char* name, const std::string& value) {
    if (value.empty()) return;
    form += fmt::format("{}{}={}", form.empty() ? "" : "&", name, encoded(value));
}

}  // namespace

std::string base64(std::string_view bytes) {
    std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
    const int size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                        reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(size));
    return text;
}

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

Result<Token> parse_token(const Response& response, const std::vector<std::string>& secrets,
                          std::int64_t now_ms) {
    rapidjson::Document document;
    document.Parse<rapidjson::kParseIterativeFlag>(response.body.data(), response.body.size());
    // 408 and 429 say "not now", not "not you".
    const bool is_refused =
        response.status >= 400 && response.status < 500 && response.status != 408 && response.status != 429;
    if (!response.is_ok() || document.HasParseError() || text_at(document, "access_token").empty()) {
        const std::string words = document.HasParseError() ? "with a page for people instead of data"
                                                           : text_at(document, "error") + " " +
                                                                 text_at(document, "error_description");
        return Error{is_refused ? ErrorCode::bad_input : ErrorCode::unavailable,
                     fmt::format("no token: the token endpoint answered {} {}", response.status,
                                 without_secrets(words, secrets).substr(0, words_bytes))};
    }
    Token token;
    token.access = text_at(document, "access_token");
    token.refresh = text_at(document, "refresh_token");
    token.expires_at_ms = now_ms + seconds_at(document, "expires_in") * 1000;
    return token;
}

std::vector<std::string> secrets_of(const Login& login, const Token& token) {
    std::vector<std::string> secrets;
    for (const auto& secret : {login.password, login.token, login.client_secret, login.refresh_token,
                               token.access, token.refresh, base64(login.user + ":" + login.password)}) {
        if (secret.size() < least_secret_bytes) continue;
        secrets.push_back(secret);
        if (auto sent = encoded(secret); sent != secret) secrets.push_back(std::move(sent));
    }
    return secrets;
}

std::string without_secrets(std::string words, const std::vector<std::string>& secrets) {
    for (const auto& secret : secrets)
        for (std::size_t at = words.find(secret); at != std::string::npos;
             at = words.find(secret, at + hidden.size()))
            words.replace(at, secret.size(), hidden);
    return words;
}

}  // namespace baselined::connectors
