// What others say is told without the secrets that they quote.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace baselined::connectors {

/// The secrets of one login or address, in every form in which they are sent.
class Secrets {
  public:
    /// As it is written, percent-encoded and in base64. What is shorter than four bytes is a word rather than
    /// a secret.
    void add(std::string_view secret);
    /// A password alone, and behind its user as `basic` and SMTP's PLAIN send it.
    void add_login(std::string_view user, std::string_view password);
    /// The name and password that stand in an address, as proxies' do.
    void add_login_in(std::string_view url);
    /// Of an address that is its own key, as webhooks' are: the name and password in it, its path and query,
    /// whole and in parts.
    void add_address(std::string_view url);

    /// The words with `(hidden)` in the place of each secret, and of what a long one begins with: servers
    /// quote them cut off, too. A JSON Web Token is hidden whoever's it is.
    [[nodiscard]] std::string hide(std::string words) const;
    /// Those that no sentence of ours holds by chance: a password of letters only may be a word of it.
    [[nodiscard]] Secrets that_are_no_words() const;

  private:
    void add_form(std::string form);
    void add_parts(std::string_view text);

    std::vector<std::string> forms_;  ///< the longest first
};

/// Another's words, fit for terminals, logs and the store: without secrets, on one line, cut off after
/// `longest` bytes.
std::string told(std::string_view words, const Secrets& secrets, std::size_t longest = 400);

std::string base64(std::string_view bytes);

}  // namespace baselined::connectors
