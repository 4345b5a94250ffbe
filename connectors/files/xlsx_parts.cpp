#include "connectors/files/xlsx_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace baselined::connectors {

namespace {

constexpr std::array relationship_namespaces{
    XmlNamespace{"http://schemas.openxmlformats.org/package/2006/relationships", ""}};
constexpr std::size_t most_styles = 1'000'000;
constexpr std::size_t most_sheets = 10'000;
/// Of shared texts, which are the one thing of a sheet that has to be kept.
constexpr std::size_t most_text_bytes = 512u << 20;

int number_of(std::string_view text) {
    int number = -1;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

std::string folder_of(const std::string& part) {
    const std::size_t slash = part.rfind('/');
    return slash == std::string::npos ? "" : part.substr(0, slash + 1);
}

/// The part that holds the relationships of another.
std::string relationships_part(const std::string& part) {
    const std::string folder = folder_of(part);
    return folder + "_rels/" + part.substr(folder.size()) + ".rels";
}

/// A target as written, "../media/x.xml" or "/xl/x.xml", as a part's name.
std::string resolved(const std::string& folder, std::string_view target) {
    const std::string path =
        target.starts_with('/') ? std::string(target.substr(1)) : folder + std::string(target);
    std::vector<std::string> steps;
    for (std::size_t at = 0; at <= path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        const std::string step = path.substr(at, end - at);
        if (step == ".." && !steps.empty())
            steps.pop_back();
        else if (!step.empty() && step != "." && step != "..")
            steps.push_back(step);
        at = end + 1;
    }
    return fmt::format("{}", fmt::join(steps, "/"));
}

class RelationshipHandler final : public XmlHandler {
  public:
    explicit RelationshipHandler(std::string folder) : folder_(std::move(folder)) {}
    Refusal start(std::string_view name, const XmlAttributes& attributes) override {
        if (name != "Relationship" || attributes.get("TargetMode") == "External") return {};
        found.push_back({std::string(attributes.get("Id")), std::string(attributes.get("Type")),
                         resolved(folder_, attributes.get("Target"))});
        return {};
    }
    Refusal end(std::string_view) override { return {}; }
    std::vector<Relationship> found;

  private:
    std::string folder_;
};

class WorkbookHandler final : public XmlHandler {
  public:
    WorkbookHandler(Workbook& workbook, const std::vector<Relationship>& relationships)
        : workbook_(workbook), relationships_(relationships) {}

    Refusal start(std::string_view name, const XmlAttributes& attributes) override {
        if (name == "workbookPr") {
            const auto from_1904 = attributes.get("date1904");
            if (from_1904 == "1" || from_1904 == "true" || from_1904 == "on")
                workbook_.dates = DateSystem::from_1904;
        }
        if (name != "sheet") return {};
        if (workbook_.sheets.size() >= most_sheets) return "more sheets than anybody has: it is refused";
        const auto state = attributes.get("state");
        WorkbookSheet sheet{
            {std::string(attributes.get("name")), state.empty() ? "visible" : std::string(state)}, ""};
        for (const Relationship& relationship : relationships_)
            if (relationship.id == attributes.get("r:id") && relationship.type.ends_with("/worksheet"))
                sheet.part = relationship.target;
        workbook_.sheets.push_back(std::move(sheet));
        return {};
    }
    Refusal end(std::string_view) override { return {}; }

  private:
    Workbook& workbook_;
    const std::vector<Relationship>& relationships_;
};

class StylesHandler final : public XmlHandler {
  public:
    Refusal start(std::string_view name, const XmlAttributes& attributes) override {
        if (name == "numFmt")
            codes_[number_of(attributes.get("numFmtId"))] = meaning_of(attributes.get("formatCode"));
        else if (name == "cellXfs")
            in_cells_ = true;
        else if (name == "xf" && in_cells_) {
            if (meanings.size() >= most_styles) return "more cell formats than anybody has: it is refused";
            const int format = number_of(attributes.get("numFmtId"));
            const auto own = codes_.find(format);
            meanings.push_back(own != codes_.end() ? own->second : meaning_of_builtin(format));
        }
        return {};
    }
    Refusal end(std::string_view name) override {
        if (name == "cellXfs") in_cells_ = false;
        return {};
    }
    std::vector<NumberMeaning> meanings;

  private:
    std::map<int, NumberMeaning> codes_;
    bool in_cells_ = false;
};

Result<void> parse(const ZipPackage& package, const std::string& name,
                   std::span<const XmlNamespace> namespaces, XmlHandler& handler) {
    auto part = package.part(name);
    if (!part) return part.error();
    return XmlStream(package, std::move(*part), namespaces, handler).run();
}

}  // namespace

class SharedTextsHandler final : public XmlHandler {
  public:
    explicit SharedTextsHandler(SharedTexts& texts) : texts_(texts) {}
    Refusal start(std::string_view name, const XmlAttributes&) override {
        if (name == "si")
            begin_ = texts_.texts_.size();
        else if (name == "rPh")
            in_phonetic_ = true;
        else if (name == "t")
            in_text_ = !in_phonetic_;
        return {};
    }
    Refusal end(std::string_view name) override {
        if (name == "t") in_text_ = false;
        if (name == "rPh") in_phonetic_ = false;
        if (name != "si") return {};
        unescape(texts_.texts_, begin_);
        if (texts_.texts_.size() > most_text_bytes)
            return fmt::format("more than {} MiB of texts: save it as CSV", most_text_bytes >> 20);
        texts_.ends_.push_back(static_cast<std::uint32_t>(texts_.texts_.size()));
        return {};
    }
    void text(std::string_view text) override {
        if (in_text_) texts_.texts_ += text;
    }

  private:
    SharedTexts& texts_;
    std::size_t begin_ = 0;
    bool in_text_ = false, in_phonetic_ = false;
};

Result<std::vector<Relationship>> read_relationships(const ZipPackage& package, const std::string& part) {
    const std::string name = relationships_part(part);
    RelationshipHandler handler(folder_of(part));
    if (!part.empty() && !package.has(name)) return std::move(handler.found);
    if (auto parsed = parse(package, name, relationship_namespaces, handler); !parsed) return parsed.error();
    return std::move(handler.found);
}

const Relationship* find_kind(const std::vector<Relationship>& relationships, std::string_view kind) {
    const auto found = std::find_if(relationships.begin(), relationships.end(), [&](const Relationship& one) {
        return one.type.ends_with(kind) && one.type.size() > kind.size() &&
               one.type[one.type.size() - kind.size() - 1] == '/';
    });
    return found == relationships.end() ? nullptr : &*found;
}

Result<Workbook> read_workbook(const ZipPackage& package) {
    const auto outer = read_relationships(package, "");
    if (!outer) return outer.error();
    const Relationship* document = find_kind(*outer, "officeDocument");
    if (document == nullptr)
        return package.error(ErrorCode::unsupported, "is no workbook: save the data as .xlsx, .ods or CSV");
    if (document->target.ends_with(".bin"))
        return package.error(ErrorCode::unsupported, "is a binary workbook (.xlsb): save it as .xlsx");
    if (!document->target.ends_with(".xml") || document->target.find("word/") != std::string::npos)
        return package.error(ErrorCode::unsupported,
                             "is an Office file, but no workbook: save the data as .xlsx");
    if (const std::string needed = relationships_part(document->target); !package.has(needed))
        return package.error(ErrorCode::bad_input,
                             fmt::format("lacks the part {}, which names its sheets: save it anew", needed));
    const auto inner = read_relationships(package, document->target);
    if (!inner) return inner.error();
    Workbook workbook;
    WorkbookHandler handler(workbook, *inner);
    if (auto parsed = parse(package, document->target, xlsx_namespaces, handler); !parsed)
        return parsed.error();
    if (const Relationship* styles = find_kind(*inner, "styles")) workbook.styles_part = styles->target;
    if (const Relationship* strings = find_kind(*inner, "sharedStrings"))
        workbook.strings_part = strings->target;
    return workbook;
}

Result<std::vector<NumberMeaning>> read_styles(const ZipPackage& package, const std::string& part) {
    StylesHandler handler;
    if (part.empty()) return std::move(handler.meanings);
    if (auto parsed = parse(package, part, xlsx_namespaces, handler); !parsed) return parsed.error();
    return std::move(handler.meanings);
}

Result<SharedTexts> SharedTexts::read(const ZipPackage& package, const std::string& part) {
    SharedTexts texts;
    if (part.empty() || !package.has(part)) return texts;
    SharedTextsHandler handler(texts);
    if (auto parsed = parse(package, part, xlsx_namespaces, handler); !parsed) return parsed.error();
    return texts;
}

void unescape(std::string& text, std::size_t from) {
    constexpr std::size_t length = 7;  // _xHHHH_
    for (std::size_t at = text.find("_x", from); at != std::string::npos; at = text.find("_x", at + 1)) {
        if (at + length > text.size() || text[at + length - 1] != '_') continue;
        unsigned code = 0;
        const char* end = text.data() + at + length - 1;
        const auto read = std::from_chars(text.data() + at + 2, end, code, 16);
        if (read.ptr != end || (code >= 0x20 && code != '_')) continue;
        text.replace(at, length, 1, static_cast<char>(code));
    }
}

}  // namespace baselined::connectors
