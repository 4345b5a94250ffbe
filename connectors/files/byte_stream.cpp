#include "connectors/files/byte_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "connectors/open_failure.hpp"
#include "mappings/record/text_encoding.hpp"

namespace baselined::connectors {

namespace {

constexpr std::size_t chunk_bytes = 256 * 1024;

struct Signature {
    std::string_view bytes;
    const char* refusal;
};

// What people drop into a folder of exports and is neither text nor a spreadsheet.
constexpr std::array signatures{
    Signature{{"%PDF", 4}, "this is a PDF: export the data as CSV or .xlsx"},
    Signature{{"\x28\xB5\x2F\xFD", 4}, "this is packed with zstd: unpack it, or pack it with gzip"},
    Signature{{"BZh", 3}, "this is packed with bzip2: unpack it, or pack it with gzip"},
    Signature{{"\xFD"
               "7zXZ",
               5},
              "this is packed with xz: unpack it, or pack it with gzip"},
    Signature{{"7z\xBC\xAF", 4}, "this is a 7z archive: unpack it"},
};

struct Mark {
    std::string_view bytes;
    const char* encoding;
};
constexpr std::array byte_order_marks{Mark{{"\xEF\xBB\xBF", 3}, "utf-8"}, Mark{{"\xFF\xFE", 2}, "utf-16le"},
                                      Mark{{"\xFE\xFF", 2}, "utf-16be"}};

/// UTF-16 of western text has a zero in every other byte.
const char* utf16_without_mark(std::string_view start) {
    std::size_t even = 0, odd = 0;
    for (std::size_t i = 0; i + 1 < start.size(); i += 2) {
        even += start[i] == '\0' ? 1 : 0;
        odd += start[i + 1] == '\0' ? 1 : 0;
    }
    const std::size_t pairs = start.size() / 2;
    if (pairs >= 4 && odd * 2 > pairs && even == 0) return "utf-16le";
    if (pairs >= 4 && even * 2 > pairs && odd == 0) return "utf-16be";
    return nullptr;
}

/// Null: it is none of these.
const char* markup_refusal(std::string_view start) {
    const std::size_t first = start.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
    if (first == std::string_view::npos || start[first] != '<') return nullptr;
    std::string lower(start.substr(first, 4096));
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (lower.find("urn:schemas-microsoft-com:office:spreadsheet") != std::string::npos)
        return "this is an Excel 2003 XML spreadsheet: save it as .xlsx";
    if (lower.find("urn:oasis:names:tc:opendocument") != std::string::npos)
        return "this is a flat OpenDocument file (.fods): save it as .ods";
    for (const char* tag : {"<!doctype html", "<html", "<table", "<meta", "<head", "<body", "<div", "<style"})
        if (lower.find(tag) != std::string::npos)
            return "this is HTML, whatever its name says: open it in a spreadsheet and save it as .xlsx or "
                   "CSV";
    return lower.starts_with("<?xml") || lower.starts_with("<!doctype")
               ? "this is XML, whatever its name says: export the data as .xlsx or CSV"
               : nullptr;
}

}  // namespace

Error ByteStream::error(ErrorCode code, std::string_view text) const {
    return {code, fmt::format("{}: {}", path_, text)};
}

Result<std::unique_ptr<ByteStream>> ByteStream::open(const std::string& path, const std::string& encoding) {
    std::unique_ptr<ByteStream> stream(new ByteStream);
    stream->path_ = path;
    stream->encoding_ = encoding;
    stream->chunk_.resize(chunk_bytes);
    stream->file_ = ::gzopen(path.c_str(), "rb");
    if (stream->file_ == nullptr)
        return stream->error(ErrorCode::unavailable,
                             fmt::format("cannot be opened: {}", why_not_opened(errno)));
    ::gzbuffer(stream->file_, chunk_bytes);
    if (auto found = stream->find_encoding(); !found) return found.error();
    return stream;
}

ByteStream::~ByteStream() {
    if (file_ != nullptr) ::gzclose(file_);
    if (converter_ != nullptr) ::iconv_close(converter_);
}

Result<std::size_t> ByteStream::raw(char* bytes, std::size_t size) {
    const int got = ::gzread(file_, bytes, static_cast<unsigned>(size));
    int code = Z_OK;
    const char* said = ::gzerror(file_, &code);
    if (got < 0 || (code != Z_OK && code != Z_BUF_ERROR))
        return error(ErrorCode::bad_input, fmt::format("cannot be read to its end: {}",
                                                       code == Z_ERRNO ? std::strerror(errno) : said));
    if (code == Z_BUF_ERROR)
        return error(ErrorCode::bad_input, "its gzip data ends too early: it was not copied whole");
    return static_cast<std::size_t>(got);
}

Result<void> ByteStream::find_encoding() {
    auto got = raw(chunk_.data(), chunk_.size());
    if (!got) return got.error();
    const std::string_view start(chunk_.data(), *got);
    if (start.empty()) return error(ErrorCode::bad_input, "the file is empty");
    for (const Signature& signature : signatures)
        if (start.starts_with(signature.bytes)) return error(ErrorCode::unsupported, signature.refusal);
    if (const char* refusal = markup_refusal(start)) return error(ErrorCode::unsupported, refusal);
    for (const Mark& mark : byte_order_marks)
        if (start.starts_with(mark.bytes)) {
            encoding_ = mark.encoding;
            return this->start(mark.bytes.size());
        }
    if (!encoding_.empty()) return this->start(0);
    if (const char* utf16 = utf16_without_mark(start.substr(0, 512))) {
        encoding_ = utf16;
        return this->start(0);
    }
    Utf8Check check;
    while (*got > 0) {
        check.take({chunk_.data(), *got});
        got = raw(chunk_.data(), chunk_.size());
        if (!got) return got.error();
    }
    if (check.fault() && check.has_multibyte())
        return unfit(*check.fault(), "not UTF-8, while other lines are");
    is_guess_ = check.fault().has_value();
    encoding_ = is_guess_ ? "windows-1252" : "utf-8";
    return this->start(0);
}

Result<void> ByteStream::start(std::size_t skipped) {
    ::gzrewind(file_);
    if (skipped > 0)
        if (auto got = raw(chunk_.data(), skipped); !got) return got.error();
    converted_ = static_cast<std::int64_t>(skipped);
    std::transform(encoding_.begin(), encoding_.end(), encoding_.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (encoding_ == "utf-8" || encoding_ == "utf8") {
        encoding_ = "utf-8";
        utf8_.take({chunk_.data(), skipped});
        return {};
    }
    converter_ = mappings::open_converter(encoding_);
    if (converter_ != nullptr) return {};
    return error(ErrorCode::bad_input, mappings::unknown_encoding(encoding_));
}

Result<bool> ByteStream::read(std::string& out) {
    if (converter_ != nullptr) return convert(out);
    const std::size_t before = out.size();
    out.resize(before + chunk_bytes);
    const auto got = raw(out.data() + before, chunk_bytes);
    out.resize(before + (got ? *got : 0));
    if (!got) return got.error();
    if (*got == 0 && utf8_.is_within_character()) return cut();
    utf8_.take(std::string_view(out).substr(before));
    if (utf8_.fault()) return unfit(*utf8_.fault(), "not utf-8");
    return *got > 0;
}

Result<bool> ByteStream::convert(std::string& out) {
    const auto got = raw(chunk_.data() + pending_, chunk_.size() - pending_);
    if (!got) return got.error();
    const std::size_t first = out.size();
    if (*got == 0) {
        if (pending_ > 0) return cut();
        hand_out_rest(out);
        return out.size() > first;
    }
    char* in = chunk_.data();
    std::size_t in_left = pending_ + *got;
    while (in_left > 0) {
        const std::size_t before = out.size();
        out.resize(before + in_left * 3 + 16);
        char* to = out.data() + before;
        std::size_t to_left = out.size() - before;
        const std::size_t result = ::iconv(converter_, &in, &in_left, &to, &to_left);
        const int reason = errno;
        out.resize(out.size() - to_left);
        if (result != static_cast<std::size_t>(-1) || reason == E2BIG) continue;
        if (reason == EINVAL) break;
        lines_.pass(std::string_view(out).substr(first));
        const BytePlace place{lines_.line(), converted_ + (in - chunk_.data()) + 1,
                              static_cast<unsigned char>(*in)};
        return unfit(place, is_guess_ ? "neither UTF-8 nor windows-1252" : "not " + encoding_);
    }
    lines_.pass(std::string_view(out).substr(first));
    converted_ += in - chunk_.data();
    std::memmove(chunk_.data(), in, in_left);
    pending_ = in_left;
    return true;
}

/// Some encodings keep a letter back until they know that no accent follows it.
void ByteStream::hand_out_rest(std::string& out) {
    std::array<char, 64> rest;
    char* to = rest.data();
    std::size_t to_left = rest.size();
    ::iconv(converter_, nullptr, nullptr, &to, &to_left);
    out.append(rest.data(), rest.size() - to_left);
}

Error ByteStream::unfit(const BytePlace& place, std::string_view what) const {
    return error(
        ErrorCode::bad_input,
        fmt::format("line {} has a byte that is {} (0x{:02X}, byte {} of the file): name the encoding, "
                    "as in csv: {{ encoding: {} }}, or mend the line",
                    place.line, what, place.value, place.byte,
                    encoding_ == "windows-1252" ? "cp850" : "windows-1252"));
}

Error ByteStream::cut() const {
    return error(
        ErrorCode::bad_input,
        fmt::format("ends within a character of {}: copy it again, whole, or name its encoding", encoding_));
}

}  // namespace baselined::connectors
