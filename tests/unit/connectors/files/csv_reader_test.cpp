#include "connectors/files/csv_reader.hpp"

#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>

#include "tests/support/catch.hpp"

using namespace baselined;
using namespace baselined::connectors;

namespace {

/// A file that is gone at the end of the test.
class TemporaryFile {
  public:
    explicit TemporaryFile(std::string_view bytes)
        : path_(std::filesystem::temp_directory_path() / ("csv_reader_test_" + std::to_string(::getpid()))) {
        std::ofstream(path_, std::ios::binary) << bytes;
    }
    ~TemporaryFile() { std::filesystem::remove(path_); }
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
};

using Rows = std::vector<std::vector<std::string>>;

struct Reading {
    Rows rows;
    std::string error, encoding;
    char delimiter = 0;
    std::vector<std::int64_t> lines;
};

Reading read(std::string_view bytes, const CsvOptions& options = {}, const CsvLimits& limits = {}) {
    const TemporaryFile file(bytes);
    Reading reading;
    auto reader = CsvReader::open(file.path(), options, limits);
    if (!reader) {
        reading.error = reader.error().text;
        return reading;
    }
    for (;;) {
        const auto more = (*reader)->next();
        if (!more) reading.error = more.error().text;
        if (!more || !*more) break;
        auto& row = reading.rows.emplace_back();
        for (const auto& cell : (*reader)->cells()) row.emplace_back(cell.text);
        reading.lines.push_back((*reader)->line());
    }
    reading.encoding = (*reader)->encoding().value();
    reading.delimiter = (*reader)->delimiter().value();
    return reading;
}

}  // namespace

TEST_CASE("rows come out as RFC 4180 says, and as people write them") {
    CHECK(read("a,b\r\n1,2\r\n").rows == Rows{{"a", "b"}, {"1", "2"}});
    CHECK(read("a,b\n1,2").rows == Rows{{"a", "b"}, {"1", "2"}});
    CHECK(read("a,b\r1,2\r").rows == Rows{{"a", "b"}, {"1", "2"}});
    CHECK(read("a,b\n\"x, \"\"y\"\"\nz\",2\n").rows == Rows{{"a", "b"}, {"x, \"y\"\nz", "2"}});
    CHECK(read("a,b\n\"\",\n1,\"2\"tail\n").rows == Rows{{"a", "b"}, {"1", "2tail"}});
    CHECK(read("a,b,c\n1\n1,2,3,4\n").rows == Rows{{"a", "b", "c"}, {"1"}, {"1", "2", "3", "4"}});
    CHECK(read("a;b\n1,5;2\n").rows == Rows{{"a", "b"}, {"1,5", "2"}});
    CHECK(read("a\tb\n1\t2\n").delimiter == '\t');
    CHECK(read("sep=;\r\na;b\r\n").rows == Rows{{"a", "b"}});
    CHECK(read("a,b;c\n1,2;3\n", {";", ""}).rows == Rows{{"a,b", "c"}, {"1,2", "3"}});
    CHECK(read("it\"s,fine\n").rows == Rows{{"it\"s", "fine"}});
}

TEST_CASE("lines are counted through quoted line breaks and empty rows") {
    CHECK(read("a,b\n\"x\ny\",1\n\n2,3\n").lines == std::vector<std::int64_t>{1, 2, 5});
}

TEST_CASE("encodings are found out or taken as told") {
    CHECK(read("\xEF\xBB\xBFn\xC3\xA4me,b\n").rows == Rows{{"n\xC3\xA4me", "b"}});
    CHECK(read("n\xE4me,b\n").rows == Rows{{"n\xC3\xA4me", "b"}});
    CHECK(read("n\xE4me,b\n").encoding == "windows-1252");
    CHECK(read("price\n\xA4\n", {"", "iso-8859-15"}).rows == Rows{{"price"}, {"\xE2\x82\xAC"}});
    CHECK(read(std::string_view("\xFF\xFE"
                                "a\0,\0b\0\n\0"
                                "1\0,\0\xE4\0",
                                16))
              .rows == Rows{{"a", "b"}, {"1", "\xC3\xA4"}});
    CHECK(read(std::string_view("a\0,\0b\0\n\0"
                                "1\0,\0"
                                "2\0\n\0",
                                16))
              .encoding == "utf-16le");
    CHECK_THAT(read("a\n1\n", {"", "klingon"}).error, Catch::Contains("nobody knows the encoding"));
    CHECK_THAT(read("\xC3\xA4\nb\xE4\n").error, Catch::Contains("line 2 has a byte that is not UTF-8"));
    // Hebrew letters wait for their points: the last one has none behind it.
    CHECK(read("a\n\xE0", {"", "windows-1255"}).rows == Rows{{"a"}, {"\xD7\x90"}});
}

TEST_CASE("bytes that do not fit the encoding refuse the file, with the place and the remedy") {
    const auto refused = [](std::string_view bytes, const std::string& encoding = {}) {
        const Reading reading = read(bytes, {"", encoding});
        return reading.error.substr(reading.error.find(": ") + 2);
    };
    CHECK(refused("id,at\n\xC4-1,2\n", "utf-8") ==
          "line 2 has a byte that is not utf-8 (0xC4, byte 7 of the file): name the encoding, as in csv: { "
          "encoding: windows-1252 }, or mend the line");
    CHECK_THAT(refused("id\r\n\r\n\xD6\r\n", "us-ascii"),
               Catch::StartsWith("line 3 has a byte that is not us-ascii (0xD6, byte 7 of the file)"));
    CHECK_THAT(refused("\xEF\xBB\xBFid\n\xC4\n"),
               Catch::StartsWith("line 2 has a byte that is not utf-8 (0xC4, byte 7 of the file)"));
    CHECK_THAT(refused("id\n\xC3\xA4 \xFF\n", "gb18030"),
               Catch::StartsWith("line 2 has a byte that is not gb18030"));
    CHECK_THAT(refused("id\n\x81\n", "windows-1252"), Catch::Contains("(0x81, byte 4 of the file)"));
    CHECK_THAT(refused("id\n\x81\n", "windows-1252"), Catch::Contains("encoding: cp850"));
    CHECK_THAT(refused("id\n\xE4\n\x81\n"),
               Catch::StartsWith("line 3 has a byte that is neither UTF-8 nor windows-1252 (0x81, byte 6"));
    // A lone half of a surrogate pair.
    CHECK_THAT(refused(std::string_view("\xFF\xFE"
                                        "a\0\n\0\x00\xD8"
                                        "b\0",
                                        10)),
               Catch::StartsWith("line 2 has a byte that is not utf-16le (0x00, byte 7 of the file)"));
    const std::string_view bad[] = {
        "\xC0\x80", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\x80",
        "\xC3x",    "\xE2\x82x",    "\xF5"};
    for (const std::string_view bytes : bad)
        CHECK_THAT(refused("id\n" + std::string(bytes) + "\n", "utf-8"),
                   Catch::Contains("line 2 has a byte"));
    const std::string_view good[] = {"\xC2\x80",     "\xE0\xA0\x80",     "\xED\x9F\xBF",
                                     "\xEE\x80\x80", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"};
    for (const std::string_view bytes : good)
        CHECK(read("id\n" + std::string(bytes) + "\n", {"", "utf-8"}).rows ==
              Rows{{"id"}, {std::string(bytes)}});
}

TEST_CASE("a character is followed from one chunk to the next, and told when the end cuts it") {
    // Chunks have 256 KiB: the euro sign stands across the end of the first.
    for (std::size_t before = 0; before < 4; ++before) {
        const std::string line = std::string((256 << 10) - 4 - before, 'x');
        const Reading reading = read("a\n" + line + "\xE2\x82\xAC\n");
        CHECK(reading.error.empty());
        CHECK(reading.rows == Rows{{"a"}, {line + "\xE2\x82\xAC"}});
        CHECK_THAT(read("a\n" + line + "\xE2\x82x\n", {"", "utf-8"}).error,
                   Catch::Contains("line 2 has a byte that is not utf-8 (0xE2, byte " +
                                   std::to_string(line.size() + 3) + " of"));
    }
    CHECK_THAT(read("t\n\xC3\xB6\nGr\xC3").error,
               Catch::Contains("ends within a character of utf-8: copy it again, whole"));
    CHECK_THAT(read("t\nGr\xC3").error, Catch::Contains("ends within a character of utf-8"));
    CHECK_THAT(read("t\nGr\xE2\x82", {"", "utf-8"}).error, Catch::Contains("ends within a character"));
}

TEST_CASE("what is no CSV is refused with what to do") {
    CHECK_THAT(read("").error, Catch::Contains("the file is empty"));
    CHECK_THAT(read("<html><table>").error, Catch::Contains("HTML"));
    CHECK_THAT(read("a,b\n1,\"open\n2,3\n").error, Catch::Contains("opens in line 2"));
    CHECK_THAT(read(std::string_view("a,b\n1,\0\n", 8)).error, Catch::Contains("line 2 has a zero byte"));
    CHECK_THAT(read(std::string(20, ','), {",", ""}, {1 << 20, 10}).error,
               Catch::Contains("more than 10 columns"));
    CHECK_THAT(read("a,b\n\"" + std::string(4 << 20, 'x'), {}, {1 << 20, 10}).error,
               Catch::Contains("longer than 1 MiB"));
}

TEST_CASE("gzip is unpacked on the way, and told when it is cut") {
    std::string text = "a,b\n";
    for (int i = 0; i < 50'000; ++i) text += std::to_string(i) + ",\"x\"\"y\"\n";
    std::string packed(::compressBound(text.size()) + 64, '\0');
    z_stream stream{};
    ::deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    stream.next_in = reinterpret_cast<Bytef*>(text.data());
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    REQUIRE(::deflate(&stream, Z_FINISH) == Z_STREAM_END);
    packed.resize(stream.total_out);
    ::deflateEnd(&stream);
    const Reading whole = read(packed);
    CHECK(whole.error.empty());
    REQUIRE(whole.rows.size() == 50'001);
    CHECK(whole.rows.back() == std::vector<std::string>{"49999", "x\"y"});
    CHECK_FALSE(read(packed.substr(0, packed.size() / 2)).error.empty());
}
