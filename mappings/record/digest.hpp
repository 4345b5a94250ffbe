// Digests of a text within a space of its own: the ids of a source, of a kind, of a stream.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace baselined::mappings {

/// Of 128 bits: what has the same one is taken for the same. Space and text are hashed as one text: XXH3 only
/// adds a seed to texts of up to 16 bytes, so that "I1012" under one small seed meets "S1018" under another.
std::array<unsigned char, 16> digest_of(std::int64_t space, std::string_view text);
/// Of 64 bits: to find by, among some millions.
std::uint64_t hash_of(std::int64_t space, std::string_view text);

}  // namespace baselined::mappings
