// A tally: what the store keeps of one indicator, in one scope, over one period. It can grow and shrink.
#pragma once

#include <cstdint>
#include <vector>

namespace baselined::mappings {

/// A sum that can be added to and taken from in any order without drift: a fixed-point number with 64 bits
/// after the point. Doubles from 2^-11 up to 2^62 are held exactly.
class ExactSum {
  public:
    ExactSum() = default;
    explicit ExactSum(std::int64_t whole) : bits_(static_cast<Bits>(whole) << 64) {}
    static ExactSum of(double value);

    ExactSum& operator+=(const ExactSum& other);
    ExactSum& operator-=(const ExactSum& other);
    [[nodiscard]] double value() const;
    [[nodiscard]] ExactSum times(std::int64_t factor) const;
    friend bool operator==(const ExactSum&, const ExactSum&) = default;

    [[nodiscard]] std::int64_t high() const { return static_cast<std::int64_t>(bits_ >> 64); }
    [[nodiscard]] std::uint64_t low() const { return static_cast<std::uint64_t>(bits_); }
    static ExactSum from_parts(std::int64_t high, std::uint64_t low);

  private:
    __extension__ typedef __int128 Bits;
    Bits bits_ = 0;
};

/// Values beyond this size are no measurement of anything; ExactSum could not hold their sum.
inline constexpr double largest_value = 4.0e15;

/// A span of an outage, in milliseconds since 1970; `to` is open_end while it lasts.
struct TallySpan {
    std::int64_t from = 0;
    std::int64_t to = 0;
    friend auto operator<=>(const TallySpan&, const TallySpan&) = default;
};
inline constexpr std::int64_t open_end = INT64_MAX;

/// What its fields mean depends on the indicator's form: see contribute() in series.hpp.
struct Tally {
    std::int64_t count = 0;
    ExactSum sum;
    std::uint64_t digest = 0;      ///< sum of the contributions' hashes: changes when a record behind it does
    std::vector<double> values;    ///< sorted; median and percentile only
    std::vector<TallySpan> spans;  ///< sorted; uptime only

    [[nodiscard]] bool is_empty() const {
        return count == 0 && sum == ExactSum{} && digest == 0 && values.empty() && spans.empty();
    }
    friend bool operator==(const Tally&, const Tally&) = default;
};

/// A change of a tally: `plus` and `minus` lists are applied to values and spans, the numbers are added.
struct TallyDelta {
    std::int64_t count = 0;
    ExactSum sum;
    std::uint64_t digest = 0;
    std::vector<double> values_added, values_removed;
    std::vector<TallySpan> spans_added, spans_removed;
};

/// False when the delta removes what the tally does not hold: the store is corrupt.
[[nodiscard]] bool apply(const TallyDelta& delta, Tally& tally);

/// Type 7 (linear between ranks) of a sorted, non-empty list; p in 0..100.
double percentile_of(const std::vector<double>& sorted, double p);

}  // namespace baselined::mappings
