#include "mappings/record/text_encoding.hpp"

#include <fmt/format.h>

namespace baselined::mappings {

iconv_t open_converter(const std::string& encoding) {
    // What follows a slash tells iconv to pass over what does not fit.
    if (encoding.empty() || encoding.find('/') != std::string::npos) return nullptr;
    const iconv_t converter = ::iconv_open("UTF-8", encoding.c_str());
    return converter == reinterpret_cast<iconv_t>(-1) ? nullptr : converter;
}

std::string unknown_encoding(const std::string& name) {
    return fmt::format("nobody knows the encoding \"{}\": write one like utf-8, windows-1252 or iso-8859-15",
                       name);
}

}  // namespace baselined::mappings
