// A notice as a mail: subject, headers, plain text, HTML, charts.
#pragma once

#include <string>

#include "connectors/mail/mail.hpp"
#include "daemon/notify/notice.hpp"

namespace baselined::daemon {

/// Who stands behind the mails: their sender, and who may be asked for an end of digests.
struct MailSender {
    std::string from, admin;
};

/// `test`, `digest` and the rest alike. The charts of the twenty that need somebody most are inside; the
/// mail says so where there are more.
connectors::Mail mail_of(const Notice& notice, const MailSender& sender, const connectors::Mailbox& to);

/// The parts of it: UTF-8, lines end with \n. `charts` of the measures, by urgency, have a picture.
std::string plain_text_of(const Notice& notice, std::size_t charts);
std::string html_of(const Notice& notice, std::size_t charts);
/// What the picture of the measure at that place is called, without <>.
std::string content_id(const Notice& notice, std::size_t place);

}  // namespace baselined::daemon
