// Whether an address on the network is one that only this network knows.
#pragma once

#include <sys/socket.h>

#include <string>

namespace baselined::connectors {

/// True for what no stranger's name should lead to: private (RFC 1918), carrier-grade (RFC 6598), link-local
/// with the clouds' metadata services (RFC 3927), unique local (RFC 4193), multicast, reserved and
/// unspecified addresses, and IPv6 forms that wrap such an IPv4 address. Loopback is not among them.
bool is_private(const sockaddr& address);
/// The number as people write it, without the port.
std::string number_of(const sockaddr& address);

}  // namespace baselined::connectors
