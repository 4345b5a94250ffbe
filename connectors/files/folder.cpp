#include "connectors/files/folder.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <sstream>

#include "connectors/open_failure.hpp"

namespace baselined::connectors {

namespace {

struct CloseFolder {
    void operator()(DIR* folder) const { ::closedir(folder); }
};

bool is_passing(const std::string& name) {
    return name.starts_with('.') || name.starts_with("~$") || name.ends_with(".part") ||
           name.ends_with(".tmp") || name.ends_with(".crdownload");
}

bool matches(const std::string& name, const std::string& pattern) {
    const std::string plain = name.ends_with(".gz") ? name.substr(0, name.size() - 3) : name;
    return ::fnmatch(pattern.c_str(), name.c_str(), FNM_PERIOD) == 0 ||
           ::fnmatch(pattern.c_str(), plain.c_str(), FNM_PERIOD) == 0;
}

/// The steps of "old/*.csv"; "." and nothing between two slashes are none.
std::vector<std::string> steps_of(const std::string& pattern) {
    std::vector<std::string> steps;
    std::istringstream parts(pattern);
    for (std::string step; std::getline(parts, step, '/');)
        if (!step.empty() && step != ".") steps.push_back(step);
    return steps;
}

/// Follows a pattern from folder to folder. Hidden ones are met as little as hidden files, so no step leads
/// up.
class Listing {
  public:
    explicit Listing(const std::string& pattern) : steps_(steps_of(pattern)) {}

    /// `name` is the folder's within the first one, with a slash behind it.
    Result<void> add(const std::string& folder, const std::string& name, std::size_t step) {
        const std::unique_ptr<DIR, CloseFolder> open(::opendir(folder.c_str()));
        if (!open && errno == ENOENT && step > 0) return {};  // gone since it was listed
        if (!open)
            return Error{ErrorCode::unavailable,
                         fmt::format("the folder {} cannot be read: {}", folder, why_not_opened(errno))};
        while (const dirent* entry = ::readdir(open.get()))
            if (auto added = add_entry(folder, name, entry->d_name, step); !added) return added;
        return {};
    }

    [[nodiscard]] std::vector<FileEntry> release() {
        std::sort(files_.begin(), files_.end(),
                  [](const FileEntry& a, const FileEntry& b) { return a.name < b.name; });
        return std::move(files_);
    }

  private:
    Result<void> add_entry(const std::string& folder, const std::string& name, const std::string& entry,
                           std::size_t step) {
        const bool is_last = step + 1 >= steps_.size();
        if (step >= steps_.size() || is_passing(entry)) return {};
        if (is_last ? !matches(entry, steps_[step])
                    : ::fnmatch(steps_[step].c_str(), entry.c_str(), FNM_PERIOD) != 0)
            return {};
        FileEntry file{name + entry, folder + "/" + entry, 0, 0};
        struct stat facts {};
        if (::stat(file.path.c_str(), &facts) != 0) return {};
        if (!is_last)
            return S_ISDIR(facts.st_mode) ? add(file.path, file.name + "/", step + 1) : Result<void>{};
        if (!S_ISREG(facts.st_mode)) return {};
        file.size = facts.st_size;
        file.modified_ns = facts.st_mtim.tv_sec * 1'000'000'000 + facts.st_mtim.tv_nsec;
        files_.push_back(std::move(file));
        return {};
    }

    std::vector<std::string> steps_;
    std::vector<FileEntry> files_;
};

}  // namespace

Result<std::vector<FileEntry>> list_files(const std::string& folder, const std::string& pattern) {
    Listing listing(pattern);
    if (auto listed = listing.add(folder, "", 0); !listed) return listed.error();
    return listing.release();
}

}  // namespace baselined::connectors
