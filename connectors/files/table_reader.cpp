#include "connectors/files/table_reader.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <fstream>

#include "connectors/files/csv_reader.hpp"
#include "connectors/files/ods_reader.hpp"
#include "connectors/files/xlsx_reader.hpp"
#include "connectors/open_failure.hpp"

namespace baselined::connectors {

namespace {

/// The first bytes, unpacked when the file is packed with gzip.
Result<std::string> start_of(const std::string& path) {
    gzFile file = ::gzopen(path.c_str(), "rb");
    if (file == nullptr)
        return Error{ErrorCode::unavailable,
                     fmt::format("{}: cannot be opened: {}", path, why_not_opened(errno))};
    std::array<char, 8> bytes{};
    const int got = ::gzread(file, bytes.data(), static_cast<unsigned>(bytes.size()));
    ::gzclose(file);
    return std::string(bytes.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
}

/// A compound file holds an old .xls, or a workbook that a password encrypts: its directory names which.
Error refuse_compound_file(const std::string& path) {
    constexpr std::string_view encrypted{"E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0", 32};
    std::ifstream file(path, std::ios::binary);
    std::string window;
    std::array<char, 64 * 1024> chunk{};
    while (file.read(chunk.data(), chunk.size()), file.gcount() > 0) {
        window.append(chunk.data(), static_cast<std::size_t>(file.gcount()));
        if (window.find(encrypted) != std::string::npos)
            return {ErrorCode::unsupported,
                    fmt::format("{}: is password protected: save it without a password", path)};
        window.erase(0, window.size() - std::min(window.size(), encrypted.size()));
    }
    return {ErrorCode::unsupported,
            fmt::format("{}: is an old Excel workbook (.xls): save it as .xlsx", path)};
}

}  // namespace

Result<std::unique_ptr<TableReader>> open_table(const std::string& path, const TableOptions& options) {
    const auto start = start_of(path);
    if (!start) return start.error();
    if (start->starts_with("\xD0\xCF\x11\xE0")) return refuse_compound_file(path);
    if (!start->starts_with("PK")) {
        auto csv = CsvReader::open(path, {options.delimiter, options.encoding});
        if (!csv) return csv.error();
        return std::unique_ptr<TableReader>(std::move(*csv));
    }
    auto package = ZipPackage::open(path);
    if (!package) return package.error();
    if ((*package)->has("_rels/.rels")) return open_xlsx(std::move(*package), options.sheet);
    if ((*package)->has("content.xml")) return open_ods(std::move(*package), options.sheet);
    return (*package)->error(
        ErrorCode::unsupported,
        "is a zip, and neither .xlsx nor .ods: unpack it, or save the data as .xlsx, .ods or CSV");
}

}  // namespace baselined::connectors
