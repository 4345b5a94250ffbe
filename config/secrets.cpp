#include "config/secrets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string_view>

namespace baselined::config {

namespace {

std::optional<std::string> first_line(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    if (!file || !std::getline(file, line)) return std::nullopt;
    if (line.ends_with('\r')) line.pop_back();
    return line;
}

std::optional<std::string> variable(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::make_optional<std::string>(value);
}

/// Keys of what nobody reads who does not connect.
constexpr std::string_view login_keys[] = {"auth", "tls",      "proxy",  "url",
                                           "smtp", "password", "secret", "heartbeat"};

struct Found {
    std::optional<std::string> value;
    std::string remedy;
    bool is_services = false;
};

Found find_credential(const std::string& name) {
    const auto folder = variable("CREDENTIALS_DIRECTORY");
    if (folder)
        return {first_line(*folder + "/" + name),
                fmt::format("systemd gave no credential \"{}\": add LoadCredential={}:PATH to the unit", name,
                            name)};
    return {
        std::nullopt,
        fmt::format(
            "no credential \"{}\": the service gets it by LoadCredential={}:PATH in its unit; by hand, set "
            "CREDENTIALS_DIRECTORY to the folder that holds the file {}",
            name, name, name),
        true};
}

Found find(const std::string& name) {
    if (name.starts_with("file:"))
        return {first_line(name.substr(5)),
                fmt::format("the file {} cannot be read or is empty", name.substr(5))};
    if (name.starts_with("credential:")) return find_credential(name.substr(11));
    return {variable(name), fmt::format("the environment has no variable {}", name)};
}

void fill_in_text(YamlNode& node, bool is_login, FilledIn& filled_in) {
    std::string filled;
    for (std::size_t at = 0; at < node.text.size();) {
        const std::size_t start = node.text.find("${", at);
        const std::size_t end = start == std::string::npos ? start : node.text.find('}', start);
        if (end == std::string::npos) {
            filled += node.text.substr(at);
            if (start != std::string::npos)
                filled_in.unfilled.push_back(
                    {{node.mark, "a \"${\" without its \"}\": write ${NAME}"}, is_login, false});
            break;
        }
        filled += node.text.substr(at, start - at);
        const std::string reference = node.text.substr(start, end + 1 - start);
        const Found found = find(reference.substr(2, reference.size() - 3));
        // An empty value would be found fault with once more, elsewhere perhaps.
        filled += found.value.value_or(reference);
        if (found.value)
            filled_in.values.emplace_back(reference, *found.value);
        else
            filled_in.unfilled.push_back({{node.mark, found.remedy}, is_login, found.is_services});
        at = end + 1;
    }
    node.text = std::move(filled);
}

bool is_login_key(const YamlNode& key) {
    return std::ranges::find(login_keys, key.text) != std::end(login_keys);
}

void fill_in(YamlNode& node, bool is_login, FilledIn& filled) {
    if (node.form == YamlNode::Form::scalar) fill_in_text(node, is_login, filled);
    for (YamlNode& item : node.items) fill_in(item, is_login, filled);
    for (auto& [key, value] : node.entries) fill_in(value, is_login || is_login_key(key), filled);
}

/// Written out, a secret stands somewhere below these, not always where it belongs.
void make_confidential(YamlNode& node, bool is_below) {
    node.is_confidential = is_below;
    for (YamlNode& item : node.items) make_confidential(item, is_below);
    for (auto& [key, value] : node.entries) {
        key.is_confidential = is_below;
        make_confidential(value, is_below || is_login_key(key) || key.text == "webhooks");
    }
}

}  // namespace

FilledIn fill_in_secrets(YamlNode& node) {
    FilledIn filled;
    fill_in(node, false, filled);
    make_confidential(node, false);
    return filled;
}

void tell_once(const std::vector<Unfilled>& unfilled, Problems& problems) {
    std::erase_if(problems, [&](const Problem& problem) {
        return std::ranges::any_of(unfilled, [&](const Unfilled& one) {
            const Mark& mark = one.problem.mark;
            return mark.file == problem.mark.file && mark.line == problem.mark.line &&
                   mark.column == problem.mark.column;
        });
    });
}

void take_out(const FilledIn& filled, Problems& problems) {
    for (Problem& problem : problems)
        for (const auto& [reference, value] : filled.values) {
            if (value.size() < 4) continue;  // a word of the message rather than a secret
            for (std::size_t at = problem.text.find(value); at != std::string::npos;
                 at = problem.text.find(value, at + reference.size()))
                problem.text.replace(at, value.size(), reference);
        }
}

}  // namespace baselined::config
