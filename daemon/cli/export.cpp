// `export`: measures and their periods as CSV, XLSX or JSON.
#include <fmt/format.h>
#include <xlsxwriter.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <variant>

#include "daemon/cli/commands.hpp"
#include "daemon/cli/measure_json.hpp"

namespace baselined::daemon {

namespace {

using Field = std::variant<std::monostate, std::string, double, bool>;
using Row = std::vector<Field>;

struct Table {
    const char* name;
    std::vector<const char*> columns;
    std::vector<Row> rows;
};

Field field(const std::optional<double>& number) {
    return number ? Field(*number) : Field();
}

std::string reasons_text(const std::vector<mappings::Reason>& reasons) {
    std::string text;
    for (const auto& reason : reasons) text += (text.empty() ? "" : "; ") + reason.text;
    return text;
}

Table measures_of(const std::vector<MeasureView>& views) {
    Table table{"Measures",
                {"measure",          "name",
                 "programme",        "owner",
                 "indicator",        "implementation_status",
                 "potential_status", "baseline",
                 "target",           "actual",
                 "actual_period",    "realised",
                 "p_deliver",        "forecast",
                 "currency",         "saving_target",
                 "saving_expected",  "saving_forecast",
                 "saving_actual",    "saving_actual_se",
                 "saving_confirmed", "unit",
                 "forecast_low",     "forecast_high",
                 "forecast_at",      "reasons"},
                {}};
    for (const MeasureView& view : views) {
        const auto& measure = *view.plan->measure;
        const auto& assessment = view.assessment;
        const auto& saving = assessment.saving;
        const auto money = [&](double mappings::Saving::*part) {
            return saving ? Field((*saving).*part) : Field();
        };
        table.rows.push_back({measure.id,
                              measure.name,
                              measure.programme,
                              measure.owner.name,
                              measure.indicator.text,
                              std::string(name_of(assessment.implementation)),
                              std::string(name_of(assessment.potential)),
                              field(view.baseline.value),
                              field(assessment.target),
                              view.actual ? field(view.actual->figure.value) : Field(),
                              view.actual ? Field(view.actual->label) : Field(),
                              field(assessment.realised),
                              field(assessment.p_deliver),
                              assessment.forecast ? Field(assessment.forecast->value) : Field(),
                              saving ? Field(saving->currency) : Field(),
                              money(&mappings::Saving::target),
                              money(&mappings::Saving::expected),
                              money(&mappings::Saving::forecast),
                              saving ? field(saving->actual) : Field(),
                              saving ? field(saving->actual_se) : Field(),
                              saving ? Field(0.0) : Field(),
                              unit_text(*view.plan->indicator),
                              assessment.forecast ? Field(assessment.forecast->low) : Field(),
                              assessment.forecast ? Field(assessment.forecast->high) : Field(),
                              assessment.due ? Field(mappings::format_day(*assessment.due)) : Field(),
                              reasons_text(assessment.reasons)});
    }
    return table;
}

Row period_row(const MeasurePlan& plan, const char* phase, const std::string& label,
               const mappings::PeriodFigure& figure, const mappings::TrackPoint* point) {
    return {plan.measure->id,
            label,
            std::string(phase),
            field(figure.value),
            field(shown_numerator(*plan.indicator, figure)),
            field(shown_denominator(*plan.indicator, figure)),
            figure.settled,
            point != nullptr ? field(point->expected) : Field(),
            point != nullptr ? field(point->realised) : Field(),
            point != nullptr ? field(point->p_deliver) : Field(),
            point != nullptr ? Field(std::string(name_of(point->status))) : Field(),
            figure.completeness};
}

Table periods_of(const std::vector<MeasureView>& views) {
    Table table{"Periods",
                {"measure", "period", "phase", "value", "numerator", "denominator", "settled", "expected",
                 "realised", "p_deliver", "potential_status", "completeness"},
                {}};
    for (const MeasureView& view : views) {
        for (const LabelledFigure& one : view.baseline_periods)
            table.rows.push_back(period_row(*view.plan, "baseline", one.label, one.figure, nullptr));
        for (const mappings::TrackPoint& point : view.assessment.track)
            table.rows.push_back(period_row(*view.plan, "actual", point.at.label, point.at.figure, &point));
    }
    return table;
}

/// A text that a spreadsheet would take for a formula is given as a text.
std::string csv_text(const std::string& text) {
    std::string safe = text;
    if (!safe.empty() && std::string_view("=+-@\t\r").find(safe.front()) != std::string_view::npos)
        safe.insert(0, "'");
    if (safe.find_first_of(",\"\r\n") == std::string::npos) return safe;
    std::string quoted = "\"";
    for (const char c : safe) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + "\"";
}

std::string csv_of(const Table& table) {
    std::string text = fmt::format("{}\r\n", fmt::join(table.columns, ","));
    for (const Row& row : table.rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (i > 0) text += ',';
            if (const auto* words = std::get_if<std::string>(&row[i])) text += csv_text(*words);
            if (const auto* number = std::get_if<double>(&row[i])) text += fmt::format("{}", *number);
            if (const auto* truth = std::get_if<bool>(&row[i])) text += *truth ? "true" : "false";
        }
        text += "\r\n";
    }
    return text;
}

void write_sheet(lxw_workbook* workbook, const Table& table) {
    lxw_worksheet* sheet = workbook_add_worksheet(workbook, table.name);
    lxw_format* bold = workbook_add_format(workbook);
    format_set_bold(bold);
    for (std::size_t column = 0; column < table.columns.size(); ++column)
        worksheet_write_string(sheet, 0, static_cast<lxw_col_t>(column), table.columns[column], bold);
    worksheet_freeze_panes(sheet, 1, 0);
    for (std::size_t row = 0; row < table.rows.size(); ++row)
        for (std::size_t column = 0; column < table.rows[row].size(); ++column) {
            const auto at_row = static_cast<lxw_row_t>(row + 1);
            const auto at_column = static_cast<lxw_col_t>(column);
            const Field& value = table.rows[row][column];
            if (const auto* words = std::get_if<std::string>(&value))
                worksheet_write_string(sheet, at_row, at_column, words->c_str(), nullptr);
            if (const auto* number = std::get_if<double>(&value))
                worksheet_write_number(sheet, at_row, at_column, *number, nullptr);
            if (const auto* truth = std::get_if<bool>(&value))
                worksheet_write_boolean(sheet, at_row, at_column, *truth ? 1 : 0, nullptr);
        }
}

int fail(const std::string& path, const char* why) {
    fmt::print(stderr, "{}: cannot be written: {}\n", path, why);
    return exit_failed;
}

int write_xlsx(const std::vector<MeasureView>& views, const std::string& path) {
    if (path.empty()) {
        fmt::print(stderr, "an .xlsx is no text for a terminal: name a file with --output\n");
        return exit_usage;
    }
    lxw_workbook* workbook = workbook_new(path.c_str());
    write_sheet(workbook, measures_of(views));
    write_sheet(workbook, periods_of(views));
    const lxw_error error = workbook_close(workbook);
    return error == LXW_NO_ERROR ? exit_done : fail(path, lxw_strerror(error));
}

std::string json_of(const std::vector<MeasureView>& views, Instant now) {
    Json json;
    json.object();
    json.key("generated_at").instant(now);
    json.key("measures").array();
    for (const MeasureView& view : views) write_measure(json, view);
    json.end_array();
    const Table periods = periods_of(views);
    json.key("periods").array();
    for (const Row& row : periods.rows) {
        json.object();
        for (std::size_t i = 0; i < row.size(); ++i) {
            json.key(periods.columns[i]);
            if (const auto* words = std::get_if<std::string>(&row[i]))
                json.text(*words);
            else if (const auto* number = std::get_if<double>(&row[i]))
                json.number(*number);
            else if (const auto* truth = std::get_if<bool>(&row[i]))
                json.boolean(*truth);
            else
                json.null();
        }
        json.end_object();
    }
    json.end_array();
    json.end_object();
    return std::string(json.str()) + "\n";
}

int write_text(const std::string& text, const std::string& path) {
    if (path.empty()) {
        std::fwrite(text.data(), 1, text.size(), stdout);
        return exit_done;
    }
    std::FILE* file = std::fopen(path.c_str(), "wb");
    if (file == nullptr) return fail(path, std::strerror(errno));
    const bool is_written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    return std::fclose(file) == 0 && is_written ? exit_done : fail(path, std::strerror(errno));
}

}  // namespace

int export_all(Invocation& invocation, const ExportRequest& request) {
    const auto store = open_sqlite_store(invocation.portfolio->configuration().store, StoreMode::read);
    store->use_attributes(invocation.portfolio->schemas());
    const auto views = views_of(invocation, *store, "");
    if (!views) return exit_failed;
    if (request.format == "xlsx") return write_xlsx(*views, request.output);
    if (request.format == "json") return write_text(json_of(*views, invocation.now), request.output);
    return write_text(csv_of(measures_of(*views)) + "\r\n" + csv_of(periods_of(*views)), request.output);
}

}  // namespace baselined::daemon
