#include "daemon/alert/telling.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/alert/holding.hpp"
#include "daemon/alert/letters.hpp"
#include "daemon/alert/source_silence.hpp"
#include "daemon/alert/why_told.hpp"
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

class Telling {
  public:
    Telling(Portfolio& portfolio, Store& store, FigureBook& figures, const std::vector<MeasureView>& views,
            Instant now, const std::set<std::string>& untried_sources)
        : portfolio_(portfolio),
          configuration_(portfolio.configuration()),
          alerts_(*portfolio.configuration().alerts),
          store_(store),
          views_(views),
          now_(now),
          untried_sources_(untried_sources),
          calendar_(configuration_.zone, mappings::PeriodLength::day),
          holds_(store.holds()),
          letters_(configuration_, store, figures, now) {}

    Tellings run() {
        for (const MeasureView& view : views_) look_at(view);
        look_at_sources();
        look_at_silences();
        look_at_digest();
        out_.deliveries = letters_.write();
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
        if (decision.reason == AlertReason::cleared) receivers.clear();
        if (ends_what_was_told(decision.reason)) add_told(stored, measure, receivers);
        StoredEpisode after{measure.id, decision.after, stored.told,
                            held_of(decision, stored, receivers, ack, silence)};
        if (decision.action != AlertAction::nothing && decision.action != AlertAction::hold) {
            if (decision.lifts_ack && ack != nullptr) lift(*ack);
            remark_if_nobody(view, decision, receivers);
            after.told = told_after(decision, stored, receivers);
            letters_.tell_of(view, kind_of(decision),
                             why_told({view, decision, stored.episode, ack, silence, calendar_}),
                             stored.episode.standing, receivers);
        }
        if (!known || !is_same(*known, after)) out_.episodes.push_back(std::move(after));
    }

    /// Whoever was told of the episode takes it for what it was then, whatever the routes say of what it is
    /// now.
    static bool ends_what_was_told(AlertReason reason) {
        return reason == AlertReason::cleared || reason == AlertReason::turned_unknown ||
               reason == AlertReason::definition_changed;
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
        remark_to_admin("Nobody is told of " + measure.id,
                        fmt::format("{}{}: {}, and nobody is told of it: no route leads to an address. "
                                    "`baselined check` says what is missing.",
                                    measure.id, measure.name == measure.id ? "" : " (" + measure.name + ")",
                                    spoken(name_of(view.assessment.potential))),
                        {measure.id, std::string(name_of(kind_of(decision)))});
    }

    // Sources

    void look_at_sources() {
        for (const config::Source& source : configuration_.sources) {
            if (untried_sources_.count(source.name) != 0) continue;
            const auto known = store_.watched_source(source.name);
            WatchedSource watched = known.value_or(WatchedSource{source.name, now_, {}});
            const std::string silence = silence_of(source, watched, store_, now_);
            if (silence.empty() == !watched.told_silent_at) {
                if (!known) out_.sources.push_back(std::move(watched));
                continue;
            }
            SourceNotice notice{NoticeKind::source_silent, source.name, silence,
                                measures_of(source, portfolio_, views_)};
            if (silence.empty()) {
                notice.kind = NoticeKind::source_back;
                notice.text =
                    fmt::format("It was told to be silent on {}; every stream is read to its end again.",
                                day(*watched.told_silent_at));
            }
            for (const Receiver& receiver : receivers_of_all(alerts_)) letters_.tell_of(notice, receiver);
            watched.told_silent_at = silence.empty() ? std::nullopt : std::optional(now_);
            out_.sources.push_back(std::move(watched));
        }
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
                letters_.remark(receiver, "Silence ends soon: " + what, text,
                                {hold.measure, std::string(name_of(NoticeKind::silence_ends))});
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

    void remark_to_admin(const std::string& title, const std::string& text, const DeliverySubject& subject) {
        for (const Receiver& receiver : admin()) letters_.remark(receiver, title, text, subject);
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
            letters_.tell_of(view, NoticeKind::digest, "as it stands this week",
                             mappings::standing_of(view.assessment.potential), receivers);
        }
    }

    Portfolio& portfolio_;
    const config::Configuration& configuration_;
    const config::Alerts& alerts_;
    Store& store_;
    const std::vector<MeasureView>& views_;
    Instant now_;
    const std::set<std::string>& untried_sources_;
    mappings::Calendar calendar_;
    std::vector<StoredHold> holds_;
    Letters letters_;
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

}  // namespace baselined::daemon
