#include "daemon/notify/mail.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/notify/wording.hpp"

namespace baselined::daemon {

namespace {

/// What a mail may weigh: each chart is about 50 KiB.
constexpr std::size_t most_charts = 20;
/// Threads of one mail; each adds a line to the References.
constexpr std::size_t most_threads = 20;
constexpr double chart_scale = 2;  ///< sharp where a pixel of the page is two of the screen's

/// The characters that a Message-ID's left side may hold as they are (RFC 5322, dot-atom), others as =XX.
std::string atom(std::string_view text) {
    std::string result;
    for (const char c : text) {
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                              c == '-' || c == '_';
        result += is_plain ? std::string(1, c) : fmt::format("={:02X}", static_cast<unsigned char>(c));
    }
    return result.substr(0, 200);
}

std::string domain_of(std::string_view address) {
    const std::size_t at = address.rfind('@');
    return at == std::string_view::npos ? "localhost" : std::string(address.substr(at + 1));
}

/// The thread of a measure hangs on a message that never was: all mails about it refer to this id.
std::vector<std::string> thread_roots(const Notice& notice, const std::string& domain) {
    std::vector<std::string> roots;
    for (const MeasureNotice& measure : notice.measures) {
        if (roots.size() == most_threads) break;
        const std::string root = fmt::format("<measure.{}@{}>", atom(measure.id), domain);
        if (std::find(roots.begin(), roots.end(), root) == roots.end()) roots.push_back(root);
    }
    return roots;
}

}  // namespace

std::string content_id(const Notice& notice, std::size_t place) {
    return fmt::format("chart{}.{}@baselined", place + 1, atom(notice.id));
}

connectors::Mail mail_of(const Notice& notice, const MailSender& sender, const connectors::Mailbox& to) {
    connectors::Mail mail;
    mail.from = {"baselined", sender.from};
    mail.to = to;
    mail.subject = subject_of(notice);
    const std::string domain = domain_of(sender.from);
    mail.headers.emplace_back("Message-ID", fmt::format("<{}@{}>", atom(notice.id), domain));
    if (const auto roots = thread_roots(notice, domain); !roots.empty()) {
        mail.headers.emplace_back("In-Reply-To", roots.front());
        mail.headers.emplace_back("References", fmt::format("{}", fmt::join(roots, "\r\n ")));
    }
    mail.headers.emplace_back("Auto-Submitted", "auto-generated");
    mail.headers.emplace_back("X-Auto-Response-Suppress", "All");
    mail.headers.emplace_back("Precedence", "bulk");
    if (is_digest(notice))
        mail.headers.emplace_back("List-Unsubscribe",
                                  fmt::format("<mailto:{}?subject=No%20digest%20of%20baselined%20please>",
                                              sender.admin.empty() ? sender.from : sender.admin));
    const auto measures = by_urgency(notice);
    const std::size_t charts = std::min(most_charts, measures.size());
    for (std::size_t i = 0; i < charts; ++i)
        if (!measures[i]->chart.periods.empty())
            mail.pictures.push_back({content_id(notice, i), "image/png",
                                     draw_png(measures[i]->chart, ColourScheme::light, chart_scale)});
    mail.text = plain_text_of(notice, charts);
    mail.html = html_of(notice, charts);
    return mail;
}

}  // namespace baselined::daemon
