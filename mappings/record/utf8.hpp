// Bytes from outside made valid UTF-8, for what has to be it: JSON, mails, pages.
#pragma once

#include <string>
#include <string_view>

namespace baselined::mappings {

/// Every byte that is part of no character (overlong forms, surrogates and what lies above U+10FFFF among
/// them) becomes U+FFFD.
std::string valid_utf8(std::string_view text);

}  // namespace baselined::mappings
