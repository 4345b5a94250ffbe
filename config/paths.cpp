#include "config/paths.hpp"

#include <glob.h>

#include <filesystem>

namespace baselined::config {

std::string resolved_path(const std::string& file, const std::string& written) {
    namespace fs = std::filesystem;
    const fs::path path(written);
    return path.is_absolute() ? written : (fs::path(file).parent_path() / path).lexically_normal().string();
}

std::vector<std::string> files_matching(const std::string& pattern) {
    std::vector<std::string> paths;
    glob_t found{};
    if (::glob(pattern.c_str(), 0, nullptr, &found) == 0)
        for (std::size_t i = 0; i < found.gl_pathc; ++i) paths.emplace_back(found.gl_pathv[i]);
    ::globfree(&found);
    return paths;
}

}  // namespace baselined::config
