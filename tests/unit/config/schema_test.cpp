// Holds the table of keys against the readers: files made from it are read, faults put into them are told,
// and what a reader says it knows is what the table has.
#include "config/schema/table.hpp"

#include <unistd.h>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>

#include "config/config.hpp"
#include "tests/support/catch.hpp"

using namespace baselined;
using config::schema::Key;
using config::schema::Presence;
using config::schema::Shape;
using config::schema::Together;
using Form = config::schema::Shape::Form;

namespace {

namespace fs = std::filesystem;

/// What a probe does besides being right.
struct Twist {
    bool adds_unknown_keys = false;  ///< to every map that is closed: unknown_word + its number
    bool writes_defaults = false;    ///< instead of examples
    std::string faulty;              ///< "shape.key" of which the value is the type's fault
    std::string instead;             ///< what stands at `faulty`, where it is not the type's fault
};

const std::string unknown_word = "zzzzzzzzzzzzzzzz";

/// Makes YAML texts of a shape: so many that each key, word and alternative stands in one of them.
class Probe {
  public:
    explicit Probe(Twist twist = {}) : twist_(std::move(twist)) {}

    std::vector<std::string> texts(const Shape& shape, const std::string& place = {}) {
        const Shape& is = config::schema::resolved(shape);
        const std::string name = shape.form == Form::named ? shape.name : place;
        switch (is.form) {
            case Form::named:
                return {scalar(*config::schema::find_scalar(is.name), place)};
            case Form::anything:
                return {"1"};
            case Form::word:
                return words(is, place);
            case Form::map:
                return maps(is, name);
            case Form::list:
                return wrapped(texts(is.of[0], place), "[", "]");
            case Form::some: {
                auto both = texts(is.of[0], place);
                auto lists = wrapped(both, "[", "]");
                both.insert(both.end(), lists.begin(), lists.end());
                return both;
            }
            case Form::one_of:
                return alternatives(is, name);
            case Form::by:
                return decided(is);
        }
        return {};
    }

    /// The closed maps that were written, by number.
    [[nodiscard]] const std::vector<const Shape*>& closed() const { return closed_; }
    /// "shape.key" of every value that has a fault to try.
    [[nodiscard]] const std::set<std::string>& fault_places() const { return fault_places_; }
    /// What was written for a fault.
    [[nodiscard]] const std::string& fault() const { return fault_; }
    /// What each key, and each name of a user's own, may hold, by "shape.key" or "shape.*".
    [[nodiscard]] const std::map<std::string, const Shape*>& places() const { return places_; }

  private:
    /// What stands under a key.
    std::vector<std::string> values(const Shape& shape, const std::string& place) {
        places_[place] = &shape;
        if (place == twist_.faulty && !twist_.instead.empty()) return {fault_ = twist_.instead};
        return texts(shape, place);
    }

    std::string scalar(const config::schema::ScalarType& type, const std::string& place) {
        if (!type.fault.empty()) fault_places_.insert(place);
        if (!type.fault.empty() && place == twist_.faulty) return fault_ = type.fault;
        if (place == "main.measures" || place == "main.indicators") return place.substr(5) + ".yaml";
        if (place == "quiet hours.from") return "\"20:00\"";
        // What has to agree with other values.
        static const std::map<std::string, std::string> agreed{{"baseline.from", "2024-01-01"},
                                                               {"baseline.to", "2024-12-31"},
                                                               {"target.from", "2025-01-01"},
                                                               {"target.by", "2025-12-31"},
                                                               {"target.value", "50%"}};
        const auto found = agreed.find(place);
        return found != agreed.end() ? found->second : type.example;
    }

    std::vector<std::string> words(const Shape& shape, const std::string& place) {
        fault_places_.insert(place);
        if (place != twist_.faulty) return shape.words;
        return {fault_ = unknown_word};
    }

    static std::vector<std::string> wrapped(std::vector<std::string> texts, const char* before,
                                            const char* after) {
        for (std::string& text : texts) text = before + text + after;
        return texts;
    }

    std::vector<std::string> alternatives(const Shape& shape, const std::string& place) {
        std::vector<std::string> all;
        for (const Shape& alternative : shape.of)
            for (std::string& text : texts(alternative, place)) all.push_back(std::move(text));
        return all;
    }

    std::vector<std::string> decided(const Shape& shape) {
        std::vector<std::string> all;
        for (std::size_t i = 0; i < shape.of.size(); ++i) {
            fixed_[shape.name] = shape.words[i];
            for (std::string& text : texts(shape.of[i])) all.push_back(std::move(text));
            fixed_.erase(shape.name);
        }
        return all;
    }

    /// The names that stand in one map together; one list of them for each way that `together` allows.
    static std::vector<std::set<std::string>> ways(const Shape& shape) {
        std::set<std::string> all;
        for (const Key& key : shape.keys) all.insert(key.name);
        for (const Together& rule : shape.together) {
            if (rule.kind == Together::Kind::when) continue;
            std::vector<std::set<std::string>> result;
            for (const auto& chosen : rule.sets) {
                std::set<std::string> way = all;
                for (const auto& set : rule.sets)
                    for (const std::string& name : set) way.erase(name);
                way.insert(chosen.begin(), chosen.end());
                result.push_back(std::move(way));
            }
            return result;
        }
        return {all};
    }

    std::vector<std::string> maps(const Shape& shape, const std::string& name) {
        if (std::find(open_.begin(), open_.end(), &shape) != open_.end()) return {"{}"};  // it holds itself
        open_.push_back(&shape);
        std::vector<std::string> result;
        for (const auto& way : ways(shape)) {
            std::map<std::string, std::vector<std::string>> values;
            std::size_t count = 1;
            for (const Key& key : shape.keys) {
                if (!way.contains(key.name)) continue;
                values[key.name] = key_texts(key, name + "." + key.name);
                count = std::max(count, values[key.name].size());
            }
            if (!shape.of.empty()) {
                values[own_name(shape.name)] = this->values(shape.of[0], name + ".*");
                count = std::max(count, values[own_name(shape.name)].size());
            }
            for (std::size_t i = 0; i < count; ++i) result.push_back(entry_text(shape, values, i));
        }
        open_.pop_back();
        return result;
    }

    std::vector<std::string> key_texts(const Key& key, const std::string& place) {
        if (const auto fixed = fixed_.find(key.name); fixed != fixed_.end() && place != twist_.faulty) {
            fault_places_.insert(place);
            places_[place] = &key.shape;
            return {fixed->second};
        }
        if (twist_.writes_defaults && key.presence.kind == Presence::Kind::value)
            return {"\"" + key.presence.text + "\""};
        return values(key.shape, place);
    }

    std::string entry_text(const Shape& shape, const std::map<std::string, std::vector<std::string>>& values,
                           std::size_t i) {
        std::string text;
        for (const auto& [key, of_key] : values)
            text += (text.empty() ? "" : ", ") + key + ": " + of_key[i % of_key.size()];
        if (twist_.adds_unknown_keys && shape.of.empty()) {
            const auto found = std::find(closed_.begin(), closed_.end(), &shape);
            const auto number = found - closed_.begin();
            if (found == closed_.end()) closed_.push_back(&shape);
            text += ", " + unknown_word + std::to_string(number) + ": 1";
        }
        return "{" + text + "}";
    }

    static std::string own_name(const std::string& what) { return what == "field" ? "title" : "own"; }

    Twist twist_;
    std::map<std::string, std::string> fixed_;  ///< keys whose word was decided further out
    std::vector<const Shape*> open_, closed_;
    std::set<std::string> fault_places_;
    std::map<std::string, const Shape*> places_;
    std::string fault_;
};

/// A value of each form, and what of it a list holds.
struct Formed {
    Form form;  ///< named: a single value
    std::string text;
    const Formed* inner = nullptr;
};
const Formed single{Form::named, unknown_word}, mapped{Form::map, "{" + unknown_word + ": 1}"},
    listed{Form::list, "[" + unknown_word + "]", &single},
    list_of_lists{Form::list, "[[" + unknown_word + "]]", &listed},
    list_of_maps{Form::list, "[{" + unknown_word + ": 1}]", &mapped},
    list_of_nothing{Form::list, "[~, " + unknown_word + "]", nullptr}, nothing{Form::anything, "~"};

/// Whether the shape has a place for something of that form, whatever its words are.
bool allows(const Shape& shape, const Formed* value) {
    const Shape& is = config::schema::resolved(shape);
    const auto allows_inner = [&] {
        return value != nullptr && value->form == Form::list && allows(is.of[0], value->inner);
    };
    switch (is.form) {
        case Form::anything:
            return true;
        case Form::named:
            if (is.name == "nothing" || value == &nothing) return is.name == "nothing" && value == &nothing;
            return value != nullptr && value->form == Form::named;
        case Form::word:
            return value != nullptr && value->form == Form::named;
        case Form::map:
        case Form::by:
            return value != nullptr && value->form == Form::map;
        case Form::list:
            return allows_inner();
        case Form::some:
            return allows(is.of[0], value) || allows_inner();
        case Form::one_of:
            return std::any_of(is.of.begin(), is.of.end(),
                               [&](const Shape& one) { return allows(one, value); });
    }
    return false;
}

/// A folder with a small good configuration, of which one file is the probe.
class Folder {
  public:
    Folder() : path_(fs::temp_directory_path() / ("baselined-schema-" + std::to_string(::getpid()))) {
        fs::create_directories(path_);
        write("measures", "measures: []");
        write("indicators", "indicators: {}");
        write("mapping", "{ kind: incident, id: id }");
        std::ofstream(path_ / "ca.pem") << "";
        write("main",
              "{ measures: measures.yaml, indicators: indicators.yaml, sources: { j: { type: jira, "
              "url: 'https://j.example.com', auth: { bearer: t }, streams: { s: { mapping: mapping.yaml } } "
              "} } }");
    }
    ~Folder() { fs::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    void write(const std::string& kind, const std::string& text) const {
        std::ofstream(path_ / (kind + ".yaml")) << text << "\n";
    }
    [[nodiscard]] Problems read() const { return config::load((path_ / "main.yaml").string()).problems; }

  private:
    fs::path path_;
};

/// What the table cannot say: a rule between keys of two maps.
bool is_known_exception(const Problem& problem) {
    return problem.text.starts_with("Jira knows no `api_key`");
}

Problems problems_of(const std::string& kind, const std::string& text) {
    const Folder folder;
    folder.write(kind, text);
    Problems problems = folder.read();
    std::erase_if(problems, is_known_exception);
    return problems;
}

std::string told(const Problems& problems) {
    std::string all;
    for (const Problem& problem : problems) all += problem.text + "\n";
    return all;
}

std::vector<std::string> probes(Probe& probe, std::string_view kind) {
    return probe.texts(Shape(std::string(kind).c_str()));
}

/// Rules of mappings are looked at once more when they are compiled.
const std::set<std::string> later{"rule.as", "rule.timezone"};

std::set<std::string> words_of(std::string text) {
    std::set<std::string> words;
    for (std::size_t at = 0; at != std::string::npos;) {
        const std::size_t end = text.find(", ", at);
        words.insert(text.substr(at, end == std::string::npos ? end : end - at));
        at = end == std::string::npos ? end : end + 2;
    }
    return words;
}

}  // namespace

TEST_CASE("files made from the table of keys are good") {
    for (const bool writes_defaults : {false, true})
        for (const auto kind : config::schema::file_kinds) {
            Probe probe({false, writes_defaults, {}, {}});
            for (const std::string& text : probes(probe, kind)) {
                INFO(kind << ": " << text);
                CHECK_THAT(told(problems_of(std::string(kind), text)), Catch::Equals(""));
            }
        }
}

TEST_CASE("the table has the keys that the readers know, no more and no less") {
    for (const auto kind : config::schema::file_kinds) {
        Probe probe({true, false, {}, {}});
        std::set<std::size_t> refused;
        for (const std::string& text : probes(probe, kind))
            for (const Problem& problem : problems_of(std::string(kind), text)) {
                INFO(problem.text);
                const std::size_t list = problem.text.find("; there are ");
                REQUIRE(list != std::string::npos);
                const std::string written = text.substr(static_cast<std::size_t>(problem.mark.column) - 1);
                REQUIRE(written.starts_with(unknown_word));
                const std::size_t number = std::stoul(written.substr(unknown_word.size()));
                std::set<std::string> keys;
                for (const Key& key : probe.closed()[number]->keys) keys.insert(key.name);
                CHECK(words_of(problem.text.substr(list + 12)) == keys);
                refused.insert(number);
            }
        CHECK(refused.size() == probe.closed().size());
    }
}

TEST_CASE("what the table's types do not allow, the readers refuse") {
    for (const auto kind : config::schema::file_kinds) {
        Probe all;
        probes(all, kind);
        CHECK(all.fault_places().size() > 2);
        for (const std::string& place : all.fault_places()) {
            if (later.contains(place)) continue;
            INFO(place);
            Probe probe({false, false, place, {}});
            bool is_refused = false;
            for (const std::string& text : probes(probe, kind)) {
                if (text.find(probe.fault()) == std::string::npos) continue;
                is_refused = !problems_of(std::string(kind), text).empty();
                if (is_refused) break;
            }
            CHECK(is_refused);
        }
    }
}

TEST_CASE("a list or map where one value belongs is refused where it stands, and the other way round") {
    for (const auto kind : config::schema::file_kinds) {
        Probe all;
        probes(all, kind);
        CHECK(all.places().size() > 9);
        for (const auto& [place, shape] : all.places())
            for (const Formed* wrong :
                 {&single, &mapped, &listed, &list_of_lists, &list_of_maps, &list_of_nothing}) {
                if (allows(*shape, wrong)) continue;
                Probe probe({false, false, place, wrong->text});
                const auto texts = probes(probe, kind);
                const auto text = std::find_if(texts.begin(), texts.end(), [&](const std::string& one) {
                    return one.find(wrong->text) != std::string::npos;
                });
                INFO(place << ": " << wrong->text);
                REQUIRE(text != texts.end());
                const Problems problems = problems_of(std::string(kind), *text);
                INFO(*text << "\n" << told(problems));
                const int first = static_cast<int>(text->find(wrong->text)) + 1,
                          last = first + static_cast<int>(wrong->text.size()) - 1;
                CHECK(std::any_of(problems.begin(), problems.end(), [&](const Problem& problem) {
                    return problem.mark.column >= first && problem.mark.column <= last;
                }));
            }
    }
}

TEST_CASE("a key with nothing behind it is refused, unless the table has nothing there") {
    for (const auto kind : config::schema::file_kinds) {
        Probe all;
        probes(all, kind);
        for (const auto& [place, shape] : all.places()) {
            Probe probe({false, false, place, nothing.text});
            const auto texts = probes(probe, kind);
            const auto text = std::find_if(texts.begin(), texts.end(), [&](const std::string& one) {
                return one.find(nothing.text) != std::string::npos;
            });
            REQUIRE(text != texts.end());
            const Problems problems = problems_of(std::string(kind), *text);
            INFO(*text << "\n" << told(problems));
            const auto place_of_key = [&](const Problem& problem) {
                return text->substr(static_cast<std::size_t>(problem.mark.column) - 1);
            };
            const std::string key = place.substr(place.rfind('.') + 1);
            const bool is_told = std::any_of(problems.begin(), problems.end(), [&](const Problem& problem) {
                return problem.text.find(" has nothing behind it: ") != std::string::npos &&
                       (key == "*" || place_of_key(problem).starts_with(key + ": ~"));
            });
            CHECK(is_told != allows(*shape, &nothing));
            if (allows(*shape, &nothing)) CHECK_THAT(told(problems), Catch::Equals(""));
        }
    }
}

TEST_CASE("an empty text is refused where the table's pattern does not take it") {
    const auto takes_empty = [](const config::schema::ScalarType& type) {
        return type.pattern.empty() || std::regex_search("", std::regex(type.pattern));
    };
    for (const auto kind : config::schema::file_kinds) {
        Probe all;
        probes(all, kind);
        for (const auto& [place, shape] : all.places()) {
            const Shape& one = shape->form == Form::some ? shape->of[0] : *shape;
            const auto* type = one.form == Form::named ? config::schema::find_scalar(one.name) : nullptr;
            if (type == nullptr || takes_empty(*type) || later.contains(place)) continue;
            Probe probe({false, false, place, "\"\""});
            const auto texts = probes(probe, kind);
            const auto text = std::find_if(texts.begin(), texts.end(), [&](const std::string& written) {
                return written.find(": \"\"") != std::string::npos;
            });
            REQUIRE(text != texts.end());
            INFO(place << ": " << *text);
            CHECK(!problems_of(std::string(kind), *text).empty());
        }
    }
}

TEST_CASE("every shape that is named is there, and is used") {
    std::set<std::string> used(config::schema::file_kinds.begin(), config::schema::file_kinds.end());
    std::vector<const Shape*> left;
    for (const auto& named : config::schema::named_shapes()) left.push_back(&named.shape);
    while (!left.empty()) {
        const Shape& shape = *left.back();
        left.pop_back();
        if (shape.form == Form::named) {
            INFO(shape.name);
            CHECK((config::schema::find_scalar(shape.name) != nullptr) !=
                  (config::schema::find_shape(shape.name) != nullptr));
            used.insert(shape.name);
        }
        for (const Shape& inner : shape.of) left.push_back(&inner);
        for (const Key& key : shape.keys) left.push_back(&key.shape);
    }
    CHECK(used.size() == config::schema::named_shapes().size() + config::schema::scalar_types().size());
}
