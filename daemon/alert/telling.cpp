#include "daemon/alert/telling.hpp"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>

#include "daemon/cli/json.hpp"
#include "daemon/cli/measure_json.hpp"
#include "daemon/notify/wording.hpp"

namespace baselined::daemon {

namespace {

using mappings::AlertAction;
using mappings::AlertDecision;
using mappings::AlertReason;
using mappings::Hold;

/// A silence is told of this long before it ends.
constexpr mappings::Millis warned_before = std::chrono::hours{24};
const std::string digest_fact = "alerts: newest digest";

std::string new_id() {
    std::array<unsigned char, 16> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
        throw StoreError(ErrorCode::unavailable, "the system gives no random numbers");
    return fmt::format("{:02x}", fmt::join(bytes, ""));
}

NoticeKind kind_of(const AlertDecision& decision) {
    switch (decision.reason) {
        case AlertReason::turned_weakening:
            return NoticeKind::weakening;
        case AlertReason::turned_off_track:
            return NoticeKind::off_track;
        case AlertReason::turned_unknown:
            return NoticeKind::unknown;
        case AlertReason::definition_changed:
            return NoticeKind::definition_changed;
        case AlertReason::relapsed:
            return NoticeKind::relapse;
        case AlertReason::cleared:
            return NoticeKind::resolved;
        default:
            return NoticeKind::reminder;
    }
}

/// One measure, and what was decided of it.
struct Told {
    const MeasureView* view = nullptr;
    NoticeKind kind = NoticeKind::weakening;
    std::string why;
};

/// All that one receiver is told in one evaluation.
struct Letter {
    Receiver receiver;
    std::vector<std::size_t> measures;  ///< indexes of the notices made
    std::vector<SourceNotice> sources;
    std::vector<std::string> remarks;
    std::vector<DeliverySubject> besides;  ///< what the remarks are of
};

class Telling {
  public:
    Telling(Portfolio& portfolio, Store& store, FigureBook& figures, const std::vector<MeasureView>& views,
            Instant now, const std::set<std::string>& untried_sources)
        : portfolio_(portfolio),
          configuration_(portfolio.configuration()),
          alerts_(*portfolio.configuration().alerts),
          store_(store),
          figures_(figures),
          views_(views),
          now_(now),
          untried_sources_(untried_sources),
          calendar_(configuration_.zone, mappings::PeriodLength::day),
          holds_(store.holds()) {}

    Tellings run() {
        for (const MeasureView& view : views_) look_at(view);
        look_at_sources();
        look_at_silences();
        look_at_digest();
        write_letters();
        return std::move(out_);
    }

  private:
    [[nodiscard]] std::string day(Instant at) const { return mappings::spoken_day(calendar_.day_of(at)); }
    [[nodiscard]] Instant end_of(const StoredHold& hold) const {
        return mappings::end_of_day(hold.until, configuration_.zone);
    }

    // Measures

    /// The newest hold of that kind on the measure: an ack replaces the one before, silences add up.
    const StoredHold* newest_hold(StoredHold::Kind kind, const mappings::MeasureDefinition& measure) const {
        const StoredHold* newest = nullptr;
        for (const StoredHold& hold : holds_) {
            if (hold.kind != kind || hold.lifted_at || !concerns(hold, measure)) continue;
            const bool is_later =
                newest == nullptr || kind == StoredHold::Kind::ack || hold.until > newest->until;
            if (is_later) newest = &hold;
        }
        return newest;
    }

    [[nodiscard]] RoutedMeasure routed(const MeasureView& view, bool is_relapse) const {
        return {view.plan->measure, name_of(view.assessment.potential), view.assessment.money_at_risk(),
                is_relapse};
    }

    void look_at(const MeasureView& view) {
        const auto& measure = *view.plan->measure;
        const auto known = store_.episode(measure.id);
        StoredEpisode stored = known.value_or(StoredEpisode{measure.id, {}, {}, {}});
        const StoredHold* ack = newest_hold(StoredHold::Kind::ack, measure);
        const StoredHold* silence = newest_hold(StoredHold::Kind::silence, measure);
        mappings::AlertInput input;
        input.before = stored.episode;
        input.standing = mappings::standing_of(view.assessment);
        input.was_known = input.standing != mappings::Standing::unknown || store_.was_known(measure.id);
        input.is_closed = measure.stage == mappings::Stage::closed;
        if (ack != nullptr) input.ack_ends = end_of(*ack);
        if (silence != nullptr) input.silence_ends = end_of(*silence);
        input.repeat = alerts_.repeat;
        input.now = now_;
        const AlertDecision decision = decide(input);
        auto receivers = receivers_of(alerts_, routed(view, input.is_closed && is_worse(input.standing)),
                                      RouteKind::at_once);
        if (decision.reason == AlertReason::cleared) add_told(stored, measure, receivers);
        StoredEpisode after{measure.id, decision.after, stored.told,
                            held_of(decision, stored, receivers, ack, silence)};
        if (decision.action != AlertAction::nothing && decision.action != AlertAction::hold) {
            if (decision.lifts_ack && ack != nullptr) lift(*ack);
            remark_if_nobody(view, decision, receivers);
            after.told = told_after(decision, stored, receivers);
            told_.push_back({&view, kind_of(decision), why_of(view, decision, stored, ack, silence)});
            for (const Receiver& receiver : receivers) letter(receiver).measures.push_back(told_.size() - 1);
        }
        if (!known || !is_same(*known, after)) out_.episodes.push_back(std::move(after));
    }

    static bool is_worse(mappings::Standing standing) {
        return standing == mappings::Standing::weakening || standing == mappings::Standing::off_track;
    }

    static bool is_same(const StoredEpisode& a, const StoredEpisode& b) {
        const auto held = [](const StoredEpisode& episode) {
            return episode.held ? std::tuple(episode.held->kind, episode.held->by, episode.held->until,
                                             episode.held->receivers)
                                : std::tuple(std::string(), Hold::nothing, std::optional<Instant>(),
                                             std::vector<std::string>());
        };
        return a.episode == b.episode && a.told == b.told && held(a) == held(b);
    }

    /// Who was told that it weakens is told that it does no longer.
    void add_told(const StoredEpisode& stored, const mappings::MeasureDefinition& measure,
                  std::vector<Receiver>& receivers) const {
        receivers.clear();
        for (const std::string& key : stored.told)
            if (auto receiver = receiver_of_key(alerts_, measure, key))
                add_once(receivers, std::move(*receiver));
    }

    static std::vector<std::string> told_after(const AlertDecision& decision, const StoredEpisode& stored,
                                               const std::vector<Receiver>& receivers) {
        if (decision.action == AlertAction::resolve) return {};
        std::vector<std::string> told = stored.told;
        for (const Receiver& receiver : receivers)
            if (std::find(told.begin(), told.end(), receiver.key) == told.end()) told.push_back(receiver.key);
        return told;
    }

    std::optional<HeldTelling> held_of(const AlertDecision& decision, const StoredEpisode& stored,
                                       const std::vector<Receiver>& receivers, const StoredHold* ack,
                                       const StoredHold* silence) const {
        if (decision.action != AlertAction::hold || decision.hold == Hold::source_silent) return std::nullopt;
        HeldTelling held;
        held.kind = name_of(kind_of(decision));
        held.by = decision.hold;
        held.since = stored.held ? stored.held->since : now_;
        held.until = end_of(decision.hold == Hold::silenced ? *silence : *ack);
        for (const Receiver& receiver : receivers) held.receivers.push_back(receiver.key);
        return held;
    }

    void lift(StoredHold hold) {
        hold.lifted_at = now_;
        out_.holds.push_back(std::move(hold));
    }

    void remark_if_nobody(const MeasureView& view, const AlertDecision& decision,
                          const std::vector<Receiver>& receivers) {
        if (!receivers.empty() || decision.action == AlertAction::resolve) return;
        const auto& measure = *view.plan->measure;
        remark_to_admin(fmt::format("{} ({}): {}, and nobody is told of it: no route leads to an address. "
                                    "`baselined check` says what is missing.",
                                    measure.id, measure.name, status_words(view)),
                        {measure.id, std::string(name_of(kind_of(decision)))});
    }

    static std::string status_words(const MeasureView& view) {
        return spoken(name_of(view.assessment.potential));
    }

    std::string why_of(const MeasureView& view, const AlertDecision& decision, const StoredEpisode& stored,
                       const StoredHold* ack, const StoredHold* silence) const {
        const std::string status = status_words(view);
        const auto& episode = stored.episode;
        const std::string since = episode.first_told ? day(*episode.first_told) : "";
        switch (decision.reason) {
            case AlertReason::turned_weakening:
                return "it turned weakening";
            case AlertReason::turned_off_track:
                return decision.action == AlertAction::escalate
                           ? fmt::format("it turned off track; first told on {}", since)
                           : "it turned off track";
            case AlertReason::turned_unknown:
                return view.assessment.reasons.empty() ? "nothing can be said of it any more"
                                                       : view.assessment.reasons.front().text;
            case AlertReason::definition_changed:
                return "its definition or mapping changed since the baseline was frozen: `baselined rebase` "
                       "accepts it";
            case AlertReason::relapsed:
                return fmt::format("{} again after its closure", status);
            case AlertReason::cleared:
                return fmt::format("it is on track again; first told on {}", since);
            case AlertReason::ack_ended:
                return fmt::format("{} since {}; the acknowledgement by {} ended on {}", status, since,
                                   ack->by, mappings::spoken_day(ack->until));
            case AlertReason::silence_ended:
                return fmt::format("{} since {}; the silence by {} ended on {}", status, since, silence->by,
                                   mappings::spoken_day(silence->until));
            default:
                return fmt::format("{} since {}; last told on {}", status, since, day(*episode.last_told));
        }
    }

    // Sources

    void look_at_sources() {
        for (const config::Source& source : configuration_.sources) {
            if (untried_sources_.count(source.name) != 0) continue;
            const auto known = store_.watched_source(source.name);
            WatchedSource watched = known.value_or(WatchedSource{source.name, now_, {}});
            const std::string silence = silence_of(source, watched);
            if (silence.empty() == !watched.told_silent_at) {
                if (!known) out_.sources.push_back(std::move(watched));
                continue;
            }
            SourceNotice notice{NoticeKind::source_silent, source.name, silence, hanging_on(source)};
            if (silence.empty()) {
                notice.kind = NoticeKind::source_back;
                notice.text =
                    fmt::format("It was told to be silent on {}; every stream is read to its end again.",
                                day(*watched.told_silent_at));
            }
            for (const Receiver& receiver : receivers_of_all(alerts_))
                letter(receiver).sources.push_back(notice);
            watched.told_silent_at = silence.empty() ? std::nullopt : std::optional(now_);
            out_.sources.push_back(std::move(watched));
        }
    }

    /// Which streams are silent, and what their source said last; empty: none is.
    std::string silence_of(const config::Source& source, const WatchedSource& watched) const {
        std::string text;
        for (const config::Stream& stream : source.streams) {
            const StoredStream stored = store_.stream(source.name, stream.name);
            const Instant last = stored.complete_at.value_or(watched.first_seen);
            if (last + source.stale_after >= now_) continue;
            text += fmt::format("{}{}: {}{}.", text.empty() ? "" : " ", stream.name,
                                stored.complete_at ? "last read to its end at " +
                                                         mappings::format_rfc3339(*stored.complete_at)
                                                   : "never read to its end",
                                stored.error.empty() ? "" : "; " + stored.error);
        }
        return text;
    }

    std::vector<std::string> hanging_on(const config::Source& source) const {
        std::vector<std::string> ids;
        for (const MeasureView& view : views_) {
            const auto feeding = portfolio_.feeding(view.plan->kinds);
            if (std::any_of(feeding.begin(), feeding.end(),
                            [&](const StreamPlan* stream) { return stream->source == &source; }))
                ids.push_back(view.plan->measure->id);
        }
        return ids;
    }

    // Silences that end soon

    void look_at_silences() {
        for (const StoredHold& hold : holds_) {
            const Instant end = end_of(hold);
            if (hold.kind != StoredHold::Kind::silence || hold.lifted_at || hold.warned_at) continue;
            if (end - warned_before > now_ || end <= now_) continue;
            StoredHold warned = hold;
            warned.warned_at = now_;
            out_.holds.push_back(warned);
            const std::string what = !hold.measure.empty() ? hold.measure
                                     : !hold.owner.empty() ? "measures of " + hold.owner
                                                           : "the programme " + hold.programme;
            const std::string text = fmt::format(
                "The silence of {} by {} ({}) ends with {}: what still weakens then is told again.", what,
                hold.by, hold.reason, mappings::spoken_day(hold.until));
            for (const Receiver& receiver : silencer_of(hold))
                remark(receiver, text, {hold.measure, std::string(name_of(NoticeKind::silence_ends))});
        }
    }

    /// Who silenced, where an address is known of that name; else the administrator.
    std::vector<Receiver> silencer_of(const StoredHold& hold) const {
        for (const MeasureView& view : views_)
            for (const mappings::Person* person :
                 {&view.plan->measure->owner, &view.plan->measure->sponsor, &view.plan->measure->controller})
                if (!person->email.empty() && (person->name == hold.by || person->email == hold.by))
                    return {{"mail:" + person->email, person->name, person->zone}};
        return admin();
    }

    [[nodiscard]] std::vector<Receiver> admin() const {
        if (!alerts_.smtp || alerts_.admin.empty()) return {};
        return {{"mail:" + alerts_.admin, "", nullptr}};
    }

    void remark(const Receiver& receiver, const std::string& text, DeliverySubject subject) {
        Letter& to = letter(receiver);
        to.remarks.push_back(text);
        to.besides.push_back(std::move(subject));
    }
    void remark_to_admin(const std::string& text, const DeliverySubject& subject) {
        for (const Receiver& receiver : admin()) remark(receiver, text, subject);
    }

    // Digest

    void look_at_digest() {
        if (std::none_of(alerts_.routes.begin(), alerts_.routes.end(),
                         [](const config::Route& route) { return route.is_digest; }))
            return;
        const Instant due = mappings::newest_of(alerts_.digest, now_, configuration_.zone);
        const std::string due_text = mappings::format_rfc3339(due);
        const auto newest = store_.fact(digest_fact);
        if (newest == due_text) return;
        out_.facts[digest_fact] = due_text;
        if (!newest) return;  // the first one comes a week after digests were asked for, at the latest
        for (const MeasureView& view : views_) {
            if (view.assessment.potential == mappings::PotentialStatus::on_track) continue;
            const StoredHold* silence = newest_hold(StoredHold::Kind::silence, *view.plan->measure);
            if (silence != nullptr && end_of(*silence) > now_) continue;
            const auto receivers = receivers_of(alerts_, routed(view, false), RouteKind::digest);
            if (receivers.empty()) continue;
            told_.push_back({&view, NoticeKind::digest, "as it stands this week"});
            for (const Receiver& receiver : receivers) add_to_digest(letter(receiver), view);
        }
    }

    /// What is told in the same letter anyway is not told twice.
    void add_to_digest(Letter& letter, const MeasureView& view) {
        const bool is_told = std::any_of(letter.measures.begin(), letter.measures.end(),
                                         [&](std::size_t told) { return told_[told].view == &view; });
        if (!is_told) letter.measures.push_back(told_.size() - 1);
    }

    // Letters

    Letter& letter(const Receiver& receiver) {
        for (Letter& known : letters_)
            if (known.receiver.key == receiver.key) return known;
        letters_.push_back({receiver, {}, {}, {}, {}});
        return letters_.back();
    }

    /// Mails are grouped, webhooks speak of one thing each.
    void write_letters() {
        const auto notices = measure_notices();
        for (const Letter& letter : letters_) {
            Notice whole;
            whole.created_at = now_;
            for (const std::size_t index : letter.measures) whole.measures.push_back(notices[index]);
            whole.sources = letter.sources;
            whole.remarks = letter.remarks;
            if (letter.receiver.is_mail()) {
                send(std::move(whole), letter);
                continue;
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
    }

    void send(Notice notice, const Letter& letter) {
        StoredDelivery delivery = delivery_of(std::move(notice), letter.receiver, configuration_, now_);
        delivery.subjects.insert(delivery.subjects.end(), letter.besides.begin(), letter.besides.end());
        refuse_disabled(delivery);
        out_.deliveries.push_back(std::move(delivery));
    }

    /// A webhook that answered 410 gets nothing more; what it would have got is not forgotten.
    void refuse_disabled(StoredDelivery& delivery) const {
        const StoredReceiver receiver = store_.receiver(delivery.receiver);
        if (receiver.disabled_url.empty()) return;
        for (const config::Webhook& webhook : alerts_.webhooks)
            if ("webhook:" + webhook.name == delivery.receiver && webhook.url == receiver.disabled_url) {
                delivery.state = DeliveryState::dead;
                delivery.next_at.reset();
                delivery.last_error = "the webhook is disabled: " + receiver.words;
            }
    }

    std::vector<MeasureNotice> measure_notices() {
        std::vector<const MeasureView*> views;
        for (const Told& told : told_) views.push_back(told.view);
        const auto tickets = newest_tickets(figures_, views, tickets_told);
        std::vector<MeasureNotice> notices;
        for (std::size_t i = 0; i < told_.size(); ++i)
            notices.push_back(notice_of(*told_[i].view, told_[i].kind, told_[i].why, tickets[i]));
        return notices;
    }

    Portfolio& portfolio_;
    const config::Configuration& configuration_;
    const config::Alerts& alerts_;
    Store& store_;
    FigureBook& figures_;
    const std::vector<MeasureView>& views_;
    Instant now_;
    const std::set<std::string>& untried_sources_;
    mappings::Calendar calendar_;
    std::vector<StoredHold> holds_;
    std::vector<Told> told_;
    std::vector<Letter> letters_;
    Tellings out_;
};

}  // namespace

Tellings plan_tellings(Portfolio& portfolio, Store& store, FigureBook& figures,
                       const std::vector<MeasureView>& views, Instant now,
                       const std::set<std::string>& untried_sources) {
    if (!portfolio.configuration().alerts) return {};
    return Telling(portfolio, store, figures, views, now, untried_sources).run();
}

void remember_tellings(const Tellings& tellings, Store& store) {
    for (const StoredEpisode& episode : tellings.episodes) store.save_episode(episode);
    for (const StoredHold& hold : tellings.holds) store.save_hold(hold);
    for (const WatchedSource& source : tellings.sources) store.save_watched_source(source);
    for (const StoredDelivery& delivery : tellings.deliveries) store.add_delivery(delivery);
    for (const auto& [name, value] : tellings.facts) store.set_fact(name, value);
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
    notice.p_deliver = assessment.p_deliver;
    notice.money_at_risk = assessment.money_at_risk();
    if (assessment.saving) notice.currency = assessment.saving->currency;
    notice.reasons = assessment.reasons;
    for (const CountedRecord& record : tickets.newest)
        notice.tickets.push_back({record.number, record.url, record.title});
    Json json;
    write_measure(json, view);
    notice.measure_json = json.str();
    notice.chart = chart_of(view);
    return notice;
}

StoredDelivery delivery_of(Notice notice, const Receiver& receiver,
                           const config::Configuration& configuration, Instant now) {
    notice.id = new_id();
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

bool concerns(const StoredHold& hold, const mappings::MeasureDefinition& measure) {
    const bool is_owner =
        hold.owner.empty() || hold.owner == measure.owner.name || hold.owner == measure.owner.email;
    return is_owner && (hold.measure.empty() || hold.measure == measure.id) &&
           (hold.programme.empty() || hold.programme == measure.programme);
}

}  // namespace baselined::daemon
