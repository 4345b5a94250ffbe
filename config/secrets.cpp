#include "config/secrets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <optional>

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

struct Found {
    std::optional<std::string> value;
    std::string remedy;
};

Found find(const std::string& name) {
    if (name.starts_with("file:"))
        return {first_line(name.substr(5)),
                fmt::format("the file {} cannot be read or is empty", name.substr(5))};
    if (name.starts_with("credential:")) {
        const auto folder = variable("CREDENTIALS_DIRECTORY");
        const std::string credential = name.substr(11);
        return {folder ? first_line(*folder + "/" + credential) : std::nullopt,
                folder
                    ? fmt::format("systemd gave no credential \"{}\": add LoadCredential={}:PATH to the unit",
                                  credential, credential)
                    : fmt::format(
                          "no credential \"{}\": the service gets it by LoadCredential={}:PATH in its unit; "
                          "by hand, set CREDENTIALS_DIRECTORY to the folder that holds the file {}",
                          credential, credential, credential)};
    }
    return {variable(name), fmt::format("the environment has no variable {}", name)};
}

void fill_in_text(YamlNode& node, FilledIn& filled_in, Problems& problems) {
    std::string filled;
    for (std::size_t at = 0; at < node.text.size();) {
        const std::size_t start = node.text.find("${", at);
        const std::size_t end = start == std::string::npos ? start : node.text.find('}', start);
        if (end == std::string::npos) {
            filled += node.text.substr(at);
            break;
        }
        filled += node.text.substr(at, start - at);
        const Found found = find(node.text.substr(start + 2, end - start - 2));
        if (!found.value) problems.push_back({node.mark, found.remedy});
        // An empty value would be found fault with once more, elsewhere perhaps.
        filled += found.value.value_or(node.text.substr(start, end + 1 - start));
        if (found.value) filled_in.emplace_back(node.text.substr(start, end + 1 - start), *found.value);
        at = end + 1;
    }
    node.text = std::move(filled);
}

void fill_in(YamlNode& node, FilledIn& filled, Problems& problems) {
    if (node.form == YamlNode::Form::scalar) fill_in_text(node, filled, problems);
    for (YamlNode& item : node.items) fill_in(item, filled, problems);
    for (auto& entry : node.entries) fill_in(entry.value, filled, problems);
}

}  // namespace

FilledIn fill_in_secrets(YamlNode& node, Problems& problems) {
    FilledIn filled;
    fill_in(node, filled, problems);
    return filled;
}

void tell_once(std::size_t missing, Problems& problems) {
    const auto is_at = [](const Mark& mark) {
        return [mark](const Problem& one) {
            return one.mark.file == mark.file && one.mark.line == mark.line && one.mark.column == mark.column;
        };
    };
    const auto first = problems.begin() + static_cast<std::ptrdiff_t>(missing);
    problems.erase(std::remove_if(first, problems.end(),
                                  [&](const Problem& problem) {
                                      return std::any_of(problems.begin(), first, is_at(problem.mark));
                                  }),
                   problems.end());
}

void take_out(const FilledIn& filled, Problems& problems) {
    for (Problem& problem : problems)
        for (const auto& [reference, value] : filled) {
            if (value.size() < 4) continue;  // a word of the message rather than a secret
            for (std::size_t at = problem.text.find(value); at != std::string::npos;
                 at = problem.text.find(value, at + reference.size()))
                problem.text.replace(at, value.size(), reference);
        }
}

}  // namespace baselined::config
