// What each command does, once its arguments are read. Answers go to stdout, complaints to stderr.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/alert/telling.hpp"
#include "daemon/app/evaluation.hpp"
#include "daemon/app/portfolio.hpp"
#include "daemon/app/service.hpp"

namespace baselined::daemon {

inline constexpr int exit_done = 0, exit_failed = 1, exit_usage = 2, exit_source_failed = 3,
                     exit_configuration = 78;

/// What all commands share.
struct Invocation {
    std::unique_ptr<ReadyConfiguration> ready;
    Portfolio* portfolio = nullptr;  ///< within `ready`
    Instant now;
    FigureBook::Clock clock = FigureBook::Clock::runs;  ///< stands still with --now
    bool json = false;
};

struct SeriesRequest {
    std::string measure, indicator;
    std::vector<std::string> where;  ///< field=value
    std::string period, from, to;
    bool csv = false;
};

struct ExportRequest {
    std::string format;  ///< csv, xlsx, json
    std::string output;  ///< empty: stdout
};

struct PreviewRequest {
    std::string file;    ///< or a source's name, when there is a stream
    std::string stream;  ///< empty: `file` is a file
    std::string sheet, encoding;
    bool is_draft = false;
    std::optional<std::int64_t> rows;  ///< how many are shown; all are read
};

struct HoldRequest {
    std::string measure, owner, programme, until, by, reason;
};

struct AlertTestRequest {
    std::string route;  ///< measure=ID; empty: what belongs to no measure
    bool is_sending = false;
};

enum class Sending { as_due, nothing };

/// `is_online`: asks every source too.
int check(Invocation& invocation, bool is_online);
/// Sending::nothing is --dry-run: what would be told is shown, and told by the next run.
int once(Invocation& invocation, Sending sending);
int show_alerts(Invocation& invocation);
/// Dead deliveries, by their ids: tried again from the start.
int resend_alerts(Invocation& invocation, const std::vector<std::string>& ids);
int test_alerts(Invocation& invocation, const AlertTestRequest& request);
/// Whether the mail server and each webhook can be reached, told on stderr; nothing is sent.
bool try_ways(const config::Alerts& alerts);
/// An ack or a silence, stored beside a running daemon.
int hold_back(Invocation& invocation, StoredHold::Kind kind, const HoldRequest& request);
/// Each due delivery once; failures are told on stderr. False: there were some.
bool deliver_once(Invocation& invocation, Store& store);
void print_what_would_be_told(const Invocation& invocation, const Tellings& tellings, Store& store);
int show_status(Invocation& invocation, const std::string& measure);
int show_series(Invocation& invocation, const SeriesRequest& request);
int show_replay(Invocation& invocation, const std::string& measure, const std::string& from,
                const std::string& to);
int show_explanation(Invocation& invocation, const std::string& measure, const std::string& period);
/// What the reader sees in a file; needs no configuration.
int preview_file(const PreviewRequest& request, bool is_json);
int preview_stream(Invocation& invocation, const PreviewRequest& request);
int export_all(Invocation& invocation, const ExportRequest& request);
int show_sources(Invocation& invocation);
int back_up_store(Invocation& invocation, const std::string& file);
int restore_store(Invocation& invocation, const std::string& file);
int check_integrity(Invocation& invocation);
int write_report(Invocation& invocation, const std::string& path);

/// Views of all measures from the store; an empty optional when there is no such measure, which is told.
std::optional<std::vector<MeasureView>> views_of(Invocation& invocation, Store& store,
                                                 const std::string& measure);

/// The kinds of record and their fields; the shipped indicators. Need no configuration.
int print_kinds(bool is_json);
int print_indicators(bool is_json);
/// The JSON Schema of one kind of file; needs no configuration.
int print_schema(const std::string& file_kind);

/// Every value that holds and where it comes from, and what the files hold; or those of one measure, by its
/// id. What is bad is told on stderr, too.
int show_configuration(const std::string& path, const std::string& measure, bool is_json);

/// Writes the scaffold of a configuration into a folder; writes nothing where a file of it stands already.
int init(const std::string& folder);

}  // namespace baselined::daemon
