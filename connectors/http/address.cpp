#include "connectors/http/address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace baselined::connectors {

namespace {

struct Block {
    std::uint32_t first;
    int bits;
};

/// IANA's special-purpose registry, without 127.0.0.0/8.
constexpr std::array private_blocks{
    Block{0x00000000, 8},   // 0.0.0.0/8: this network
    Block{0x0A000000, 8},   // 10.0.0.0/8
    Block{0x64400000, 10},  // 100.64.0.0/10: carrier-grade
    Block{0xA9FE0000, 16},  // 169.254.0.0/16: link-local, metadata services
    Block{0xAC100000, 12},  // 172.16.0.0/12
    Block{0xC0000000, 24},  // 192.0.0.0/24: protocol assignments
    Block{0xC0A80000, 16},  // 192.168.0.0/16
    Block{0xC6120000, 15},  // 198.18.0.0/15: benchmarks
    Block{0xE0000000, 4},   // 224.0.0.0/4: multicast
    Block{0xF0000000, 4},   // 240.0.0.0/4: reserved, broadcast
};

bool is_private_v4(std::uint32_t number) {
    return std::any_of(private_blocks.begin(), private_blocks.end(), [&](const Block& block) {
        return number >> (32 - block.bits) == block.first >> (32 - block.bits);
    });
}

using Bytes = std::array<std::uint8_t, 16>;

std::uint32_t v4_at(const Bytes& bytes, std::size_t at) {
    return static_cast<std::uint32_t>(bytes[at]) << 24 | static_cast<std::uint32_t>(bytes[at + 1]) << 16 |
           static_cast<std::uint32_t>(bytes[at + 2]) << 8 | bytes[at + 3];
}

bool begins_with(const Bytes& bytes, std::initializer_list<int> prefix) {
    return std::equal(prefix.begin(), prefix.end(), bytes.begin(),
                      [](int wanted, std::uint8_t byte) { return wanted == byte; });
}

bool is_private_v6(const Bytes& bytes) {
    const bool is_zero_to_12 =
        std::all_of(bytes.begin(), bytes.begin() + 12, [](auto byte) { return byte == 0; });
    if (is_zero_to_12 && v4_at(bytes, 12) == 1) return false;  // ::1
    if (is_zero_to_12) return true;                            // ::, and the old form of wrapping IPv4
    if (begins_with(bytes, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}))
        return is_private_v4(v4_at(bytes, 12));
    // NAT64 (RFC 6052) and 6to4 (RFC 3056): what matters is the IPv4 address at the other end. A translator
    // may lead to its own loopback, too.
    const bool is_nat64 = begins_with(bytes, {0x00, 0x64, 0xFF, 0x9B});
    if (is_nat64 || begins_with(bytes, {0x20, 0x02})) {
        const std::uint32_t inner = v4_at(bytes, is_nat64 ? 12 : 2);
        return is_private_v4(inner) || inner >> 24 == 127;
    }
    return (bytes[0] & 0xFE) == 0xFC ||                        // fc00::/7: unique local
           (bytes[0] == 0xFE && (bytes[1] & 0x80) == 0x80) ||  // fe80::/10 and fec0::/10: link and site
           bytes[0] == 0xFF;                                   // multicast
}

}  // namespace

bool is_private(const sockaddr& address) {
    if (address.sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &address, sizeof v4);
        return is_private_v4(ntohl(v4.sin_addr.s_addr));
    }
    if (address.sa_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, &address, sizeof v6);
        Bytes bytes{};
        std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
        return is_private_v6(bytes);
    }
    return true;  // no address of the internet
}

std::string number_of(const sockaddr& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    sockaddr_in6 copy{};
    const std::size_t size = address.sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof copy;
    std::memcpy(&copy, &address, size);
    const void* number =
        address.sa_family == AF_INET
            ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(&copy)->sin_addr)
            : &copy.sin6_addr;
    return ::inet_ntop(address.sa_family, number, text.data(), text.size()) != nullptr ? text.data() : "?";
}

}  // namespace baselined::connectors
