// What can be typed behind `baselined`: commands, their arguments and options.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "daemon/cli/commands.hpp"

namespace baselined::daemon {

/// What was typed, or holds otherwise.
struct Arguments {
    std::string config = "/etc/baselined/baselined.yaml";
    std::string log_level = "info";
    std::string now, measure, from, to, file, period, folder;
    std::string file_kind = "main";
    PreviewRequest preview;
    ExportRequest exported;
    HoldRequest hold;
    AlertTestRequest alert_test;
    std::vector<std::string> resend;
    bool online = false, is_dry_run = false;
    bool json = false;
    SeriesRequest series;
};

/// The commands, which write into `arguments`; it outlives `app`.
void add_commands(CLI::App& app, Arguments& arguments);

}  // namespace baselined::daemon
