#include "connectors/files/csv_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>

#include "connectors/files/byte_stream.hpp"

namespace baselined::connectors {

namespace {

using mappings::Cell;

constexpr std::string_view candidates = ",;\t|";

/// The delimiter that cuts the first lines into most, and into equal, parts.
char find_delimiter(std::string_view start) {
    std::array<std::array<int, 8>, 4> counts{};
    std::size_t line = 0;
    bool quoted = false;
    for (const char c : start) {
        if (c == '"') quoted = !quoted;
        if (quoted) continue;
        if (c == '\n' && ++line == counts[0].size()) break;
        if (const std::size_t index = candidates.find(c); index != std::string_view::npos)
            ++counts[index][line];
    }
    const std::size_t lines = std::max<std::size_t>(1, std::min(line, counts[0].size()));
    std::size_t best = 0;
    int best_score = -1;
    for (std::size_t index = 0; index < candidates.size(); ++index) {
        int most = 0, agreeing = 0;
        for (std::size_t i = 0; i < lines; ++i) most = std::max(most, counts[index][i]);
        for (std::size_t i = 0; i < lines; ++i) agreeing += counts[index][i] == most && most > 0 ? 1 : 0;
        const int score = agreeing * 1000 + most;
        if (most > 0 && score > best_score) {
            best = index;
            best_score = score;
        }
    }
    return candidates[best];
}

class CsvFile final : public CsvReader {
  public:
    CsvFile(std::string path, std::unique_ptr<ByteStream> bytes, const CsvLimits& limits)
        : path_(std::move(path)), bytes_(std::move(bytes)), limits_(limits) {}

    Result<void> start(const std::string& delimiter) {
        if (auto filled = fill(); !filled) return filled.error();
        delimiter_ = delimiter.empty() ? '\0' : delimiter[0];
        // Excel's own way to say which delimiter follows; not a row.
        if (buffer_.starts_with("sep=") && buffer_.size() > 5 && (buffer_[5] == '\r' || buffer_[5] == '\n')) {
            if (delimiter_ == '\0') delimiter_ = buffer_[4];
            at_ = buffer_[5] == '\r' && buffer_.size() > 6 && buffer_[6] == '\n' ? 7 : 6;
            ++line_;
        }
        if (delimiter_ == '\0') delimiter_ = find_delimiter(std::string_view(buffer_).substr(at_));
        return {};
    }

    Result<bool> next() override {
        for (;;) {
            const auto found = next_row();
            if (!found || !*found) return found;
            if (std::any_of(cells_.begin(), cells_.end(),
                            [](const Cell& cell) { return cell.type != mappings::CellType::empty; }))
                return true;
        }
    }

    [[nodiscard]] std::span<const Cell> cells() const override { return cells_; }
    [[nodiscard]] std::int64_t row_number() const override { return row_number_; }
    [[nodiscard]] bool ends_with_file() const override { return has_no_line_end_; }
    [[nodiscard]] std::int64_t line() const override { return row_line_; }
    [[nodiscard]] std::optional<std::string> encoding() const override { return bytes_->encoding(); }
    [[nodiscard]] std::optional<char> delimiter() const override { return delimiter_; }

  private:
    enum class Step { row, more, failed };

    Result<void> fill() {
        buffer_.erase(0, at_);
        at_ = 0;
        const std::size_t before = buffer_.size();
        const auto more = bytes_->read(buffer_);
        if (!more) return more.error();
        at_end_ = !*more;
        if (const void* zero = std::memchr(buffer_.data() + before, '\0', buffer_.size() - before)) {
            const auto place = static_cast<std::size_t>(static_cast<const char*>(zero) - buffer_.data());
            const auto line = line_ + std::count(buffer_.begin(),
                                                 buffer_.begin() + static_cast<std::ptrdiff_t>(place), '\n');
            return Error{
                ErrorCode::bad_input,
                fmt::format("{}: line {} has a zero byte: the file is damaged or no text", path_, line)};
        }
        return {};
    }

    Result<bool> next_row() {
        for (;;) {
            if (at_ == buffer_.size() && at_end_) return false;
            Error error;
            const Step step = scan_row(error);
            if (step == Step::row) return true;
            if (step == Step::failed) return error;
            if (buffer_.size() - at_ > limits_.row_bytes)
                return Error{
                    ErrorCode::limit,
                    fmt::format(
                        "{}: the row that begins in line {} is longer than {} MiB; is a quote open there?",
                        path_, line_, limits_.row_bytes >> 20)};
            if (auto filled = fill(); !filled) return filled.error();
        }
    }

    /// Finds one whole row in the buffer. Step::more: its end is not there yet.
    Step scan_row(Error& error) {
        cells_.clear();
        unquoted_.clear();
        std::int64_t lines = 0;
        std::size_t at = at_;
        for (;;) {
            if (cells_.size() >= limits_.columns) {
                error = {ErrorCode::limit,
                         fmt::format("{}: line {} has more than {} columns", path_, line_, limits_.columns)};
                return Step::failed;
            }
            std::size_t end = at;
            if (at < buffer_.size() && buffer_[at] == '"') {
                const Step step = scan_quoted(at, end, lines, error);
                if (step != Step::row) return step;
            } else {
                end = find_end(at);
                if (end == buffer_.size() && !at_end_) return Step::more;
                add_cell(std::string_view(buffer_).substr(at, end - at));
            }
            has_no_line_end_ = end == buffer_.size();
            if (has_no_line_end_) return finish_row(end, lines);
            if (buffer_[end] == delimiter_) {
                at = end + 1;
                continue;
            }
            if (buffer_[end] == '\r') {
                if (end + 1 == buffer_.size() && !at_end_) return Step::more;
                if (end + 1 < buffer_.size() && buffer_[end + 1] == '\n') ++end;
            }
            return finish_row(end + 1, lines + 1);
        }
    }

    Step finish_row(std::size_t end, std::int64_t lines) {
        at_ = end;
        row_line_ = line_;
        line_ += lines;
        ++row_number_;
        return Step::row;
    }

    [[nodiscard]] std::size_t find_end(std::size_t at) const {
        const char* p = buffer_.data() + at;
        const char* const last = buffer_.data() + buffer_.size();
        while (p != last && *p != delimiter_ && *p != '\n' && *p != '\r') ++p;
        return static_cast<std::size_t>(p - buffer_.data());
    }

    /// A quoted field: two quotes are one, delimiters and line breaks are text. What follows the closing
    /// quote is kept as it is.
    Step scan_quoted(std::size_t at, std::size_t& end, std::int64_t& lines, Error& error) {
        std::size_t from = at + 1;
        std::string* joined = nullptr;
        for (;;) {
            const std::size_t quote = buffer_.find('"', from);
            if (quote == std::string::npos || (quote + 1 == buffer_.size() && !at_end_)) {
                if (!at_end_) return Step::more;
                if (quote == std::string::npos) {
                    error = {ErrorCode::bad_input,
                             fmt::format("{}: a quote that opens in line {} is never closed", path_,
                                         line_ + lines)};
                    return Step::failed;
                }
            }
            const std::string_view part = std::string_view(buffer_).substr(from, quote - from);
            if (quote + 1 < buffer_.size() && buffer_[quote + 1] == '"') {
                if (joined == nullptr) joined = &unquoted_.emplace_back();
                joined->append(part).push_back('"');
                from = quote + 2;
                continue;
            }
            end = find_end(quote + 1);
            if (end == buffer_.size() && !at_end_) return Step::more;
            const std::string_view tail = std::string_view(buffer_).substr(quote + 1, end - quote - 1);
            if (joined == nullptr && !tail.empty()) joined = &unquoted_.emplace_back();
            if (joined != nullptr) joined->append(part).append(tail);
            const std::string_view whole = joined != nullptr ? std::string_view(*joined) : part;
            lines += std::count(whole.begin(), whole.end(), '\n');
            add_cell(whole);
            return Step::row;
        }
    }

    void add_cell(std::string_view text) {
        cells_.push_back(text.empty() ? Cell{} : mappings::text_cell(text));
    }

    std::string path_;
    std::unique_ptr<ByteStream> bytes_;
    CsvLimits limits_;
    std::string buffer_;
    std::size_t at_ = 0;
    bool at_end_ = false, has_no_line_end_ = false;
    char delimiter_ = ',';
    std::vector<Cell> cells_;
    std::deque<std::string> unquoted_;  // a deque: views into its texts stay good
    std::int64_t line_ = 1, row_line_ = 0, row_number_ = 0;
};

}  // namespace

Result<std::unique_ptr<CsvReader>> CsvReader::open(const std::string& path, const CsvOptions& options,
                                                   const CsvLimits& limits) {
    auto bytes = ByteStream::open(path, options.encoding);
    if (!bytes) return bytes.error();
    auto file = std::make_unique<CsvFile>(path, std::move(*bytes), limits);
    if (auto started = file->start(options.delimiter); !started) return started.error();
    return std::unique_ptr<CsvReader>(std::move(file));
}

}  // namespace baselined::connectors
