// A member of a JSON object, where there is one.
#pragma once

#include <rapidjson/document.h>

#include <string_view>

namespace baselined::mappings {

/// A null pointer where `value` is no object or has no such member. The view's length counts: names may hold
/// zeros.
inline const rapidjson::Value* member(const rapidjson::Value& value, std::string_view name) {
    if (!value.IsObject()) return nullptr;
    const rapidjson::Value key(
        rapidjson::StringRef(name.data(), static_cast<rapidjson::SizeType>(name.size())));
    const auto found = value.FindMember(key);
    return found == value.MemberEnd() ? nullptr : &found->value;
}

}  // namespace baselined::mappings
