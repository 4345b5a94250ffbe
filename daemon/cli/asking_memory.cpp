#include "daemon/cli/asking_memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "daemon/app/exchanges.hpp"
#include "daemon/store/lock.hpp"
#include "daemon/store/owner.hpp"

namespace baselined::daemon {

namespace {

/// The other grants have something that stays good.
bool hangs_on_refresh_token(const config::Source& source) {
    return source.auth.by == config::Auth::By::oauth2 &&
           source.auth.oauth2.grant == config::OAuth2::Grant::refresh_token;
}

bool is_there(const std::string& path) {
    std::error_code error;
    return std::filesystem::exists(path, error);
}

}  // namespace

AskingMemory::AskingMemory(const config::Configuration& configuration,
                           std::vector<const config::Source*> asked)
    : path_(configuration.store), asked_(std::move(asked)) {
    if (std::any_of(asked_.begin(), asked_.end(),
                    [](const auto* one) { return hangs_on_refresh_token(*one); }))
        open_for_logins();
    if (store_) {
        remember_streams(*store_);
        return;
    }
    store_ = make_passing_store();
    if (!is_there(path_)) return;
    try {
        const auto kept = open_sqlite_store(path_, StoreMode::read);
        for (const config::Source* source : asked_) copy_pause(*source, *kept, *store_);
        remember_streams(*kept);
    } catch (const StoreError&) {
        // One that cannot be read is no reason not to ask.
    }
}

void AskingMemory::remember_streams(Store& kept) {
    for (const StoredStream& stream : kept.streams()) {
        if (!kept.files(stream.id).empty()) with_files_.emplace(stream.source_name, stream.name);
        cursors_[{stream.source_name, stream.name}] = stream.cursor;
    }
}

bool AskingMemory::has_read_files(const std::string& source, const std::string& stream) const {
    return with_files_.contains({source, stream});
}

std::string AskingMemory::cursor_of(const std::string& source, const std::string& stream) const {
    const auto known = cursors_.find({source, stream});
    return known == cursors_.end() ? std::string() : known->second;
}

void AskingMemory::open_for_logins() {
    try {
        if (StoreLock::is_held(path_)) {
            trouble_ = fmt::format("another process works on the store {}, the service perhaps", path_);
            return;
        }
        become_owner_of(path_);
        store_ = open_sqlite_store(path_, StoreMode::write);
        is_passing_ = false;
    } catch (const StoreError& failure) {
        trouble_ = failure.what();
    }
}

AskingMemory::~AskingMemory() {
    if (!is_passing_ || !is_there(path_)) return;
    try {
        const auto kept = open_sqlite_store(path_, StoreMode::beside);
        for (const config::Source* source : asked_) copy_pause(*source, *store_, *kept);
    } catch (const StoreError&) {
        // The next one asks once in vain.
    }
}

std::string AskingMemory::why_not(const config::Source& source) const {
    if (trouble_.empty() || !hangs_on_refresh_token(source)) return {};
    return fmt::format(
        "not asked: its refresh token is good for one use, and the one that follows it could not be kept: {}",
        trouble_);
}

}  // namespace baselined::daemon
