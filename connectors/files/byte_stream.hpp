// A text file's bytes as UTF-8, whatever it was written in: unpacked (gzip) and converted on the way.
#pragma once

#include <iconv.h>
#include <zlib.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/files/utf8_check.hpp"
#include "mappings/record/result.hpp"

namespace baselined::connectors {

class ByteStream {
  public:
    /// With an empty `encoding` the whole file is looked through once to find it out.
    static Result<std::unique_ptr<ByteStream>> open(const std::string& path, const std::string& encoding);
    ~ByteStream();
    ByteStream(const ByteStream&) = delete;
    ByteStream& operator=(const ByteStream&) = delete;

    /// Appends some bytes of UTF-8 to `out`; false at the end. A byte that the encoding does not have, and a
    /// character that the file's end cuts, are errors that name the place.
    Result<bool> read(std::string& out);
    [[nodiscard]] const std::string& encoding() const { return encoding_; }

  private:
    ByteStream() = default;
    Result<void> find_encoding();
    Result<void> start(std::size_t skipped);
    Result<std::size_t> raw(char* bytes, std::size_t size);
    Result<bool> convert(std::string& out);
    [[nodiscard]] Error error(ErrorCode code, std::string_view text) const;
    [[nodiscard]] Error unfit(const BytePlace& place, std::string_view what) const;
    [[nodiscard]] Error cut() const;
    void hand_out_rest(std::string& out);

    std::string path_;
    std::string encoding_;
    gzFile file_ = nullptr;
    iconv_t converter_ = nullptr;
    std::vector<char> chunk_;
    std::size_t pending_ = 0;  ///< bytes of a character that the last chunk cut
    bool is_guess_ = false;    ///< windows-1252, since it is not UTF-8
    Utf8Check utf8_;           ///< of a file that is taken as it is
    std::int64_t converted_ = 0;
    LineCount lines_;  ///< of what was converted
};

}  // namespace baselined::connectors
