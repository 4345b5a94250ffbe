#include "connectors/open_failure.hpp"

#include <cerrno>
#include <cstring>

namespace baselined::connectors {

std::string why_not_opened(int system_error) {
    std::string words = std::strerror(system_error);
    if (system_error == EMFILE || system_error == ENFILE)
        words += ": raise the limit of open files (LimitNOFILE in the unit)";
    return words;
}

}  // namespace baselined::connectors
