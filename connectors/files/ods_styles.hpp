// The styles of an ODS as far as they tell what a cell means: hidden sheets, durations, truth values.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "connectors/files/xml_stream.hpp"

namespace baselined::connectors {

/// Fed with the elements of `office:automatic-styles`.
class OdsStyles {
  public:
    void start(std::string_view name, const XmlAttributes& attributes);
    void end(std::string_view name);

    [[nodiscard]] bool is_hidden_table(std::string_view style) const;
    /// Its times count hours beyond a day (`[h]:mm`): a duration, not a time of day.
    [[nodiscard]] bool is_duration(std::string_view style) const { return has_data_style(style, durations_); }
    [[nodiscard]] bool is_boolean(std::string_view style) const { return has_data_style(style, booleans_); }

  private:
    [[nodiscard]] bool has_data_style(std::string_view style,
                                      const std::set<std::string, std::less<>>& kind) const;

    std::string current_;
    std::set<std::string, std::less<>> durations_, booleans_, hidden_tables_;
    std::unordered_map<std::string, std::string> data_styles_;  ///< of cell styles
};

}  // namespace baselined::connectors
