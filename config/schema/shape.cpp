#include "config/schema/shape.hpp"

#include <utility>

namespace baselined::config::schema {

Shape::Shape(const char* named) : form(Form::named), name(named) {}

Presence otherwise(std::string value) {
    return {Presence::Kind::value, std::move(value)};
}
Presence otherwise_words(std::string words) {
    return {Presence::Kind::words, std::move(words)};
}
Presence otherwise_key(std::string key) {
    return {Presence::Kind::key, std::move(key)};
}

namespace {

Shape made(Shape::Form form, std::vector<Shape> of) {
    Shape shape;
    shape.form = form;
    shape.of = std::move(of);
    return shape;
}

}  // namespace

Shape word(std::vector<std::string> words) {
    Shape shape = made(Shape::Form::word, {});
    shape.words = std::move(words);
    return shape;
}

Shape map(std::vector<Key> keys, std::vector<Together> together) {
    Shape shape = made(Shape::Form::map, {});
    shape.keys = std::move(keys);
    shape.together = std::move(together);
    return shape;
}

Shape names_of(std::string what, Shape shape, std::vector<std::string> reserved) {
    Shape names = made(Shape::Form::map, {std::move(shape)});
    names.name = std::move(what);
    names.reserved = std::move(reserved);
    return names;
}

Shape list_of(Shape shape) {
    return made(Shape::Form::list, {std::move(shape)});
}
Shape some_of(Shape shape) {
    return made(Shape::Form::some, {std::move(shape)});
}
Shape one_of(std::vector<Shape> shapes) {
    return made(Shape::Form::one_of, std::move(shapes));
}

Shape by(std::string key, std::vector<std::string> words, std::vector<Shape> maps) {
    Shape shape = made(Shape::Form::by, std::move(maps));
    shape.name = std::move(key);
    shape.words = std::move(words);
    return shape;
}

Together exactly_one(std::vector<std::vector<std::string>> sets) {
    return {Together::Kind::exactly_one, std::move(sets), {}, {}};
}
Together at_least_one(std::vector<std::vector<std::string>> sets) {
    return {Together::Kind::at_least_one, std::move(sets), {}, {}};
}
Together when(std::string key, std::string value, std::vector<std::string> needed) {
    return {Together::Kind::when, {std::move(needed)}, std::move(key), std::move(value)};
}

}  // namespace baselined::config::schema
