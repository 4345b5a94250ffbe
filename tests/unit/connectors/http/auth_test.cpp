#include "connectors/http/auth.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/support/catch.hpp"

using namespace baselined;
using namespace baselined::connectors;

namespace {

constexpr std::int64_t now = 1'767'607'872'000;

/// A key file of this test's own.
std::string write_key(const char* kind) {
    const std::string path = std::string("/tmp/baselined-test-key-") + kind + ".pem";
    EVP_PKEY* key = std::string(kind) == "rsa" ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
    std::FILE* file = std::fopen(path.c_str(), "w");
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
    EVP_PKEY_free(key);
    return path;
}

/// Verified by somebody else: Python over the openssl command line.
bool is_verified(const std::string& jwt, const std::string& key, const char* kind) {
    const std::string script = R"(
import base64, json, subprocess, sys, tempfile
jwt, key, kind = sys.argv[1:]
head, body, signature = jwt.split(".")
plain = lambda t: base64.urlsafe_b64decode(t + "=" * (-len(t) % 4))
claims = json.loads(plain(body))
assert claims["iss"] == "me" and claims["sub"] == "user" and claims["aud"] == "client" and claims["exp"] > claims["iat"], claims
assert json.loads(plain(head))["alg"] == ("RS256" if kind == "rsa" else "ES256")
signed = plain(signature)
if kind != "rsa":
    def integer(b):
        b = b.lstrip(b"\0") or b"\0"
        b = (b"\0" if b[0] & 0x80 else b"") + b
        return b"\x02" + bytes([len(b)]) + b
    assert len(signed) == 64
    inner = integer(signed[:32]) + integer(signed[32:])
    signed = b"\x30" + bytes([len(inner)]) + inner
with tempfile.NamedTemporaryFile() as s, tempfile.NamedTemporaryFile() as d, tempfile.NamedTemporaryFile() as p:
    s.write(signed); s.flush(); d.write((head + "." + body).encode()); d.flush()
    subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", p.name], check=True)
    sys.exit(subprocess.run(["openssl", "dgst", "-sha256", "-verify", p.name, "-signature", s.name, d.name], stdout=subprocess.DEVNULL).returncode)
)";
    const std::string path = "/tmp/baselined-verify-jwt.py";
    std::FILE* file = std::fopen(path.c_str(), "w");
    std::fwrite(script.data(), 1, script.size(), file);
    std::fclose(file);
    return std::system(("/usr/bin/python3 " + path + " " + jwt + " " + key + " " + kind).c_str()) == 0;
}

Response answer(long status, std::string body) {
    Response response;
    response.status = status;
    response.body = std::move(body);
    return response;
}

}  // namespace

TEST_CASE("JSON Web Tokens are signed so that others verify them") {
    for (const char* kind : {"rsa", "ec"}) {
        Login login;
        login.issuer = "me";
        login.subject = "user";
        login.client_id = "client";
        login.key = write_key(kind);
        const auto jwt = signed_jwt(login, now);
        REQUIRE(jwt.has_value());
        CHECK(is_verified(*jwt, login.key, kind));
        std::string forged = *jwt;
        char& c = forged[forged.rfind('.') + 10];
        c = c == 'A' ? 'B' : 'A';
        CHECK_FALSE(is_verified(forged, login.key, kind));
    }
}

TEST_CASE("a key that cannot be used says why") {
    Login login;
    login.key = "/nowhere.pem";
    CHECK_THAT(signed_jwt(login, now).error().text,
               Catch::StartsWith("/nowhere.pem: the key cannot be opened: No such file"));
    login.key = "/tmp/baselined-test-key-locked.pem";
    std::FILE* file = std::fopen(login.key.c_str(), "w");
    EVP_PKEY* key = EVP_EC_gen("P-256");
    const std::string words = "words";
    PEM_write_PrivateKey(file, key, EVP_aes_256_cbc(), reinterpret_cast<const unsigned char*>(words.data()),
                         static_cast<int>(words.size()), nullptr, nullptr);
    EVP_PKEY_free(key);
    std::fclose(file);
    CHECK_THAT(signed_jwt(login, now).error().text, Catch::Contains("the key is encrypted: decrypt it"));
}

TEST_CASE("token answers") {
    const auto token =
        parse_token(answer(200, R"({"access_token":"a","refresh_token":"r","expires_in":"60"})"), {}, now);
    REQUIRE(token.has_value());
    CHECK(token->access == "a");
    CHECK(token->refresh == "r");
    CHECK(token->expires_at_ms == now + 60'000);
    const auto refused =
        parse_token(answer(401, R"({"error":"server_error","error_description":"access_denied"})"), {}, now);
    REQUIRE_FALSE(refused.has_value());
    CHECK((refused.error().code == ErrorCode::bad_input));
    CHECK_THAT(refused.error().text, Catch::Contains("access_denied"));
    CHECK((parse_token(answer(200, "<html>"), {}, now).error().code == ErrorCode::unavailable));
    const auto refused_with_200 = parse_token(answer(200, R"({"error":"invalid_client"})"), {}, now);
    CHECK((refused_with_200.error().code == ErrorCode::bad_input));
    for (const char* passing : {"{}", R"({"error":"temporarily_unavailable"})"})
        CHECK((parse_token(answer(200, passing), {}, now).error().code == ErrorCode::unavailable));
    Response elsewhere = answer(302, "");
    elsewhere.headers = {{"Location", "https://u:hush@sso.example.org/x?code=hush"}};
    const auto redirected = parse_token(elsewhere, {}, now);
    CHECK((redirected.error().code == ErrorCode::bad_input));
    CHECK(redirected.error().text ==
          "no token: the token endpoint answered 302, a redirect to https://sso.example.org, where no login "
          "is sent: is `token_url` (or `url`) right?");
    for (const long not_now : {408, 429, 503})
        CHECK((parse_token(answer(not_now, ""), {}, now).error().code == ErrorCode::unavailable));
}

TEST_CASE("a token that would begin a header of its own is none") {
    const auto token =
        parse_token(answer(200, R"({"access_token":"abc\r\nX-Evil: 1","token_type":"bearer"})"), {}, now);
    REQUIRE_FALSE(token.has_value());
    CHECK_THAT(token.error().text, Catch::Contains("a line break"));
}

TEST_CASE("an answer without a token says so") {
    CHECK(parse_token(answer(200, R"({"token_type":"bearer"})"), {}, now).error().text ==
          "no token: the token endpoint answered 200 without an `access_token`");
}

TEST_CASE("a refusal that quotes what it was sent is told without it") {
    Login login;
    login.user = "bot";
    login.password = "p&w=1";
    login.client_id = "c";
    login.client_secret = "hush";
    const auto secrets = secrets_of(login, {"access-1", "refresh-1", 0});
    CHECK(secrets.hide("Invalid refresh token: refresh-1, not access-1 of bot") ==
          "Invalid refresh token: (hidden), not (hidden) of bot");
    CHECK(secrets.hide("hushhush " + base64("c:hush") + " Basic Ym90OnAmdz0x") ==
          "(hidden)(hidden) (hidden) Basic (hidden)");
    // Cut after that: half a secret is one, too.
    const std::string long_words = std::string(185, 'x') + " refresh-1";
    const auto refused = parse_token(
        answer(400, R"({"error":"bad","error_description":")" + long_words + R"(\n"})"), secrets, now);
    CHECK_THAT(refused.error().text, !Catch::Contains("refresh") && !Catch::Contains("\n"));
}

TEST_CASE("token requests are forms, encoded, and a used refresh token is not sent twice") {
    Login login;
    login.by = Login::By::oauth2;
    login.grant = Login::Grant::password;
    login.user = "bot@acme";
    login.password = "p&w=1";
    login.client_id = "c";
    const auto first = token_request(login, "", now);
    CHECK(first->body == "grant_type=password&username=bot%40acme&password=p%26w%3D1&client_id=c");
    CHECK(first->is_idempotent);
    const auto next = token_request(login, "refresh", now);
    CHECK_THAT(next->body, Catch::StartsWith("grant_type=refresh_token&refresh_token=refresh"));
    CHECK_FALSE(next->is_idempotent);
    CHECK(plain_headers(
              {Login::By::basic, "Aladdin", "open sesame", {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}})
              .front()
              .second == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");  // RFC 7617
}
