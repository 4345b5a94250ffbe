// What somebody is to be told, complete in itself: it waits in the outbox until it has arrived, whatever
// changes meanwhile, and every try sends the same.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/report/chart.hpp"
#include "mappings/measure/assessment.hpp"
#include "mappings/record/result.hpp"
#include "mappings/record/time.hpp"

namespace baselined::daemon {

/// Why it is told. The names (see name_of) are those of the webhook's `kind`.
enum class NoticeKind {
    weakening,
    off_track,
    reminder,
    resolved,
    unknown,
    definition_changed,
    relapse,
    source_silent,
    source_back,
    silence_ends,
    digest,
    test,
};
std::string_view name_of(NoticeKind kind);
std::optional<NoticeKind> notice_kind_of(std::string_view name);

/// A record of the newest settled period that shows what is told.
struct Ticket {
    std::string number, url, title;
};

/// One measure as it stood when the notice was made.
struct MeasureNotice {
    NoticeKind kind = NoticeKind::weakening;
    std::string why;  ///< one sentence: "it turned weakening", "weakening since 3 May 2026; told 7 days ago"
    std::string was;  ///< what its receivers took it for before, as an alert's standing; may be empty
    std::string id, name, programme, owner;
    std::string potential_status, implementation_status;
    std::string indicator_title, unit;
    std::string sentence;  ///< the one of method.md; empty while nothing is known
    std::optional<double> p_deliver;
    std::optional<double> money_at_risk;  ///< target saving minus forecast saving at the target date
    bool is_due_past = false;             ///< the target date
    std::string currency;
    std::vector<mappings::Reason> reasons;
    std::vector<Ticket> tickets;         ///< the newest
    std::optional<double> ticket_count;  ///< how many there are; empty: no more than are named here
    std::string measure_json;            ///< the object of `status --json`
    Chart chart;
};

struct SourceNotice {
    NoticeKind kind = NoticeKind::source_silent;
    std::string name, text;             ///< the source, and what it said or did not say
    std::vector<std::string> measures;  ///< ids of those that hang on it
};

struct Notice {
    std::string id;  ///< stable across tries: webhook-id, and the Message-ID's left side
    mappings::Instant created_at;
    bool is_test = false;  ///< marked as a test wherever it is shown
    std::vector<MeasureNotice> measures;
    std::vector<SourceNotice> sources;
    std::string title;  ///< a subject line, for a notice of remarks alone
    std::vector<std::string>
        remarks;  ///< sentences besides: a silence that ends soon, a webhook that was disabled
};

/// For the outbox. What to_json made, notice_from_json reads.
std::string to_json(const Notice& notice);
Result<Notice> notice_from_json(std::string_view text);

}  // namespace baselined::daemon
