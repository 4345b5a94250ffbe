// A memory of keys that may say "perhaps" of one it has not seen, never "no" of one it has.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

namespace baselined::daemon {

/// A Bloom filter over digests of 16 bytes: a first reading need not ask the database for what cannot be
/// there.
class KeyFilter {
  public:
    using Key = std::array<unsigned char, 16>;

    KeyFilter() : bits_(bit_count / 64) {}

    void add(const Key& key) {
        std::uint64_t* line = &bits_[first_word(key)];
        for (std::uint64_t probes = probes_of(key), left = probe_count; left > 0; --left, probes >>= 9)
            line[probes % 512 / 64] |= 1ULL << (probes % 64);
        ++count_;
    }

    [[nodiscard]] bool may_have(const Key& key) const {
        const std::uint64_t* line = &bits_[first_word(key)];
        for (std::uint64_t probes = probes_of(key), left = probe_count; left > 0; --left, probes >>= 9)
            if ((line[probes % 512 / 64] >> (probes % 64) & 1) == 0) return false;
        return true;
    }

    /// Of a key that will be asked for soon: its line comes from memory meanwhile.
    void foresee(const Key& key) const { __builtin_prefetch(&bits_[first_word(key)]); }

    /// So many keys are in it that it knows little any more.
    [[nodiscard]] bool is_full() const { return count_ > bit_count / 12; }

  private:
    /// All probes of a key lie within one line of the processor's cache.
    static std::size_t first_word(const Key& key) {
        std::uint64_t half = 0;
        std::memcpy(&half, key.data(), sizeof half);
        return static_cast<std::size_t>(half % (bit_count / 512)) * 8;
    }
    static std::uint64_t probes_of(const Key& key) {
        std::uint64_t half = 0;
        std::memcpy(&half, key.data() + sizeof half, sizeof half);
        return half;
    }

    static constexpr std::uint64_t bit_count = 1ULL << 26;  // 8 MiB, for five million keys
    static constexpr std::uint64_t probe_count = 5;
    std::vector<std::uint64_t> bits_;
    std::uint64_t count_ = 0;
};

}  // namespace baselined::daemon
