#include "connectors/files/ods_styles.hpp"

namespace baselined::connectors {

void OdsStyles::start(std::string_view name, const XmlAttributes& attributes) {
    if (name == "style:style") {
        current_ = attributes.get("style:name");
        if (attributes.has("style:data-style-name"))
            data_styles_[current_] = attributes.get("style:data-style-name");
    } else if (name == "style:table-properties") {
        if (attributes.get("table:display") == "false") hidden_tables_.insert(current_);
    } else if (name == "number:time-style") {
        if (attributes.get("number:truncate-on-overflow") == "false")
            durations_.emplace(attributes.get("style:name"));
    } else if (name == "number:boolean-style") {
        booleans_.emplace(attributes.get("style:name"));
    }
}

void OdsStyles::end(std::string_view name) {
    if (name == "style:style") current_.clear();
}

bool OdsStyles::is_hidden_table(std::string_view style) const {
    return hidden_tables_.contains(style);
}

bool OdsStyles::has_data_style(std::string_view style, const std::set<std::string, std::less<>>& kind) const {
    if (kind.empty() || style.empty()) return false;
    const auto data = data_styles_.find(std::string(style));
    return data != data_styles_.end() && kind.contains(data->second);
}

}  // namespace baselined::connectors
