// What a file is by its content, and why some kinds are not read.
#pragma once

#include <string>
#include <string_view>

#include "mappings/record/result.hpp"

namespace baselined::connectors {

enum class FileKind {
    text,  ///< a CSV, or what pretends to be none of the others
    zip,
    compound,  ///< OLE: .xls, or an encrypted .xlsx
    refused,   ///< recognised by its first bytes alone: see `refusal_of`
};

FileKind kind_of(std::string_view start);

/// Why a file that begins so is no table, and what to do; nullptr when it may be one.
const char* refusal_of(std::string_view start);

/// Looks into a compound file for what it holds.
Error compound_refusal(const std::string& path);

}  // namespace baselined::connectors
