/* Writes the same sheet with libxlsxwriter, texts inline in constant memory. usage: libxlsxwriter FILE */
#include <xlsxwriter.h>

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    lxw_workbook_options options = {.constant_memory = LXW_TRUE};
    lxw_workbook* workbook = workbook_new_opt(argv[1], &options);
    lxw_worksheet* sheet = workbook_add_worksheet(workbook, "Data");
    lxw_format* day = workbook_add_format(workbook);
    format_set_num_format(day, "dd.mm.yyyy");
    lxw_format* stamp = workbook_add_format(workbook);
    format_set_num_format(stamp, "yyyy-mm-dd hh:mm:ss");
    const char* names[] = {"Text", "Number", "Day", "Stamp", "Ok", "Formula", "Error"};
    for (lxw_col_t column = 0; column < 7; ++column) worksheet_write_string(sheet, 0, column, names[column], NULL);
    lxw_datetime at_day = {2026, 1, 31, 0, 0, 0}, at_stamp = {2026, 3, 29, 2, 30, 0};
    worksheet_write_string(sheet, 1, 0, "Zoë 😀\ntwo", NULL);
    worksheet_write_number(sheet, 1, 1, 12.5, NULL);
    worksheet_write_datetime(sheet, 1, 2, &at_day, day);
    worksheet_write_datetime(sheet, 1, 3, &at_stamp, stamp);
    worksheet_write_boolean(sheet, 1, 4, 1, NULL);
    worksheet_write_formula_num(sheet, 1, 5, "=B2*2", NULL, 25);
    worksheet_write_formula_str(sheet, 1, 6, "=NA()", NULL, "#N/A");
    worksheet_write_string(sheet, 3, 0, "rich text", NULL);
    worksheet_write_number(sheet, 3, 1, -3, NULL);
    return workbook_close(workbook) == LXW_NO_ERROR ? 0 : 1;
}
