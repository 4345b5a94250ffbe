#include <fmt/format.h>

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

}  // namespace

int init(const std::string& folder) {
    const auto place = [&folder](const config::ShippedFile& file) {
        return std::filesystem::path(folder) / (std::string(file.name) + ".yaml");
    };
    for (const config::ShippedFile& file : config::scaffold_files())
        if (std::filesystem::exists(std::filesystem::symlink_status(place(file)))) {
            fmt::print(stderr, "{} is there already and is not overwritten: name another folder\n",
                       place(file).string());
            return exit_failed;
        }
    for (const config::ShippedFile& file : config::scaffold_files()) {
        const std::filesystem::path path = place(file);
        std::filesystem::create_directories(path.parent_path());
        std::ofstream out(path, std::ios::binary);
        out << schema_line(file.name) << file.text;
        if (!out.flush()) {
            fmt::print(stderr, "{} cannot be written\n", path.string());
            return exit_failed;
        }
        fmt::print("wrote {}\n", path.string());
    }
    fmt::print("next: baselined check --config {}\n",
               (std::filesystem::path(folder) / "baselined.yaml").string());
    return exit_done;
}

}  // namespace baselined::daemon
