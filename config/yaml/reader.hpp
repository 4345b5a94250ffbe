// Typed access to a YAML map: every key is taken once, what nobody took is refused with the nearest known
// name.
#pragma once

#include <chrono>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "config/yaml/tree.hpp"
#include "mappings/indicator/condition_definition.hpp"
#include "mappings/measure/definition.hpp"

namespace baselined::config {

using mappings::Scalar;

/// Notes problems instead of throwing, so that all faults of a file are told at once.
class MapReader {
  public:
    /// `what` names the map in messages: "the measure". The node and `problems` outlive the reader.
    MapReader(const YamlNode& node, std::string what, Problems& problems);

    /// What stands under the key, a map or list for another reader; null pointer when it is absent, or has
    /// nothing behind it, which refuse_nothing() told.
    const YamlNode* take(const std::string& key);
    const YamlNode& require(const std::string& key);
    /// Whether the key is written, with or without something behind it.
    [[nodiscard]] bool has(const std::string& key) const;
    /// The entries of a map whose keys are names of the user's own.
    const std::vector<YamlEntry>& entries(const std::string& key);

    std::optional<Scalar> scalar(const std::string& key);
    Scalar required_scalar(const std::string& key);  ///< empty texts are refused; then there is none
    std::string text(const std::string& key, std::string otherwise = {});
    std::optional<double> number(const std::string& key);  ///< also 60 % and +7.5%
    std::optional<std::int64_t> integer(const std::string& key);
    std::optional<bool> boolean(const std::string& key);
    std::optional<mappings::Day> day(const std::string& key);
    std::optional<std::chrono::milliseconds> duration(const std::string& key);
    /// The index of the word among the names that are allowed.
    std::optional<std::size_t> choice(const std::string& key, const std::vector<std::string>& names);
    std::vector<Scalar> list(const std::string& key);  ///< a single scalar is a list of one
    /// One that needs an entry: where the key or every entry is missing `remedy` is the problem, at `mark`.
    std::vector<Scalar> required_list(const std::string& key, const Mark& mark, const char* remedy);
    /// Calls with each item of a list of maps.
    void each(const std::string& key, const std::function<void(const YamlNode&)>& read);

    /// Refuses keys that nobody took. To be called last.
    void finish();

    [[nodiscard]] const YamlNode& node() const { return node_; }
    /// It is no map, which was told.
    [[nodiscard]] bool is_misshapen() const {
        return node_.form != YamlNode::Form::map && node_.form != YamlNode::Form::null;
    }
    void problem(const Mark& mark, std::string text) { problems_.push_back({mark, std::move(text)}); }
    Problems& problems() { return problems_; }

  private:
    /// The end of a complaint about what stands under the key: what stands there, unless that may be a
    /// secret.
    std::string not_this(const std::string& key);
    void refuse_key(const YamlNode& key);

    const YamlNode& node_;
    std::string what_;
    Problems& problems_;
    std::vector<std::string> known_;
};

/// The one way from a node to its words: a list or a map in their place is a problem; of nothing
/// refuse_nothing() tells. `what` names them: "`kind`".
std::optional<Scalar> single_value(const YamlNode& node, std::string_view what, Problems& problems);

/// What to write instead of a word that nobody knows, as the end of a message: the nearest name, or all there
/// are.
std::string nearest_or_all(std::string_view word, const std::vector<std::string>& names);

std::optional<double> parse_number(std::string_view text);
bool is_currency(std::string_view text);  ///< as EUR
std::optional<mappings::Day> parse_day(std::string_view text);
std::optional<std::chrono::milliseconds> parse_duration(
    std::string_view text);  ///< 500ms, 30s, 5m, 24h, 7d, 2w

}  // namespace baselined::config
