// Why something could not be opened.
#pragma once

#include <string>

namespace baselined::connectors {

/// The system's words for its error, with what to do where only an administrator can.
std::string why_not_opened(int system_error);

}  // namespace baselined::connectors
