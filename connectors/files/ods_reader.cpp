#include "connectors/files/ods_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "connectors/files/number_format.hpp"
#include "connectors/files/ods_styles.hpp"
#include "connectors/files/row_queue.hpp"
#include "connectors/files/xml_stream.hpp"

namespace baselined::connectors {

namespace {

using mappings::Cell;
using mappings::CellType;
using Refusal = std::optional<std::string>;

constexpr std::array ods_namespaces{
    XmlNamespace{"urn:oasis:names:tc:opendocument:xmlns:office:1.0", "office"},
    XmlNamespace{"urn:oasis:names:tc:opendocument:xmlns:table:1.0", "table"},
    XmlNamespace{"urn:oasis:names:tc:opendocument:xmlns:text:1.0", "text"},
    XmlNamespace{"urn:oasis:names:tc:opendocument:xmlns:style:1.0", "style"},
    XmlNamespace{"urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0", "number"},
    XmlNamespace{"urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0", "calcext"},
};
constexpr std::size_t longest_text = 16u << 20;
constexpr std::size_t most_tables = 10'000;

std::int64_t count_of(std::string_view text) {
    std::int64_t count = 1;
    std::from_chars(text.data(), text.data() + text.size(), count);
    return std::clamp<std::int64_t>(count, 1, INT32_MAX);
}

/// PT26H30M00.5S in seconds, rounded; nullopt for anything else.
std::optional<std::int64_t> duration_of(std::string_view text) {
    const bool is_negative = text.starts_with('-');
    if (is_negative) text.remove_prefix(1);
    if (!text.starts_with('P')) return std::nullopt;
    text.remove_prefix(1);
    double seconds = 0;
    while (!text.empty()) {
        if (text.front() == 'T') {
            text.remove_prefix(1);
            continue;
        }
        double number = 0;
        const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
        if (read.ec != std::errc{} || read.ptr == text.data() + text.size()) return std::nullopt;
        const char unit = *read.ptr;
        const double factor = unit == 'D'   ? 86'400
                              : unit == 'H' ? 3'600
                              : unit == 'M' ? 60
                              : unit == 'S' ? 1
                                            : -1;
        if (factor < 0) return std::nullopt;
        seconds += number * factor;
        text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()) + 1);
    }
    if (seconds > 1e12) return std::nullopt;
    return std::llround(is_negative ? -seconds : seconds);
}

/// A cell's paragraphs as a text. White space is collapsed (ODF 1.2, 6.1.2); text:s, text:tab and
/// text:line-break are how writers keep it.
class Paragraphs {
  public:
    void clear() {
        text_.clear();
        count_ = 0;
    }
    void begin() {
        if (count_++ > 0) text_ += '\n';
        at_start_ = true;
        has_loose_blank_ = false;
    }
    void end() {
        if (has_loose_blank_) text_.pop_back();
        has_loose_blank_ = false;
    }
    void keep(std::size_t blanks) {
        text_.append(std::min(blanks, longest_text), ' ');
        at_start_ = has_loose_blank_ = false;
    }
    void keep(char c) {
        text_ += c;
        at_start_ = has_loose_blank_ = false;
    }
    void add(std::string_view text) {
        for (const char c : text) {
            const bool is_blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
            if (is_blank && (at_start_ || has_loose_blank_)) continue;
            text_ += is_blank ? ' ' : c;
            has_loose_blank_ = is_blank;
            at_start_ = false;
        }
    }
    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    std::string text_;
    int count_ = 0;
    bool at_start_ = true, has_loose_blank_ = false;
};

class ContentHandler final : public XmlHandler {
  public:
    ContentHandler(RowQueue& rows, OdsStyles& styles, std::string wanted)
        : rows_(rows), wanted_(std::move(wanted)), styles_(styles) {}

    Refusal start(std::string_view name, const XmlAttributes& attributes) override {
        if (skipped_ > 0 || is_aside(name)) {
            ++skipped_;
            return {};
        }
        if (name == "text:p") {
            if (in_cell_) paragraphs_.begin();
        } else if (name.starts_with("text:")) {
            start_inline(name, attributes);
        } else if (name == "table:table-cell" || name == "table:covered-table-cell") {
            start_cell(name, attributes);
        } else if (name == "table:table-row") {
            start_row(attributes);
        } else if (name == "table:table-column") {
            add_columns(attributes);
        } else if (name == "table:table") {
            return start_table(attributes);
        } else if (tables_.empty()) {
            styles_.start(name, attributes);
        }
        return {};
    }

    Refusal end(std::string_view name) override {
        if (skipped_ > 0) {
            --skipped_;
            return {};
        }
        if (name == "text:p") {
            if (in_cell_) paragraphs_.end();
            if (paragraphs_.text().size() > longest_text)
                return "a cell holds more than 16 MiB of text: it is refused";
        } else if (name == "table:table-cell" || name == "table:covered-table-cell") {
            return end_cell();
        } else if (name == "table:table-row") {
            if (!in_row_) return {};
            in_row_ = false;
            auto refused = rows_.end(row_repeats_);
            row_ += row_repeats_;
            return refused;
        } else if (name == "table:table") {
            if (--table_depth_ == 0 && is_chosen_) {
                is_chosen_ = false;
                is_read_ = true;
            }
        } else if (tables_.empty()) {
            styles_.end(name);
        }
        return {};
    }

    void text(std::string_view text) override {
        if (in_cell_ && skipped_ == 0) paragraphs_.add(text);
    }

    [[nodiscard]] const std::vector<Sheet>& tables() const { return tables_; }
    [[nodiscard]] const std::string& chosen() const { return chosen_; }
    [[nodiscard]] bool is_read() const { return is_read_; }

  private:
    /// What hangs on a cell or a sheet and is not its value: comments, drawings, forms, phonetic guides.
    static bool is_aside(std::string_view name) {
        return name == "office:annotation" || name == "table:shapes" || name == "office:forms" ||
               name == "text:ruby-text" || name == "table:tracked-changes" || name == "text:note" ||
               name.starts_with("?:frame") || name.starts_with("draw:");
    }

    Refusal start_table(const XmlAttributes& attributes) {
        if (++table_depth_ > 1) return {};
        if (tables_.size() >= most_tables) return "more sheets than anybody has: it is refused";
        const bool is_hidden = styles_.is_hidden_table(attributes.get("table:style-name"));
        tables_.push_back({std::string(attributes.get("table:name")), is_hidden ? "hidden" : "visible"});
        is_chosen_ =
            chosen_.empty() && !is_read_ && (wanted_.empty() ? !is_hidden : tables_.back().name == wanted_);
        if (is_chosen_) chosen_ = tables_.back().name;
        row_ = 1;
        column_styles_.clear();
        return {};
    }

    void add_columns(const XmlAttributes& attributes) {
        if (!is_chosen_ || table_depth_ != 1) return;
        const std::int64_t repeats = count_of(attributes.get("table:number-columns-repeated"));
        const std::string style(attributes.get("table:default-cell-style-name"));
        for (std::int64_t i = 0; i < repeats && column_styles_.size() < SheetLimits{}.columns; ++i)
            column_styles_.push_back(style);
    }

    void start_row(const XmlAttributes& attributes) {
        if (!is_chosen_ || table_depth_ != 1) return;
        in_row_ = true;
        column_ = 0;
        row_repeats_ = count_of(attributes.get("table:number-rows-repeated"));
        row_style_ = attributes.get("table:default-cell-style-name");
        rows_.begin(row_);
    }

    void start_cell(std::string_view name, const XmlAttributes& attributes) {
        if (!in_row_ || table_depth_ != 1) return;
        in_cell_ = true;
        is_covered_ = name == "table:covered-table-cell";
        has_formula_ = is_error_ = false;
        has_string_ = false;
        repeats_ = 1;
        type_.clear();
        value_.clear();
        style_.clear();
        paragraphs_.clear();
        for (const char* const* at = attributes.list(); *at != nullptr; at += 2) read(at[0], at[1]);
        if (style_.empty()) style_ = row_style_;
        if (style_.empty() && column_ < column_styles_.size()) style_ = column_styles_[column_];
    }

    void read(std::string_view name, std::string_view value) {
        if (name == "office:value-type") {
            if (type_ != "error") type_ = value;
        } else if (name == "calcext:value-type") {
            is_error_ = value == "error";
        } else if (name == "office:value" || name == "office:date-value" || name == "office:time-value" ||
                   name == "office:boolean-value") {
            value_ = value;
        } else if (name == "office:string-value") {
            value_ = value;
            has_string_ = true;
        } else if (name == "table:formula") {
            has_formula_ = true;
        } else if (name == "table:number-columns-repeated") {
            repeats_ = count_of(value);
        } else if (name == "table:style-name") {
            style_ = value;
        }
    }

    void start_inline(std::string_view name, const XmlAttributes& attributes) {
        if (!in_cell_) return;
        if (name == "text:s") paragraphs_.keep(static_cast<std::size_t>(count_of(attributes.get("text:c"))));
        if (name == "text:tab") paragraphs_.keep('\t');
        if (name == "text:line-break") paragraphs_.keep('\n');
    }

    Refusal end_cell() {
        if (!in_cell_ || table_depth_ != 1) return {};
        in_cell_ = false;
        const Cell cell = is_covered_ ? Cell{} : make();
        const std::size_t first = column_;
        column_ += static_cast<std::size_t>(repeats_);
        if (cell.type == CellType::empty) return {};
        for (std::size_t column = first; column < column_; ++column)
            if (auto refused = rows_.add(column, cell)) return refused;
        return {};
    }

    [[nodiscard]] Cell make() const {
        if (is_error_) return {CellType::error, paragraphs_.text(), 0, 0};
        if (type_ == "string" || (type_.empty() && !paragraphs_.text().empty())) return make_text();
        if (type_.empty()) return has_formula_ ? Cell{CellType::uncached, {}, 0, 0} : Cell{};
        if (type_ == "boolean") return {CellType::boolean, {}, value_ == "true" ? 1.0 : 0.0, 0};
        if (type_ == "date") {
            const Cell cell = cell_of_iso(value_);
            return cell.type == CellType::empty ? mappings::text_cell(paragraphs_.text()) : cell;
        }
        if (type_ == "time") return make_time();
        double number = 0;
        const char* last = value_.data() + value_.size();
        const auto read = std::from_chars(value_.data(), last, number);
        if (read.ec != std::errc{} || read.ptr != last) return mappings::text_cell(paragraphs_.text());
        const bool is_boolean = (number == 0 || number == 1) && styles_.is_boolean(style_);
        return is_boolean ? Cell{CellType::boolean, {}, number, 0} : mappings::number_cell(number);
    }

    [[nodiscard]] Cell make_text() const {
        const std::string& text = has_string_ ? value_ : paragraphs_.text();
        constexpr std::array<std::string_view, 7> errors{"#DIV/0!", "#N/A",  "#NAME?", "#NULL!",
                                                         "#NUM!",   "#REF!", "#VALUE!"};
        const bool is_error =
            std::find(errors.begin(), errors.end(), text) != errors.end() || text.starts_with("Err:5");
        if (has_formula_ && is_error) return {CellType::error, text, 0, 0};
        return text.empty() && !has_formula_ ? Cell{} : mappings::text_cell(text);
    }

    [[nodiscard]] Cell make_time() const {
        const auto seconds = duration_of(value_);
        if (!seconds) return mappings::text_cell(paragraphs_.text());
        const bool is_duration = *seconds < 0 || *seconds >= 86'400 || styles_.is_duration(style_);
        return {is_duration ? CellType::duration : CellType::time, {}, 0, *seconds};
    }

    RowQueue& rows_;
    std::string wanted_, chosen_;
    OdsStyles& styles_;
    std::vector<Sheet> tables_;
    int table_depth_ = 0, skipped_ = 0;
    bool is_chosen_ = false, is_read_ = false;
    std::vector<std::string> column_styles_;
    bool in_row_ = false, in_cell_ = false, is_covered_ = false, is_error_ = false, has_formula_ = false;
    bool has_string_ = false;
    std::int64_t row_ = 1, row_repeats_ = 1, repeats_ = 1;
    std::size_t column_ = 0;
    std::string row_style_, style_, type_, value_;
    Paragraphs paragraphs_;
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
        : package_(std::move(package)), wanted_(wanted), handler_(rows_, styles_, wanted) {}

    Result<void> open() {
        if (auto plain = refuse_password(); !plain) return plain.error();
        if (auto styles = read_styles(); !styles) return styles.error();
        auto content = package_->part("content.xml");
        if (!content) return content.error();
        stream_ = std::make_unique<XmlStream>(*package_, std::move(*content), ods_namespaces, handler_);
        while (handler_.chosen().empty()) {
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
    [[nodiscard]] std::string sheet() const override { return handler_.chosen(); }
    /// Reads the file once more: sheets stand one behind the other in it.
    [[nodiscard]] std::vector<Sheet> sheets() const override {
        RowQueue unused;
        OdsStyles styles;
        ContentHandler names(unused, styles, "\n");  // no sheet is called so: no row is made
        auto content = package_->part("content.xml");
        if (content)
            if (auto all = XmlStream(*package_, std::move(*content), ods_namespaces, names).run(); !all)
                return handler_.tables();  // next() will tell
        return names.tables();
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
        for (const Sheet& one : handler_.tables()) names += (names.empty() ? "" : ", ") + one.name;
        return wanted_.empty()
                   ? package_->error(ErrorCode::bad_input, "has no visible sheet: name one with `sheet`")
                   : package_->error(ErrorCode::bad_input,
                                     fmt::format("has no sheet \"{}\"; its sheets are: {}", wanted_, names));
    }

    std::unique_ptr<ZipPackage> package_;
    std::string wanted_;
    RowQueue rows_;
    OdsStyles styles_;
    ContentHandler handler_;
    std::unique_ptr<XmlStream> stream_;
};

}  // namespace

Result<std::unique_ptr<TableReader>> open_ods(std::unique_ptr<ZipPackage> package, const std::string& sheet) {
    auto reader = std::make_unique<OdsReader>(std::move(package), sheet);
    if (auto opened = reader->open(); !opened) return opened.error();
    return std::unique_ptr<TableReader>(std::move(reader));
}

}  // namespace baselined::connectors
