#include "daemon/app/folder_poll.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "daemon/app/file_reading.hpp"

namespace baselined::daemon {

namespace asio = boost::asio;

namespace {

using connectors::FileEntry;

std::optional<StoredFile> known_as(const std::string& name, const std::vector<StoredFile>& known) {
    const auto found =
        std::find_if(known.begin(), known.end(), [&](const StoredFile& file) { return file.name == name; });
    return found == known.end() ? std::nullopt : std::optional(*found);
}

bool is_same(const StoredFile& stored, const FileEntry& listed) {
    return stored.size == listed.size && stored.modified_ns == listed.modified_ns;
}

}  // namespace

bool FolderPoll::stands_still(const StreamPlan& plan, const FileEntry& entry) {
    if (mode_ == PollerMode::once) return true;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    if (std::chrono::nanoseconds{entry.modified_ns} + still_after < now) return true;
    const auto& before = listed_[&plan];
    return std::find(before.begin(), before.end(), entry) != before.end();
}

asio::awaitable<std::vector<StoredFile>> FolderPoll::look_up_files(StreamPlan& plan) {
    auto look_up = [this, &plan] {
        Transaction transaction(store_);
        const StoredStream stream = store_.stream(plan.source->name, plan.stream->name);
        auto stored = store_.files(stream.id);
        transaction.commit();
        return stored;
    };
    co_return co_await thread_.run(std::move(look_up));
}

std::string no_file_of(const StreamPlan& plan) {
    return fmt::format("no file in {} matches \"{}\"", plan.source->path, plan.stream->match);
}

asio::awaitable<FolderOutcome> FolderPoll::read(StreamPlan& plan) {
    FolderOutcome outcome;
    auto& troubles = outcome.troubles;
    const auto files = connectors::list_files(plan.source->path, plan.stream->match);
    const std::vector<StoredFile> known = co_await look_up_files(plan);
    if (!files)
        troubles.push_back(files.error().text);
    else if (files->empty() && known.empty())
        troubles.push_back(no_file_of(plan));
    std::size_t& unsettled = unsettled_[&plan];
    unsettled = 0;
    auto read = FilesRead::none;
    if (files)
        for (const FileEntry& entry : *files) {
            const auto before = known_as(entry.name, known);
            const bool is_read = before && before->complete && is_same(*before, entry);
            if (!is_read && !stands_still(plan, entry)) {
                ++unsettled;
            } else if (!is_read) {
                const std::string trouble = co_await read_file(plan, entry, before);
                if (trouble.empty())
                    read = FilesRead::some;
                else
                    troubles.push_back(trouble);
            }
        }
    outcome.is_complete = troubles.empty();
    if (files) listed_[&plan] = *files;
    const auto lacks = co_await note_lacks(plan, read);
    troubles.insert(troubles.end(), lacks.begin(), lacks.end());
    co_return outcome;
}

/// Rows that are stored without what measures need since: measures of it say so, and so does each reading.
asio::awaitable<std::vector<std::string>> FolderPoll::note_lacks(StreamPlan& plan, FilesRead read) {
    auto keep = [this, &plan, read] {
        Transaction transaction(store_);
        auto troubles = sentences_of(keep_file_lacks(plan, store_, read));
        transaction.commit();
        return troubles;
    };
    co_return co_await thread_.run(std::move(keep));
}

std::size_t FolderPoll::unsettled(const StreamPlan& plan) const {
    const auto found = unsettled_.find(&plan);
    return found == unsettled_.end() ? 0 : found->second;
}

asio::awaitable<std::string> FolderPoll::read_file(StreamPlan& plan, FileEntry entry,
                                                   std::optional<StoredFile> before) {
    // What was refused says the same until it changes.
    const auto refused = refused_[&plan].find(entry.name);
    if (refused != refused_[&plan].end() && refused->second.file == entry) co_return refused->second.reason;
    auto reading = std::make_shared<std::unique_ptr<FileReading>>();
    auto open = [this, &plan, reading, entry, before]() -> Result<void> {
        *reading = std::make_unique<FileReading>(plan, store_.stream(plan.source->name, plan.stream->name),
                                                 store_, keeper_);
        return (*reading)->open(entry, before ? &*before : nullptr);
    };
    const auto opened = co_await thread_.run(std::move(open));
    if (!opened) co_return opened.error().text;
    for (;;) {
        if (const std::string reason = watch_.reason_to_hold(); !reason.empty()) co_return reason;
        auto step = [reading] { return (*reading)->step(); };
        const auto more = co_await thread_.run(std::move(step));
        watch_.tell_progress(plan, (*reading)->rows());
        if (!more && (*reading)->is_refused()) refused_[&plan][entry.name] = {entry, more.error().text};
        if (!more) co_return more.error().text;
        if (!*more) co_return std::string{};
    }
}

}  // namespace baselined::daemon
