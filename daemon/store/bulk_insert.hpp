// Many rows in one statement.
#pragma once

#include <cstddef>
#include <string>

#include "daemon/store/sqlite.hpp"

namespace baselined::daemon {

/// SQLite opens a table and its indexes once a statement: for small rows that costs as much as to insert
/// them. Works within the database's transaction.
class BulkInsert {
  public:
    /// `into`: the statement up to the values, "INSERT INTO fact(name, value)".
    BulkInsert(Database& database, const std::string& into, int columns)
        : columns_(columns), one_(database, text(into, 1)), many_(database, text(into, rows_at_once)) {}

    /// `bind(statement, first, index)` binds the columns of row `index` to the parameters from `first` on.
    template <class Bind>
    void run(std::size_t rows, const Bind& bind) {
        std::size_t index = 0;
        for (; rows - index >= rows_at_once; index += rows_at_once) {
            for (std::size_t row = 0; row < rows_at_once; ++row)
                bind(many_, 1 + static_cast<int>(row) * columns_, index + row);
            many_.run();
        }
        for (; index < rows; ++index) {
            bind(one_, 1, index);
            one_.run();
        }
    }

  private:
    static constexpr std::size_t rows_at_once = 64;  // more gains nothing

    [[nodiscard]] std::string text(const std::string& into, std::size_t rows) const {
        std::string row = "(?";
        for (int column = 1; column < columns_; ++column) row += ",?";
        std::string sql = into + " VALUES" + row + ")";
        for (std::size_t count = 1; count < rows; ++count) sql += "," + row + ")";
        return sql;
    }

    int columns_;
    Statement one_, many_;
};

}  // namespace baselined::daemon
