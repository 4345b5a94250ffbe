#include "daemon/app/file_look.hpp"

#include <fmt/format.h>

namespace baselined::daemon {

namespace {

constexpr int blocks_a_step = 100;

}  // namespace

FileLook::FileLook(StreamPlan& plan, std::string file, FileBlocks& blocks)
    : file_(std::move(file)), blocks_(blocks), lacks_(column_lacks(plan, blocks.columns())) {}

bool FileLook::step() {
    for (int count = 0; count < blocks_a_step; ++count) {
        const auto more = blocks_.next();
        if (!more) broken_ = more.error().text;
        if (!more || !*more) return false;
    }
    return true;
}

std::string FileLook::objection() const {
    if (lacks_.empty()) return {};
    const std::string text = fmt::format(
        "{} has {}: figures need it, so the file is not read; name it in the mapping as this file does",
        file_, text_of(lacks_));
    return broken_.empty() ? text : fmt::format("{}; {}", broken_, text);
}

}  // namespace baselined::daemon
