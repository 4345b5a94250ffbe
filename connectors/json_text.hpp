// The JSON of an answer, or why it is none. Pure.
#pragma once

#include <rapidjson/document.h>

#include <memory>
#include <string>

#include "mappings/record/result.hpp"

namespace baselined::connectors {

/// A half of a surrogate pair in a text (`"\ud83d"`, of a title that was cut in the middle of a character)
/// becomes U+FFFD, in place: no text of ours can hold it. The body keeps its length.
void mend_lone_surrogates(std::string& body);

/// Why a body of `size` bytes is no JSON, by what a reader found at byte `at`, counted from 0.
/// ErrorCode::limit: it ends before its JSON does; ErrorCode::unavailable: it is empty, or no JSON from some
/// byte on, which the text names (the first is 1).
Error json_failure(rapidjson::ParseErrorCode code, std::size_t at, std::size_t size);

/// The body as a tree, with its lone surrogates mended; or a json_failure; or ErrorCode::bad_input where it
/// is nested deeper than 500 levels, so that whoever walks through a tree needs no bound of its own.
Result<std::shared_ptr<rapidjson::Document>> parse_json(const std::string& body);

}  // namespace baselined::connectors
