// Result<T>: a value, or the reason in words why there is none.
#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <string_view>

namespace baselined {

/// What kind of failure it was. Short and closed: callers branch on it, people read `text`.
enum class ErrorCode {
    bad_input,    ///< what a user or a source gave cannot be used as it is; trying again changes nothing
    limit,        ///< a bound on size, depth or number was passed
    unsupported,  ///< recognised, and deliberately not read; the text says what to do instead
    unavailable,  ///< a file, disk or peer did not answer; trying again may help
    corrupt,      ///< the store holds what it cannot hold
    internal,     ///< a promise inside the program was broken
};

struct Error {
    ErrorCode code = ErrorCode::internal;
    std::string text;  ///< one sentence for people: what, where, and the remedy; never a secret
};

[[nodiscard]] constexpr bool is_retryable(ErrorCode code) {
    return code == ErrorCode::unavailable;
}

/// Thrown only when `.value()` is taken of a Result that holds an Error.
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& place);

template <class T>
using Result = boost::system::result<T, Error>;

}  // namespace baselined
