#include "daemon/notify/signature.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <optional>

#include "connectors/secrets.hpp"

namespace baselined::daemon {

namespace {

constexpr std::string_view prefix = "whsec_";

std::optional<std::string> decoded(std::string text) {
    while (text.size() % 4 != 0) text += '=';  // some write it without its end
    if (text.empty()) return std::nullopt;
    std::string bytes(text.size() / 4 * 3, '\0');
    const int length =
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    if (length < 0) return std::nullopt;
    bytes.resize(static_cast<std::size_t>(length) - (text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0));
    return bytes;
}

std::string key_of(const std::string& secret) {
    if (secret.starts_with(prefix))
        if (auto key = decoded(secret.substr(prefix.size()))) return std::move(*key);
    return secret;
}

}  // namespace

std::string signatures(const std::vector<std::string>& secrets, std::string_view id,
                       std::int64_t unix_seconds, std::string_view body) {
    const std::string content = fmt::format("{}.{}.{}", id, unix_seconds, body);
    std::string value;
    for (const std::string& secret : secrets) {
        const std::string key = key_of(secret);
        std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
        unsigned int length = 0;
        HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(content.data()), content.size(), digest.data(), &length);
        if (!value.empty()) value += ' ';
        value += "v1," + connectors::base64({reinterpret_cast<const char*>(digest.data()), length});
    }
    return value;
}

}  // namespace baselined::daemon
