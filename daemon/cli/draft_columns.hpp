// What a few rows hold: which columns, how often they are filled, with what.
#pragma once

#include <rapidjson/document.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace baselined::daemon {

struct DraftColumn {
    std::string name;  ///< as a mapping would write it
    std::size_t filled = 0;
    std::vector<std::string> values;  ///< different ones, in the order in which they were met
    bool holds_objects = false;       ///< of some row: no field takes one

    void add(std::string_view value);
    /// One line: all values where they are few, since a `map` needs each; else some, and that there are more.
    [[nodiscard]] std::string examples() const;
};

/// The columns of all rows together, in the order in which they were met, what is below one behind it. One
/// that is empty wherever it is no object or list of them stands for nothing: what is below it stays.
class DraftColumns {
  public:
    void add(std::string_view name, std::string_view value);
    /// An issue, or another row of JSON.
    void add(const rapidjson::Value& row);
    [[nodiscard]] std::vector<DraftColumn> all() const;

  private:
    struct Node {
        DraftColumn column;
        std::vector<std::unique_ptr<Node>> below;

        Node& at(std::string path);
    };
    static void walk(const rapidjson::Value& value, int depth, Node& node);
    static void list(const Node& node, std::vector<DraftColumn>& columns);

    Node root_;
};

}  // namespace baselined::daemon
