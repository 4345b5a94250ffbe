// `ack` and `silence`: what keeps tellings back, by whom, until when and why.
#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>

#include "config/yaml/reader.hpp"
#include "daemon/alert/holding.hpp"
#include "daemon/cli/commands.hpp"
#include "mappings/alert/schedule.hpp"

namespace baselined::daemon {

namespace {

std::string system_user() {
    const passwd* user = ::getpwuid(::getuid());
    return user != nullptr ? user->pw_name : std::to_string(::getuid());
}

std::string measures_text(std::size_t count) {
    return fmt::format("{} measure{}", count, count == 1 ? "" : "s");
}

/// The name as it is known; complains with the nearest when nobody has it.
bool is_known(const std::string& name, const char* what, const std::vector<std::string>& known) {
    if (name.empty() || std::find(known.begin(), known.end(), name) != known.end()) return true;
    fmt::print(stderr, "no {} \"{}\"{}\n", what, name, did_you_mean(name, known));
    return false;
}

bool are_known(const Invocation& invocation, const StoredHold& hold) {
    std::vector<std::string> ids, owners, programmes;
    for (const auto& measure : invocation.portfolio->configuration().measures) {
        ids.push_back(measure.id);
        for (const std::string& owner : {measure.owner.name, measure.owner.email})
            if (!owner.empty()) owners.push_back(owner);
        if (!measure.programme.empty()) programmes.push_back(measure.programme);
    }
    return is_known(hold.measure, "measure", ids) && is_known(hold.owner, "owner", owners) &&
           is_known(hold.programme, "programme", programmes);
}

/// Stores it; the same ack or silence from before is replaced by it.
void keep(const Invocation& invocation, const StoredHold& hold) {
    const auto store = open_sqlite_store(invocation.portfolio->configuration().store, StoreMode::beside);
    Transaction transaction(*store);
    for (StoredHold& before : store->holds()) {
        const bool is_same = before.kind == hold.kind && before.measure == hold.measure &&
                             before.owner == hold.owner && before.programme == hold.programme;
        if (!is_same || before.lifted_at) continue;
        before.lifted_at = hold.at;
        store->save_hold(before);
    }
    store->add_hold(hold);
    transaction.commit();
}

}  // namespace

int hold_back(Invocation& invocation, StoredHold::Kind kind, const HoldRequest& request) {
    const char* verb = kind == StoredHold::Kind::ack ? "ack" : "silence";
    StoredHold hold;
    hold.kind = kind;
    hold.measure = request.measure;
    hold.owner = request.owner;
    hold.programme = request.programme;
    hold.by = request.by;
    hold.reason = request.reason;
    hold.system_user = system_user();
    hold.at = invocation.now;
    if (hold.measure.empty() && hold.owner.empty() && hold.programme.empty()) {
        fmt::print(stderr, "{}: name a --measure, --owner or --programme\n", verb);
        return exit_usage;
    }
    const auto until = config::parse_day(request.until);
    if (!until) {
        fmt::print(stderr, "--until {}: write a day, like 2026-12-31\n", request.until);
        return exit_usage;
    }
    hold.until = *until;
    const auto& configuration = invocation.portfolio->configuration();
    if (mappings::end_of_day(hold.until, configuration.zone) <= invocation.now) {
        fmt::print(stderr, "--until {}: that day is over\n", request.until);
        return exit_usage;
    }
    if (hold.by.empty() || hold.reason.empty()) {
        fmt::print(stderr, "{}: say who (--by) and why (--reason)\n", verb);
        return exit_usage;
    }
    if (!are_known(invocation, hold)) return exit_usage;
    keep(invocation, hold);
    const auto concerned = std::count_if(configuration.measures.begin(), configuration.measures.end(),
                                         [&](const auto& measure) { return concerns(hold, measure); });
    if (kind == StoredHold::Kind::ack)
        fmt::print("{}: no reminders until {} has passed, unless it gets worse\n", hold.measure,
                   mappings::spoken_day(hold.until));
    else
        fmt::print("{}: nothing is sent until {} has passed; that it ends is told the day before\n",
                   measures_text(static_cast<std::size_t>(concerned)), mappings::spoken_day(hold.until));
    return exit_done;
}

}  // namespace baselined::daemon
