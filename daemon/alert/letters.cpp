#include "daemon/alert/letters.hpp"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>

#include "daemon/cli/json.hpp"
#include "daemon/cli/measure_json.hpp"
#include "daemon/notify/wording.hpp"
#include "daemon/sha256.hpp"

namespace baselined::daemon {

std::string new_notice_id() {
    std::array<unsigned char, 16> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
        throw StoreError(ErrorCode::unavailable, "the system gives no random numbers");
    return fmt::format("{:02x}", fmt::join(bytes, ""));
}

void Letters::tell_of(const MeasureView& view, NoticeKind kind, std::string why, mappings::Standing was,
                      const std::vector<Receiver>& receivers) {
    told_.push_back({&view, kind, std::move(why), was});
    for (const Receiver& receiver : receivers) {
        auto& measures = letter(receiver).measures;
        const bool is_told = std::any_of(measures.begin(), measures.end(),
                                         [&](std::size_t told) { return told_[told].view == &view; });
        if (!is_told) measures.push_back(told_.size() - 1);
    }
}

void Letters::tell_of(const SourceNotice& source, const Receiver& receiver) {
    letter(receiver).sources.push_back(source);
}

void Letters::remark(const Receiver& receiver, const std::string& title, const std::string& text,
                     DeliverySubject subject) {
    Letter& to = letter(receiver);
    if (to.remarks.empty()) to.title = title;
    to.remarks.push_back(text);
    to.besides.push_back(std::move(subject));
}

Letters::Letter& Letters::letter(const Receiver& receiver) {
    for (Letter& known : letters_)
        if (known.receiver.key == receiver.key) return known;
    letters_.push_back({receiver, {}, {}, {}, {}, {}});
    return letters_.back();
}

std::vector<StoredDelivery> Letters::write() {
    const auto notices = measure_notices();
    for (const Letter& letter : letters_) write(letter, notices);
    return std::move(deliveries_);
}

void Letters::write(const Letter& letter, const std::vector<MeasureNotice>& notices) {
    Notice whole;
    whole.created_at = now_;
    for (const std::size_t index : letter.measures) whole.measures.push_back(notices[index]);
    whole.sources = letter.sources;
    whole.title = letter.title;
    if (letter.remarks.size() > 1) whole.title += fmt::format("; {} more remarks", letter.remarks.size() - 1);
    whole.remarks = letter.remarks;
    if (letter.receiver.is_mail()) {
        send(std::move(whole), letter);
        return;
    }
    for (MeasureNotice& measure : whole.measures) {
        Notice one;
        one.created_at = now_;
        one.measures.push_back(std::move(measure));
        send(std::move(one), letter);
    }
    for (SourceNotice& source : whole.sources) {
        Notice one;
        one.created_at = now_;
        one.sources.push_back(std::move(source));
        send(std::move(one), letter);
    }
}

void Letters::send(Notice notice, const Letter& letter) {
    StoredDelivery delivery = delivery_of(std::move(notice), letter.receiver, configuration_, now_);
    delivery.subjects.insert(delivery.subjects.end(), letter.besides.begin(), letter.besides.end());
    refuse_disabled(delivery);
    deliveries_.push_back(std::move(delivery));
}

/// A webhook that answered 410 gets nothing more; what it would have got is not forgotten.
void Letters::refuse_disabled(StoredDelivery& delivery) const {
    const StoredReceiver receiver = store_.receiver(delivery.receiver);
    if (receiver.disabled_digest.empty()) return;
    for (const config::Webhook& webhook : configuration_.alerts->webhooks)
        if ("webhook:" + webhook.name == delivery.receiver &&
            sha256(webhook.url) == receiver.disabled_digest) {
            delivery.state = DeliveryState::dead;
            delivery.next_at.reset();
            delivery.last_error = "the webhook is disabled: " + receiver.words;
        }
}

std::vector<MeasureNotice> Letters::measure_notices() {
    std::vector<const MeasureView*> views;
    for (const Told& told : told_) views.push_back(told.view);
    const auto tickets = newest_tickets(figures_, views, tickets_told);
    std::vector<MeasureNotice> notices;
    for (std::size_t i = 0; i < told_.size(); ++i) {
        notices.push_back(notice_of(*told_[i].view, told_[i].kind, told_[i].why, tickets[i]));
        notices.back().was = name_of(told_[i].was);
    }
    return notices;
}

MeasureNotice notice_of(const MeasureView& view, NoticeKind kind, std::string why,
                        const NewestTickets& tickets) {
    const auto& measure = *view.plan->measure;
    const auto& assessment = view.assessment;
    MeasureNotice notice;
    notice.kind = kind;
    notice.why = std::move(why);
    notice.id = measure.id;
    notice.name = measure.name;
    notice.programme = measure.programme;
    notice.owner = measure.owner.name.empty() ? measure.owner.email : measure.owner.name;
    notice.potential_status = name_of(assessment.potential);
    notice.implementation_status = name_of(assessment.implementation);
    notice.indicator_title = view.plan->indicator->title;
    notice.unit = unit_text(*view.plan->indicator);
    notice.sentence = assessment.sentence;
    if (assessment.is_comparable) notice.p_deliver = assessment.p_deliver;
    notice.money_at_risk = assessment.money_at_risk();
    notice.is_due_past = assessment.is_due_past;
    if (assessment.saving) notice.currency = assessment.saving->currency;
    notice.reasons = assessment.reasons;
    for (const CountedRecord& record : tickets.newest)
        notice.tickets.push_back({record.number, record.url, record.title});
    if (tickets.count > notice.tickets.size()) notice.ticket_count = static_cast<double>(tickets.count);
    Json json;
    write_measure(json, view);
    notice.measure_json = json.str();
    notice.chart = chart_of(view);
    return notice;
}

StoredDelivery delivery_of(Notice notice, const Receiver& receiver,
                           const config::Configuration& configuration, Instant now) {
    notice.id = new_notice_id();
    StoredDelivery delivery;
    delivery.id = notice.id;
    delivery.receiver = receiver.key;
    delivery.name = receiver.name;
    delivery.created_at = now;
    delivery.next_at = now;
    for (const MeasureNotice& measure : notice.measures)
        delivery.subjects.push_back({measure.id, std::string(name_of(measure.kind))});
    for (const SourceNotice& source : notice.sources)
        delivery.subjects.push_back({"", std::string(name_of(source.kind))});
    delivery.content = to_json(notice);
    const auto& quiet = configuration.alerts->quiet;
    if (!quiet || !receiver.is_mail()) return delivery;
    const auto* zone = receiver.zone != nullptr ? receiver.zone : configuration.zone;
    delivery.next_at = mappings::after_quiet(*quiet, now, zone);
    if (*delivery.next_at > now) delivery.state = DeliveryState::held;
    return delivery;
}

}  // namespace baselined::daemon
