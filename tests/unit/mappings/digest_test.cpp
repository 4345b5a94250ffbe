#include "mappings/record/digest.hpp"

#include <fmt/format.h>

#include <array>
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <string_view>
#include <utility>

using namespace baselined::mappings;

TEST_CASE("No text of one space meets a text of another, however short they are") {
    std::map<std::array<unsigned char, 16>, std::pair<std::int64_t, std::string>> digests;
    std::map<std::uint64_t, std::pair<std::int64_t, std::string>> hashes;
    // Streams and sources are counted from 1; a kind stands in the low byte beside its source.
    for (const std::int64_t space : {0, 1, 2, 3, 4, 7, 8, 256, 257, 258, 264, 512, 513, 520, 768, 1'024}) {
        for (int number = 0; number < 3'000; ++number) {
            // Of 1 to 4, 5, 8, 10 and 16 characters.
            for (const std::string& text :
                 {fmt::format("{}", number), fmt::format("3{:04}", number), fmt::format("CH{:06}", number),
                  fmt::format("INC{:07}", number), fmt::format("{:04}ACME{:08}", number % 10, number)}) {
                const std::pair mine{space, text};
                if (const auto& other = digests.try_emplace(digest_of(space, text), mine).first->second;
                    other != mine)
                    FAIL(fmt::format("{} of {} and {} of {}", text, space, other.second, other.first));
                if (const auto& other = hashes.try_emplace(hash_of(space, text), mine).first->second;
                    other != mine)
                    FAIL(fmt::format("{} of {} and {} of {}", text, space, other.second, other.first));
            }
        }
    }
}

TEST_CASE("A text longer than any id has its digest too, down to its last byte") {
    const std::string text(1'000, 'x');
    CHECK(digest_of(1, text) == digest_of(1, std::string(1'000, 'x')));
    CHECK(digest_of(1, text) != digest_of(2, text));
    CHECK(digest_of(1, text) != digest_of(1, std::string_view(text).substr(1)));
    CHECK(hash_of(1, text) != hash_of(1, text.substr(1) + "y"));
}
