// Failures that repeat, told once: what fails, that it goes on failing, that it is well again.
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "daemon/app/log.hpp"

namespace baselined::daemon {

/// One thread's.
class FailureLog {
  public:
    /// `what` is what is told about (a stream, the store); an empty text: it is well. The same failure again
    /// is only counted; an hour after it was told it is told again, with the count.
    void note(const std::string& what, const std::string& text, const LogFields& fields = {});

  private:
    struct Last {
        std::string text;
        int count = 0;
        std::chrono::steady_clock::time_point told_at;
    };
    std::map<std::string, Last> last_;
};

}  // namespace baselined::daemon
