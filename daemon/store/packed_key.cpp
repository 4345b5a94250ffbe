#include "daemon/store/packed_key.hpp"

#include <xxhash.h>

#include <array>
#include <cstring>

namespace baselined::daemon {

namespace {

constexpr std::array<signed char, 256> digits = [] {
    std::array<signed char, 256> values{};
    values.fill(-1);
    for (signed char value = 0; value < 10; ++value) values[static_cast<std::size_t>('0' + value)] = value;
    for (signed char value = 10; value < 16; ++value)
        values[static_cast<std::size_t>('a' + value - 10)] = value;
    return values;
}();

int digit_of(char c) {
    return digits[static_cast<unsigned char>(c)];
}

void packed_key(sqlite3_context* context, int /*count*/, sqlite3_value** values) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(values[0]));
    const PackedKey key(std::string_view(text, static_cast<std::size_t>(sqlite3_value_bytes(values[0]))));
    if (key.is_packed())
        sqlite3_result_blob(context, key.bytes().data(), static_cast<int>(key.bytes().size()),
                            SQLITE_TRANSIENT);
    else
        sqlite3_result_value(context, values[0]);
}

void digest(sqlite3_context* context, int /*count*/, sqlite3_value** values) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(values[1]));
    const auto key =
        digest_of(sqlite3_value_int64(values[0]),
                  std::string_view(text, static_cast<std::size_t>(sqlite3_value_bytes(values[1]))));
    sqlite3_result_blob(context, key.data(), static_cast<int>(key.size()), SQLITE_TRANSIENT);
}

}  // namespace

PackedKey::PackedKey(std::string_view key) : text_(key) {
    if (key.size() != 2 * bytes_.size()) return;
    for (std::size_t i = 0; i < bytes_.size(); ++i) {
        const int high = digit_of(key[2 * i]), low = digit_of(key[2 * i + 1]);
        if (high < 0 || low < 0) return;
        bytes_[i] = static_cast<char>(high << 4 | low);
    }
    is_packed_ = true;
}

std::string_view PackedKey::bytes() const {
    return is_packed_ ? std::string_view(bytes_.data(), bytes_.size()) : text_;
}

void PackedKey::bind(Statement& statement, int index) const {
    if (is_packed_)
        statement.bind_blob(index, bytes());
    else
        statement.bind_text(index, text_);
}

std::string unpacked_key(const Statement& row, int column) {
    if (!row.is_blob(column)) return std::string(row.text(column));
    static constexpr std::string_view letters = "0123456789abcdef";
    std::string text;
    for (const char byte : row.blob(column)) {
        const auto bits = static_cast<unsigned char>(byte);
        text += letters[bits >> 4];
        text += letters[bits & 15];
    }
    return text;
}

KeyFilter::Key digest_of(std::int64_t stream, std::string_view key) {
    const XXH128_hash_t digest =
        XXH3_128bits_withSeed(key.data(), key.size(), static_cast<std::uint64_t>(stream));
    KeyFilter::Key result;
    std::memcpy(result.data(), &digest, result.size());
    return result;
}

void add_key_functions(Database& database) {
    const auto add = [&database](const char* name, int count, auto* function) {
        const int code =
            sqlite3_create_function_v2(database.handle(), name, count, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
                                       nullptr, function, nullptr, nullptr, nullptr);
        if (code != SQLITE_OK) database.fail(code);
    };
    add("packed_key", 1, packed_key);
    add("digest_of", 2, digest);
}

}  // namespace baselined::daemon
