// The parts of a zip file (XLSX, ODS) as streams, with bounds on what unpacking may cost.
#pragma once

#include <zip.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "mappings/record/result.hpp"

namespace baselined::connectors {

struct ZipLimits {
    std::int64_t entries = 10'000;
    std::uint64_t part_bytes = 2ULL << 30;       ///< unpacked
    std::uint64_t harmless_bytes = 64ULL << 20;  ///< up to here any packing is believed
    std::uint64_t ratio = 150;  ///< beyond: text of real tables packs to a twentieth, a bomb to a thousandth
};

class ZipPackage;

/// One part, unpacked while it is read. The package outlives it.
class ZipPart {
  public:
    ~ZipPart();
    ZipPart(const ZipPart&) = delete;
    ZipPart& operator=(const ZipPart&) = delete;
    /// Up to `size` bytes; 0 at the end. Checksums are verified on the way.
    Result<std::size_t> read(char* bytes, std::size_t size);
    [[nodiscard]] const std::string& name() const { return name_; }

  private:
    friend class ZipPackage;
    ZipPart(const ZipPackage& package, std::string name) : package_(package), name_(std::move(name)) {}

    const ZipPackage& package_;
    std::string name_;
    zip_file_t* file_ = nullptr;
    std::uint64_t packed_bytes_ = 0;
    std::uint64_t read_bytes_ = 0;
};

class ZipPackage {
  public:
    /// A zip that is packed with gzip is unpacked to a file without a name first.
    static Result<std::unique_ptr<ZipPackage>> open(const std::string& path, const ZipLimits& limits = {});
    ~ZipPackage();
    ZipPackage(const ZipPackage&) = delete;
    ZipPackage& operator=(const ZipPackage&) = delete;

    /// Names are compared without regard to case, as Office does; a leading slash is passed over.
    [[nodiscard]] bool has(std::string_view name) const;
    Result<std::unique_ptr<ZipPart>> part(std::string_view name) const;
    /// A small part as a whole.
    Result<std::string> content(std::string_view name, std::size_t limit) const;
    [[nodiscard]] Error error(ErrorCode code, std::string_view text) const;
    [[nodiscard]] const ZipLimits& limits() const { return limits_; }

  private:
    ZipPackage(std::string path, const ZipLimits& limits) : path_(std::move(path)), limits_(limits) {}
    [[nodiscard]] std::int64_t locate(std::string_view name) const;

    std::string path_;
    ZipLimits limits_;
    zip_t* zip_ = nullptr;
};

}  // namespace baselined::connectors
