// Texts that must not lie in the store in clear: sealed with a key made of another secret.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace baselined::daemon {

/// AES-256-GCM under the SHA-256 of `secret`; in hexadecimal digits, a new nonce each time.
std::string seal(std::string_view text, std::string_view secret);
/// nullopt: it was sealed with another secret, or is damaged.
std::optional<std::string> unseal(std::string_view sealed, std::string_view secret);

}  // namespace baselined::daemon
