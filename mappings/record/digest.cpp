#include "mappings/record/digest.hpp"

#include <xxhash.h>

#include <cstring>
#include <string>

namespace baselined::mappings {

namespace {

/// `hash(bytes, size)` of the space's eight bytes and the text behind them.
template <class Hash>
auto hash_both(std::int64_t space, std::string_view text, const Hash& hash) {
    std::array<char, 128> few;
    std::string many;
    char* bytes = few.data();
    const std::size_t size = sizeof space + text.size();
    if (size > few.size()) {
        many.resize(size);
        bytes = many.data();
    }
    std::memcpy(bytes, &space, sizeof space);
    std::memcpy(bytes + sizeof space, text.data(), text.size());
    return hash(bytes, size);
}

}  // namespace

std::array<unsigned char, 16> digest_of(std::int64_t space, std::string_view text) {
    const auto digest =
        hash_both(space, text, [](const char* bytes, std::size_t size) { return XXH3_128bits(bytes, size); });
    std::array<unsigned char, 16> result{};
    std::memcpy(result.data(), &digest, result.size());
    return result;
}

std::uint64_t hash_of(std::int64_t space, std::string_view text) {
    return hash_both(space, text,
                     [](const char* bytes, std::size_t size) { return XXH3_64bits(bytes, size); });
}

}  // namespace baselined::mappings
