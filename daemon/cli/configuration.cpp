#include <fmt/format.h>

#include "config/schema/json_schema.hpp"
#include "daemon/cli/commands.hpp"

namespace baselined::daemon {

int print_schema(const std::string& file_kind) {
    fmt::print("{}", config::schema::json_schema(file_kind));
    return exit_done;
}

}  // namespace baselined::daemon
