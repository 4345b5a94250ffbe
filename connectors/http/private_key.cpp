#include "connectors/http/private_key.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <cerrno>

#include "connectors/open_failure.hpp"

namespace baselined::connectors {

namespace {

struct CloseFile {
    void operator()(BIO* file) const { BIO_free_all(file); }
};
struct FreeCertificate {
    void operator()(X509* certificate) const { X509_free(certificate); }
};
using Certificate = std::unique_ptr<X509, FreeCertificate>;

int note_that_one_is_asked_for(char* /*pass_phrase*/, int /*size*/, int /*rwflag*/, void* is_asked) {
    *static_cast<bool*>(is_asked) = true;
    return -1;
}

Error bad(std::string words) {
    return {ErrorCode::bad_input, std::move(words)};
}

/// Empty where there is none.
Result<Certificate> find_certificate(const std::string& path) {
    const std::unique_ptr<BIO, CloseFile> file(BIO_new_file(path.c_str(), "r"));
    const int open_error = errno;
    Certificate certificate(file ? PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr) : nullptr);
    ERR_clear_error();  // libcurl would take what is left for its own
    if (!file) return bad("the certificate cannot be opened: " + why_not_opened(open_error));
    return certificate;
}

std::string curve_of(const EVP_PKEY& key) {
    std::array<char, 64> name{};
    EVP_PKEY_get_group_name(&key, name.data(), name.size(), nullptr);
    return name.data();
}

}  // namespace

Result<PrivateKey> read_private_key(const std::string& path) {
    const std::unique_ptr<BIO, CloseFile> file(BIO_new_file(path.c_str(), "r"));
    const int open_error = errno;
    bool is_encrypted = false;
    PrivateKey key(
        file ? PEM_read_bio_PrivateKey(file.get(), nullptr, note_that_one_is_asked_for, &is_encrypted)
             : nullptr);
    ERR_clear_error();  // libcurl would take what is left for its own
    if (!file) return bad("the key cannot be opened: " + why_not_opened(open_error));
    if (is_encrypted) return bad("the key is encrypted: decrypt it into a file that only the service reads");
    if (key) return key;
    const auto certificate = find_certificate(path);
    return bad(certificate && *certificate ? "a certificate is in it: its private key belongs here"
                                           : "no private key (PEM) can be read from it");
}

Result<PrivateKey> read_signing_key(const std::string& path) {
    auto key = read_private_key(path);
    if (!key) return key;
    const int kind = EVP_PKEY_base_id(key->get());
    if (kind == EVP_PKEY_EC && curve_of(**key) != "prime256v1")
        return bad(fmt::format("a key of the curve {}: ES256 wants P-256 (prime256v1)", curve_of(**key)));
    if (kind == EVP_PKEY_EC || kind == EVP_PKEY_RSA) return key;
    const char* name = EVP_PKEY_get0_type_name(key->get());
    return bad(
        fmt::format("a key of the kind {}: tokens are signed with RSA (RS256) or the curve P-256 (ES256)",
                    name == nullptr ? "unknown" : name));
}

Result<void> check_certificate(const std::string& path) {
    const auto found = find_certificate(path);
    if (!found) return found.error();
    if (*found) return {};
    const auto key = read_private_key(path);
    return bad(key ? "a private key is in it, and no certificate: that belongs here"
                   : "no certificate (PEM) can be read from it");
}

Result<void> check_key_of(const std::string& certificate, const std::string& path) {
    const auto key = read_private_key(path);
    if (!key) return key.error();
    const auto found = find_certificate(certificate);
    if (!found || !*found) return {};  // which is said of the certificate
    const bool fits = X509_check_private_key(found->get(), key->get()) == 1;
    ERR_clear_error();
    if (fits) return {};
    return bad("this is the key of another certificate than `cert`: name the two that belong together");
}

}  // namespace baselined::connectors
