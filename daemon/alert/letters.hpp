// What one evaluation has to tell, gathered by who is told it, and the deliveries that carry it.
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "daemon/alert/routing.hpp"
#include "daemon/app/evaluation.hpp"
#include "daemon/notify/notice.hpp"
#include "daemon/report/measure_picture.hpp"
#include "daemon/store/store.hpp"

namespace baselined::daemon {

/// Of one evaluation. What it is given outlives it, the views included.
class Letters {
  public:
    Letters(const config::Configuration& configuration, Store& store, FigureBook& figures, Instant now)
        : configuration_(configuration), store_(store), figures_(figures), now_(now) {}

    /// What is told in the same letter anyway is not told twice.
    /// `was`: the standing that the receivers know the measure by.
    void tell_of(const MeasureView& view, NoticeKind kind, std::string why, mappings::Standing was,
                 const std::vector<Receiver>& receivers);
    void tell_of(const SourceNotice& source, const Receiver& receiver);
    void remark(const Receiver& receiver, const std::string& title, const std::string& text,
                DeliverySubject subject);
    /// Mails are grouped, webhooks speak of one thing each.
    std::vector<StoredDelivery> write();

  private:
    /// One measure, and what was decided of it.
    struct Told {
        const MeasureView* view = nullptr;
        NoticeKind kind = NoticeKind::weakening;
        std::string why;
        mappings::Standing was = mappings::Standing::clear;
    };

    /// All that one receiver is told in one evaluation.
    struct Letter {
        Receiver receiver;
        std::vector<std::size_t> measures;  ///< indexes of the notices made
        std::vector<SourceNotice> sources;
        std::string title;  ///< of the first remark
        std::vector<std::string> remarks;
        std::vector<DeliverySubject> besides;  ///< what the remarks are of
    };

    Letter& letter(const Receiver& receiver);
    std::vector<MeasureNotice> measure_notices();
    void write(const Letter& letter, const std::vector<MeasureNotice>& notices);
    void send(Notice notice, const Letter& letter);
    void refuse_disabled(StoredDelivery& delivery) const;

    const config::Configuration& configuration_;
    Store& store_;
    FigureBook& figures_;
    Instant now_;
    std::vector<Told> told_;
    std::vector<Letter> letters_;
    std::vector<StoredDelivery> deliveries_;
};

/// So many tickets a notice keeps of a measure.
inline constexpr std::size_t tickets_told = 20;
/// The measure as a notice shows it.
MeasureNotice notice_of(const MeasureView& view, NoticeKind kind, std::string why,
                        const NewestTickets& tickets);
/// Nobody else has the same.
std::string new_notice_id();
/// A delivery of that notice, due at once or when the receiver's quiet hours end. Gives the notice its id.
/// Its subjects are the notice's measures and sources in their order; those of its remarks come behind them.
StoredDelivery delivery_of(Notice notice, const Receiver& receiver,
                           const config::Configuration& configuration, Instant now);

}  // namespace baselined::daemon
