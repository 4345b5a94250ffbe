#include "config/yaml/reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace baselined::config {

namespace {

const YamlNode absent{};

std::string form_text(const YamlNode& node) {
    switch (node.form) {
        case YamlNode::Form::list:
            return "a list";
        case YamlNode::Form::map:
            return "a map";
        case YamlNode::Form::scalar:
            return "a single value";
        default:
            return "nothing";
    }
}

}  // namespace

std::optional<double> parse_number(std::string_view text) {
    const bool is_percent = text.ends_with('%');
    if (is_percent) text.remove_suffix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    if (text.starts_with('+')) text.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
        return std::nullopt;
    return is_percent ? value / 100 : value;
}

bool is_currency(std::string_view text) {
    return text.size() == 3 &&
           std::ranges::all_of(text, [](char letter) { return letter >= 'A' && letter <= 'Z'; });
}

std::optional<mappings::Day> parse_day(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    std::array<int, 3> parts{};
    const std::array<std::string_view, 3> texts{text.substr(0, 4), text.substr(5, 2), text.substr(8, 2)};
    for (std::size_t i = 0; i < 3; ++i) {
        const auto [end, error] =
            std::from_chars(texts[i].data(), texts[i].data() + texts[i].size(), parts[i]);
        if (error != std::errc{} || end != texts[i].data() + texts[i].size()) return std::nullopt;
    }
    const auto ymd = date::year{parts[0]} / parts[1] / parts[2];
    if (!ymd.ok()) return std::nullopt;
    return mappings::Day{ymd};
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    struct UnitOfTime {
        std::string_view name;
        std::int64_t millis;
    };
    constexpr std::array<UnitOfTime, 6> units{
        {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}, {"w", 604'800'000}}};
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || value < 0 || value > 1e6) return std::nullopt;
    const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    for (const UnitOfTime& known : units)
        if (known.name == unit)
            return std::chrono::milliseconds{std::llround(value * static_cast<double>(known.millis))};
    return std::nullopt;
}

std::optional<Scalar> single_value(const YamlNode& node, std::string_view what, Problems& problems) {
    if (node.form == YamlNode::Form::scalar) return Scalar{node.text, node.mark};
    if (node.form != YamlNode::Form::null)
        problems.push_back(
            {node.mark, fmt::format("{} must be a single value, not {}", what, form_text(node))});
    return std::nullopt;
}

std::string nearest_or_all(std::string_view word, const std::vector<std::string>& names) {
    const std::string nearest = did_you_mean(word, names);
    return nearest.empty() ? fmt::format("; there are {}", fmt::join(names, ", ")) : nearest;
}

MapReader::MapReader(const YamlNode& node, std::string what, Problems& problems)
    : node_(node), what_(std::move(what)), problems_(problems) {
    if (is_misshapen())
        problem(node.mark,
                fmt::format("{} must be a map of keys and values, not {}", what_, form_text(node)));
}

const YamlNode* MapReader::take(const std::string& key) {
    if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.push_back(key);
    for (const auto& [name, value] : node_.entries)
        if (name.text == key) return value.form == YamlNode::Form::null ? nullptr : &value;
    return nullptr;
}

bool MapReader::has(const std::string& key) const {
    return std::ranges::any_of(node_.entries, [&](const auto& entry) { return entry.key.text == key; });
}

const YamlNode& MapReader::require(const std::string& key) {
    if (const YamlNode* value = take(key)) return *value;
    if (!is_misshapen() && !has(key)) problem(node_.mark, fmt::format("{} needs `{}`", what_, key));
    return absent;
}

const std::vector<YamlEntry>& MapReader::entries(const std::string& key) {
    const YamlNode* value = take(key);
    if (value == nullptr) return absent.entries;
    if (value->form != YamlNode::Form::map)
        problem(value->mark,
                fmt::format("`{}` must be a map of names and what each is, not {}", key, form_text(*value)));
    return value->entries;
}

std::optional<Scalar> MapReader::scalar(const std::string& key) {
    const YamlNode* value = take(key);
    return value == nullptr ? std::nullopt : single_value(*value, fmt::format("`{}`", key), problems_);
}

Scalar MapReader::required_scalar(const std::string& key) {
    const YamlNode& value = require(key);
    if (&value == &absent) return {"", node_.mark};
    const auto scalar = single_value(value, fmt::format("`{}`", key), problems_);
    if (scalar && scalar->text.empty()) problem(value.mark, fmt::format("`{}` is empty: it is needed", key));
    return scalar.value_or(Scalar{"", value.mark});
}

std::string MapReader::text(const std::string& key, std::string otherwise) {
    const auto value = scalar(key);
    if (value && value->text.find_first_of("\r\n") != std::string::npos)
        problem(value->mark, fmt::format("`{}` has a line break in it", key));
    return value ? value->text : std::move(otherwise);
}

std::optional<double> MapReader::number(const std::string& key) {
    const auto value = scalar(key);
    if (!value) return std::nullopt;
    const auto number = parse_number(value->text);
    if (!number)
        problem(value->mark,
                fmt::format("`{}` must be a number, like 85, 0.3 or -30%{}", key, not_this(key)));
    return number;
}

std::optional<std::int64_t> MapReader::integer(const std::string& key) {
    const auto value = scalar(key);
    if (!value) return std::nullopt;
    std::int64_t number = 0;
    const char* last = value->text.data() + value->text.size();
    const auto [end, error] = std::from_chars(value->text.data(), last, number);
    if (error == std::errc{} && end == last) return number;
    problem(value->mark, fmt::format("`{}` must be a whole number{}", key, not_this(key)));
    return std::nullopt;
}

std::optional<bool> MapReader::boolean(const std::string& key) {
    const auto value = scalar(key);
    if (!value) return std::nullopt;
    if (value->text == "true") return true;
    if (value->text == "false") return false;
    problem(value->mark, fmt::format("`{}` must be true or false{}", key, not_this(key)));
    return std::nullopt;
}

std::optional<mappings::Day> MapReader::day(const std::string& key) {
    const auto value = scalar(key);
    if (!value) return std::nullopt;
    const auto day = parse_day(value->text);
    if (!day) problem(value->mark, fmt::format("`{}` must be a day, like 2026-01-31{}", key, not_this(key)));
    return day;
}

std::optional<std::chrono::milliseconds> MapReader::duration(const std::string& key) {
    const auto value = scalar(key);
    if (!value) return std::nullopt;
    const auto duration = parse_duration(value->text);
    if (!duration)
        problem(value->mark,
                fmt::format("`{}` must be a time, like 30s, 5m, 24h or 7d{}", key, not_this(key)));
    return duration;
}

std::optional<std::size_t> MapReader::choice(const std::string& key, const std::vector<std::string>& names) {
    const auto word = scalar(key);
    if (!word) return std::nullopt;
    const auto found = std::find(names.begin(), names.end(), word->text);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    problem(word->mark, fmt::format("`{}` is one of {}{}{}", key, fmt::join(names, ", "), not_this(key),
                                    did_you_mean(word->text, names)));
    return std::nullopt;
}

std::vector<Scalar> MapReader::list(const std::string& key) {
    const YamlNode* value = take(key);
    std::vector<Scalar> result;
    if (value == nullptr) return result;
    if (value->form == YamlNode::Form::scalar) return {{value->text, value->mark}};
    const std::string what = fmt::format("what `{}` lists", key);
    for (const YamlNode& item : value->items)
        if (auto scalar = single_value(item, what, problems_)) result.push_back(std::move(*scalar));
    if (value->form == YamlNode::Form::map)
        problem(value->mark, fmt::format("`{}` must be a list, not a map", key));
    return result;
}

std::vector<Scalar> MapReader::required_list(const std::string& key, const Mark& mark, const char* remedy) {
    const YamlNode* value = take(key);
    const bool is_empty = value != nullptr && value->form == YamlNode::Form::list && value->items.empty();
    if (is_empty || !has(key)) problem(mark, remedy);
    return list(key);
}

void MapReader::each(const std::string& key, const std::function<void(const YamlNode&)>& read) {
    const YamlNode* value = take(key);
    if (value == nullptr) return;
    if (value->form != YamlNode::Form::list)
        return problem(value->mark, fmt::format("`{}` must be a list, not {}", key, form_text(*value)));
    for (const YamlNode& item : value->items) read(item);
}

std::string MapReader::not_this(const std::string& key) {
    const YamlNode* value = take(key);
    return value == nullptr || value->is_confidential ? "" : fmt::format(", not \"{}\"", value->text);
}

void MapReader::refuse_key(const YamlNode& key) {
    const std::string nearest = nearest_or_all(key.text, known_);
    // `url:https://...` is one word to YAML, and the secret a part of it.
    const std::size_t colon = key.text.find(':');
    if (key.is_confidential)
        problem(key.mark, fmt::format("{} has no such key{}", what_, nearest));
    else if (colon != std::string::npos)
        problem(key.mark, fmt::format("{} has no key \"{}:...\": a blank belongs behind the colon", what_,
                                      key.text.substr(0, colon)));
    else
        problem(key.mark, fmt::format("{} has no key \"{}\"{}", what_, key.text, nearest));
}

void MapReader::finish() {
    for (const auto& [key, value] : node_.entries)
        if (std::find(known_.begin(), known_.end(), key.text) == known_.end()) refuse_key(key);
}

}  // namespace baselined::config
