// Reads a table to its end with the program's own reader, and counts. usage: bench_csv FILE
#include <fmt/format.h>

#include "connectors/files/table_reader.hpp"

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    const auto reader = baselined::connectors::open_table(argv[1], {});
    if (!reader) {
        fmt::print(stderr, "{}\n", reader.error().text);
        return 1;
    }
    std::size_t rows = 0, cells = 0;
    for (;;) {
        const auto more = (*reader)->next();
        if (!more || !*more) break;
        ++rows;
        cells += (*reader)->cells().size();
    }
    fmt::print("{} rows, {} cells\n", rows, cells);
    return 0;
}
