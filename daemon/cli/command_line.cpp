#include "daemon/cli/command_line.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "config/schema/table.hpp"
#include "daemon/app/log.hpp"
#include "daemon/app/service.hpp"
#include "daemon/cli/commands.hpp"
#include "daemon/real_clock.hpp"
#include "daemon/store/owner.hpp"

namespace baselined::daemon {

namespace {

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

void add_common(CLI::App& command, Arguments& arguments) {
    command.add_option("--config", arguments.config, "The configuration's main file")->capture_default_str();
}

void add_now(CLI::App& command, Arguments& arguments) {
    command.add_option("--now", arguments.now, "A clock that stands still, as 2026-11-20T08:00:00Z");
}

void add_json(CLI::App& command, Arguments& arguments) {
    command.add_flag("--json", arguments.json, "JSON on stdout");
}

/// Loads, checks and makes ready. A null pointer: the configuration is bad.
std::unique_ptr<ReadyConfiguration> load_ready(const std::string& path, std::string& complaints,
                                               config::Reading reading = {}) {
    auto ready = std::make_unique<ReadyConfiguration>();
    ready->loaded = config::load(path, reading);
    Problems problems = ready->loaded.problems;
    if (problems.empty())
        ready->portfolio = std::make_unique<Portfolio>(ready->loaded.configuration, problems);
    if (problems.empty()) return ready;
    complaints = config::print(problems, ready->loaded.files);
    return nullptr;
}

/// The same; complaints go to stderr.
std::unique_ptr<ReadyConfiguration> make_ready(const std::string& path, config::Reading reading = {}) {
    std::string complaints;
    auto ready = load_ready(path, complaints, reading);
    fmt::print(stderr, "{}", complaints);
    return ready;
}

/// Who only reads the store connects to nobody.
config::Logins logins_of(const std::string& command, const Arguments& arguments) {
    const bool is_connecting =
        command == "once" || command == "preview" || arguments.online || arguments.alert_test.is_sending;
    if (is_connecting) return config::Logins::needed;
    return command == "check" ? config::Logins::services_own : config::Logins::unused;
}

/// What a command needs; a null pointer and a status when it cannot be had.
std::unique_ptr<Invocation> prepare(const std::string& command, const Arguments& arguments, int& status) {
    auto made = std::make_unique<Invocation>();
    Invocation& invocation = *made;
    invocation.json = arguments.json;
    invocation.now = real_now();
    if (!arguments.now.empty()) {
        const auto now = mappings::parse_rfc3339(arguments.now);
        if (!now) {
            fmt::print(stderr, "--now {}: write it like 2026-11-20T08:00:00Z\n", arguments.now);
            status = exit_usage;
            return nullptr;
        }
        invocation.now = *now;
        invocation.clock = FigureBook::Clock::stands_still;
    }
    auto ready = make_ready(
        arguments.config, {arguments.preview.is_draft ? config::Missing::tolerated : config::Missing::refused,
                           logins_of(command, arguments)});
    if (ready != nullptr) {
        invocation.ready = std::move(ready);
        invocation.portfolio = invocation.ready->portfolio.get();
        return made;
    }
    status = exit_configuration;
    return nullptr;
}

/// Files that root made would be closed to the service, whose store it is.
void go_on_as_owner(const ReadyConfiguration& ready) {
    const std::string& store = ready.loaded.configuration.store;
    if (const auto user = become_owner_of(store))
        fmt::print(stderr, "store {}: it is {}'s; going on as that user\n", store, *user);
}

/// What root may read and the service, whose store it is, may not: it would refuse the configuration that was
/// found good. False: there is such a file, and it is told.
bool can_service_read(const config::Loaded& loaded) {
    const auto user = become_owner_of(loaded.configuration.store);
    if (!user) return true;
    bool is_all_read = true;
    std::vector<std::string> files = loaded.files;
    files.insert(files.end(), loaded.login_files.begin(), loaded.login_files.end());
    for (const std::string& file : files) {
        if (file.starts_with('(') || ::access(file.c_str(), R_OK) == 0)
            continue;  // shipped ones are no files
        is_all_read = false;
        fmt::print(
            stderr,
            "{}: the user {}, whose store it is, may not read it: chgrp {} and chmod g+r, as its folder\n",
            file, *user, *user);
    }
    return is_all_read;
}

int run_daemon(const std::string& path, const std::string& level) {
    set_log_level(log_level_of(level).value_or(LogLevel::info));
    auto ready = make_ready(path);
    if (ready == nullptr) return exit_configuration;
    go_on_as_owner(*ready);
    serve(std::move(ready), [&path](std::string& complaints) { return load_ready(path, complaints); });
    return exit_done;
}

int run_config(const CLI::App& command, const Arguments& arguments) {
    if (command.got_subcommand("schema")) return print_schema(arguments.file_kind);
    if (command.got_subcommand("kinds")) return print_kinds(arguments.json);
    if (command.got_subcommand("indicators")) return print_indicators(arguments.json);
    return show_configuration(arguments.config, arguments.measure, arguments.json);
}

int run(const CLI::App& command, Arguments& arguments) {
    if (command.get_name() == "run") return run_daemon(arguments.config, arguments.log_level);
    if (command.get_name() == "init") return init(arguments.folder);
    if (command.get_name() == "config") return run_config(command, arguments);
    if (command.get_name() == "preview" && arguments.preview.stream.empty())
        return preview_file(arguments.preview, arguments.json);
    int status = exit_done;
    const std::string& name = command.get_name();
    const auto prepared = prepare(name, arguments, status);
    if (!prepared) return status;
    Invocation& invocation = *prepared;
    if (name == "check" && !can_service_read(invocation.ready->loaded)) return exit_configuration;
    if (name == "check") return check(invocation, arguments.online);
    if (name == "export") return export_all(invocation, arguments.exported);
    if (name == "once") go_on_as_owner(*invocation.ready);
    if (name == "once") return once(invocation, arguments.is_dry_run ? Sending::nothing : Sending::as_due);
    if (name == "ack") return hold_back(invocation, StoredHold::Kind::ack, arguments.hold);
    if (name == "silence") return hold_back(invocation, StoredHold::Kind::silence, arguments.hold);
    if (name == "alerts" && command.got_subcommand("test"))
        return test_alerts(invocation, arguments.alert_test);
    if (name == "alerts" && !arguments.resend.empty()) return resend_alerts(invocation, arguments.resend);
    if (name == "alerts") return show_alerts(invocation);
    if (name == "status") return show_status(invocation, arguments.measure);
    if (name == "replay") return show_replay(invocation, arguments.measure, arguments.from, arguments.to);
    if (name == "explain") return show_explanation(invocation, arguments.measure, arguments.period);
    if (name == "preview") return preview_stream(invocation, arguments.preview);
    if (name == "sources") return show_sources(invocation);
    if (name == "backup") return back_up_store(invocation, arguments.file);
    if (name == "restore") return restore_store(invocation, arguments.file);
    if (name == "integrity") return check_integrity(invocation);
    if (name == "report") return write_report(invocation, arguments.file);
    arguments.series.measure = arguments.measure;
    arguments.series.from = arguments.from;
    arguments.series.to = arguments.to;
    return show_series(invocation, arguments.series);
}

void add_alert_commands(CLI::App& app, Arguments& arguments) {
    CLI::App* alerts = app.add_subcommand("alerts", "What was told, to whom, when; what waits; what is dead");
    alerts->add_option("--resend", arguments.resend, "The id of a dead delivery, to be tried again");
    CLI::App* test = alerts->add_subcommand("test", "Who would be told");
    test->fallthrough();
    test->add_option("--route", arguments.alert_test.route, "measure=ID; default: of what belongs to none");
    test->add_flag("--send", arguments.alert_test.is_sending, "Sends a marked test to each of them");
    CLI::App* ack = app.add_subcommand("ack", "No reminders of a measure until a day, unless it gets worse");
    ack->add_option("MEASURE", arguments.hold.measure, "Its id")->required();
    CLI::App* silence = app.add_subcommand("silence", "Nothing is sent until a day");
    silence->add_option("--measure", arguments.hold.measure, "Its id");
    silence->add_option("--owner", arguments.hold.owner, "All measures of an owner, by name or address");
    silence->add_option("--programme", arguments.hold.programme, "All measures of a programme");
    for (CLI::App* command : {ack, silence}) {
        command->add_option("--until", arguments.hold.until, "A day, included, as 2026-12-31")->required();
        command->add_option("--by", arguments.hold.by, "Who")->required();
        command->add_option("--reason", arguments.hold.reason, "Why")->required();
    }
}

void add_config_commands(CLI::App& app, Arguments& arguments) {
    CLI::App* config = app.add_subcommand("config", "What the configuration says, and what it can say");
    config->require_subcommand(1);
    const auto& kinds = config::schema::file_kinds;
    config->add_subcommand("schema", "A JSON Schema of one kind of file, for editors (YAML language server)")
        ->add_option("KIND", arguments.file_kind, "Which kind of file")
        ->check(CLI::IsMember(std::vector<std::string>(kinds.begin(), kinds.end())))
        ->capture_default_str();
    CLI::App* show =
        config->add_subcommand("show", "Every value that holds, and where it comes from; secrets are hidden");
    show->add_option("MEASURE", arguments.measure, "Its id; default: the main file, and what there is");
    add_common(*show, arguments);
    CLI::App* kinds_command = config->add_subcommand("kinds", "The kinds of record and their fields");
    CLI::App* indicators = config->add_subcommand("indicators", "The shipped indicators");
    for (CLI::App* command : {show, kinds_command, indicators}) add_json(*command, arguments);
}

void add_commands(CLI::App& app, Arguments& arguments) {
    app.add_subcommand("run", "The daemon, in the foreground")
        ->add_option("--log", arguments.log_level, "How much it tells: error, warning, info, debug")
        ->check(CLI::IsMember({"error", "warning", "info", "debug"}))
        ->capture_default_str();
    app.add_subcommand("check", "Reads every file and runs the mappings' tests")
        ->add_flag("--online", arguments.online, "Asks every source, mail server and webhook, too");
    app.add_subcommand("once", "Reads every source to its end, evaluates, delivers alerts, exits")
        ->add_flag("--dry-run", arguments.is_dry_run,
                   "Sends nothing and shows what it would; the next run sends it");
    add_alert_commands(app, arguments);
    app.add_subcommand("status", "Each measure: figures, both statuses, reasons")
        ->add_option("MEASURE", arguments.measure, "Its id");
    CLI::App* series = app.add_subcommand("series", "One row a period");
    series->add_option("MEASURE", arguments.measure, "Its id");
    series->add_option("--indicator", arguments.series.indicator,
                       "An indicator's name, instead of a measure");
    series->add_option("--where", arguments.series.where, "field=value; repeat for more");
    series->add_option("--period", arguments.series.period, "day, week, month or quarter");
    series->add_flag("--csv", arguments.series.csv, "CSV on stdout");
    CLI::App* replay = app.add_subcommand("replay", "What the status would have been at each period's end");
    replay->add_option("MEASURE", arguments.measure, "Its id");
    CLI::App* explain =
        app.add_subcommand("explain", "From a figure through its rule to the records behind it");
    explain->add_option("MEASURE", arguments.measure, "Its id")->required();
    explain->add_option("--period", arguments.period, "As 2026-09; default: the newest settled");
    app.add_subcommand("sources", "Each stream: what was read, rejected and did not fit");
    CLI::App* exported = app.add_subcommand("export", "Measures and their periods, for other programs");
    exported->add_option("--format", arguments.exported.format, "csv, xlsx or json")
        ->required()
        ->check(CLI::IsMember({"csv", "xlsx", "json"}));
    exported->add_option("--output", arguments.exported.output, "A file; default: stdout");
    app.add_subcommand("backup", "Copies the store, while a daemon writes to it, too")
        ->add_option("FILE", arguments.file,
                     "The copy; one that is there is replaced when the new one is whole")
        ->required();
    app.add_subcommand("restore", "Puts a copy in the store's place; the store that is there is kept")
        ->add_option("FILE", arguments.file, "A copy that `backup` made")
        ->required();
    app.add_subcommand("integrity", "Whether the store's file is sound");
    app.add_subcommand("report", "One self-contained page")
        ->add_option("FILE", arguments.file, "Where to write it")
        ->required();
    for (CLI::App* ranged : {series, replay}) {
        ranged->add_option("--from", arguments.from, "A day; its period is included");
        ranged->add_option("--to", arguments.to, "A day; its period is included");
    }
    CLI::App* preview = app.add_subcommand(
        "preview", "What the reader sees: in a file (no configuration needed), or of a stream");
    preview
        ->add_option("FILE", arguments.preview.file,
                     "A CSV, XLSX or ODS, packed with gzip or not; or a source's name")
        ->required();
    preview->add_option("STREAM", arguments.preview.stream,
                        "Of that source: rows, the records they make, what did not fit");
    preview->add_flag("--draft", arguments.preview.is_draft, "Prints a mapping to start from");
    preview->add_option("--sheet", arguments.preview.sheet, "Its name; default: the first that is visible");
    preview->add_option("--encoding", arguments.preview.encoding,
                        "Of a CSV, as windows-1252; default: found out");
    preview->add_option("--rows", arguments.preview.rows,
                        "How many rows to show (default: 20, with --json all); all are read");
    add_json(*preview, arguments);
    for (CLI::App* command : app.get_subcommands({})) {
        if (command == preview) {
            add_common(*command, arguments);
            continue;
        }
        add_common(*command, arguments);
        const std::string name = command->get_name();
        if (name == "run" || name == "backup" || name == "restore" || name == "integrity") continue;
        if (name != "check") add_now(*command, arguments);
        if (name != "check" && name != "once" && name != "report" && name != "export" && name != "ack" &&
            name != "silence")
            add_json(*command, arguments);
    }
    add_config_commands(app, arguments);
    app.add_subcommand("init", "Writes a small commented configuration to begin with; overwrites nothing")
        ->add_option("FOLDER", arguments.folder, "Where; it is made")
        ->required();
}

/// A short answer reaches the disk, or does not, when it is flushed.
bool is_answer_written() {
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return true;
    fmt::print(stderr, "the answer could not be written: {}\n", std::strerror(errno));
    return false;
}

}  // namespace

int run_command_line(int argc, char** argv) {
    CLI::App app("baselined: is the promised value of your measures still likely?", "baselined");
    Arguments arguments;
    app.require_subcommand(1);
    app.set_version_flag("--version", "baselined 0.1.0");
    add_commands(app, arguments);
    try {
        app.parse(argc, argv);
        CLI::App* command = app.get_subcommands().front();
        if (command->get_name() == "series" &&
            arguments.measure.empty() == arguments.series.indicator.empty())
            throw CLI::ValidationError("series", "name a MEASURE, or --indicator NAME");
        if (command->get_name() == "series" && !arguments.measure.empty() && !arguments.series.where.empty())
            throw CLI::ValidationError("series", "--where goes with --indicator; a measure has its own");
        if (command->get_name() == "series" && arguments.series.csv && arguments.json)
            throw CLI::ValidationError("series", "either --json or --csv");
        const int status = run(*command, arguments);
        return is_answer_written() ? status : exit_failed;
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? exit_done : exit_usage;
    } catch (const std::exception& error) {
        fmt::print(stderr, "{}\n", error.what());
        return exit_failed;
    }
}

}  // namespace baselined::daemon
