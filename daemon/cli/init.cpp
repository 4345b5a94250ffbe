#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "config/shipped.hpp"
#include "daemon/cli/commands.hpp"

namespace baselined::daemon {

namespace {

/// Where a package puts the schemas (packaging/CMakeLists.txt).
const std::filesystem::path schema_folder = "/usr/share/baselined/schema";

/// The line by which an editor finds the file's schema; nothing where none is installed.
std::string schema_line(std::string_view name) {
    const std::filesystem::path schema =
        schema_folder / (name == "baselined" ? "main.json" : "measures.json");
    std::error_code error;
    return std::filesystem::exists(schema, error)
               ? fmt::format("# yaml-language-server: $schema={}\n", schema.string())
               : "";
}

/// As a shell takes it for one word.
std::string shell_word(const std::string& text) {
    const auto is_plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("/._-+,:@%").find(c) != std::string_view::npos;
    };
    if (!text.empty() && std::ranges::all_of(text, is_plain)) return text;
    std::string word = "'";
    for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return word + "'";
}

/// False: it was told why it cannot be made.
bool make_folder(const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (!error && std::filesystem::is_directory(folder, error)) return true;
    fmt::print(stderr, "the folder {} cannot be made ({}): name another one\n", folder.string(),
               error ? error.message() : "something else has its name");
    return false;
}

}  // namespace

int init(const std::string& folder) {
    const auto place = [&folder](const config::ShippedFile& file) {
        return std::filesystem::path(folder) / (std::string(file.name) + ".yaml");
    };
    for (const config::ShippedFile& file : config::scaffold_files())
        if (std::error_code error;
            std::filesystem::exists(std::filesystem::symlink_status(place(file), error))) {
            fmt::print(stderr, "{} is there already and is not overwritten: name another folder\n",
                       place(file).string());
            return exit_failed;
        }
    for (const config::ShippedFile& file : config::scaffold_files()) {
        const std::filesystem::path path = place(file);
        if (!make_folder(path.parent_path())) return exit_failed;
        std::ofstream out(path, std::ios::binary);
        out << schema_line(file.name) << file.text;
        if (!out.flush()) {
            fmt::print(stderr, "{} cannot be written: name a folder that is yours\n", path.string());
            return exit_failed;
        }
        fmt::print("wrote {}\n", path.string());
    }
    fmt::print("next: baselined check --config {}\n",
               shell_word((std::filesystem::path(folder) / "baselined.yaml").string()));
    return exit_done;
}

}  // namespace baselined::daemon
