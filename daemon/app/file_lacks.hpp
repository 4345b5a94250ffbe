// What stored rows of files lack that figures need: they came before a measure needed the field, or before
// the mapping took it so.
#pragma once

#include <string>
#include <vector>

#include "daemon/app/portfolio.hpp"
#include "daemon/store/store.hpp"

namespace baselined::daemon {

/// One field of one file.
struct FileLack {
    enum class Of {
        columns,  ///< the file does not have what the mapping names
        values,   ///< most of them are of another form
    };
    Of of = Of::columns;
    std::string file;
    std::string field;
    std::string text;  ///< for people, without the file: "no column "Opened" for `opened_at`"
};
using FileLacks = std::vector<FileLack>;

/// Whether files were read since the stored ones were looked at last.
enum class FilesRead { none, some };

/// Of what figures need now: what was kept, or else seen by looking at the first rows of each file. Binds the
/// plan's mappings to the files' columns then, so not within a reading of the stream. Only looks.
FileLacks file_lacks(StreamPlan& plan, Store& store);
/// The same, kept until other fields are needed or the mapping changes. Files that lack something are looked
/// at again once files were read: rows may have been replaced, by their own file or by another one. Works
/// within an open transaction.
FileLacks keep_file_lacks(StreamPlan& plan, Store& store, FilesRead read);

/// For people, a sentence for each file; of many files for the first ones.
std::vector<std::string> sentences_of(const FileLacks& lacks);
/// Those that the measure needs, for people; empty: none.
std::string lacks_of(const MeasurePlan& measure, const FileLacks& lacks, FileLack::Of of);

}  // namespace baselined::daemon
