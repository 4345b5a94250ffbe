// The small parts of an XLSX around its sheets: which part is what, sheet names, number formats, shared
// texts.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "connectors/files/number_format.hpp"
#include "connectors/files/table_reader.hpp"
#include "connectors/files/xml_stream.hpp"
#include "connectors/files/zip_package.hpp"

namespace baselined::connectors {

/// Transitional and Strict (ISO/IEC 29500) spreadsheets, and what their attributes use.
inline constexpr std::array xlsx_namespaces{
    XmlNamespace{"http://schemas.openxmlformats.org/spreadsheetml/2006/main", ""},
    XmlNamespace{"http://purl.oclc.org/ooxml/spreadsheetml/main", ""},
    XmlNamespace{"http://schemas.openxmlformats.org/officeDocument/2006/relationships", "r"},
    XmlNamespace{"http://purl.oclc.org/ooxml/officeDocument/relationships", "r"},
};

struct Relationship {
    std::string id, type, target;  ///< target: the part's name within the package
};

/// The relationships of a part; of the package itself with an empty name.
Result<std::vector<Relationship>> read_relationships(const ZipPackage& package, const std::string& part);
/// The first whose type ends in `/kind`; a null pointer when there is none.
const Relationship* find_kind(const std::vector<Relationship>& relationships, std::string_view kind);

struct WorkbookSheet {
    Sheet sheet;
    std::string part;  ///< empty: a chart or a dialogue
};

struct Workbook {
    DateSystem dates = DateSystem::from_1900;
    std::vector<WorkbookSheet> sheets;
    std::string styles_part, strings_part;  ///< empty: there is none
};

/// Follows the relationships from the package to the workbook and on. Refuses .xlsb.
Result<Workbook> read_workbook(const ZipPackage& package);

/// What a number means in each cell format of the workbook.
Result<std::vector<NumberMeaning>> read_styles(const ZipPackage& package, const std::string& part);

/// All shared texts, one behind the other in one buffer.
class SharedTexts {
  public:
    static Result<SharedTexts> read(const ZipPackage& package, const std::string& part);
    [[nodiscard]] std::size_t size() const { return ends_.size(); }
    [[nodiscard]] std::string_view at(std::size_t index) const {
        const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
        return std::string_view(texts_).substr(begin, ends_[index] - begin);
    }

  private:
    friend class SharedTextsHandler;
    std::string texts_;
    std::vector<std::uint32_t> ends_;
};

/// Undoes the escapes of ECMA-376 part 1, 22.9.2.19: `_x000D_` is a control character, `_x005F_` the
/// underscore that guards a text looking like an escape. Printable ones are left: no writer makes them,
/// people do.
void unescape(std::string& text, std::size_t from);

}  // namespace baselined::connectors
