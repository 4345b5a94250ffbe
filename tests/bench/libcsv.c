/* The yardstick for reading a CSV: libcsv, counting fields and rows. usage: libcsv FILE */
#include <csv.h>
#include <stdio.h>

static size_t fields, rows;
static void on_field(void* text, size_t length, void* user) {
    (void)text, (void)length, (void)user;
    ++fields;
}
static void on_row(int c, void* user) {
    (void)c, (void)user;
    ++rows;
}

int main(int argc, char** argv) {
    static char buffer[256 * 1024];
    struct csv_parser parser;
    FILE* file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (file == NULL || csv_init(&parser, 0) != 0) return 2;
    for (size_t got; (got = fread(buffer, 1, sizeof buffer, file)) > 0;)
        if (csv_parse(&parser, buffer, got, on_field, on_row, NULL) != got) return 1;
    csv_fini(&parser, on_field, on_row, NULL);
    printf("%zu rows, %zu cells\n", rows, fields);
    return 0;
}
