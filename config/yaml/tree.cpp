#include "config/yaml/tree.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <map>
#include <sstream>

namespace baselined::config {

namespace {

/// Leaves yaml-cpp's recursion as soon as a document turns out to be unacceptable.
struct Refused {
    Problem problem;
};

class TreeBuilder final : public YAML::EventHandler {
  public:
    TreeBuilder(int file, const YamlLimits& limits) : file_(file), limits_(limits) {}

    YamlNode take() { return std::move(root_); }

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add({}, mark, anchor); }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        refuse(mark, "anchors and aliases (& and *) are not used here: write the value out");
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        YamlNode node;
        node.form = YamlNode::Form::scalar;
        node.text = value;
        node.quoted = tag == "!";
        if (!node.quoted && (value == "~" || value == "null")) node.form = YamlNode::Form::null;
        add(std::move(node), mark, anchor);
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open(YamlNode::Form::list, mark, anchor);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open(YamlNode::Form::map, mark, anchor);
    }
    void OnMapEnd() override { close(); }

  private:
    struct Open {
        YamlNode node;
        std::vector<YamlNode> key;         // the map's key that waits for its value
        std::map<std::string, int> lines;  // of the map's keys so far
    };

    [[nodiscard]] Mark place(const YAML::Mark& mark) const { return {file_, mark.line + 1, mark.column + 1}; }
    [[noreturn]] void refuse(const YAML::Mark& mark, std::string why) const {
        throw Refused{{place(mark), std::move(why)}};
    }

    void check(const YAML::Mark& mark, YAML::anchor_t anchor) {
        if (anchor != 0) refuse(mark, "anchors and aliases (& and *) are not used here: write the value out");
        if (++count_ > limits_.nodes)
            refuse(mark, fmt::format("more than {} values in one file: split it", limits_.nodes));
    }

    void open(YamlNode::Form form, const YAML::Mark& mark, YAML::anchor_t anchor) {
        check(mark, anchor);
        if (stack_.size() >= limits_.depth)
            refuse(mark, fmt::format("nested deeper than {} levels", limits_.depth));
        YamlNode node;
        node.form = form;
        node.mark = place(mark);
        stack_.push_back({std::move(node), {}, {}});
    }

    void close() {
        YamlNode node = std::move(stack_.back().node);
        stack_.pop_back();
        attach(std::move(node));
    }

    void add(YamlNode node, const YAML::Mark& mark, YAML::anchor_t anchor) {
        check(mark, anchor);
        node.mark = place(mark);
        attach(std::move(node));
    }

    void attach(YamlNode node) {
        if (stack_.empty()) {
            root_ = std::move(node);
            return;
        }
        Open& parent = stack_.back();
        if (parent.node.form == YamlNode::Form::list) {
            parent.node.items.push_back(std::move(node));
        } else if (parent.key.empty()) {
            if (node.form != YamlNode::Form::scalar && node.form != YamlNode::Form::null)
                throw Refused{{node.mark, "a key must be a word"}};
            const auto [known, is_new] = parent.lines.try_emplace(node.text, node.mark.line);
            if (!is_new)
                throw Refused{{node.mark, fmt::format("\"{}\" stands here twice, first in line {}: keep one",
                                                      node.text, known->second)}};
            parent.key.push_back(std::move(node));
        } else {
            parent.node.entries.push_back({std::move(parent.key.front()), std::move(node)});
            parent.key.clear();
        }
    }

    int file_;
    const YamlLimits& limits_;
    std::vector<Open> stack_;
    YamlNode root_;
    std::size_t count_ = 0;
};

/// Where in the text a byte stands.
Mark mark_of(std::string_view bytes, std::size_t at, int file) {
    Mark mark{file, 1, 1};
    for (const char c : bytes.substr(0, at)) {
        ++mark.column;
        if (c == '\n') mark = {file, mark.line + 1, 1};
    }
    return mark;
}

/// The length of the UTF-8 character at the front, 0 when there is none.
std::size_t character_length(std::string_view bytes) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    const auto follows = [&](std::size_t count) {
        if (bytes.size() <= count) return false;
        for (std::size_t i = 1; i <= count; ++i)
            if ((at(i) & 0xC0) != 0x80) return false;
        return true;
    };
    if (at(0) < 0x80) return 1;
    if (at(0) >= 0xC2 && at(0) < 0xE0 && follows(1)) return 2;
    if (at(0) >= 0xE0 && at(0) < 0xF0 && follows(2) && !(at(0) == 0xE0 && at(1) < 0xA0) &&
        !(at(0) == 0xED && at(1) > 0x9F))
        return 3;
    if (at(0) >= 0xF0 && at(0) < 0xF5 && follows(3) && !(at(0) == 0xF0 && at(1) < 0x90) &&
        !(at(0) == 0xF4 && at(1) > 0x8F))
        return 4;
    return 0;
}

bool check_bytes(std::string_view bytes, int file, Problems& problems) {
    bool at_line_start = true;
    for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t length = character_length(bytes.substr(at));
        if (length == 0 || bytes[at] == '\0') {
            problems.push_back(
                {mark_of(bytes, at, file), length == 0 ? "a byte that is not UTF-8: save the file as UTF-8"
                                                       : "a zero byte: this is no text file"});
            return false;
        }
        if (at_line_start && bytes[at] == '\t') {
            problems.push_back({mark_of(bytes, at, file), "a tab indents this line: YAML wants blanks"});
            return false;
        }
        at_line_start = bytes[at] == '\n' || (at_line_start && bytes[at] == ' ');
        at += length;
    }
    return true;
}

}  // namespace

YamlNode parse_yaml(std::string_view bytes, int file, Problems& problems, const YamlLimits& limits) {
    if (bytes.size() > limits.bytes) {
        problems.push_back({{file, 1, 1}, fmt::format("larger than {} MiB: split it", limits.bytes >> 20)});
        return {};
    }
    if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
    if (!check_bytes(bytes, file, problems)) return {};
    try {
        std::istringstream stream{std::string(bytes)};
        YAML::Parser parser(stream);
        TreeBuilder builder(file, limits);
        if (!parser.HandleNextDocument(builder)) {
            YamlNode nothing;
            nothing.mark = {file, 1, 1};
            return nothing;
        }
        TreeBuilder second(file, limits);
        if (parser.HandleNextDocument(second)) {
            problems.push_back(
                {{file, 1, 1},
                 "a second document (after ---) stands in this file: write it into a file of its own"});
            return {};
        }
        return builder.take();
    } catch (const Refused& refused) {
        problems.push_back(refused.problem);
    } catch (const YAML::Exception& error) {
        problems.push_back(
            {{file, error.mark.line + 1, error.mark.column + 1}, "this is no YAML: " + error.msg});
    }
    return {};
}

}  // namespace baselined::config
