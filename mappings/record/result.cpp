#include "mappings/record/result.hpp"

#include <stdexcept>

namespace baselined {

void throw_exception_from_error(const Error& error, const boost::source_location&) {
    throw std::runtime_error(error.text);
}

}  // namespace baselined
