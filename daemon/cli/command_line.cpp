#include "daemon/cli/command_line.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <span>

#include "daemon/app/log.hpp"
#include "daemon/app/login_files.hpp"
#include "daemon/app/service.hpp"
#include "daemon/cli/arguments.hpp"
#include "daemon/real_clock.hpp"
#include "daemon/store/owner.hpp"

namespace baselined::daemon {

namespace {

/// Loads, checks and makes ready. A null pointer: the configuration is bad.
std::unique_ptr<ReadyConfiguration> load_ready(const std::string& path, std::string& complaints,
                                               config::Reading reading = {}) {
    auto ready = std::make_unique<ReadyConfiguration>();
    ready->loaded = config::load(path, reading);
    Problems problems = ready->loaded.problems;
    if (reading.logins != config::Logins::unused)
        for (Problem& fault : faults_of(ready->loaded.login_files)) problems.push_back(std::move(fault));
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
    for (const config::LoginFile& file : loaded.login_files) files.push_back(file.path);
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

/// Of the source of that name; empty where there is none, or a file of that name. Says nothing of the
/// configuration: a file is shown without one.
std::string streams_of(const std::string& name, const std::string& configuration) {
    if (::access(name.c_str(), F_OK) == 0) return {};
    std::string names;
    const auto loaded = config::load(configuration, {config::Missing::tolerated, config::Logins::unused});
    for (const config::Source& source : loaded.configuration.sources)
        if (source.name == name)
            for (const config::Stream& stream : source.streams)
                names += (names.empty() ? "" : ", ") + stream.name;
    return names;
}

int run(const CLI::App& command, Arguments& arguments) {
    if (command.get_name() == "run") return run_daemon(arguments.config, arguments.log_level);
    if (command.get_name() == "init") return init(arguments.folder);
    if (command.get_name() == "config") return run_config(command, arguments);
    if (command.get_name() == "preview" && arguments.preview.stream.empty()) {
        const std::string streams = streams_of(arguments.preview.file, arguments.config);
        if (streams.empty()) return preview_file(arguments.preview, arguments.json);
        fmt::print(stderr, "{} is a source: name one of its streams, too: {}\n", arguments.preview.file,
                   streams);
        return exit_usage;
    }
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

/// CLI11 would only say that a command is missing. Empty: the words lead to one.
std::string unknown_command(const CLI::App& app, std::span<char*> words) {
    const auto below = app.get_subcommands([](const CLI::App*) { return true; });
    if (below.empty() || words.empty() || words[0][0] == '-') return {};
    std::vector<std::string> names;
    for (const CLI::App* command : below) names.push_back(command->get_name());
    const auto found = std::find(names.begin(), names.end(), words[0]);
    if (found != names.end()) return unknown_command(*below[found - names.begin()], words.subspan(1));
    return fmt::format("no command \"{}\"{}; `{} --help` lists them", words[0], did_you_mean(words[0], names),
                       app.get_parent() == nullptr ? "baselined" : "baselined " + app.get_name());
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
    app.set_version_flag("--version", "baselined " BASELINED_VERSION);
    add_commands(app, arguments);
    if (const std::string complaint = unknown_command(app, std::span(argv, argc).subspan(argc > 0));
        !complaint.empty()) {
        fmt::print(stderr, "{}\n", complaint);
        return exit_usage;
    }
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
        if (const auto& rows = arguments.preview.rows; rows && *rows < 1)
            throw CLI::ValidationError("preview", fmt::format("--rows {}: 1 or more", *rows));
        if (arguments.preview.is_draft && arguments.json)
            throw CLI::ValidationError("preview",
                                       "--draft prints a mapping, which is YAML: leave --json out");
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
