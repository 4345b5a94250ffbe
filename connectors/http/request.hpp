// What is asked over HTTP and what comes back, as plain values.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mappings/record/result.hpp"

namespace baselined::connectors {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Response;

struct Request {
    std::string method = "GET";
    std::string url;
    Headers headers;
    std::string body;
    bool is_idempotent = true;  ///< may be sent again when nobody knows whether it arrived
    /// Why a success is none after all (a page for people instead of data); a retryable error is tried again.
    std::function<std::optional<Error>(const Response&)> refusal;
    /// What else it may mean that a user's name and password are refused there; told behind the refusal.
    std::string refusal_hint;
    bool is_public = false;  ///< whoever asks is answered: that says nothing of the login
    /// An answer that is taken whatever its status: sending the same request again would not change it.
    std::function<bool(const Response&)> is_final;
};

/// So many bytes behind a body may be looked at, not used, by a parser that reads 16 at once.
constexpr std::size_t parse_margin = 16;

struct Response {
    long status = 0;
    Headers headers;
    std::string body;

    /// The first header of that name, whatever its case; a view without data where there is none.
    [[nodiscard]] std::string_view header(std::string_view name) const;
    [[nodiscard]] bool is_ok() const { return status >= 200 && status < 300; }
};

/// How a source is reached. Paths are of PEM files; what stands empty is the system's own.
struct Connection {
    std::string ca, cert, key;
    std::string proxy;
    bool allow_http = false;    ///< else plain http goes to loopback only
    bool allow_private = true;  ///< else only loopback and addresses of the public internet are connected to,
                                ///< whatever the name resolves to; a proxy's own address counts alike
    std::chrono::milliseconds connect_timeout{std::chrono::seconds{20}};
    std::chrono::milliseconds timeout{std::chrono::minutes{5}};
    /// Of a body, unpacked. A page that is longer is asked for in halves, so this bounds what a source can
    /// make us hold; what is parsed of it takes several times as much.
    std::size_t most_bytes = 64u << 20;
};

/// `IMF-fixdate` and its older forms (RFC 9110, 5.6.7), as milliseconds since 1970.
std::optional<std::int64_t> parse_http_date(std::string_view text);
/// Percent-encoded as a part of a query.
std::string encoded(std::string_view text);
/// What `encoded` made such; a `%` that begins no number stays.
std::string decoded(std::string_view text);
/// scheme://host[:port] of a URL, in lower case; a user's name and password in it are left out.
std::string origin_of(std::string_view url);
/// A reference as a `Location` has it, resolved against the URL that it came from (RFC 3986); without a
/// login, and without a port that is the scheme's own. Empty: it is none.
std::string resolved(const std::string& url, const std::string& reference);
/// The host of a URL is this machine, by its name or number.
bool is_loopback(std::string_view url);

}  // namespace baselined::connectors
