#include "config/source_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "mappings/record/text_encoding.hpp"

namespace baselined::config {

namespace {

const std::vector<std::string> type_names{"files", "servicenow", "jira"};

/// Those that libcurl knows.
constexpr std::array<std::string_view, 6> proxy_schemes{"http",    "https",  "socks4",
                                                        "socks4a", "socks5", "socks5h"};

constexpr std::array<std::string_view, 4> pages_of_servicenow{".do/", "/api/now/", "/now/nav/",
                                                              "/now/workspace/"};
constexpr std::array<std::string_view, 4> pages_of_jira{".jspa/", "/browse/", "/rest/", "/secure/"};

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
            source_.auth = read_auth(*auth, source_.allow_http, surroundings_, problems_);
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
        read_cloud_id();
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
        if (!is_web(parts))
            reader_.problem(
                url.mark,
                "`url` is an address like https://acme.example.com or https://acme.example.com:8443");
        else if (source_.url.find('@') != std::string::npos)
            reader_.problem(url.mark, "a name and password stand under `auth`, not in the address");
        else if (url.text.find_first_of("?#") != std::string::npos)
            reader_.problem(url.mark, "`url` is an address without ? and #: leave out what begins there");
        else if (is_page(path_of(source_.url)))
            reader_.problem(
                url.mark, fmt::format("`url` is the address of the {}: leave out the page or path behind it",
                                      source_.type == Source::Type::jira
                                          ? "site itself, like https://acme.atlassian.net"
                                          : "instance itself, like https://acme.service-now.com"));
        else if (is_open(*parts) && !source_.allow_http)
            reader_.problem(url.mark, plain_http);
    }

    /// As copied from a browser or an example: what the connectors ask for stands nowhere below it. Other
    /// paths are allowed, a site may be below one.
    [[nodiscard]] bool is_page(std::string_view path) const {
        const std::string segments = std::string(path) + "/";
        const auto& pages = source_.type == Source::Type::jira ? pages_of_jira : pages_of_servicenow;
        return std::any_of(pages.begin(), pages.end(),
                           [&](std::string_view page) { return segments.find(page) != std::string::npos; });
    }

    void read_cloud_id() {
        const auto id = reader_.scalar("cloud_id");
        if (!id) return;
        source_.cloud_id = id->text;
        const bool is_id = !id->text.empty() && std::all_of(id->text.begin(), id->text.end(), [](char c) {
            return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-';
        });
        if (!is_id)
            reader_.problem(id->mark,
                            "`cloud_id` is letters, digits and hyphens: "
                            "https://acme.atlassian.net/_edge/tenant_info shows it");
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
        const auto path = [&](const char* key, PemUse use, const std::string& certificate) {
            const auto text = reader.scalar(key);
            return text ? surroundings_.login_file(*text, use, certificate) : std::string();
        };
        source_.tls.ca = path("ca", PemUse::authority, "");
        source_.tls.cert = path("cert", PemUse::client_certificate, "");
        source_.tls.key = path("key", PemUse::client_key, source_.tls.cert);
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

void require_one_line(const Scalar& name, Problems& problems) {
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    if (std::any_of(name.text.begin(), name.text.end(), is_control))
        problems.push_back({name.mark, "a line break or control character in a name: write it in one line"});
}

}  // namespace baselined::config
