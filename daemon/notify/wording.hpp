// What is said of a notice, in words: the same in mails, chats and cards. UTF-8, nothing escaped.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/notify/notice.hpp"

namespace baselined::daemon {

/// A status as people say it: "off track".
std::string spoken(std::string_view status);

/// Otherwise it goes by its id alone.
bool has_own_name(const MeasureNotice& measure);

/// A measure in three lines, and what belongs to them.
struct MeasureWords {
    std::string label;          ///< "Weakening", "Still off track", "Back on track"
    std::string what;           ///< what happened: the label, the name, the id, and why it is told
    std::string chance;         ///< "21 %"; empty while it is not known
    std::string money;          ///< "15,900 EUR"; empty while it is not known, or none is at risk
    std::string how_sure;       ///< the chance as a percentage and the sentence, or why there is none
    std::string at_risk;        ///< the money, a forecast
    std::string why;            ///< the reason alone, for where label and name stand already
    std::string tickets_label;  ///< "Tickets of 2026-10"
    std::string shown_by;       ///< "Tickets of 2026-10: INC1, INC2."; empty without tickets
    std::string meaning;        ///< what the label means to its reader; empty where that is plain
    std::string facts;          ///< programme, owner, indicator, how the work looks
};
/// So many tickets are named where there is room; the others are counted.
inline constexpr std::size_t most_tickets = 10;
MeasureWords words_of(const MeasureNotice& measure, std::size_t tickets = most_tickets);
/// " and 12 more" behind so many tickets that are named; empty where there are no more.
std::string more_tickets(const MeasureNotice& measure, std::size_t named);

struct SourceWords {
    std::string label, what;
};
SourceWords words_of(const SourceNotice& source);

/// One line for the whole notice: a single measure with its full name, several by their number.
std::string subject_of(const Notice& notice);
/// The money at risk together, by currency; empty for a single measure and where none is known.
std::string summary_of(const Notice& notice);
/// The measures, those that need somebody first, then by the money at risk. Pointers into the notice.
std::vector<const MeasureNotice*> by_urgency(const Notice& notice);
bool is_digest(const Notice& notice);

}  // namespace baselined::daemon
