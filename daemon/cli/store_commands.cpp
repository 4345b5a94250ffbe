// `backup`, `restore` and `integrity`: the store as a file.
#include <fmt/format.h>

#include "daemon/cli/commands.hpp"
#include "daemon/store/store_care.hpp"

namespace baselined::daemon {

int back_up_store(Invocation& invocation, const std::string& file) {
    back_up(invocation.portfolio->configuration().store, file);
    fmt::print("{}: a copy of {}, checked\n", file, invocation.portfolio->configuration().store);
    return exit_done;
}

int restore_store(Invocation& invocation, const std::string& file) {
    const std::string& store = invocation.portfolio->configuration().store;
    const std::string aside = restore(file, store);
    fmt::print("{}: restored from {}\n", store, file);
    if (!aside.empty()) fmt::print("what was there is kept: {}\n", aside);
    return exit_done;
}

int check_integrity(Invocation& invocation) {
    const std::string& store = invocation.portfolio->configuration().store;
    const auto findings = findings_of(store);
    for (const std::string& finding : findings) fmt::print(stderr, "{}: {}\n", store, finding);
    if (findings.empty()) {
        fmt::print("{}: sound\n", store);
        return exit_done;
    }
    fmt::print(
        stderr,
        "{}: the file is damaged: stop the daemon and `baselined restore` a copy, or move it away and have "
        "the sources read again\n",
        store);
    return exit_failed;
}

}  // namespace baselined::daemon
