#include "connectors/files/folder.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/catch.hpp"

using namespace baselined;
namespace fs = std::filesystem;

namespace {

class Tree {
  public:
    Tree() : root_(fs::temp_directory_path() / ("folder_test_" + std::to_string(::getpid()))) {
        fs::create_directories(root_ / "inbox");
    }
    ~Tree() { fs::remove_all(root_); }
    void put(const std::string& name) const {
        fs::create_directories((root_ / name).parent_path());
        std::ofstream(root_ / name) << "x";
    }
    void link(const std::string& name, const std::string& target) const {
        fs::create_symlink(target, root_ / name);
    }
    [[nodiscard]] std::vector<std::string> names(const std::string& pattern) const {
        const auto files = connectors::list_files((root_ / "inbox").string(), pattern);
        if (!files) return {files.error().text};
        std::vector<std::string> names;
        for (const auto& file : *files) {
            CHECK(file.path == (root_ / "inbox" / file.name).string());
            CHECK(file.size == 1);
            names.push_back(file.name);
        }
        return names;
    }

  private:
    fs::path root_;
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a pattern finds files in the folder, and in folders within it") {
    const Tree tree;
    for (const char* name : {"inbox/a.csv", "inbox/b.csv.gz", "inbox/.c.csv", "inbox/~$d.csv",
                             "inbox/e.csv.part", "inbox/2025/a.csv", "inbox/2026/a.csv",
                             "inbox/2026/q1/a.csv", "inbox/.git/a.csv", "above.csv", "aside/a.csv"})
        tree.put(name);
    tree.link("inbox/linked", "../aside");
    tree.link("inbox/f.csv", "a.csv");
    CHECK(tree.names("*.csv") == Names{"a.csv", "b.csv.gz", "f.csv"});
    CHECK(tree.names("./*.csv") == Names{"a.csv", "b.csv.gz", "f.csv"});
    CHECK(tree.names("2025/*.csv") == Names{"2025/a.csv"});
    CHECK(tree.names("20?"
                     "?/*.csv") == Names{"2025/a.csv", "2026/a.csv"});
    CHECK(tree.names("2026/*/a.csv") == Names{"2026/q1/a.csv"});
    CHECK(tree.names("*/a.csv") == Names{"2025/a.csv", "2026/a.csv", "linked/a.csv"});
    CHECK(tree.names("a.csv/*").empty());
    CHECK(tree.names("2027/*.csv").empty());
    CHECK(tree.names("../*.csv").empty());
    CHECK(tree.names("2025/../../*.csv").empty());
    CHECK(tree.names(".git/*.csv").empty());
    CHECK(tree.names(".*/*.csv").empty());
}

TEST_CASE("a folder that cannot be read is an error, one that is not there holds nothing") {
    CHECK_THAT(connectors::list_files("/nowhere/at/all", "*.csv").error().text,
               Catch::Contains("the folder /nowhere/at/all cannot be read: No such file"));
}
