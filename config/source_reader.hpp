// The sections `sources` and `alerts`, and what both have: URLs, logins, certificates.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "config/addresses.hpp"
#include "config/alerts.hpp"
#include "config/source.hpp"
#include "config/yaml/reader.hpp"

namespace baselined::config {

/// What reading a section needs from the whole: paths made absolute, mappings found.
struct Surroundings {
    std::function<std::string(const std::string&)> resolved;
    /// The same for a certificate or key; one that is not there is told. A client's key comes with the path
    /// of its certificate.
    std::function<std::string(const Scalar&, PemUse, const std::string& certificate)> login_file;
    /// The mapping's index; nullopt when it cannot be found, which is told then.
    std::function<std::optional<std::size_t>(const Scalar&)> mapping;
    std::chrono::milliseconds give_up;  ///< of sources that do not say their own
};

Source read_source(const YamlNode& name, const YamlNode& node, const Surroundings& surroundings,
                   Problems& problems);
/// One way to log in; `allow_http` is the source's.
Auth read_auth(const YamlNode& node, bool allow_http, const Surroundings& surroundings, Problems& problems);
Alerts read_alerts(const YamlNode& node, const Surroundings& surroundings, Problems& problems);

/// A time zone's name under `key`; what is wrong with it is told, and UTC taken.
const date::time_zone* read_zone(MapReader& reader, const std::string& key);

/// Names stand in headers of mails and in single lines: a line break is refused.
void require_one_line(const Scalar& name, Problems& problems);

}  // namespace baselined::config
