#include "daemon/store/packed_key.hpp"

#include <array>

#include "mappings/record/digest.hpp"
#include "mappings/record/encoding.hpp"

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

std::string unpacked(std::string_view bytes) {
    static constexpr std::string_view letters = "0123456789abcdef";
    std::string text;
    for (const char byte : bytes) {
        const auto bits = static_cast<unsigned char>(byte);
        text += letters[bits >> 4];
        text += letters[bits & 15];
    }
    return text;
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

std::string_view bytes_of(sqlite3_value* value) {
    const auto* bytes = static_cast<const char*>(sqlite3_value_blob(value));
    return {bytes, static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

void return_key(sqlite3_context* context, const KeyFilter::Key& key) {
    sqlite3_result_blob(context, key.data(), static_cast<int>(key.size()), SQLITE_TRANSIENT);
}

void row_key(sqlite3_context* context, int /*count*/, sqlite3_value** values) {
    const std::string_view key = bytes_of(values[1]);
    const bool is_packed = sqlite3_value_type(values[1]) == SQLITE_BLOB;
    return_key(context,
               row_key_of(sqlite3_value_int64(values[0]), is_packed ? unpacked(key) : std::string(key)));
}

void record_key(sqlite3_context* context, int /*count*/, sqlite3_value** values) {
    return_key(context, record_key_of(sqlite3_value_int64(values[0]),
                                      static_cast<Kind>(sqlite3_value_int64(values[1])),
                                      mappings::encoded_id(bytes_of(values[2]))));
}

void record_id(sqlite3_context* context, int /*count*/, sqlite3_value** values) {
    const std::string_view id = mappings::encoded_id(bytes_of(values[0]));
    sqlite3_result_text(context, id.data(), static_cast<int>(id.size()), SQLITE_TRANSIENT);
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
    return row.is_blob(column) ? unpacked(row.blob(column)) : std::string(row.text(column));
}

KeyFilter::Key row_key_of(StreamId stream, std::string_view key) {
    return mappings::digest_of(stream, key);
}

RecordKey record_key_of(SourceId source, Kind kind, std::string_view id) {
    return mappings::digest_of(source << 8 | static_cast<std::int64_t>(kind), id);
}

void add_key_functions(Database& database) {
    const auto add = [&database](const char* name, int count, auto* function) {
        const int code =
            sqlite3_create_function_v2(database.handle(), name, count, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
                                       nullptr, function, nullptr, nullptr, nullptr);
        if (code != SQLITE_OK) database.fail(code);
    };
    add("packed_key", 1, packed_key);
    add("row_key", 2, row_key);
    add("record_key", 3, record_key);
    add("record_id", 1, record_id);
}

}  // namespace baselined::daemon
