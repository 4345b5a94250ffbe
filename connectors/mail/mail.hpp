// A mail as its writer sees it, before it is encoded.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "connectors/mail/mail_header.hpp"

namespace baselined::connectors {

/// A picture that the HTML shows as <img src="cid:CONTENT_ID">.
struct InlinePicture {
    std::string content_id, type, bytes;
};

/// Texts are UTF-8, their lines end with \n.
struct Mail {
    Mailbox from, to;
    std::string subject;
    /// Besides From, To, Subject and Date: names and ASCII values, folded where they are long.
    std::vector<std::pair<std::string, std::string>> headers;
    std::string text, html;
    std::vector<InlinePicture> pictures;
};

}  // namespace baselined::connectors
