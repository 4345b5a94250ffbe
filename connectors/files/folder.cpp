#include "connectors/files/folder.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

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

}  // namespace

Result<std::vector<FileEntry>> list_files(const std::string& folder, const std::string& pattern) {
    const std::unique_ptr<DIR, CloseFolder> open(::opendir(folder.c_str()));
    if (!open)
        return Error{ErrorCode::unavailable,
                     fmt::format("the folder {} cannot be read: {}", folder, std::strerror(errno))};
    std::vector<FileEntry> files;
    while (const dirent* entry = ::readdir(open.get())) {
        FileEntry file;
        file.name = entry->d_name;
        if (is_passing(file.name) || !matches(file.name, pattern)) continue;
        file.path = folder + "/" + file.name;
        struct stat facts {};
        if (::stat(file.path.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) continue;
        file.size = facts.st_size;
        file.modified_ns = facts.st_mtim.tv_sec * 1'000'000'000 + facts.st_mtim.tv_nsec;
        files.push_back(std::move(file));
    }
    std::sort(files.begin(), files.end(),
              [](const FileEntry& a, const FileEntry& b) { return a.name < b.name; });
    return files;
}

}  // namespace baselined::connectors
