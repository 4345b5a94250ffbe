#include "connectors/http/private_key.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <cerrno>

#include "connectors/open_failure.hpp"

namespace baselined::connectors {

namespace {

struct CloseFile {
    void operator()(BIO* file) const { BIO_free_all(file); }
};

int note_that_one_is_asked_for(char* /*pass_phrase*/, int /*size*/, int /*rwflag*/, void* is_asked) {
    *static_cast<bool*>(is_asked) = true;
    return -1;
}

Error of(const std::string& path, std::string_view words) {
    return {ErrorCode::bad_input, fmt::format("{}: {}", path, words)};
}

}  // namespace

Result<PrivateKey> read_private_key(const std::string& path) {
    const std::unique_ptr<BIO, CloseFile> file(BIO_new_file(path.c_str(), "r"));
    const int open_error = errno;
    bool is_encrypted = false;
    PrivateKey key(
        file ? PEM_read_bio_PrivateKey(file.get(), nullptr, note_that_one_is_asked_for, &is_encrypted)
             : nullptr);
    ERR_clear_error();  // libcurl would take what is left for its own
    if (!file) return of(path, "the key cannot be opened: " + why_not_opened(open_error));
    if (is_encrypted)
        return of(path, "the key is encrypted: decrypt it into a file that only the service reads");
    if (!key) return of(path, "no private key (PEM) can be read from it");
    return key;
}

}  // namespace baselined::connectors
