// Takes the rows out of a Table API answer in one pass, in place: no tree is built, no text is copied.
#pragma once

#include <rapidjson/reader.h>

#include <string>
#include <string_view>
#include <vector>

#include "connectors/servicenow/table_api.hpp"

namespace baselined::connectors::servicenow {

/// `{"result":[{..},{..}],"error":{..}}`. A reference's value is its `value`, where an instance disregards
/// sysparm_exclude_reference_link; of a member that stands twice in a row, the last. Rows go into the answer
/// given, which outlives it.
class RowParser : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, RowParser> {
  public:
    RowParser(const std::vector<std::string>& fields, TableAnswer& answer);

    /// An error is a json_failure. `body` is written over, and the rows look into it.
    Result<void> parse(std::string& body);
    [[nodiscard]] bool has_result() const { return has_result_; }
    [[nodiscard]] bool has_error() const { return has_error_; }
    [[nodiscard]] const std::string& error_words() const { return words_; }

    // Called by the reader.
    bool StartObject();
    bool EndObject(rapidjson::SizeType count);
    bool StartArray();
    bool EndArray(rapidjson::SizeType count);
    bool Key(const char* text, rapidjson::SizeType size, bool copy);
    bool String(const char* text, rapidjson::SizeType size, bool copy);
    bool Null();
    bool Bool(bool value);
    bool Int(int value) { return number(std::to_string(value)); }
    bool Uint(unsigned value) { return number(std::to_string(value)); }
    bool Int64(std::int64_t value) { return number(std::to_string(value)); }
    bool Uint64(std::uint64_t value) { return number(std::to_string(value)); }
    bool Double(double value);

  private:
    /// Where the reader stands; what is of no interest is only counted, level by level.
    enum class Place { outside, document, result, row, reference, error };

    bool number(std::string text);
    void enter_row();
    void leave_row();
    void take(std::string_view text);
    std::size_t column_of(std::string_view name);

    const std::vector<std::string>& fields_;
    TableAnswer& answer_;
    std::size_t id_column_;
    Place place_ = Place::outside;
    int skipped_ = 0;         ///< levels within something of no interest
    std::string_view name_;   ///< of the member that comes
    std::size_t column_ = 0;  ///< of the row's member that comes
    std::size_t member_ = 0;  ///< its place in the row
    /// The names of the row before and their columns: rows of an answer have the same members in the same
    /// order.
    std::vector<std::pair<std::string_view, std::size_t>> order_;
    std::size_t body_bytes_ = 0;
    const char* body_ = nullptr;
    bool has_result_ = false, has_error_ = false;
    std::string words_;
};

}  // namespace baselined::connectors::servicenow
