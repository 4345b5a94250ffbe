// A text file's bytes as UTF-8, whatever it was written in: unpacked (gzip) and converted on the way.
#pragma once

#include <iconv.h>
#include <zlib.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mappings/record/result.hpp"

namespace baselined::connectors {

class ByteStream {
  public:
    /// With an empty `encoding` the whole file is looked through once to find it out.
    static Result<std::unique_ptr<ByteStream>> open(const std::string& path, const std::string& encoding);
    ~ByteStream();
    ByteStream(const ByteStream&) = delete;
    ByteStream& operator=(const ByteStream&) = delete;

    /// Appends some bytes of UTF-8 to `out`; false at the end.
    Result<bool> read(std::string& out);
    [[nodiscard]] const std::string& encoding() const { return encoding_; }

  private:
    ByteStream() = default;
    Result<void> find_encoding();
    Result<void> start(std::size_t skipped);
    Result<std::size_t> raw(char* bytes, std::size_t size);
    Result<bool> convert(std::string& out);
    [[nodiscard]] Error error(ErrorCode code, std::string_view text) const;

    std::string path_;
    std::string encoding_;
    gzFile file_ = nullptr;
    iconv_t converter_ = nullptr;
    std::vector<char> chunk_;
    std::size_t pending_ = 0;  ///< bytes of a character that the last chunk cut
};

}  // namespace baselined::connectors
