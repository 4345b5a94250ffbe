// The JSON of an answer, or why it is none. Pure.
#pragma once

#include <rapidjson/document.h>

#include <memory>
#include <string>

#include "mappings/record/result.hpp"

namespace baselined::connectors::jira {

/// A half of a surrogate pair in a text (`"\ud83d"`, of a title that was cut in the middle of a character)
/// becomes U+FFFD: no text of ours can hold it. ErrorCode::limit: the body ends before its JSON does;
/// ErrorCode::unavailable: it is empty, or no JSON from some byte on, which the text names (the first is 1).
Result<std::shared_ptr<rapidjson::Document>> parse_json(const std::string& body);

}  // namespace baselined::connectors::jira
