#include "config/yaml/nothing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

namespace baselined::config {

namespace {

/// Where nothing may stand. Lists are `[]`, as in "tests[].given.column".
struct Allowed {
    std::string_view file_kind, place;
    bool is_below;  ///< `place` itself is no such one, all that stands in it is
};
constexpr std::array<Allowed, 5> all_allowed{
    {{"measures", "measures", false},        // a file of which every entry is commented out
     {"indicators", "indicators", false},    // the same
     {"mapping", "fields", false},           // a draft whose columns are all commented out
     {"mapping", "tests[].given", true},     // a row, which has empty cells
     {"mapping", "tests[].expect", true}}};  // a field without a value

class Search {
  public:
    Search(std::string_view file_kind, Problems& problems) : file_kind_(file_kind), problems_(problems) {}

    void look(const YamlNode& node, const std::string& place) {
        for (const auto& [key, value] : node.entries) {
            const std::string below = place.empty() ? key.text : place + "." + key.text;
            if (value.form == YamlNode::Form::null && !is_allowed(below)) tell(key);
            look(value, below);
        }
        for (std::size_t i = 0; i < node.items.size(); ++i) {
            // Where an entry that is not written stands the parser does not say.
            if (node.items[i].form == YamlNode::Form::null && !is_allowed(place + "[]"))
                problems_.push_back(
                    {node.mark,
                     fmt::format("entry {} of this list has nothing in it: write a value or remove the entry",
                                 i + 1)});
            look(node.items[i], place + "[]");
        }
    }

  private:
    [[nodiscard]] bool is_allowed(std::string_view place) const {
        return std::ranges::any_of(all_allowed, [&](const Allowed& allowed) {
            if (allowed.file_kind != file_kind_) return false;
            if (!allowed.is_below) return place == allowed.place;
            return place.size() > allowed.place.size() && place.starts_with(allowed.place) &&
                   (place[allowed.place.size()] == '.' || place[allowed.place.size()] == '[');
        });
    }

    void tell(const YamlNode& key) {
        // `password:sesame` is one word to YAML, too.
        const bool is_quotable = !key.is_confidential && key.text.find(':') == std::string::npos;
        const std::string what = is_quotable ? fmt::format("`{}`", key.text) : "this key";
        problems_.push_back(
            {key.mark, fmt::format("{} has nothing behind it: write a value or remove the key", what)});
    }

    std::string_view file_kind_;
    Problems& problems_;
};

}  // namespace

void refuse_nothing(const YamlNode& tree, std::string_view file_kind, Problems& problems) {
    Search(file_kind, problems).look(tree, "");
}

}  // namespace baselined::config
