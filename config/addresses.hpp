// URLs, mail addresses: their parts, and what is wrong with them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace baselined::config {

struct UrlParts {
    std::string scheme, host;
};
/// nullopt: it has no scheme or no host, or a port that is none.
std::optional<UrlParts> parts_of(std::string_view url);
bool is_loopback(std::string_view host);
/// It begins with https or http.
bool is_web(const std::optional<UrlParts>& parts);
/// What is sent there can be read on the way: plain http, and not to this machine.
bool is_open(const UrlParts& parts);
/// What stands behind host and port, without a query or fragment; empty: nothing does.
std::string_view path_of(std::string_view url);
bool is_email(std::string_view text);

/// What is said of an address that shows a login to everybody.
inline constexpr const char* plain_http =
    "plain http shows the password to everybody on the way: write https, or `allow_http: true`";

}  // namespace baselined::config
