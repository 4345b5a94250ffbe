// Digests of texts: whether two are the same, without keeping them.
#pragma once

#include <string>
#include <string_view>

namespace baselined::daemon {

/// SHA-256 in hexadecimal digits.
std::string sha256(std::string_view text);

}  // namespace baselined::daemon
