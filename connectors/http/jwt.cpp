// A signed JSON Web Token (RFC 7515, 7518, 7519, 7523).
#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <memory>

#include "connectors/http/auth.hpp"
#include "connectors/http/private_key.hpp"
#include "mappings/record/json_writer.hpp"

namespace baselined::connectors {

namespace {

constexpr std::int64_t seconds_valid = 300;
constexpr int ecdsa_bytes = 32;  ///< of each half of an ES256 signature

template <auto function>
struct Free {
    template <class T>
    void operator()(T* pointer) const {
        function(pointer);
    }
};
using Digest = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>>;

std::string base64_url(std::string_view bytes) {
    std::string text = base64(bytes);
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    text.erase(std::find(text.begin(), text.end(), '='), text.end());
    return text;
}

std::string random_id() {
    std::array<unsigned char, 16> bytes{};
    RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
    std::string text;
    for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
    return text;
}

std::string claims(const Login& login, std::int64_t now_ms) {
    rapidjson::StringBuffer buffer;
    mappings::JsonWriter writer(buffer);
    const auto text = [&](const char* name, const std::string& value) {
        writer.Key(name);
        writer.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
    };
    writer.StartObject();
    text("iss", login.issuer.empty() ? login.client_id : login.issuer);
    text("sub", login.subject);
    text("aud", login.client_id);
    text("jti", random_id());
    writer.Key("iat");
    writer.Int64(now_ms / 1000);
    writer.Key("exp");
    writer.Int64(now_ms / 1000 + seconds_valid);
    writer.EndObject();
    return buffer.GetString();
}

/// JWT wants the two numbers one behind the other, OpenSSL gives them as ASN.1.
std::string plain_ecdsa(const std::string& signature) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(signature.data());
    const Signature parsed(d2i_ECDSA_SIG(nullptr, &bytes, static_cast<long>(signature.size())));
    std::string plain(2 * ecdsa_bytes, '\0');
    auto* out = reinterpret_cast<unsigned char*>(plain.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(parsed.get()), out, ecdsa_bytes);
    BN_bn2binpad(ECDSA_SIG_get0_s(parsed.get()), out + ecdsa_bytes, ecdsa_bytes);
    return plain;
}

}  // namespace

Result<std::string> signed_jwt(const Login& login, std::int64_t now_ms) {
    const auto read = read_signing_key(login.key);
    if (!read) return Error{read.error().code, fmt::format("{}: {}", login.key, read.error().text)};
    const PrivateKey& key = *read;
    const bool is_ecdsa = EVP_PKEY_base_id(key.get()) == EVP_PKEY_EC;
    const std::string head =
        base64_url(is_ecdsa ? R"({"alg":"ES256","typ":"JWT"})" : R"({"alg":"RS256","typ":"JWT"})");
    const std::string signed_part = head + "." + base64_url(claims(login, now_ms));
    const Digest digest(EVP_MD_CTX_new());
    std::size_t size = 0;
    const auto* input = reinterpret_cast<const unsigned char*>(signed_part.data());
    std::string signature;
    if (EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
        EVP_DigestSign(digest.get(), nullptr, &size, input, signed_part.size()) == 1) {
        signature.resize(size);
        if (EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, input,
                           signed_part.size()) != 1)
            size = 0;
    }
    if (size == 0) return Error{ErrorCode::bad_input, fmt::format("{}: the key signs nothing", login.key)};
    signature.resize(size);
    return signed_part + "." + base64_url(is_ecdsa ? plain_ecdsa(signature) : signature);
}

}  // namespace baselined::connectors
