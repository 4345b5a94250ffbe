#include "connectors/http/request.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>

namespace baselined::connectors {

namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool is_same(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::string_view Response::header(std::string_view name) const {
    for (const auto& [key, value] : headers)
        if (is_same(key, name)) return value;
    return {};
}

std::optional<std::int64_t> parse_http_date(std::string_view text) {
    const std::time_t at = ::curl_getdate(std::string(text).c_str(), nullptr);
    if (text.empty() || at < 0) return std::nullopt;
    return static_cast<std::int64_t>(at) * 1000;
}

std::string encoded(std::string_view text) {
    std::string result;
    for (const char c : text) {
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                              c == '-' || c == '_' || c == '.' || c == '~';
        if (is_plain)
            result += c;
        else
            result += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return result;
}

std::string decoded(std::string_view text) {
    std::string result;
    for (std::size_t at = 0; at < text.size(); ++at) {
        unsigned char byte = 0;
        const char *number = text.data() + at + 1, *end = number + 2;
        const bool is_encoded =
            text[at] == '%' && at + 2 < text.size() && std::from_chars(number, end, byte, 16).ptr == end;
        result += is_encoded ? static_cast<char>(byte) : text[at];
        if (is_encoded) at += 2;
    }
    return result;
}

std::string origin_of(std::string_view url) {
    const std::size_t scheme = url.find("://");
    const std::size_t begin = scheme == std::string_view::npos ? 0 : scheme + 3;
    const std::size_t end = std::min(url.find_first_of("/?#", begin), url.size());
    std::string_view host = url.substr(begin, end - begin);
    if (const std::size_t at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
    std::string origin = std::string(url.substr(0, begin)) + std::string(host);
    std::transform(origin.begin(), origin.end(), origin.begin(), lower);
    return origin;
}

std::string resolved(const std::string& url, const std::string& reference) {
    const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parts(curl_url(), &curl_url_cleanup);
    char* text = nullptr;
    constexpr unsigned int flags = CURLU_URLENCODE | CURLU_NON_SUPPORT_SCHEME;
    if (curl_url_set(parts.get(), CURLUPART_URL, url.c_str(), flags) != CURLUE_OK ||
        curl_url_set(parts.get(), CURLUPART_URL, reference.c_str(), flags) != CURLUE_OK)
        return {};
    for (const CURLUPart part : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_FRAGMENT})
        curl_url_set(parts.get(), part, nullptr, 0);
    if (curl_url_get(parts.get(), CURLUPART_URL, &text, CURLU_NO_DEFAULT_PORT) != CURLUE_OK) return {};
    std::string whole = text;
    curl_free(text);
    return whole;
}

bool is_loopback(std::string_view url) {
    const std::string origin = origin_of(url);
    std::string_view host = origin;
    host.remove_prefix(std::min(host.find("://") + 3, host.size()));
    if (host.starts_with("[::1]")) return host.size() == 5 || host[5] == ':';
    host = host.substr(0, host.find(':'));
    const bool is_number = host.find_first_not_of("0123456789.") == std::string_view::npos;
    return host == "localhost" || (host.starts_with("127.") && is_number);
}

}  // namespace baselined::connectors
