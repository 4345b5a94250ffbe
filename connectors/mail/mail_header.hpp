// The texts of a mail's headers: UTF-8 made ASCII (RFC 2047), folded, and never more than one header.
#pragma once

#include <string>
#include <string_view>

#include "mappings/record/result.hpp"
#include "mappings/record/time.hpp"

namespace baselined::connectors {

/// Somebody who sends or gets mail; the name may stand empty.
struct Mailbox {
    std::string name, address;
};

/// Free text as a header's value. Control characters become spaces, bytes that are not UTF-8 U+FFFD. Plain
/// ASCII stays readable; all else becomes encoded words of at most 75 characters, a line each.
std::string header_text(std::string_view text);
/// `name <address>`; the address is taken as it is: see check_address.
std::string header_mailbox(const Mailbox& mailbox);
/// `Wed, 25 Nov 2026 21:18:57 +0000` (RFC 5322, 3.3).
std::string header_date(mappings::Instant at);
/// Whether an address can be written to: ASCII, one @, nothing that would end it early. The error says what
/// is wrong with it.
Result<void> check_address(std::string_view address);

}  // namespace baselined::connectors
