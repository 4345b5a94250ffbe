// What may stand in a configuration's files, as a tree of shapes: the one table from which the JSON Schema,
// `config show`, the manual and the reference are made. tests/unit/config/schema_test.cpp holds it against
// the readers.
#pragma once

#include <string>
#include <vector>

namespace baselined::config::schema {

/// Whether a key may be left out, and what holds then.
struct Presence {
    enum class Kind {
        optional,  ///< nothing holds
        required,
        value,       ///< `text`, as a user would write it
        words,       ///< what `text` says
        name_above,  ///< the name under which the map stands
        key          ///< the value of the main file's key `text`, which has a default itself
    };
    Kind kind = Kind::optional;
    std::string text;
};

inline const Presence optional{};
inline const Presence required{Presence::Kind::required, {}};
inline const Presence name_above{Presence::Kind::name_above, {}};
Presence otherwise(std::string value);
Presence otherwise_words(std::string words);
Presence otherwise_key(std::string key);

struct Key;

/// Which keys go together in one map.
struct Together {
    enum class Kind {
        exactly_one,   ///< of the sets of keys, each whole
        at_least_one,  ///< the same
        when           ///< where `key` has the value `value`, the first set is needed
    };
    Kind kind = Kind::exactly_one;
    std::vector<std::vector<std::string>> sets;
    std::string key, value;
};

struct Shape {
    enum class Form {
        named,     ///< the shape of that name
        anything,  ///< whatever YAML can say
        word,      ///< one of `words`
        map,       ///< `keys`; what stands under names of a user's own is `of[0]`, if they are allowed
        list,      ///< of `of[0]`
        some,      ///< one of `of[0]`, or a list of them
        one_of,    ///< any of `of`
        by         ///< the map of `of` whose place is that of the word under the key `name`
    };

    Shape() = default;
    /// The shape of that name in the table. Implicit, so that the table reads as one.
    Shape(const char* named);  // NOLINT(google-explicit-constructor)

    Form form = Form::anything;
    std::string name;                   ///< named, by; map: what a user's own names are
    std::vector<std::string> words;     ///< word, by
    std::vector<Key> keys;              ///< map
    std::vector<Shape> of;              ///< map, list, some, one_of, by
    std::vector<std::string> reserved;  ///< map: names that a user's own cannot be
    std::vector<Together> together;     ///< map
};

struct Key {
    std::string name;
    Shape shape;
    std::string about;  ///< a sentence or two for the user; `...` marks words of the configuration
    Presence presence;
};

Shape word(std::vector<std::string> words);
Shape map(std::vector<Key> keys, std::vector<Together> together = {});
/// A map whose keys are names of the user's own; `what` says of what.
Shape names_of(std::string what, Shape shape, std::vector<std::string> reserved = {});
Shape list_of(Shape shape);
Shape some_of(Shape shape);
Shape one_of(std::vector<Shape> shapes);
/// `key` decides: under its first word stands the first map, and so on. Each map has that key, too.
Shape by(std::string key, std::vector<std::string> words, std::vector<Shape> maps);

Together exactly_one(std::vector<std::vector<std::string>> sets);
Together at_least_one(std::vector<std::vector<std::string>> sets);
Together when(std::string key, std::string value, std::vector<std::string> needed);

}  // namespace baselined::config::schema
