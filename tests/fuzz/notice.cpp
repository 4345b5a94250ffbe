// Any bytes as a notice from the outbox: what is read is written again as it was, and every form of it is
// made.
#include <rapidjson/document.h>

#include <cstdlib>

#include "connectors/mail/mail_header.hpp"
#include "daemon/notify/mail.hpp"
#include "daemon/notify/webhook_body.hpp"
#include "daemon/notify/wording.hpp"

using namespace baselined;
using namespace baselined::daemon;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

void require_json(const std::string& body) {
    rapidjson::Document document;
    document.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(body.data(),
                                                                                           body.size());
    require(!document.HasParseError());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    auto notice = notice_from_json({reinterpret_cast<const char*>(bytes), size});
    if (!notice) return 0;
    const std::string written = to_json(*notice);
    require(to_json(notice_from_json(written).value()) == written);
    for (MeasureNotice& measure : notice->measures) measure.measure_json = "{}";  // ours, never from outside
    for (int format = 0; format < 4; ++format)
        require_json(webhook_body(*notice, static_cast<config::Webhook::Format>(format), notice->created_at));
    plain_text_of(*notice, 20);
    require(html_of(*notice, 20).find("<script") == std::string::npos);
    const std::string subject = connectors::header_text(subject_of(*notice));
    for (std::size_t at = subject.find('\n'); at != std::string::npos; at = subject.find('\n', at + 1))
        require(at + 1 < subject.size() && subject[at + 1] == ' ');
    return 0;
}
