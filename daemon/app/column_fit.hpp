// Whether the values of a file fit the fields that figures are made from.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "daemon/app/column_lacks.hpp"
#include "daemon/app/portfolio.hpp"

namespace baselined::daemon {

/// Counts per field. The plan's mappings are bound to the file's columns.
class ColumnFit {
  public:
    explicit ColumnFit(StreamPlan& plan);

    /// Whether figures need any field whose values could be counted.
    [[nodiscard]] bool is_needed() const { return !fields_.empty(); }
    void look_at(std::span<const mappings::Cell> row);
    /// The fields whose values are of another form. That is where more than half of the dates, numbers or
    /// booleans do not fit, of `fewest` or more; or not one of ten or more that a mapping, or the kind,
    /// lists: of those some may be left out on purpose.
    [[nodiscard]] std::vector<ColumnLack> misfits(std::int64_t fewest) const;

  private:
    struct Field {
        std::string name;
        std::size_t mapping = 0;  ///< its place in the plan
        mappings::FilledField filled;
        std::int64_t fits = 0, misfits = 0;
        std::string example;
    };

    StreamPlan& plan_;
    std::vector<Field> fields_;
    std::vector<mappings::ValueMisfit> found_;
};

}  // namespace baselined::daemon
