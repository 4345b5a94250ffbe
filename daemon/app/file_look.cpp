#include "daemon/app/file_look.hpp"

#include <fmt/format.h>

namespace baselined::daemon {

namespace {

constexpr int blocks_a_step = 100;
/// A few new rows of a file that was read before say nothing of its columns.
constexpr std::int64_t fewest_new_values = 10;
/// An export of another form is so from its first row on: the rest of a large file is read once, not twice.
constexpr std::int64_t most_judged_rows = 2'000;

}  // namespace

FileLook::FileLook(StreamPlan& plan, std::string file, const FormerFile& former, FileBlocks& blocks,
                   Store& store)
    : file_(std::move(file)),
      former_(former),
      blocks_(blocks),
      store_(store),
      lacks_(column_lacks(plan, blocks.columns())) {
    if (!lacks_.empty() || former.is_begun) return;
    ColumnFit fit(plan);
    if (fit.is_needed()) fit_.emplace(std::move(fit));
}

bool FileLook::step() {
    for (int count = 0; count < blocks_a_step; ++count) {
        const auto more = blocks_.next();
        if (!more) broken_ = more.error().text;
        if (!more || !*more) return false;
        if (fit_) look_at_block();
        if (judged_rows_ >= most_judged_rows) return false;
    }
    return true;
}

/// Only what the file did not say before is judged: what is stored already was.
void FileLook::look_at_block() {
    const std::size_t ordinal = blocks_.ordinal();
    if (is_prefix_ && ordinal < former_.blocks.size() && former_.blocks[ordinal] == blocks_.digest()) return;
    if (is_prefix_ && former_.id != 0)
        former_rows_ = FormerRows(former_.id, static_cast<std::int64_t>(ordinal), store_);
    is_prefix_ = false;
    RawRowReader rows(blocks_.bytes());
    for (const std::uint64_t digest : blocks_.digests()) {
        rows.next();
        if (former_rows_.find(digest)) continue;
        fit_->look_at(rows.cells());
        ++judged_rows_;
    }
}

std::string FileLook::objection() const {
    if (!lacks_.empty()) {
        const std::string text = fmt::format(
            "{} has {}: figures need it, so the file is not read; name it in the mapping as this file does",
            file_, text_of(lacks_));
        return broken_.empty() ? text : fmt::format("{}; {}", broken_, text);
    }
    if (!fit_) return {};
    const bool is_new = former_.blocks.empty();
    const auto misfits = fit_->misfits(is_new ? 1 : fewest_new_values);
    if (misfits.empty()) return {};
    return fmt::format(
        "{}: {}{}: figures need them, so the file is not read; mend the mapping, or export the file as "
        "before",
        file_, is_new ? "" : "of what is new ", text_of(misfits));
}

}  // namespace baselined::daemon
