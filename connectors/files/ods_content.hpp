// The sheets of an ODS: elements of content.xml on their way to rows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/files/ods_cell.hpp"
#include "connectors/files/ods_styles.hpp"
#include "connectors/files/row_queue.hpp"
#include "connectors/files/table_reader.hpp"
#include "connectors/files/xml_stream.hpp"

namespace baselined::connectors {

/// Rows of the wanted sheet, or of the first visible one where none is wanted, go to `rows`; both outlive it.
class OdsContent final : public XmlHandler {
  public:
    OdsContent(RowQueue& rows, OdsStyles& styles, std::string wanted)
        : rows_(rows), styles_(styles), wanted_(std::move(wanted)) {}

    Refusal start(std::string_view name, const XmlAttributes& attributes) override;
    Refusal end(std::string_view name) override;
    void text(std::string_view text) override;

    /// Those met so far.
    [[nodiscard]] const std::vector<Sheet>& sheets() const { return sheets_; }
    /// The sheet that rows come from; empty until it is met.
    [[nodiscard]] const std::string& chosen() const { return chosen_; }
    [[nodiscard]] const std::vector<MergedCells>& merged() const { return merged_; }

  private:
    Refusal start_table(const XmlAttributes& attributes);
    void end_table();
    void add_columns(const XmlAttributes& attributes);
    void start_row(const XmlAttributes& attributes);
    Refusal end_row();
    void start_cell(std::string_view name, const XmlAttributes& attributes);
    Refusal end_cell();
    void start_inline(std::string_view name, const XmlAttributes& attributes);
    Refusal end_paragraph();
    [[nodiscard]] std::string_view style_of_cell() const;

    RowQueue& rows_;
    OdsStyles& styles_;
    std::string wanted_, chosen_;
    std::vector<Sheet> sheets_;
    std::vector<MergedCells> merged_;    ///< the first ones: headers stand above
    int table_depth_ = 0, skipped_ = 0;  ///< tables within tables; elements within one that is passed over
    bool is_chosen_ = false, is_read_ = false, in_row_ = false, in_cell_ = false;
    std::vector<std::string> column_styles_;
    std::string row_style_;
    std::int64_t row_ = 1, row_repeats_ = 1;
    std::size_t column_ = 0;
    OdsCell cell_;
};

}  // namespace baselined::connectors
