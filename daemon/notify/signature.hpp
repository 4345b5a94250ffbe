// Signatures of Standard Webhooks: who holds the secret can tell that a body is ours and fresh.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace baselined::daemon {

/// The value of `webhook-signature`: for each secret `v1,` and the HMAC-SHA256 of `id.timestamp.body` in
/// base64, separated by a space. The key is what stands base64-encoded after `whsec_` (the configuration
/// refuses anything else there); of a secret without that prefix, its bytes.
/// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md)
std::string signatures(const std::vector<std::string>& secrets, std::string_view id,
                       std::int64_t unix_seconds, std::string_view body);

}  // namespace baselined::daemon
