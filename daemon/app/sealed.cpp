#include "daemon/app/sealed.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <charconv>
#include <memory>
#include <vector>

namespace baselined::daemon {

namespace {

using Bytes = std::vector<unsigned char>;
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

constexpr std::size_t nonce_bytes = 12, tag_bytes = 16;

std::array<unsigned char, 32> key_of(std::string_view secret) {
    std::array<unsigned char, 32> key{};
    unsigned int size = 0;
    EVP_Digest(secret.data(), secret.size(), key.data(), &size, EVP_sha256(), nullptr);
    return key;
}

Bytes bytes_of(std::string_view hex) {
    Bytes bytes(hex.size() / 2);
    for (std::size_t i = 0; i < bytes.size(); ++i)
        std::from_chars(hex.data() + 2 * i, hex.data() + 2 * i + 2, bytes[i], 16);
    return bytes;
}

}  // namespace

std::string seal(std::string_view text, std::string_view secret) {
    const auto key = key_of(secret);
    Bytes sealed(nonce_bytes + text.size() + tag_bytes);
    RAND_bytes(sealed.data(), nonce_bytes);
    const Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
    int size = 0;
    EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.data(), sealed.data());
    EVP_EncryptUpdate(cipher.get(), sealed.data() + nonce_bytes, &size,
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    EVP_EncryptFinal_ex(cipher.get(), sealed.data() + nonce_bytes + size, &size);
    EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, tag_bytes,
                        sealed.data() + nonce_bytes + text.size());
    std::string hex;
    for (const unsigned char byte : sealed) hex += fmt::format("{:02x}", byte);
    return hex;
}

std::optional<std::string> unseal(std::string_view sealed, std::string_view secret) {
    Bytes bytes = bytes_of(sealed);
    if (bytes.size() < nonce_bytes + tag_bytes) return std::nullopt;
    const auto key = key_of(secret);
    const auto length = static_cast<int>(bytes.size() - nonce_bytes - tag_bytes);
    std::string text(static_cast<std::size_t>(length), '\0');
    const Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
    int size = 0;
    auto* out = reinterpret_cast<unsigned char*>(text.data());
    EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.data(), bytes.data());
    EVP_DecryptUpdate(cipher.get(), out, &size, bytes.data() + nonce_bytes, length);
    EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, tag_bytes, bytes.data() + nonce_bytes + length);
    if (EVP_DecryptFinal_ex(cipher.get(), out + size, &size) != 1) return std::nullopt;
    return text;
}

}  // namespace baselined::daemon
