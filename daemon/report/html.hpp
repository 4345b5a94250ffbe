// Text put into HTML.
#pragma once

#include <string>
#include <string_view>

namespace baselined::daemon {

/// Fit for content and for attributes in double or single quotes.
std::string escaped(std::string_view text);
/// An address that a link may lead to: http or https, nothing that runs.
bool is_web_address(std::string_view url);

}  // namespace baselined::daemon
