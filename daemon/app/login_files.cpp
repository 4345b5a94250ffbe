#include "daemon/app/login_files.hpp"

#include <unistd.h>

#include <filesystem>

#include "connectors/http/private_key.hpp"

namespace baselined::daemon {

namespace {

Result<void> look_at(const config::LoginFile& file) {
    switch (file.use) {
        case config::PemUse::client_key:
            return connectors::check_key_of(file.certificate, file.path);
        case config::PemUse::signing_key:
            if (const auto key = connectors::read_signing_key(file.path); !key) return key.error();
            return {};
        default:
            return connectors::check_certificate(file.path);
    }
}

}  // namespace

Problems faults_of(const std::vector<config::LoginFile>& files) {
    Problems faults;
    for (const config::LoginFile& file : files) {
        std::error_code error;
        if (!std::filesystem::is_regular_file(file.path, error) || ::access(file.path.c_str(), R_OK) != 0)
            continue;
        if (const auto fits = look_at(file); !fits) faults.push_back({file.mark, fits.error().text});
    }
    return faults;
}

}  // namespace baselined::daemon
