#include "config/schema/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "config/schema/tables.hpp"

namespace baselined::config::schema {

const std::vector<NamedShape>& named_shapes() {
    static const std::vector<NamedShape> shapes = [] {
        std::vector<NamedShape> all;
        for (auto part : {main_shapes, source_shapes, alert_shapes, mapping_shapes, condition_shapes,
                          indicator_shapes, measure_shapes}) {
            auto some = part();
            std::move(some.begin(), some.end(), std::back_inserter(all));
        }
        return all;
    }();
    return shapes;
}

namespace {

template <class Entry>
const Entry* find(const std::vector<Entry>& entries, std::string_view name) {
    const auto found =
        std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.name == name; });
    return found == entries.end() ? nullptr : &*found;
}

}  // namespace

const ScalarType* find_scalar(std::string_view name) {
    return find(scalar_types(), name);
}
const NamedShape* find_shape(std::string_view name) {
    return find(named_shapes(), name);
}

const Shape& resolved(const Shape& shape) {
    if (shape.form != Shape::Form::named) return shape;
    const NamedShape* named = find_shape(shape.name);
    return named == nullptr ? shape : resolved(named->shape);
}

std::string text_of(std::chrono::milliseconds duration) {
    using namespace std::chrono_literals;
    if (duration % 24h == 0ms && duration >= 48h) return fmt::format("{}d", duration / 24h);
    if (duration % 1h == 0ms) return fmt::format("{}h", duration / 1h);
    if (duration % 1min == 0ms) return fmt::format("{}m", duration / 1min);
    return fmt::format("{}s", duration / 1s);
}

}  // namespace baselined::config::schema
