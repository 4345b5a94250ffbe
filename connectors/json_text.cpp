#include "connectors/json_text.hpp"

#include <fmt/format.h>
#include <rapidjson/encodedstream.h>
#include <rapidjson/error/en.h>

#include <string_view>

#include "connectors/http/request.hpp"

namespace baselined::connectors {

namespace {

using Document = rapidjson::Document;

constexpr std::size_t escape_bytes = 6;  // `\ud83d`
/// What walks through a tree or writes it does so level by level on the stack. Documents of Jira's editor
/// have some tens of levels.
constexpr int most_levels = 500;

/// `\ud` and one of these digits stand there.
bool is_surrogate_at(const std::string& body, std::size_t at, const char* second_digits) {
    constexpr std::size_t first_digit = 2, second_digit = 3;
    if (at + escape_bytes > body.size() || body.compare(at, 2, "\\u") != 0) return false;
    return (body[at + first_digit] == 'd' || body[at + first_digit] == 'D') &&
           std::string_view(second_digits).find(body[at + second_digit]) != std::string_view::npos;
}

/// From `at` on, the first half of a pair without the other one; the end where there is none. Outside of
/// texts JSON has no backslash, and whatever follows one is its escape.
std::size_t lone_surrogate(const std::string& body, std::size_t at) {
    constexpr const char *high = "89abAB", *low = "cdefCDEF";
    for (at = body.find('\\', at); at < body.size(); at = body.find('\\', at)) {
        const bool is_high = is_surrogate_at(body, at, high);
        const bool is_pair = is_high && is_surrogate_at(body, at + escape_bytes, low);
        if (!is_pair && (is_high || is_surrogate_at(body, at, low))) return at;
        at += is_pair ? 2 * escape_bytes : 2;
    }
    return body.size();
}

using PastBom = rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream>;

/// Leaves off reading where it gets too deep.
class BoundedDocument : public Document {
  public:
    rapidjson::ParseResult read(std::string_view text) {
        rapidjson::Reader reader;
        rapidjson::MemoryStream bytes(text.data(), text.size());
        PastBom stream(bytes);
        rapidjson::ParseResult result;
        auto parse = [&](Document&) {
            result = reader.Parse<rapidjson::kParseIterativeFlag>(stream, *this);
            return !result.IsError();
        };
        Populate(parse);
        return result;
    }
    bool StartObject() { return ++levels_ <= most_levels && Document::StartObject(); }
    bool EndObject(rapidjson::SizeType members) { return --levels_, Document::EndObject(members); }
    bool StartArray() { return ++levels_ <= most_levels && Document::StartArray(); }
    bool EndArray(rapidjson::SizeType elements) { return --levels_, Document::EndArray(elements); }

  private:
    int levels_ = 0;
};

Result<std::shared_ptr<Document>> parsed(const std::string& body) {
    auto document = std::make_shared<BoundedDocument>();
    const auto result = document->read(body);
    if (result.Code() == rapidjson::kParseErrorTermination)
        return Error{ErrorCode::bad_input,
                     fmt::format("the answer's JSON is nested deeper than {} levels", most_levels)};
    if (result.IsError()) return json_failure(result.Code(), result.Offset(), body.size());
    return document;
}

}  // namespace

void mend_lone_surrogates(std::string& body) {
    for (std::size_t at = lone_surrogate(body, 0); at < body.size(); at = lone_surrogate(body, at))
        body.replace(at, escape_bytes, "\\ufffd");
}

Error json_failure(rapidjson::ParseErrorCode code, std::size_t at, std::size_t size) {
    // An escape is told by its beginning.
    const std::size_t needed = code == rapidjson::kParseErrorStringUnicodeEscapeInvalidHex ||
                                       code == rapidjson::kParseErrorStringUnicodeSurrogateInvalid
                                   ? 2 * escape_bytes
                                   : (code == rapidjson::kParseErrorStringEscapeInvalid ? 2 : 1);
    if (code == rapidjson::kParseErrorDocumentEmpty) return {ErrorCode::unavailable, "the answer is empty"};
    if (at + needed > size) return {ErrorCode::limit, "the answer's JSON is cut off"};
    return {ErrorCode::unavailable, fmt::format("the answer is no JSON from byte {} of {} on: {}", at + 1,
                                                size, rapidjson::GetParseError_En(code))};
}

Result<std::shared_ptr<Document>> parse_json(const std::string& body) {
    if (lone_surrogate(body, 0) == body.size()) return parsed(body);
    std::string mended;
    mended.reserve(body.size() + parse_margin);
    mended = body;
    mend_lone_surrogates(mended);
    return parsed(mended);
}

}  // namespace baselined::connectors
