#include "connectors/http/address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

#include "tests/support/catch.hpp"

using namespace baselined::connectors;

namespace {

sockaddr_storage parsed(const char* text) {
    sockaddr_storage storage{};
    auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
    if (::inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        storage.ss_family = AF_INET;
    } else {
        REQUIRE(::inet_pton(AF_INET6, text, &v6->sin6_addr) == 1);
        storage.ss_family = AF_INET6;
    }
    return storage;
}

bool is_refused(const char* text) {
    const auto storage = parsed(text);
    return is_private(reinterpret_cast<const sockaddr&>(storage));
}

}  // namespace

TEST_CASE("addresses that only this network knows are told apart") {
    for (const char* text : {"0.0.0.0",
                             "10.0.0.1",
                             "10.255.255.255",
                             "100.64.0.1",
                             "100.127.255.255",
                             "169.254.169.254",
                             "172.16.0.1",
                             "172.31.255.255",
                             "192.0.0.192",
                             "192.168.1.1",
                             "198.18.0.1",
                             "224.0.0.1",
                             "255.255.255.255",
                             "::",
                             "::10.0.0.1",
                             "::ffff:10.0.0.1",
                             "::ffff:169.254.169.254",
                             "64:ff9b::10.0.0.1",
                             "64:ff9b::127.0.0.1",
                             "2002:a00:1::",
                             "fc00::1",
                             "fd00:ec2::254",
                             "fe80::1",
                             "fec0::1",
                             "ff02::1"}) {
        INFO(text);
        CHECK(is_refused(text));
    }
    for (const char* text : {"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
                             "169.253.0.1", "172.15.255.255", "172.32.0.0", "192.169.0.1", "223.255.255.255",
                             "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1",
                             "2002:101:101::", "127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"}) {
        INFO(text);
        CHECK_FALSE(is_refused(text));
    }
}

TEST_CASE("an address is written as its number") {
    for (const char* text : {"10.0.0.1", "fd00:ec2::254"}) {
        const auto storage = parsed(text);
        CHECK(number_of(reinterpret_cast<const sockaddr&>(storage)) == text);
    }
}
