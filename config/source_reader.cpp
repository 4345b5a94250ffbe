#include "config/source_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "mappings/record/text_encoding.hpp"

namespace baselined::config {

namespace {

const std::vector<std::string> type_names{"files", "servicenow", "jira"};
const std::vector<std::string> grant_names{"client_credentials", "password", "refresh_token", "jwt_bearer"};

constexpr const char* plain_http =
    "plain http shows the password to everybody on the way: write https, or `allow_http: true`";
/// Those that libcurl knows.
constexpr std::array<std::string_view, 6> proxy_schemes{"http",    "https",  "socks4",
                                                        "socks4a", "socks5", "socks5h"};

class AuthReader {
  public:
    AuthReader(const YamlNode& node, bool allow_http, const Surroundings& surroundings, Problems& problems)
        : reader_(node, "auth", problems),
          allow_http_(allow_http),
          surroundings_(surroundings),
          problems_(problems) {}

    Auth read() {
        Auth auth;
        int ways = 0;
        if (const YamlNode* basic = reader_.take("basic")) {
            ++ways;
            auth.by = Auth::By::basic;
            MapReader inner(*basic, "basic", problems_);
            auth.user = inner.required_scalar("user").text;
            auth.password = inner.required_scalar("password").text;
            inner.finish();
        }
        if (const auto token = reader_.scalar("bearer")) {
            ++ways;
            auth.by = Auth::By::bearer;
            auth.token = token->text;
        }
        if (const auto key = reader_.scalar("api_key")) {
            ++ways;
            auth.by = Auth::By::api_key;
            auth.token = key->text;
        }
        if (const YamlNode* oauth2 = reader_.take("oauth2")) {
            ++ways;
            auth.by = Auth::By::oauth2;
            auth.oauth2 = read_oauth2(*oauth2);
        }
        if (ways != 1 && !reader_.is_misshapen())
            reader_.problem(reader_.node().mark, "`auth` has one of `basic`, `bearer`, `api_key`, `oauth2`");
        reader_.finish();
        return auth;
    }

  private:
    OAuth2 read_oauth2(const YamlNode& node) {
        MapReader reader(node, "oauth2", problems_);
        OAuth2 oauth2;
        const auto grant = reader.choice("grant", grant_names);
        oauth2.grant = static_cast<OAuth2::Grant>(grant.value_or(0));
        oauth2.client_id = reader.text("client_id");
        oauth2.client_secret = reader.text("client_secret");
        oauth2.user = reader.text("user");
        oauth2.password = reader.text("password");
        oauth2.refresh_token = reader.text("refresh_token");
        oauth2.scope = reader.text("scope");
        oauth2.token_url = read_token_url(reader);
        oauth2.issuer = reader.text("issuer");
        oauth2.subject = reader.text("subject");
        if (const auto key = reader.scalar("key")) oauth2.key = surroundings_.login_file(*key);
        if (!grant && reader.node().form == YamlNode::Form::map) {
            if (node.entries.empty() ||
                std::none_of(node.entries.begin(), node.entries.end(),
                             [](const auto& entry) { return entry.key.text == "grant"; }))
                reader.problem(node.mark,
                               fmt::format("oauth2 needs `grant`: {}", fmt::join(grant_names, ", ")));
        } else {
            require_for_grant(reader, oauth2);
        }
        reader.finish();
        return oauth2;
    }

    std::string read_token_url(MapReader& reader) {
        const auto url = reader.scalar("token_url");
        if (!url) return {};
        const auto parts = parts_of(url->text);
        if (!parts || (parts->scheme != "https" && parts->scheme != "http"))
            reader.problem(url->mark,
                           "`token_url` is an address like https://acme.example.com/oauth_token.do");
        else if (parts->scheme == "http" && !allow_http_ && !is_loopback(parts->host))
            reader.problem(url->mark, plain_http);
        return url->text;
    }

    static void require_for_grant(MapReader& reader, const OAuth2& oauth2) {
        struct Need {
            const char* key;
            const std::string& value;
            std::array<bool, 4> of_grant;
        };
        const std::array needs{Need{"client_id", oauth2.client_id, {true, true, true, true}},
                               Need{"client_secret", oauth2.client_secret, {true, false, false, false}},
                               Need{"user", oauth2.user, {false, true, false, false}},
                               Need{"password", oauth2.password, {false, true, false, false}},
                               Need{"refresh_token", oauth2.refresh_token, {false, false, true, false}},
                               Need{"key", oauth2.key, {false, false, false, true}}};
        for (const Need& need : needs)
            if (need.of_grant[static_cast<std::size_t>(oauth2.grant)] && need.value.empty())
                reader.problem(reader.node().mark,
                               fmt::format("the grant {} needs `{}`",
                                           grant_names[static_cast<std::size_t>(oauth2.grant)], need.key));
    }

    MapReader reader_;
    bool allow_http_;
    const Surroundings& surroundings_;
    Problems& problems_;
};

class SourceReader {
  public:
    SourceReader(const YamlNode& name, const YamlNode& node, const Surroundings& surroundings,
                 Problems& problems)
        : reader_(node, fmt::format("the source \"{}\"", name.text), problems),
          surroundings_(surroundings),
          problems_(problems) {
        source_.name = name.text;
        source_.mark = name.mark;
    }

    Source read() {
        if (reader_.node().form != YamlNode::Form::map) return std::move(source_);
        const auto type = reader_.choice("type", type_names);
        if (!type && !reader_.take("type")) reader_.require("type");
        if (!type) return std::move(source_);  // which keys are right hangs on the type
        source_.type = static_cast<Source::Type>(*type);
        source_.zone = read_zone(reader_, "timezone");
        source_.poll = positive("poll", usual_poll(source_.type));
        source_.stale_after = positive("stale_after", source_.stale_after);
        source_.give_up = reader_.duration("give_up").value_or(surroundings_.give_up);
        if (source_.type == Source::Type::files)
            source_.path = surroundings_.resolved(reader_.required_scalar("path").text);
        else
            read_remote();
        const YamlNode& streams = reader_.require("streams");
        if (streams.form == YamlNode::Form::list || streams.form == YamlNode::Form::scalar)
            reader_.problem(streams.mark, "`streams` is a map of names and what each reads");
        for (const auto& [stream_name, value] : streams.entries)
            source_.streams.push_back(read_stream(stream_name, value));
        reader_.finish();
        return std::move(source_);
    }

  private:
    milliseconds positive(const std::string& key, milliseconds otherwise) {
        const auto value = reader_.duration(key);
        if (value && *value <= milliseconds{0})
            reader_.problem(reader_.node().mark, fmt::format("`{}` must be longer than nothing", key));
        return value.value_or(otherwise);
    }

    void read_remote() {
        const bool is_jira = source_.type == Source::Type::jira;
        read_url();
        if (const YamlNode* auth = reader_.take("auth"))
            source_.auth = AuthReader(*auth, source_.allow_http, surroundings_, problems_).read();
        else if (!reader_.has("auth"))
            reader_.problem(source_.mark, fmt::format("the source \"{}\" needs `auth`", source_.name));
        if (is_jira && source_.auth.by == Auth::By::api_key)
            reader_.problem(source_.mark, "Jira knows no `api_key`: an API token is the password of `basic`");
        read_tls();
        read_proxy();
        source_.since = reader_.day("since");
        source_.page_size = static_cast<int>(reader_.integer("page_size").value_or(source_.page_size));
        if (source_.page_size < 1 || source_.page_size > 10'000)
            reader_.problem(source_.mark, "`page_size` is between 1 and 10000");
        source_.reconcile = positive("reconcile", source_.reconcile);
        if (!is_jira) return;
        source_.flavour = static_cast<Source::Flavour>(
            reader_.choice("flavour", {"ask", "cloud", "data_center"}).value_or(0));
        source_.cloud_id = reader_.text("cloud_id");
        const bool is_cloud =
            source_.flavour == Source::Flavour::cloud || source_.url.ends_with(".atlassian.net");
        const auto parts = parts_of(source_.url);  // a password may stand in the whole
        if (parts && source_.auth.by == Auth::By::oauth2 && is_cloud && source_.cloud_id.empty() &&
            source_.flavour != Source::Flavour::data_center)
            reader_.problem(
                source_.mark,
                fmt::format(
                    "OAuth reaches a Cloud site by its `cloud_id`: https://{}/_edge/tenant_info shows it",
                    parts->host));
    }

    void read_url() {
        source_.allow_http = reader_.boolean("allow_http").value_or(false);
        const Scalar url = reader_.required_scalar("url");
        source_.url = url.text;
        while (source_.url.ends_with('/')) source_.url.pop_back();
        if (source_.url.empty()) return;
        const auto parts = parts_of(source_.url);
        if (!parts || (parts->scheme != "https" && parts->scheme != "http"))
            reader_.problem(
                url.mark,
                "`url` is an address like https://acme.example.com or https://acme.example.com:8443");
        else if (source_.url.find('@') != std::string::npos)
            reader_.problem(url.mark, "a name and password stand under `auth`, not in the address");
        else if (parts->scheme == "http" && !source_.allow_http && !is_loopback(parts->host))
            reader_.problem(url.mark, plain_http);
    }

    void read_proxy() {
        const auto proxy = reader_.scalar("proxy");
        if (!proxy) return;
        source_.proxy = proxy->text;
        const bool has_scheme = proxy->text.find("://") != std::string::npos;
        const auto parts = parts_of(has_scheme ? proxy->text : "http://" + proxy->text);
        if (!parts || std::ranges::find(proxy_schemes, parts->scheme) == proxy_schemes.end())
            reader_.problem(
                proxy->mark,
                "`proxy` is an address like http://proxy.acme.com:3128; it begins with http, https, "
                "socks4, socks4a, socks5 or socks5h");
    }

    void read_tls() {
        const YamlNode* node = reader_.take("tls");
        if (node == nullptr) return;
        MapReader reader(*node, "tls", problems_);
        const auto path = [&](const char* key) {
            const auto text = reader.scalar(key);
            return text ? surroundings_.login_file(*text) : std::string();
        };
        source_.tls = {path("ca"), path("cert"), path("key")};
        if (source_.tls.cert.empty() != source_.tls.key.empty())
            reader.problem(node->mark, "a client certificate needs both `cert` and `key`");
        reader.finish();
    }

    Stream read_stream(const YamlNode& name, const YamlNode& node) {
        MapReader reader(node, fmt::format("the stream \"{}\"", name.text), problems_);
        Stream stream;
        stream.name = name.text;
        stream.mark = name.mark;
        if (source_.type == Source::Type::files)
            read_files_stream(reader, stream);
        else if (source_.type == Source::Type::servicenow) {
            stream.table = reader.text("table", name.text);
            stream.query = reader.text("query");
        } else {
            stream.jql = reader.text("jql", name.text);
        }
        for (const Scalar& mapping :
             reader.required_list("mapping", name.mark, "a stream needs `mapping`: what its columns mean"))
            if (const auto index = surroundings_.mapping(mapping)) stream.mappings.push_back(*index);
        reader.finish();
        return stream;
    }

    /// A letter, digit or quote would cut what stands in the cells.
    std::string read_delimiter(const Scalar& written) {
        if (written.text == "\\t" || written.text == "tab") return "\t";
        const bool is_delimiter = written.text.size() == 1 &&
                                  static_cast<unsigned char>(written.text[0]) < 0x80 &&
                                  !std::isalnum(static_cast<unsigned char>(written.text[0])) &&
                                  std::string_view("\"\r\n").find(written.text[0]) == std::string_view::npos;
        if (!is_delimiter)
            problems_.push_back({written.mark, "`delimiter` is one character, like \";\", or \\t"});
        return written.text;
    }

    void read_files_stream(MapReader& reader, Stream& stream) {
        const Scalar match = reader.required_scalar("match");
        stream.match = match.text;
        if (stream.match.starts_with('/') || ("/" + stream.match + "/").find("/../") != std::string::npos)
            reader.problem(match.mark, "`match` stays within the source's `path`: write that one further up");
        stream.sheet = reader.text("sheet");
        if (const auto rows = reader.list("header_row"); !rows.empty()) {
            stream.header_rows.clear();
            for (const Scalar& row : rows) {
                const auto number = parse_number(row.text);
                if (!number || *number < 1 || *number > 1'000'000 || *number != static_cast<int>(*number))
                    reader.problem(row.mark, "`header_row` is a row's number, from 1, or a list of them");
                else
                    stream.header_rows.push_back(static_cast<int>(*number));
            }
            if (!std::is_sorted(stream.header_rows.begin(), stream.header_rows.end()))
                reader.problem(rows.front().mark, "`header_row` lists rows from the top down");
        }
        const YamlNode* csv = reader.take("csv");
        if (csv == nullptr) return;
        MapReader inner(*csv, "csv", problems_);
        if (const auto delimiter = inner.scalar("delimiter")) stream.delimiter = read_delimiter(*delimiter);
        if (const auto encoding = inner.scalar("encoding")) {
            stream.encoding = encoding->text;
            const iconv_t converter = mappings::open_converter(encoding->text);
            if (converter == nullptr)
                inner.problem(encoding->mark, mappings::unknown_encoding(encoding->text));
            else
                ::iconv_close(converter);
        }
        inner.finish();
    }

    MapReader reader_;
    const Surroundings& surroundings_;
    Problems& problems_;
    Source source_;
};

}  // namespace

std::string_view name_of(Source::Type type) {
    return type_names[static_cast<std::size_t>(type)];
}

milliseconds usual_poll(Source::Type type) {
    return std::chrono::minutes{type == Source::Type::files ? 1 : 5};
}

Source read_source(const YamlNode& name, const YamlNode& node, const Surroundings& surroundings,
                   Problems& problems) {
    return SourceReader(name, node, surroundings, problems).read();
}

const date::time_zone* read_zone(MapReader& reader, const std::string& key) {
    const auto name = reader.scalar(key);
    const auto* zone = mappings::find_zone(name ? name->text : "UTC");
    if (zone != nullptr) return zone;
    reader.problem(
        name ? name->mark : reader.node().mark,
        fmt::format("\"{}\" is no time zone; write one like Europe/Berlin", name ? name->text : "UTC"));
    return mappings::find_zone("UTC");
}

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

bool is_email(std::string_view text) {
    const auto at = text.find('@');
    return at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
           text.find('@', at + 1) == std::string_view::npos &&
           text.find_first_of(" <>\r\n,;:") == std::string_view::npos;
}

void require_one_line(const Scalar& name, Problems& problems) {
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    if (std::any_of(name.text.begin(), name.text.end(), is_control))
        problems.push_back({name.mark, "a line break or control character in a name: write it in one line"});
}

}  // namespace baselined::config
