#include "connectors/servicenow/row_parser.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "connectors/json_text.hpp"

namespace baselined::connectors::servicenow {

namespace {

constexpr std::size_t words_bytes = 300;
constexpr std::size_t most_foreseen = 10'100;  // rows

std::size_t find(const std::vector<std::string>& names, std::string_view name) {
    return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

}  // namespace

RowParser::RowParser(const std::vector<std::string>& fields, TableAnswer& answer)
    : fields_(fields), answer_(answer), id_column_(find(fields, "sys_id")) {
    answer_.width = fields.size();
    answer_.present.assign(fields.size(), false);
}

Result<void> RowParser::parse(std::string& body) {
    mend_lone_surrogates(body);
    body.reserve(body.size() + parse_margin);
    body_ = body.data();
    body_bytes_ = body.size();
    rapidjson::InsituStringStream stream(body.data());
    rapidjson::Reader reader;
    const auto parsed =
        reader.Parse<rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag>(stream, *this);
    if (parsed.IsError()) return json_failure(parsed.Code(), parsed.Offset(), body.size());
    if (stream.Tell() < body.size())  // to the reader a zero byte is the end
        return json_failure(rapidjson::kParseErrorDocumentRootNotSingular, stream.Tell(), body.size());
    return {};
}

bool RowParser::StartObject() {
    if (skipped_ > 0) {
        ++skipped_;
    } else if (place_ == Place::outside) {
        place_ = Place::document;
    } else if (place_ == Place::result) {
        enter_row();
    } else if (place_ == Place::row) {
        place_ = Place::reference;
    } else if (place_ == Place::document && name_ == "error") {
        place_ = Place::error;
        has_error_ = true;
    } else {
        ++skipped_;
    }
    return true;
}

bool RowParser::EndObject(rapidjson::SizeType) {
    if (skipped_ > 0) {
        --skipped_;
    } else if (place_ == Place::row) {
        leave_row();
    } else if (place_ == Place::reference) {
        place_ = Place::row;
    } else if (place_ == Place::error) {
        place_ = Place::document;
    }
    return true;
}

bool RowParser::StartArray() {
    if (skipped_ == 0 && place_ == Place::document && name_ == "result") {
        place_ = Place::result;
        has_result_ = true;
    } else {
        ++skipped_;
    }
    return true;
}

bool RowParser::EndArray(rapidjson::SizeType) {
    if (skipped_ > 0)
        --skipped_;
    else
        place_ = Place::document;
    return true;
}

bool RowParser::Key(const char* text, rapidjson::SizeType size, bool) {
    if (skipped_ > 0) return true;
    name_ = {text, size};
    if (place_ == Place::row) column_ = column_of(name_);
    return true;
}

bool RowParser::String(const char* text, rapidjson::SizeType size, bool) {
    if (skipped_ > 0) return true;
    const std::string_view value(text, size);
    if (place_ == Place::row || (place_ == Place::reference && name_ == "value")) {
        take(value);
    } else if (place_ == Place::document && name_ == "error") {
        has_error_ = true;
        words_ = value.substr(0, words_bytes);
    } else if (place_ == Place::error && (name_ == "message" || name_ == "detail")) {
        // The message first, whatever the order.
        const std::string own(value);
        words_ = words_.empty() ? own : name_ == "message" ? own + ": " + words_ : words_ + ": " + own;
        words_.resize(std::min(words_.size(), words_bytes));
    }
    return true;
}

bool RowParser::Null() {
    if (skipped_ == 0 && place_ == Place::row) take("");
    return true;
}

bool RowParser::Bool(bool value) {
    if (skipped_ == 0 && place_ == Place::row) take(value ? "true" : "false");
    return true;
}

bool RowParser::Double(double value) {
    return number(fmt::format("{}", value));
}

bool RowParser::number(std::string text) {
    if (skipped_ == 0 && place_ == Place::row) take(answer_.texts.emplace_back(std::move(text)));
    return true;
}

void RowParser::enter_row() {
    place_ = Place::row;
    member_ = 0;
    answer_.values.resize(answer_.values.size() + answer_.width);
}

void RowParser::leave_row() {
    place_ = Place::result;
    if (answer_.values.size() == answer_.width && name_.data() > body_) {
        // The other rows will be about as long as the first.
        const auto row_bytes = static_cast<std::size_t>(name_.data() - body_);
        answer_.values.reserve(answer_.width * std::min(body_bytes_ / row_bytes + 1, most_foreseen));
    }
    if (id_column_ >= answer_.width ||
        !answer_.values[answer_.values.size() - answer_.width + id_column_].empty())
        return;
    answer_.values.resize(answer_.values.size() - answer_.width);
    ++answer_.hidden;
}

void RowParser::take(std::string_view text) {
    if (column_ < answer_.width) answer_.values[answer_.values.size() - answer_.width + column_] = text;
}

std::size_t RowParser::column_of(std::string_view name) {
    const std::size_t at = member_++;
    if (at >= order_.size()) order_.resize(at + 1, {std::string_view{}, answer_.width});
    if (order_[at].first != name) order_[at] = {name, find(fields_, name)};
    if (order_[at].second < answer_.width) answer_.present[order_[at].second] = true;
    return order_[at].second;
}

}  // namespace baselined::connectors::servicenow
