#include "connectors/secrets.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "connectors/http/request.hpp"
#include "mappings/record/utf8.hpp"

namespace baselined::connectors {

namespace {

constexpr std::size_t least_secret_bytes = 4;
constexpr std::size_t least_part_bytes = 8;  ///< of an address; and of the beginning of a secret
constexpr std::size_t long_secret_bytes = 2 * least_part_bytes;
constexpr std::string_view hidden = "(hidden)";

/// `{"` in base64, as every JSON Web Token begins; what is shorter than a header is none.
constexpr std::string_view token_begin = "eyJ";
constexpr std::size_t least_token_bytes = 20;
constexpr std::string_view token_letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";

std::string without_tokens(std::string words) {
    for (std::size_t at = words.find(token_begin); at != std::string::npos;
         at = words.find(token_begin, at + 1)) {
        const std::size_t end = std::min(words.find_first_not_of(token_letters, at), words.size());
        if (end - at >= least_token_bytes) words.replace(at, end - at, hidden);
    }
    return words;
}

std::string without_whole(std::string words, std::string_view form) {
    for (std::size_t at = words.find(form); at != std::string::npos;
         at = words.find(form, at + hidden.size()))
        words.replace(at, form.size(), hidden);
    return words;
}

/// How much of a long form the words begin with; 0: too little to be it.
std::size_t begun_bytes(std::string_view words, std::string_view form) {
    if (form.size() < long_secret_bytes) return 0;
    const auto end = std::mismatch(words.begin(), words.end(), form.begin(), form.end()).first;
    const auto same = static_cast<std::size_t>(end - words.begin());
    return same >= least_part_bytes ? same : 0;
}

/// Several forms may begin alike: what is hidden is the longest of them that stands there.
std::string without_begun(const std::string& words, const std::vector<std::string>& forms) {
    std::array<bool, 256> begins{};
    for (const std::string& form : forms) begins[static_cast<unsigned char>(form.front())] = true;
    std::string told;
    for (std::size_t at = 0; at < words.size();) {
        std::size_t longest = 0;
        if (begins[static_cast<unsigned char>(words[at])])
            for (const std::string& form : forms)
                longest = std::max(longest, begun_bytes(std::string_view(words).substr(at), form));
        if (longest > 0)
            told += hidden;
        else
            told += words[at];
        at += std::max<std::size_t>(longest, 1);
    }
    return told;
}

/// Where the path of a URL begins, or what stands in its place.
std::size_t path_of(std::string_view url) {
    const std::size_t scheme = url.find("://");
    return std::min(url.find_first_of("/?#", scheme == std::string_view::npos ? 0 : scheme + 3), url.size());
}

}  // namespace

std::string base64(std::string_view bytes) {
    std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
    const int size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                        reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(size));
    return text;
}

void Secrets::add_form(std::string form) {
    const auto is_before = [&](const std::string& known) { return known.size() < form.size(); };
    forms_.insert(std::find_if(forms_.begin(), forms_.end(), is_before), std::move(form));
}

void Secrets::add(std::string_view secret) {
    if (secret.size() < least_secret_bytes) return;
    add_form(std::string(secret));
    if (std::string sent = encoded(secret); sent != secret) add_form(std::move(sent));
    add_form(base64(secret));
}

void Secrets::add_login(std::string_view user, std::string_view password) {
    add(password);
    if (password.empty()) return;
    const std::string name(user), word(password);
    add_form(base64(name + ":" + word));
    add_form(base64('\0' + name + '\0' + word));
}

/// What lies between the marks of a path and a query; words of a few letters are names rather than keys.
void Secrets::add_parts(std::string_view text) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of("/?&=;#"), text.size());
        const std::string_view part = text.substr(0, end);
        if (part.size() >= least_part_bytes) {
            add(part);
            if (const std::string plain = decoded(part); plain != part) add(plain);
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

void Secrets::add_login_in(std::string_view url) {
    const std::string_view authority = url.substr(0, path_of(url));
    const std::size_t begin = authority.find("://") == std::string_view::npos ? 0 : authority.find("://") + 3;
    const std::size_t at = authority.rfind('@');
    if (at == std::string_view::npos || at < begin) return;
    const std::string_view login = authority.substr(begin, at - begin);
    const std::size_t colon = std::min(login.find(':'), login.size());
    const std::string_view password = login.substr(std::min(colon + 1, login.size()));
    add_login(decoded(login.substr(0, colon)), decoded(password));
    add(password);
}

void Secrets::add_address(std::string_view url) {
    add_login_in(url);
    const std::string_view rest = url.substr(path_of(url));
    add(rest);
    if (const std::string plain = decoded(rest); plain != rest) add(plain);
    add_parts(rest);
}

std::string Secrets::hide(std::string words) const {
    words = without_tokens(std::move(words));
    for (const std::string& form : forms_) words = without_whole(std::move(words), form);
    return without_begun(words, forms_);
}

Secrets Secrets::that_are_no_words() const {
    const auto is_letter = [](unsigned char c) { return std::isalpha(c) != 0; };
    Secrets secrets = *this;
    std::erase_if(secrets.forms_,
                  [&](const std::string& form) { return std::ranges::all_of(form, is_letter); });
    return secrets;
}

std::string told(std::string_view words, const Secrets& secrets, std::size_t longest) {
    std::string safe = secrets.hide(std::string(words));
    const auto is_inside_character = [&] {
        return (static_cast<unsigned char>(safe[longest]) & 0xC0) == 0x80;
    };
    while (longest > 0 && longest < safe.size() && is_inside_character()) --longest;
    if (longest < safe.size()) safe.resize(longest);
    return mappings::one_line(safe);
}

}  // namespace baselined::connectors
