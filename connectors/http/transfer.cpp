#include "connectors/http/transfer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "connectors/http/address.hpp"
#include "connectors/http/private_key.hpp"
#include "connectors/open_failure.hpp"
#include "mappings/record/utf8.hpp"

namespace baselined::connectors {

namespace {

/// A transfer slower than this for a minute is given up.
constexpr long slowest_bytes_a_second = 1'000;
constexpr long slow_seconds = 60;
constexpr long receive_bytes = 256 << 10;  // pages are long

constexpr long status_proxy_login = 407;
constexpr std::size_t largest_doubled = 16u << 20;

ErrorCode code_of(CURLcode result) {
    switch (result) {
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
            return ErrorCode::unsupported;
        case CURLE_WRITE_ERROR:
        case CURLE_FILESIZE_EXCEEDED:
            return ErrorCode::limit;
        case CURLE_OUT_OF_MEMORY:
            return ErrorCode::internal;
        default:
            return ErrorCode::unavailable;
    }
}

/// The same failure has the same words each time, so that it is told once: without "after 13 ms".
std::string without_times(std::string words) {
    constexpr std::string_view after = " after ";
    const std::size_t at = words.find(after);
    if (at == std::string::npos) return words;
    std::size_t end = words.find_first_not_of("0123456789", at + after.size());
    for (const std::string_view unit : {" milliseconds", " ms"})
        if (end != std::string::npos && end > at + after.size() && words.compare(end, unit.size(), unit) == 0)
            return words.erase(at, end + unit.size() - at);
    return words;
}

}  // namespace

std::size_t Transfer::on_body(char* bytes, std::size_t size, std::size_t count, void* user) {
    auto& self = *static_cast<Transfer*>(user);
    if (self.response.body.size() + size * count > self.connection.most_bytes) {
        self.is_too_large = true;
        return 0;
    }
    if (self.response.body.empty()) {
        curl_off_t announced = 0;
        curl_easy_getinfo(self.easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
        // One piece of memory for a page that comes unpacked. An announcement is no promise, but what is
        // reserved and not written takes no memory.
        if (announced > 0)
            self.response.body.reserve(
                std::min(static_cast<std::size_t>(announced), self.connection.most_bytes) + parse_margin);
    }
    // Doubling on would hold a long body twice while it is copied.
    if (self.response.body.size() + size * count > std::max(self.response.body.capacity(), largest_doubled))
        self.response.body.reserve(self.connection.most_bytes + parse_margin);
    self.response.body.append(bytes, size * count);
    return size * count;
}

std::size_t Transfer::on_header(char* bytes, std::size_t size, std::size_t count, void* user) {
    auto& self = *static_cast<Transfer*>(user);
    std::string_view line(bytes, size * count);
    if (line.starts_with("HTTP/")) self.response.headers.clear();  // a 100 or a proxy's came before
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos) {
        std::string_view value = line.substr(colon + 1);
        while (!value.empty() && static_cast<unsigned char>(value.front()) <= ' ') value.remove_prefix(1);
        while (!value.empty() && static_cast<unsigned char>(value.back()) <= ' ') value.remove_suffix(1);
        self.response.headers.emplace_back(line.substr(0, colon), value);
    }
    return size * count;
}

curl_socket_t Transfer::on_open(void* user, curlsocktype, curl_sockaddr* address) {
    auto& self = *static_cast<Transfer*>(user);
    if (!self.connection.allow_private && is_private(address->addr)) {
        self.refused_address = number_of(address->addr);
        return CURL_SOCKET_BAD;
    }
    const int opened = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    self.open_error = opened < 0 ? errno : 0;
    return opened;
}

void Transfer::set_up() {
    const auto set = [this](CURLoption option, auto value) { curl_easy_setopt(easy, option, value); };
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_QUICK_EXIT, 1L);  // else a name that is given up is waited for, and all stands still
    set(CURLOPT_BUFFERSIZE, receive_bytes);
    set(CURLOPT_ERRORBUFFER, words.data());
    set(CURLOPT_ACCEPT_ENCODING, "");
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connection.connect_timeout.count()));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(connection.timeout.count()));
    set(CURLOPT_LOW_SPEED_LIMIT, slowest_bytes_a_second);
    set(CURLOPT_LOW_SPEED_TIME, slow_seconds);
    set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(connection.most_bytes));
    set(CURLOPT_USERAGENT, "baselined");
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!connection.ca.empty()) set(CURLOPT_CAINFO, connection.ca.c_str());
    if (!connection.cert.empty()) {
        set(CURLOPT_SSLCERT, connection.cert.c_str());
        set(CURLOPT_SSLKEY, connection.key.c_str());
        set(CURLOPT_KEYPASSWD, "");  // without one OpenSSL asks for it on the terminal, and all waits
    }
    if (!connection.proxy.empty()) set(CURLOPT_PROXY, connection.proxy.c_str());
    set(CURLOPT_OPENSOCKETFUNCTION, on_open);
    set(CURLOPT_OPENSOCKETDATA, this);
    // A connection that was made without the check must not serve.
    if (!connection.allow_private) set(CURLOPT_FRESH_CONNECT, 1L);
    for (const auto& [name, value] : request.headers)
        headers = curl_slist_append(headers, fmt::format("{}: {}", name, value).c_str());
    headers = curl_slist_append(headers, "Expect:");  // no pause before a body
    set(CURLOPT_HTTPHEADER, headers);
    if (request.method != "GET") {
        set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
        set(CURLOPT_POSTFIELDS, request.body.c_str());
        set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    }
    set(CURLOPT_VERBOSE, 1L);
    set(CURLOPT_DEBUGFUNCTION, on_trace);
    set(CURLOPT_DEBUGDATA, this);
    set(CURLOPT_WRITEFUNCTION, on_body);
    set(CURLOPT_WRITEDATA, this);
    set(CURLOPT_HEADERFUNCTION, on_header);
    set(CURLOPT_HEADERDATA, this);
}

bool Transfer::is_closed_at_certificate(long tunnel_status) const {
    const bool is_closed =
        result == CURLE_SEND_ERROR || result == CURLE_RECV_ERROR || result == CURLE_SSL_CONNECT_ERROR;
    return is_closed && is_certificate_wanted && (response.status == 0 || response.status == tunnel_status);
}

std::optional<Error> Transfer::failure() const {
    long tunnel_status = 0;
    curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &tunnel_status);
    if (result != CURLE_OK && !refused_address.empty())
        return Error{ErrorCode::unsupported,
                     fmt::format("{} is a private address, and those are not allowed", refused_address)};
    if (is_too_large || result == CURLE_FILESIZE_EXCEEDED)
        return Error{ErrorCode::limit,
                     fmt::format("the answer is longer than {} MiB, unpacked: more is not read",
                                 connection.most_bytes >> 20)};
    if (response.status == status_proxy_login || tunnel_status == status_proxy_login)
        return Error{ErrorCode::bad_input,
                     "the proxy refuses its login (407): name and password stand in its URL"};
    if (result == CURLE_OK) return std::nullopt;
    if (open_error != 0) return Error{code_of(result), why_not_opened(open_error)};
    if (result == CURLE_SSL_CERTPROBLEM && !connection.key.empty())
        if (const auto fits = check_key_of(connection.cert, connection.key); !fits)
            return Error{fits.error().code, fmt::format("{}: {}", connection.key, fits.error().text)};
    const std::string said =
        mappings::one_line(without_times(words[0] != '\0' ? words.data() : curl_easy_strerror(result)));
    if (is_closed_at_certificate(tunnel_status) && connection.cert.empty())
        return Error{ErrorCode::unsupported,
                     "the server closes the connection: it wants a client certificate, `tls: { cert, key }`"};
    if (is_closed_at_certificate(tunnel_status))  // it may have been stopped at that instant: asked again
        return Error{code_of(result),
                     fmt::format("the server closed the connection while it was shown the client certificate "
                                 "(`tls: cert`): it may be of an authority that the server does not take, or "
                                 "have run out ({})",
                                 said)};
    if (result == CURLE_OUT_OF_MEMORY)  // libcurl bounds nothing else by itself
        return Error{code_of(result), "a line of the answer's head is too long to be read"};
    return Error{code_of(result), said};
}

/// libcurl's account of the handshake is the only place that tells what the server asked for.
int Transfer::on_trace(CURL*, curl_infotype type, char* bytes, std::size_t size, void* self) {
    if (type == CURLINFO_TEXT &&
        std::string_view(bytes, size).find("handshake, Request CERT") != std::string_view::npos)
        static_cast<Transfer*>(self)->is_certificate_wanted = true;
    return 0;
}

}  // namespace baselined::connectors
