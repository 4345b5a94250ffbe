// Where a user's word stood, so that whoever finds fault with it can say so.
#pragma once

#include <string>
#include <vector>

namespace baselined {

/// Both from 1; 0 means: not known. `file` indexes the configuration's list of files.
struct Mark {
    int file = 0;
    int line = 0;
    int column = 0;
};

struct Problem {
    Mark mark;
    std::string text;  ///< what is wrong, and the remedy, without the position
};
using Problems = std::vector<Problem>;

/// The candidate that a mistyped word most probably meant, by edit distance; empty when none is near.
std::string nearest_name(std::string_view word, const std::vector<std::string>& candidates);
/// ` (did you mean "service"?)`, or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace baselined
