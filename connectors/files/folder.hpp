// The files of a folder that a stream asks for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mappings/record/result.hpp"

namespace baselined::connectors {

struct FileEntry {
    std::string name;  ///< within the folder that was asked: "a.csv", "old/a.csv"
    std::string path;
    std::int64_t size = 0;
    std::int64_t modified_ns = 0;  ///< since 1970
    friend bool operator==(const FileEntry&, const FileEntry&) = default;
};

/// Regular files whose name matches the pattern (as a shell's glob, "*.csv" or "*/*.csv"), or does without
/// a trailing .gz; sorted by name. Symbolic links are followed. Left out: hidden files and folders, lock
/// files (~$...), and what a program is still writing (.part, .tmp, .crdownload).
Result<std::vector<FileEntry>> list_files(const std::string& folder, const std::string& pattern);

}  // namespace baselined::connectors
