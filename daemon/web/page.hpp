// One answer of the web listener.
#pragma once

#include <string>

namespace baselined::daemon {

struct Page {
    int status = 200;
    std::string type = "text/plain; charset=utf-8";
    std::string body;
};

}  // namespace baselined::daemon
