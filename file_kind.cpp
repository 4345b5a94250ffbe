#include "connectors/files/file_kind.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

namespace baselined::connectors {

namespace {

struct Signature {
    std::string_view bytes;
    const char* refusal;
};

// What people drop into a folder of exports and is no table.
constexpr std::array signatures{
    Signature{{"%PDF", 4}, "this is a PDF: export the data as CSV or .xlsx"},
    Signature{{"Rar!", 4}, "this is a RAR archive: unpack it"},
    Signature{{"7z\xBC\xAF", 4}, "this is a 7-Zip archive: unpack it"},
    Signature{{"{\\rtf", 5}, "this is an RTF document: export the data as CSV or .xlsx"},
    Signature{{"MIME-Version:", 13},
              "this is a web page archive (MHTML), whatever its name says: open it in a spreadsheet program and "
              "save it as .xlsx"},
    Signature{{"\x09\x08\x10\x00", 4}, "this is an old Excel workbook (.xls): save it as .xlsx"},
    Signature{{"\x09\x04\x06\x00", 4}, "this is an old Excel workbook (.xls): save it as .xlsx"},
    Signature{{"\x09\x00\x04\x00", 4}, "this is an old Excel workbook (.xls): save it as .xlsx"},
};

constexpr std::array html_starts{"<!doctype html", "<html", "<head", "<meta", "<body",
                                 "<table",         "<div",  "<!--",  "<style"};

std::string lowered(std::string_view text) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return lower;
}

const char* markup_refusal(std::string_view start) {
    const std::size_t first = start.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
    if (first == std::string_view::npos || start[first] != '<') return nullptr;
    const std::string head = lowered(start.substr(first, 4096));
    if (head.find("urn:schemas-microsoft-com:office:spreadsheet") != std::string::npos &&
        head.starts_with("<?xml"))
        return "this is an Excel 2003 XML spreadsheet, whatever its name says: open it and save it as .xlsx";
    if (head.find("urn:oasis:names:tc:opendocument") != std::string::npos)
        return "this is a flat OpenDocument file (.fods): save it as .ods or .xlsx";
    const bool is_html = std::any_of(html_starts.begin(), html_starts.end(),
                                     [&](std::string_view known) { return head.starts_with(known); });
    if (is_html || head.find("<html") != std::string::npos)
        return "this is HTML, whatever its name says: open it in a spreadsheet program and save it as .xlsx, or "
               "export the data as CSV";
    if (head.starts_with("<?xml") || head.starts_with("<!doctype"))
        return "this is XML, whatever its name says: export the data as CSV or .xlsx";
    return nullptr;
}

/// Names in a compound file are UTF-16.
std::string utf16(std::string_view ascii) {
    std::string wide;
    for (const char c : ascii) {
        wide.push_back(c);
        wide.push_back('\0');
    }
    return wide;
}

struct CloseGzip {
    void operator()(gzFile_s* file) const { ::gzclose(file); }
};

}  // namespace

FileKind kind_of(std::string_view start) {
    if (start.starts_with("PK\x03\x04") || start.starts_with("PK\x05\x06") || start.starts_with("PK\x07\x08"))
        return FileKind::zip;
    if (start.starts_with("\xD0\xCF\x11\xE0")) return FileKind::compound;
    return refusal_of(start) != nullptr ? FileKind::refused : FileKind::text;
}

const char* refusal_of(std::string_view start) {
    for (const Signature& signature : signatures)
        if (start.starts_with(signature.bytes)) return signature.refusal;
    return markup_refusal(start);
}

Error compound_refusal(const std::string& path) {
    const std::unique_ptr<gzFile_s, CloseGzip> file(::gzopen(path.c_str(), "rb"));
    const std::string encrypted = utf16("EncryptedPackage"), workbook = utf16("Workbook"), book = utf16("Book");
    // The directory may stand anywhere; a name that two reads cut is found by keeping the end of the first.
    constexpr std::size_t chunk_bytes = 256 * 1024, kept = 64, most = 256u << 20;
    std::string bytes;
    std::vector<char> chunk(chunk_bytes);
    bool is_encrypted = false, is_workbook = false;
    for (std::size_t total = 0; file != nullptr && total < most && !is_encrypted;) {
        const int got = ::gzread(file.get(), chunk.data(), chunk_bytes);
        if (got <= 0) break;
        total += static_cast<std::size_t>(got);
        bytes.erase(0, bytes.size() > kept ? bytes.size() - kept : 0);
        bytes.append(chunk.data(), static_cast<std::size_t>(got));
        is_encrypted = bytes.find(encrypted) != std::string::npos;
        is_workbook = is_workbook || bytes.find(workbook) != std::string::npos ||
                      bytes.find(book) != std::string::npos;
    }
    const char* const text =
        is_encrypted  ? "the workbook is password protected: save it without a password"
        : is_workbook ? "this is an old Excel workbook (.xls): save it as .xlsx"
                      : "this is an old Office document (a compound file, as .xls or .doc): save it as .xlsx";
    return {ErrorCode::unsupported, fmt::format("{}: {}", path, text)};
}

}  // namespace baselined::connectors
