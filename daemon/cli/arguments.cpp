#include "daemon/cli/arguments.hpp"

#include "config/schema/table.hpp"

namespace baselined::daemon {

namespace {

void add_common(CLI::App& command, Arguments& arguments) {
    command.add_option("--config", arguments.config, "The configuration's main file")->capture_default_str();
}

void add_now(CLI::App& command, Arguments& arguments) {
    command.add_option("--now", arguments.now, "A clock that stands still, as 2026-11-20T08:00:00Z");
}

void add_json(CLI::App& command, Arguments& arguments) {
    command.add_flag("--json", arguments.json, "JSON on stdout");
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

}  // namespace

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
    exported
        ->add_option("--format", arguments.exported.format,
                     "csv (two tables: the measures, an empty line, their periods), xlsx (the same as two "
                     "sheets) or json")
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
                        "How many rows: of a file (default: 20, with --json all; all are read), of a stream "
                        "(default: 3, with --draft 200)");
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

}  // namespace baselined::daemon
