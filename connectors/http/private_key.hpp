// A private key as its PEM file holds it.
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
/// one is refused. Error texts begin with the path.
Result<PrivateKey> read_private_key(const std::string& path);

}  // namespace baselined::connectors
