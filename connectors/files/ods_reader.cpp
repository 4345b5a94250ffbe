#include "connectors/files/ods_reader.hpp"

#include <fmt/format.h>

#include <array>

#include "connectors/files/ods_content.hpp"

namespace baselined::connectors {

namespace {

using mappings::Cell;

constexpr std::array ods_namespaces{
    XmlNamespace{"urn:oasis:names:tc:opendocument:xmlns:office:1.0", "office"},
    XmlNamespace{"urn:oasis:names:tc:opendocument:xmlns:table:1.0", "table"},
    XmlNamespace{"urn:oasis:names:tc:opendocument:xmlns:text:1.0", "text"},
    XmlNamespace{"urn:oasis:names:tc:opendocument:xmlns:style:1.0", "style"},
    XmlNamespace{"urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0", "number"},
    XmlNamespace{"urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0", "calcext"},
};

/// The named styles stand in a part of their own.
class StylesHandler final : public XmlHandler {
  public:
    explicit StylesHandler(OdsStyles& styles) : styles_(styles) {}
    Refusal start(std::string_view name, const XmlAttributes& attributes) override {
        styles_.start(name, attributes);
        return {};
    }
    Refusal end(std::string_view name) override {
        styles_.end(name);
        return {};
    }

  private:
    OdsStyles& styles_;
};

class OdsReader final : public TableReader {
  public:
    OdsReader(std::unique_ptr<ZipPackage> package, const std::string& wanted)
        : package_(std::move(package)), wanted_(wanted), content_(rows_, styles_, wanted) {}

    Result<void> open() {
        if (auto plain = refuse_password(); !plain) return plain.error();
        if (auto styles = read_styles(); !styles) return styles.error();
        auto content = package_->part("content.xml");
        if (!content) return content.error();
        stream_ = std::make_unique<XmlStream>(*package_, std::move(*content), ods_namespaces, content_);
        while (content_.chosen().empty()) {
            const auto more = stream_->step();
            if (!more) return more.error();
            if (!*more) return refuse_sheet();
        }
        return {};
    }

    Result<bool> next() override {
        while (!rows_.pop()) {
            const auto more = stream_->step();
            if (!more) return more.error();
            if (!*more) return rows_.pop();
        }
        return true;
    }

    [[nodiscard]] std::span<const Cell> cells() const override { return rows_.cells(); }
    [[nodiscard]] std::int64_t row_number() const override { return rows_.number(); }
    [[nodiscard]] std::string sheet() const override { return content_.chosen(); }
    Result<std::vector<MergedCells>> merged(std::int64_t last_row) override {
        std::vector<MergedCells> merged = content_.merged();
        std::erase_if(merged, [&](const MergedCells& one) { return one.row > last_row; });
        return merged;
    }
    /// Reads the file once more: sheets stand one behind the other in it.
    [[nodiscard]] std::vector<Sheet> sheets() const override {
        RowQueue unused;
        OdsStyles styles;
        OdsContent names(unused, styles, "\n");  // no sheet is called so: no row is made
        auto content = package_->part("content.xml");
        if (content)
            if (auto all = XmlStream(*package_, std::move(*content), ods_namespaces, names).run(); !all)
                return content_.sheets();  // next() will tell
        return names.sheets();
    }

  private:
    Result<void> read_styles() {
        if (!package_->has("styles.xml")) return {};
        auto part = package_->part("styles.xml");
        if (!part) return part.error();
        StylesHandler handler(styles_);
        return XmlStream(*package_, std::move(*part), ods_namespaces, handler).run();
    }

    Result<void> refuse_password() const {
        constexpr std::size_t manifest_bytes = 4u << 20;
        if (!package_->has("META-INF/manifest.xml")) return {};
        const auto manifest = package_->content("META-INF/manifest.xml", manifest_bytes);
        if (!manifest) return manifest.error();
        if (manifest->find("encryption-data") != std::string::npos)
            return package_->error(ErrorCode::unsupported,
                                   "is password protected: save it without a password");
        return {};
    }

    [[nodiscard]] Error refuse_sheet() const {
        std::string names;
        for (const Sheet& one : content_.sheets()) names += (names.empty() ? "" : ", ") + one.name;
        return wanted_.empty()
                   ? package_->error(ErrorCode::bad_input, "has no visible sheet: name one with `sheet`")
                   : package_->error(ErrorCode::bad_input,
                                     fmt::format("has no sheet \"{}\"; its sheets are: {}", wanted_, names));
    }

    std::unique_ptr<ZipPackage> package_;
    std::string wanted_;
    RowQueue rows_;
    OdsStyles styles_;
    OdsContent content_;
    std::unique_ptr<XmlStream> stream_;
};

}  // namespace

Result<std::unique_ptr<TableReader>> open_ods(std::unique_ptr<ZipPackage> package, const std::string& sheet) {
    auto reader = std::make_unique<OdsReader>(std::move(package), sheet);
    if (auto opened = reader->open(); !opened) return opened.error();
    return std::unique_ptr<TableReader>(std::move(reader));
}

}  // namespace baselined::connectors
