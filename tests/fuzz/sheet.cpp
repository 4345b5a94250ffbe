// Any bytes as one part of a workbook whose other parts are whole; the first byte says which.
#include <zip.h>

#include <array>
#include <string_view>

#include "connectors/files/table_reader.hpp"
#include "tests/fuzz/memory_file.hpp"

namespace {

struct Part {
    const char* name;
    std::string_view content;
};

constexpr std::array xlsx{
    Part{
        "_rels/.rels",
        R"(<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="a" Type="x/officeDocument" Target="xl/w.xml"/></Relationships>)"},
    Part{
        "xl/w.xml",
        R"(<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" r:id="s"/></sheets></workbook>)"},
    Part{
        "xl/_rels/w.xml.rels",
        R"(<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="s" Type="x/worksheet" Target="s.xml"/><Relationship Id="t" Type="x/sharedStrings" Target="t.xml"/><Relationship Id="y" Type="x/styles" Target="y.xml"/></Relationships>)"},
    Part{
        "xl/s.xml",
        R"(<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" s="1"><v>46053.5</v></c></row></sheetData></worksheet>)"},
    Part{
        "xl/t.xml",
        R"(<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>text</t></si></sst>)"},
    Part{
        "xl/y.xml",
        R"(<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts><numFmt numFmtId="164" formatCode="yyyy-mm-dd"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>)"},
};
constexpr std::array ods{Part{"META-INF/manifest.xml", ""}, Part{"styles.xml", "<a/>"},
                         Part{"content.xml", ""}};

/// A zip of the parts, one of them replaced.
std::string package_of(std::span<const Part> parts, std::size_t replaced, std::string_view content) {
    zip_source_t* target = zip_source_buffer_create(nullptr, 0, 0, nullptr);
    zip_source_keep(target);
    zip_t* package = zip_open_from_source(target, ZIP_TRUNCATE, nullptr);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const std::string_view bytes = i == replaced ? content : parts[i].content;
        zip_source_t* source = zip_source_buffer(package, bytes.data(), bytes.size(), 0);
        const auto index = zip_file_add(package, parts[i].name, source, 0);
        zip_set_file_compression(package, static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0);
    }
    zip_close(package);
    zip_source_open(target);
    zip_source_seek(target, 0, SEEK_END);
    std::string bytes(static_cast<std::size_t>(zip_source_tell(target)), '\0');
    zip_source_seek(target, 0, SEEK_SET);
    zip_source_read(target, bytes.data(), bytes.size());
    zip_source_close(target);
    zip_source_free(target);
    return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view content(reinterpret_cast<const char*>(bytes) + 1, size - 1);
    const std::size_t choice = bytes[0] % (xlsx.size() + ods.size());
    const std::string package = choice < xlsx.size() ? package_of(xlsx, choice, content)
                                                     : package_of(ods, choice - xlsx.size(), content);
    const MemoryFile file(reinterpret_cast<const std::uint8_t*>(package.data()), package.size());
    const auto reader = baselined::connectors::open_table(file.path(), {});
    if (!reader) return 0;
    if ((*reader)->sheets().empty() && choice >= xlsx.size()) return 0;
    for (int rows = 0; rows < 5'000; ++rows) {  // a row may say that it stands a million times
        const auto more = (*reader)->next();
        if (!more || !*more) break;
    }
    return 0;
}
