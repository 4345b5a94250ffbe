// What a query does not let through, as a query: with the issues whose field is empty, which no comparison of
// JQL's finds, nor its negation.
#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "connectors/jira/search_api.hpp"

namespace baselined::connectors::jira {

namespace {

struct Token {
    std::string word;  ///< in small letters
    std::size_t at = 0, end = 0;
    bool is_quoted = false;
};

bool is_one_of(char c, std::string_view of) {
    return of.find(c) != std::string_view::npos;
}

std::size_t end_of_token(const std::string& text, std::size_t at) {
    constexpr std::string_view signs = "=!<>~", joints = "&|", single = "(),", quotes = "\"'",
                               space = " \t\r\n";
    const char first = text[at];
    std::size_t end = at + 1;
    if (is_one_of(first, single)) return end;
    if (is_one_of(first, quotes)) {
        while (end < text.size() && text[end] != first) end += text[end] == '\\' ? 2 : 1;
        return end + 1;
    }
    for (const std::string_view kind : {signs, joints})
        if (is_one_of(first, kind)) {
            while (end < text.size() && is_one_of(text[end], kind)) ++end;
            return end;
        }
    while (end < text.size() && !is_one_of(text[end], signs) && !is_one_of(text[end], joints) &&
           !is_one_of(text[end], single) && !is_one_of(text[end], quotes) && !is_one_of(text[end], space))
        ++end;
    return end;
}

/// Recursive descent: an alternative's rest is among the rests of all, a conjunction's in one of them.
class Complement {
  public:
    explicit Complement(const std::string& jql) : text_(jql) {
        for (std::size_t at = text_.find_first_not_of(" \t\r\n"); at < text_.size();
             at = text_.find_first_not_of(" \t\r\n", at)) {
            const std::size_t end = end_of_token(text_, at);
            Token token{text_.substr(at, end - at), at, end, text_[at] == '"' || text_[at] == '\''};
            for (char& c : token.word)
                if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
            is_understood_ = is_understood_ && end <= text_.size();
            tokens_.push_back(std::move(token));
            at = end;
        }
    }

    /// None: it is not understood, or no field of it matters by being empty.
    std::optional<std::string> write() {
        std::string all = alternatives(false);
        if (!is_understood_ || next_ < tokens_.size() || !has_empty_) return std::nullopt;
        return all;
    }

  private:
    static constexpr int deepest = 100;

    [[nodiscard]] bool is_next(std::initializer_list<std::string_view> words) const {
        return next_ < tokens_.size() && !tokens_[next_].is_quoted &&
               std::find(words.begin(), words.end(), tokens_[next_].word) != words.end();
    }

    static std::string joined(const std::vector<std::string>& parts, const char* with) {
        std::string all = parts.front();
        for (std::size_t at = 1; at < parts.size(); ++at) all += with + parts[at];
        return parts.size() == 1 ? all : "(" + all + ")";
    }

    std::string alternatives(bool is_negated) {
        std::vector<std::string> parts{conjunction(is_negated)};
        while (is_understood_ && is_next({"or", "|", "||"})) {
            ++next_;
            parts.push_back(conjunction(is_negated));
        }
        return joined(parts, is_negated ? " OR " : " AND ");
    }

    std::string conjunction(bool is_negated) {
        std::vector<std::string> parts{term(is_negated)};
        while (is_understood_ && is_next({"and", "&", "&&"})) {
            ++next_;
            parts.push_back(term(is_negated));
        }
        return joined(parts, is_negated ? " AND " : " OR ");
    }

    std::string term(bool is_negated) {
        if (next_ >= tokens_.size() || ++depth_ > deepest) is_understood_ = false;
        if (!is_understood_) return "";
        std::string rest;
        if (is_next({"not", "!"})) {
            ++next_;
            rest = term(!is_negated);
        } else if (is_next({"("})) {
            ++next_;
            rest = alternatives(is_negated);
            is_understood_ = is_understood_ && is_next({")"});
            ++next_;
        } else {
            rest = clause(is_negated);
        }
        --depth_;
        return rest;
    }

    /// A negated one's rest is what it finds itself. Empty fields are in both.
    std::string clause(bool is_negated) {
        const std::size_t first = next_;
        int open = 0;
        for (; next_ < tokens_.size(); ++next_) {
            if (open == 0 && is_next({"and", "or", "&", "&&", "|", "||", ")"})) break;
            open += is_next({"("}) ? 1 : is_next({")"}) ? -1 : 0;
        }
        if (next_ < first + 3) {  // a field, an operator and a value at least
            is_understood_ = false;
            return "";
        }
        const std::string own = text_.substr(tokens_[first].at, tokens_[next_ - 1].end - tokens_[first].at);
        std::string rest = is_negated ? own : "NOT (" + own + ")";
        if (!leaves_empty_out(first)) return rest;
        has_empty_ = true;
        const Token& field = tokens_[first];
        return "(" + rest + " OR " + text_.substr(field.at, field.end - field.at) + " IS EMPTY)";
    }

    /// A comparison with values of a field that may be empty. Not those that may mean empty ones, too.
    [[nodiscard]] bool leaves_empty_out(std::size_t first) const {
        static constexpr std::array comparing{"=", "!=", "<", ">", "<=", ">=", "~", "in", "not"};
        static constexpr std::array filled{
            "project", "issuetype",     "type",    "status",      "statuscategory",
            "created", "createddate",   "updated", "updateddate", "id",
            "issue",   "issuekey",      "key",     "filter",      "savedfilter",
            "request", "searchrequest", "text",    "summary",     "category"};
        static constexpr std::array meaning_empty{"empty", "null", "unresolved"};
        const auto is_of = [](const auto& words, const std::string& word) {
            return std::find(words.begin(), words.end(), word) != words.end();
        };
        if (!is_of(comparing, tokens_[first + 1].word) || is_of(filled, tokens_[first].word)) return false;
        return std::none_of(tokens_.begin() + static_cast<std::ptrdiff_t>(first) + 2,
                            tokens_.begin() + static_cast<std::ptrdiff_t>(next_), [&](const Token& token) {
                                const std::string bare = token.is_quoted
                                                             ? token.word.substr(1, token.word.size() - 2)
                                                             : token.word;
                                return is_of(meaning_empty, bare);
                            });
    }

    const std::string& text_;
    std::vector<Token> tokens_;
    std::size_t next_ = 0;
    int depth_ = 0;
    bool is_understood_ = true, has_empty_ = false;
};

}  // namespace

std::string rest_jql(const std::string& jql) {
    const std::string own = unordered_jql(jql);
    return Complement(own).write().value_or(negated_jql(jql));
}

}  // namespace baselined::connectors::jira
