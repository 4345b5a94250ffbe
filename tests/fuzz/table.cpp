// Any bytes as a file of exports: CSV in every dialect and encoding, and what is none.
#include "connectors/files/header.hpp"
#include "connectors/files/table_reader.hpp"
#include "tests/fuzz/memory_file.hpp"

using namespace baselined::connectors;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const MemoryFile file(bytes, size);
    const auto reader = open_table(file.path(), {});
    if (!reader) return 0;
    std::vector<HeaderRow> rows;
    for (;;) {
        const auto more = (*reader)->next();
        if (!more || !*more) break;
        if (rows.size() < 3) rows.push_back({header_texts((*reader)->cells())});
    }
    column_names(rows);
    return 0;
}
