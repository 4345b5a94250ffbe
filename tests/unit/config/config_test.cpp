#include "config/config.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include "config/yaml/tree.hpp"
#include "tests/support/catch.hpp"

using namespace baselined;

namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& path) {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

std::string refusal(const std::string& yaml) {
    Problems problems;
    config::parse_yaml(yaml, 0, problems);
    return config::print(problems, {"f.yaml"});
}

}  // namespace

// One folder a fault: config.yaml and the exact words in expected.txt.
TEST_CASE("every fault is told with file, line, column and remedy") {
    const fs::path folder = SOURCE_DIR "/tests/golden/config_errors";
    int cases = 0;
    for (const auto& entry : fs::directory_iterator(folder)) {
        ++cases;
        INFO(entry.path().filename().string());
        const auto loaded = config::load((entry.path() / "config.yaml").string());
        std::string told = config::print(loaded.problems, loaded.files);
        const std::string prefix = entry.path().string() + "/";
        for (std::size_t at = told.find(prefix); at != std::string::npos; at = told.find(prefix))
            told.erase(at, prefix.size());
        CHECK(told == content(entry.path() / "expected.txt"));
    }
    CHECK(cases >= 5);
}

TEST_CASE("hostile YAML is answered with one clear line") {
    CHECK_THAT(refusal(std::string(100'000, '[')), Catch::Contains("nested deeper than 64 levels"));
    CHECK_THAT(refusal("a: 1\nb: 2\na: 3\n"),
               Catch::Equals("f.yaml:3:1: \"a\" stands here twice, first in line 1: keep one\n"));
    CHECK_THAT(refusal("a: &x [1]\nb: *x\n"), Catch::Contains("anchors and aliases"));
    CHECK_THAT(refusal("a:\n\tb: 1\n"),
               Catch::Equals("f.yaml:2:1: a tab indents this line: YAML wants blanks\n"));
    CHECK_THAT(refusal("a: \xFF\n"),
               Catch::Equals("f.yaml:1:4: a byte that is not UTF-8: save the file as UTF-8\n"));
    CHECK_THAT(refusal("a: 1\n---\nb: 2\n"), Catch::Contains("second document"));
    CHECK_THAT(refusal("a: [1\n"), Catch::Contains("this is no YAML"));
    CHECK(refusal("").empty());
}

TEST_CASE("the shipped indicators are the contract's, each once") {
    const auto loaded = config::load(SOURCE_DIR "/tests/golden/config_errors/unknown_key/config.yaml");
    CHECK(loaded.configuration.indicators.size() == 45);
}

TEST_CASE("every example is a good configuration") {
    for (const char* secret : {"SNOW_SECRET", "JIRA_TOKEN", "SMTP_PASSWORD", "OPS_SECRET"})
        ::setenv(secret, "s", 1);
    int examples = 0;
    for (const auto& entry : fs::directory_iterator(SOURCE_DIR "/config/examples")) {
        if (entry.path().extension() != ".yaml") continue;
        ++examples;
        const auto loaded = config::load(entry.path().string());
        CHECK(config::print(loaded.problems, loaded.files).empty());
    }
    CHECK(examples >= 2);
}

TEST_CASE("a login that the service alone has") {
    ::unsetenv("CREDENTIALS_DIRECTORY");
    const auto folder = fs::temp_directory_path() / fmt::format("baselined-logins-{}", ::getpid());
    fs::create_directories(folder);
    const std::string path = folder / "main.yaml";
    const auto count = [&](const char* address, const char* store, config::Logins logins) {
        std::ofstream(path) << fmt::format(R"(timezone: UTC
store: {}
sources:
  acme: {{ type: servicenow, url: "{}", auth: {{ basic: {{ user: a, password: "${{credential:snow}}" }} }}, since: 2026-01-01, streams: {{ incident: {{ mapping: servicenow/incident }} }} }}
)",
                                           store, address);
        const auto loaded = config::load(path, {config::Missing::refused, logins});
        return std::pair(loaded.problems.size(), loaded.warnings.size());
    };
    using Logins = config::Logins;
    using Count = std::pair<std::size_t, std::size_t>;
    const char* plain = "https://acme.service-now.com";
    CHECK(count(plain, "x.db", Logins::needed) == Count(1, 0));
    CHECK(count(plain, "x.db", Logins::services_own) == Count(0, 1));
    CHECK(count(plain, "x.db", Logins::unused) == Count(0, 0));
    // A file that cannot be read is a fault to who checks; an address that is still a reference is none.
    CHECK(count("${file:/no/such}", "x.db", Logins::services_own) == Count(1, 1));
    CHECK(count("${file:/no/such}", "x.db", Logins::unused) == Count(0, 0));
    // Where the store lies everybody has to know.
    CHECK(count(plain, "${NO_SUCH_FOLDER}/x.db", Logins::unused) == Count(1, 0));
    fs::remove_all(folder);
}
