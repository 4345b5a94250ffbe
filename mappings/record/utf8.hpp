// Bytes from outside as UTF-8: made valid, for what has to be it (JSON, mails, pages), and characters that
// nobody sees.
#pragma once

#include <string>
#include <string_view>

namespace baselined::mappings {

/// Every byte that is part of no character (overlong forms, surrogates and what lies above U+10FFFF among
/// them) becomes U+FFFD.
std::string valid_utf8(std::string_view text);
/// The same on one line, for terminals and logs: blanks instead of control characters, line breaks of Unicode
/// and marks that turn the direction of writing around; none at its end.
std::string one_line(std::string_view text);

/// Without the blanks at both ends: spaces of every width, no-break ones and those of no width among them,
/// tabs and line ends.
std::string_view without_outer_blanks(std::string_view text);
/// Valid UTF-8, and every character that nobody sees, or takes for an ordinary space, as `\u00a0`: for
/// people, to whom such a one may be why a value did not fit, and for terminals, which obey what they are
/// sent.
std::string visible(std::string_view text);

}  // namespace baselined::mappings
