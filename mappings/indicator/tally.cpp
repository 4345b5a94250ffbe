#include "mappings/indicator/tally.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace baselined::mappings {

namespace {

template <class T>
bool exchange(std::vector<T>& held, std::vector<T> added, std::vector<T> removed) {
    if (added.empty() && removed.empty()) return true;
    std::sort(added.begin(), added.end());
    std::sort(removed.begin(), removed.end());
    std::vector<T> grown, rest;
    grown.reserve(held.size() + added.size());
    std::merge(held.begin(), held.end(), added.begin(), added.end(), std::back_inserter(grown));
    if (removed.empty()) {
        held = std::move(grown);
        return true;
    }
    if (!std::includes(grown.begin(), grown.end(), removed.begin(), removed.end())) return false;
    std::set_difference(grown.begin(), grown.end(), removed.begin(), removed.end(), std::back_inserter(rest));
    held = std::move(rest);
    return true;
}

}  // namespace

ExactSum ExactSum::of(double value) {
    const double whole = std::floor(value);
    ExactSum result;
    const auto fraction = static_cast<std::uint64_t>(std::ldexp(value - whole, 64));
    result.bits_ = (static_cast<Bits>(static_cast<std::int64_t>(whole)) << 64) + static_cast<Bits>(fraction);
    return result;
}

ExactSum& ExactSum::operator+=(const ExactSum& other) {
    bits_ += other.bits_;
    return *this;
}

ExactSum& ExactSum::operator-=(const ExactSum& other) {
    bits_ -= other.bits_;
    return *this;
}

double ExactSum::value() const {
    return static_cast<double>(high()) + std::ldexp(static_cast<double>(low()), -64);
}

ExactSum ExactSum::times(std::int64_t factor) const {
    ExactSum result;
    result.bits_ = bits_ * factor;
    return result;
}

ExactSum ExactSum::from_parts(std::int64_t high, std::uint64_t low) {
    ExactSum result;
    result.bits_ = (static_cast<Bits>(high) << 64) + static_cast<Bits>(low);
    return result;
}

bool apply(const TallyDelta& delta, Tally& tally) {
    tally.count += delta.count;
    tally.sum += delta.sum;
    tally.digest += delta.digest;
    return exchange(tally.values, delta.values_added, delta.values_removed) &&
           exchange(tally.spans, delta.spans_added, delta.spans_removed);
}

double percentile_of(const std::vector<double>& sorted, double p) {
    const double rank = p / 100 * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(rank);
    if (below + 1 >= sorted.size()) return sorted.back();
    return sorted[below] + (rank - static_cast<double>(below)) * (sorted[below + 1] - sorted[below]);
}

}  // namespace baselined::mappings
