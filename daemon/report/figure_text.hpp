// Figures and money in the words that reports, mails and tables share.
#pragma once

#include <string>

namespace baselined::daemon {

/// What stands behind a figure of this unit: shares say theirs with each figure (%), and numbers have none.
std::string unit_words(const std::string& unit);
/// A figure as people read it: 12.3 %, 4.56 hours, 1,234 EUR.
std::string figure_text(double value, const std::string& unit);
/// An amount of money: whole from 10 on, with its cents below.
std::string money_text(double amount, const std::string& currency);

}  // namespace baselined::daemon
