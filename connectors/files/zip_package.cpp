#include "connectors/files/zip_package.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace baselined::connectors {

namespace {

constexpr std::uint64_t unpacked_file_bytes = 1ULL << 30;  ///< of a zip within a .gz

struct FileCloser {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using TemporaryFile = std::unique_ptr<std::FILE, FileCloser>;

/// Null: too large, damaged, or no room for it.
TemporaryFile unpacked(const std::string& path, std::string& reason) {
    TemporaryFile copy(std::tmpfile());
    gzFile packed = ::gzopen(path.c_str(), "rb");
    std::uint64_t total = 0;
    std::array<char, 64 * 1024> chunk{};
    int got = 0;
    while (copy && packed != nullptr &&
           (got = ::gzread(packed, chunk.data(), static_cast<unsigned>(chunk.size()))) > 0) {
        total += static_cast<std::uint64_t>(got);
        if (total > unpacked_file_bytes || std::fwrite(chunk.data(), 1, static_cast<std::size_t>(got),
                                                       copy.get()) != static_cast<std::size_t>(got)) {
            reason = total > unpacked_file_bytes ? "is larger than 1 GiB when unpacked"
                                                 : "cannot be unpacked: no room for temporary files";
            copy.reset();
        }
    }
    int code = Z_OK;
    if (packed != nullptr) ::gzerror(packed, &code);
    if (packed == nullptr || got < 0 || code == Z_BUF_ERROR || code == Z_DATA_ERROR) {
        reason = "its gzip data is damaged or ends too early: it was not copied whole";
        copy.reset();
    }
    if (packed != nullptr) ::gzclose(packed);
    return copy;
}

bool is_gzip(const std::string& path) {
    std::array<char, 2> start{};
    std::unique_ptr<std::FILE, FileCloser> file(std::fopen(path.c_str(), "rb"));
    return file && std::fread(start.data(), 1, 2, file.get()) == 2 && start[0] == '\x1f' &&
           start[1] == '\x8b';
}

zip_t* open_zip(const std::string& path, std::string& reason) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t* source = nullptr;
    if (is_gzip(path)) {
        TemporaryFile copy = unpacked(path, reason);
        if (!copy) return nullptr;
        std::rewind(copy.get());
        source = zip_source_filep_create(copy.get(), 0, -1, &error);
        if (source != nullptr) [[maybe_unused]]
            auto* taken = copy.release();  // the source closes it
    } else {
        source = zip_source_file_create(path.c_str(), 0, -1, &error);
    }
    zip_t* zip = source == nullptr ? nullptr : zip_open_from_source(source, ZIP_RDONLY, &error);
    if (zip == nullptr && reason.empty()) {
        reason =
            fmt::format("is no whole zip file ({}): it was not copied whole, or is damaged; copy it again",
                        zip_error_strerror(&error));
        if (source != nullptr) zip_source_free(source);
    }
    zip_error_fini(&error);
    return zip;
}

}  // namespace

ZipPart::~ZipPart() {
    if (file_ != nullptr) zip_fclose(file_);
}

Result<std::size_t> ZipPart::read(char* bytes, std::size_t size) {
    const zip_int64_t got = zip_fread(file_, bytes, size);
    if (got < 0)
        return package_.error(ErrorCode::bad_input,
                              fmt::format("its part {} is damaged ({}): copy the file again, or save it anew",
                                          name_, zip_file_strerror(file_)));
    read_bytes_ += static_cast<std::uint64_t>(got);
    const ZipLimits& limits = package_.limits();
    if (read_bytes_ > limits.part_bytes)
        return package_.error(ErrorCode::limit,
                              fmt::format("its part {} unpacks to more than {} MiB: it is refused", name_,
                                          limits.part_bytes >> 20));
    if (read_bytes_ > limits.harmless_bytes && read_bytes_ / limits.ratio > packed_bytes_)
        return package_.error(
            ErrorCode::limit,
            fmt::format("its part {} unpacks to more than {} times its size, as a zip bomb does: "
                        "it is refused",
                        name_, limits.ratio));
    return static_cast<std::size_t>(got);
}

Result<std::unique_ptr<ZipPackage>> ZipPackage::open(const std::string& path, const ZipLimits& limits) {
    std::unique_ptr<ZipPackage> package(new ZipPackage(path, limits));
    std::string reason;
    package->zip_ = open_zip(path, reason);
    if (package->zip_ == nullptr) return package->error(ErrorCode::bad_input, reason);
    if (zip_get_num_entries(package->zip_, 0) > limits.entries)
        return package->error(ErrorCode::limit,
                              fmt::format("has more than {} parts: it is refused", limits.entries));
    return package;
}

ZipPackage::~ZipPackage() {
    if (zip_ != nullptr) zip_discard(zip_);
}

Error ZipPackage::error(ErrorCode code, std::string_view text) const {
    return {code, fmt::format("{}: {}", path_, text)};
}

std::int64_t ZipPackage::locate(std::string_view name) const {
    while (name.starts_with('/')) name.remove_prefix(1);
    return zip_name_locate(zip_, std::string(name).c_str(), ZIP_FL_NOCASE);
}

bool ZipPackage::has(std::string_view name) const {
    return locate(name) >= 0;
}

Result<std::unique_ptr<ZipPart>> ZipPackage::part(std::string_view name) const {
    const std::int64_t index = locate(name);
    zip_stat_t stat;
    if (index < 0 || zip_stat_index(zip_, static_cast<zip_uint64_t>(index), 0, &stat) != 0)
        return error(ErrorCode::bad_input, fmt::format("lacks its part {}: save it anew", name));
    if ((stat.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && stat.encryption_method != ZIP_EM_NONE)
        return error(ErrorCode::unsupported, "is password protected: save it without a password");
    std::unique_ptr<ZipPart> part(new ZipPart(*this, std::string(name)));
    part->packed_bytes_ = (stat.valid & ZIP_STAT_COMP_SIZE) != 0 ? stat.comp_size : 0;
    part->file_ = zip_fopen_index(zip_, static_cast<zip_uint64_t>(index), 0);
    if (part->file_ == nullptr)
        return error(ErrorCode::bad_input, fmt::format("its part {} cannot be unpacked ({}): save it anew",
                                                       name, zip_strerror(zip_)));
    return part;
}

Result<std::string> ZipPackage::content(std::string_view name, std::size_t limit) const {
    auto part = this->part(name);
    if (!part) return part.error();
    std::string content(limit + 1, '\0');
    std::size_t size = 0;
    while (size < content.size()) {
        const auto got = (*part)->read(content.data() + size, content.size() - size);
        if (!got) return got.error();
        if (*got == 0) break;
        size += *got;
    }
    if (size > limit)
        return error(ErrorCode::limit, fmt::format("its part {} is larger than expected", name));
    content.resize(size);
    return content;
}

}  // namespace baselined::connectors
