#include "config/addresses.hpp"

#include <algorithm>

#include "config/yaml/reader.hpp"

namespace baselined::config {

namespace {

/// As ":8443".
bool is_port(std::string_view text) {
    const auto number = parse_number(text.substr(1));
    return text.front() == ':' && text.find_first_not_of("0123456789", 1) == std::string_view::npos &&
           number && *number >= 1 && *number <= 65535;
}

}  // namespace

std::optional<UrlParts> parts_of(std::string_view url) {
    const std::size_t colon = url.find("://");
    if (colon == std::string_view::npos || colon == 0) return std::nullopt;
    std::string_view host = url.substr(colon + 3);
    host = host.substr(0, host.find_first_of("/?#"));
    if (const std::size_t at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
    std::string_view port = host;
    if (host.starts_with('['))
        host = host.substr(0, std::min(host.find(']'), host.size() - 1) + 1);
    else
        host = host.substr(0, host.find(':'));
    port.remove_prefix(host.size());
    if (!port.empty() && !is_port(port)) return std::nullopt;
    if (host.empty() || host.find_first_of(" \t") != std::string_view::npos) return std::nullopt;
    return UrlParts{std::string(url.substr(0, colon)), std::string(host)};
}

bool is_loopback(std::string_view host) {
    return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

bool is_web(const std::optional<UrlParts>& parts) {
    return parts && (parts->scheme == "https" || parts->scheme == "http");
}

bool is_open(const UrlParts& parts) {
    return parts.scheme == "http" && !is_loopback(parts.host);
}

std::string_view path_of(std::string_view url) {
    const std::size_t host = url.find("://");
    const std::size_t path = host == std::string_view::npos ? host : url.find_first_of("/?#", host + 3);
    if (path == std::string_view::npos || url[path] != '/') return {};
    return url.substr(path, url.find_first_of("?#", path) - path);
}

bool is_email(std::string_view text) {
    const auto at = text.find('@');
    return at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
           text.find('@', at + 1) == std::string_view::npos &&
           text.find_first_of(" <>\r\n,;:") == std::string_view::npos;
}

}  // namespace baselined::config
