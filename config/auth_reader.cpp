// The section `auth` of a source: one way to log in.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/addresses.hpp"
#include "config/source_reader.hpp"

namespace baselined::config {

namespace {

const std::vector<std::string> grant_names{"client_credentials", "password", "refresh_token", "jwt_bearer"};

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
        if (const auto key = reader.scalar("key"))
            oauth2.key = surroundings_.login_file(*key, PemUse::signing_key, "");
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
        if (!is_web(parts))
            reader.problem(url->mark,
                           "`token_url` is an address like https://acme.example.com/oauth_token.do");
        else if (is_open(*parts) && !allow_http_)
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
                               Need{"subject", oauth2.subject, {false, false, false, true}},
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

}  // namespace

Auth read_auth(const YamlNode& node, bool allow_http, const Surroundings& surroundings, Problems& problems) {
    return AuthReader(node, allow_http, surroundings, problems).read();
}

}  // namespace baselined::config
