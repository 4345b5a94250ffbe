// What keeps a source as a whole from being read: an outage, or a login that was refused. Pure decisions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace baselined::connectors {

/// Requests that failed and are to be sent again, one after the other up to the last.
class Outage {
  public:
    /// True when it is to be told now: one or two alone are nothing to speak of, the next may be answered.
    bool note_failure(const std::string& why);
    void note_answer() { *this = {}; }
    /// Why the source was not reached when it was told; empty: it is reached, or nobody was told yet.
    [[nodiscard]] const std::string& reason() const { return reason_; }

  private:
    static constexpr int failures_to_tell = 3;
    int failures_ = 0;
    std::string reason_;
};

/// Places of a source (paths) that go on failing while others answer: that is the trouble of who asks there,
/// and says nothing of the source. Milliseconds of a clock that nobody sets.
class LonePlaces {
  public:
    /// True where another place answered what was asked of it since this one began to fail.
    bool note_failure(const std::string& place, std::int64_t now_ms);
    /// Of a request that was sent at `sent_ms`: what was on its way when another place began to fail says
    /// nothing of what came after.
    void note_answer(const std::string& place, std::int64_t sent_ms);

  private:
    struct Failing {
        std::int64_t since_ms = 0;
        bool is_alone = false;
    };
    std::map<std::string, Failing> failing_;
};

/// A login that was refused. It is not tried again, since each try may bring a lock nearer; but one that had
/// been accepted since the last refusal is tried once more, an hour later: servers refuse good ones, too,
/// while their directory is down. Two wrong ones in a row lock nothing (Jira shows its CAPTCHA after three).
/// Milliseconds of a clock that nobody sets.
class Refusal {
  public:
    enum class Kind { may_pass, lasts };
    void note_accepted(std::int64_t now_ms);
    void note_refused(std::string why, Kind kind, std::int64_t now_ms);
    void forget();
    /// Whether the login must not be tried now.
    [[nodiscard]] bool holds(std::int64_t now_ms) const;
    [[nodiscard]] const std::string& reason() const { return reason_; }
    /// When it is tried once more; nullopt: not before it is forgotten.
    [[nodiscard]] std::optional<std::int64_t> next_try_ms() const { return next_try_ms_; }

  private:
    static constexpr std::int64_t tried_again_after_ms = 3'600'000;
    bool was_good_ = false;  ///< since the last refusal
    std::string reason_;     ///< empty: it is not refused
    std::optional<std::int64_t> next_try_ms_;
};

}  // namespace baselined::connectors
