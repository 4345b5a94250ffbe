// The encodings that a text can be written in, by the names that people give them.
#pragma once

#include <iconv.h>

#include <string>

namespace baselined::mappings {

/// Converts from that encoding to UTF-8; the caller closes it. A null pointer: nobody knows the name.
iconv_t open_converter(const std::string& encoding);
/// What is said of such a name.
std::string unknown_encoding(const std::string& name);

}  // namespace baselined::mappings
