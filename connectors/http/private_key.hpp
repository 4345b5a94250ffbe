// Private keys and certificates as their PEM files hold them. Error texts name no file, and quote none.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>

#include "mappings/record/result.hpp"

namespace baselined::connectors {

struct FreeKey {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using PrivateKey = std::unique_ptr<EVP_PKEY, FreeKey>;

/// Never asks for a pass phrase, as OpenSSL would on a terminal, with everything waiting: a key that wants
/// one is refused.
Result<PrivateKey> read_private_key(const std::string& path);
/// One that signs tokens: RSA (RS256) or EC on the curve P-256 (ES256).
Result<PrivateKey> read_signing_key(const std::string& path);

/// Whether a certificate is in it, as that of a client or an authority has to be.
Result<void> check_certificate(const std::string& path);
/// Whether the key can be read and is the certificate's.
Result<void> check_key_of(const std::string& certificate, const std::string& key);

}  // namespace baselined::connectors
