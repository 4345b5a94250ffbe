#include "connectors/jira/page_walk.hpp"

#include <fmt/format.h>

#include "tests/support/catch.hpp"

using namespace baselined::connectors;
using namespace baselined::connectors::jira;
using Next = PageWalk::Next;

namespace {

/// A page of issues: id and the second of 2026-01-05T10:11 that each was updated in.
SearchPage page_of(std::initializer_list<std::pair<int, int>> issues, const std::string& rest) {
    std::string text;
    for (const auto& [id, second] : issues)
        text += fmt::format(R"({}{{"id":"{}","fields":{{"updated":"2026-01-05T10:11:{:02}.500+0000"}}}})",
                            text.empty() ? "" : ",", id, second);
    Response response;
    response.status = 200;
    response.body = fmt::format(R"({{"issues":[{}]{}}})", text, rest);
    return *parse_search(response);
}

SearchPage found(std::initializer_list<std::pair<int, int>> issues, int total) {
    return page_of(issues, fmt::format(R"(,"total":{})", total));
}

SearchPage next(std::initializer_list<std::pair<int, int>> issues, const char* token) {
    return page_of(issues, fmt::format(R"(,"nextPageToken":"{}")", token));
}

constexpr std::int64_t minute = 1'767'607'860'000;  // 2026-01-05T10:11:00Z

}  // namespace

TEST_CASE("each question begins where the page before ended, and tokens page through one instant only") {
    PageWalk walk(Flavour::cloud, minute);
    CHECK((*walk.take(next({{1, 1}, {2, 2}}, "a")) == Next::ask));
    CHECK(walk.from_ms() == minute + 2'000);
    CHECK(walk.token().empty());
    CHECK_FALSE(walk.paged_instant_ms());
    CHECK((*walk.take(next({{2, 2}, {3, 2}}, "b")) == Next::ask));
    CHECK(walk.from_ms() == minute + 2'000);
    CHECK(walk.token() == "b");
    CHECK(walk.paged_instant_ms() == minute + 2'500);
    CHECK((*walk.take(next({}, "c")) == Next::ask));  // a page without issues is no end
    CHECK_THAT(walk.take(next({{4, 2}}, "b")).error().text, Catch::Contains("again and again"));
    CHECK((*walk.take_refusal() == Next::ask));
    CHECK(walk.token().empty());
    CHECK_FALSE(walk.take_refusal());  // refused without one: for good
    CHECK((*walk.take(next({{5, 5}}, "d")) == Next::ask));
    CHECK((*walk.take(page_of({{5, 5}}, R"(,"isLast":true)")) == Next::end));
    CHECK((*walk.take(page_of({{5, 5}}, "")) == Next::end));
}

TEST_CASE("within a second issues are in no order: it is asked for as a whole") {
    for (const Flavour flavour : {Flavour::cloud, Flavour::data_center}) {
        PageWalk walk(flavour, minute);
        const auto page = page_of({{1, 1}, {2, 7}}, R"(,"isLast":false,"nextPageToken":"a","total":9)");
        CHECK((*walk.take(page) == Next::ask));
        CHECK(walk.from_ms() == minute + 7'000);
        CHECK(walk.token().empty());
        CHECK(walk.start() == 0);
    }
}

TEST_CASE("an end that is not one is no end") {
    PageWalk walk(Flavour::cloud, minute);
    CHECK_THAT(walk.take(page_of({{1, 1}, {2, 2}}, R"(,"isLast":false)")).error().text,
               Catch::Contains("gives no nextPageToken"));
    PageWalk doubtful(Flavour::cloud, minute);  // the last page, and a token: that shows whether it is
    CHECK((*doubtful.take(page_of({{1, 1}, {2, 2}}, R"(,"isLast":true,"nextPageToken":"x")")) == Next::ask));
    CHECK(doubtful.token() == "x");
    CHECK_FALSE(doubtful.paged_instant_ms());
    SECTION("nothing follows") {
        CHECK((*doubtful.take(page_of({}, R"(,"isLast":true,"nextPageToken":"y")")) == Next::end));
    }
    SECTION("the same again") {
        CHECK((*doubtful.take(page_of({{2, 2}}, R"(,"isLast":true,"nextPageToken":"x")")) == Next::end));
    }
    SECTION("the token is refused") {
        CHECK((*doubtful.take_refusal() == Next::end));
    }
    SECTION("more follows") {
        CHECK((*doubtful.take(page_of({{3, 3}}, R"(,"isLast":false,"nextPageToken":"y")")) == Next::ask));
        CHECK(doubtful.from_ms() == minute + 3'000);
    }
    PageWalk vanishing(Flavour::cloud, minute);
    CHECK((*vanishing.take(next({{1, 1}, {2, 2}}, "a")) == Next::ask));
    CHECK_THAT(vanishing.take(page_of({}, R"(,"isLast":true)")).error().text,
               Catch::Contains("said that 1 or more issues follow, and shows none"));
}

TEST_CASE("pages that show nothing new for ever end the walk") {
    PageWalk walk(Flavour::cloud, minute);
    int asked = 0;
    for (;; ++asked) {
        const auto taken = walk.take(next({{1, 0}, {2, 0}}, std::to_string(asked).c_str()));
        if (!taken) {
            CHECK_THAT(taken.error().text, Catch::Contains("show nothing new"));
            break;
        }
        REQUIRE(asked < 200);
    }
}

TEST_CASE("offsets that show nothing new for ever end the walk, too, long before they are too deep") {
    PageWalk walk(Flavour::data_center, minute);
    auto taken = walk.take(found({{1, 0}}, 100'000));
    int asked = 1;
    for (; taken && *taken == Next::ask && asked < 20'000; ++asked)
        taken = walk.take(found({{1, 0}}, 100'000));
    REQUIRE(taken.has_error());
    CHECK_THAT(taken.error().text, Catch::Contains("show nothing new"));
    CHECK(asked < 200);
}

TEST_CASE("issues in another order than asked for are said, a few that the index has late are not") {
    PageWalk walk(Flavour::cloud, minute);
    CHECK_THAT(walk.take(next({{1, 9}, {2, 7}, {3, 5}, {4, 3}}, "a")).error().text,
               Catch::Contains("ORDER BY"));
    CHECK_FALSE(walk.is_in_order());
    PageWalk late(Flavour::cloud, minute);
    CHECK((*late.take(next({{1, 1}, {2, 3}, {3, 2}, {4, 5}, {5, 4}, {6, 7}}, "a")) == Next::ask));
    CHECK(late.is_in_order());
    PageWalk by_ids(Flavour::cloud, std::nullopt);
    CHECK((*by_ids.take(next({{1, 9}, {2, 7}, {3, 5}, {4, 3}}, "a")) == Next::ask));
}

TEST_CASE("totals that shrink or lie, and offsets that are disregarded, hide nothing") {
    PageWalk walk(Flavour::data_center, minute);
    SECTION("a total that shrinks by more than was read is no end: what lies behind is asked for") {
        CHECK((*walk.take(found({{1, 1}, {2, 2}, {3, 3}}, 9)) == Next::ask));
        CHECK((*walk.take(found({{3, 3}, {4, 4}, {5, 5}}, 3)) == Next::ask));
        CHECK(walk.from_ms() == minute + 5'000);
        CHECK((*walk.take(found({{5, 5}}, 1)) == Next::end));
    }
    SECTION("smaller than what is shown") {
        CHECK((*walk.take(found({{1, 1}, {2, 2}, {3, 3}}, 0)) == Next::ask));
        CHECK(walk.from_ms() == minute + 3'000);
        CHECK((*walk.take(found({{3, 3}}, 0)) == Next::ask));
        CHECK(walk.start() == 1);
        CHECK((*walk.take(found({}, 0)) == Next::end));
    }
    SECTION("nothing where more was said to follow") {
        CHECK((*walk.take(found({{1, 1}, {2, 2}, {3, 3}}, 9)) == Next::ask));
        CHECK_THAT(walk.take(found({}, 0)).error().text,
                   Catch::Contains("said that 7 or more issues follow"));
    }
    SECTION("another page than asked for") {
        CHECK((*walk.take(found({{1, 0}, {2, 0}, {3, 0}}, 9)) == Next::ask));
        CHECK_THAT(walk.take(page_of({{1, 0}, {2, 0}, {3, 0}}, R"(,"total":9,"startAt":0)")).error().text,
                   Catch::Contains("from number 2 on (startAt), the site shows those from 0"));
    }
    SECTION("another page, and not a word of it") {
        auto taken = walk.take(page_of({{1, 0}, {2, 0}, {3, 0}}, ""));
        for (int asked = 0; taken && *taken == Next::ask && asked < 100; ++asked)
            taken = walk.take(page_of({{1, 0}, {2, 0}, {3, 0}}, ""));
        REQUIRE(taken.has_error());
        CHECK_THAT(taken.error().text, Catch::Contains("(startAt)"));
    }
}

TEST_CASE("a site that rounds to the minute is paged through the minute") {
    PageWalk walk(Flavour::cloud, minute);
    CHECK((*walk.take(next({{1, 1}, {2, 30}}, "a")) == Next::ask));
    CHECK(walk.from_ms() == minute + 30'000);
    CHECK((*walk.take(next({{1, 1}, {2, 30}, {3, 40}}, "b")) == Next::ask));  // older than asked for
    CHECK(walk.from_ms() == minute + 30'000);
    CHECK(walk.token() == "b");
}

TEST_CASE("offsets overlap, so that what slipped through is seen") {
    PageWalk walk(Flavour::data_center, minute);
    CHECK((*walk.take(found({{1, 0}, {2, 0}, {3, 0}}, 9)) == Next::ask));
    CHECK(walk.start() == 2);
    CHECK((*walk.take(found({{3, 0}, {4, 0}, {5, 0}}, 9)) == Next::ask));
    CHECK(walk.start() == 4);
    CHECK((*walk.take(found({{7, 0}, {8, 0}}, 7)) ==
           Next::ask));  // 5 is not there: two have left, 6 was not seen
    CHECK(walk.start() == 0);
    CHECK((*walk.take(found({{3, 0}, {5, 0}, {6, 0}, {7, 0}, {8, 0}}, 5)) == Next::end));
    // Within a second its index has no order: the second is asked for as a whole.
    PageWalk seconds(Flavour::data_center, minute);
    CHECK((*seconds.take(found({{1, 0}, {2, 7}}, 9)) == Next::ask));
    CHECK(seconds.from_ms() == minute + 7'000);
    CHECK(seconds.start() == 0);
}

TEST_CASE("an issue of just now moves nothing on: it may stand where its index still has it") {
    PageWalk walk(Flavour::cloud, minute);
    auto page = next({{1, 1}, {2, 59}, {3, 2}}, "a");
    page.server_ms = minute + 30'000 + index_lag_ms;
    CHECK((*walk.take(page) == Next::ask));
    CHECK(walk.from_ms() == minute + 2'000);
    auto newest = next({{4, 57}, {5, 58}}, "b");
    newest.server_ms = page.server_ms;
    CHECK((*walk.take(newest) == Next::ask));
    CHECK(walk.from_ms() == minute + 2'000);
    CHECK(walk.token() == "b");
    CHECK_FALSE(walk.paged_instant_ms());  // what slips through here is read again
}

TEST_CASE("a walk ends when as many issues were seen as there are") {
    PageWalk walk(Flavour::data_center, minute);
    CHECK((*walk.take(found({{1, 0}, {2, 0}, {3, 0}}, 5)) == Next::ask));
    CHECK((*walk.take(found({{3, 0}, {1, 0}, {2, 0}}, 5)) == Next::ask));  // in another order
    CHECK(walk.start() == 0);
    CHECK((*walk.take(found({{4, 0}, {5, 0}, {1, 0}}, 5)) == Next::ask));
    CHECK((*walk.take(found({{1, 0}, {2, 0}, {3, 0}}, 5)) == Next::end));
}

TEST_CASE("more than Data Center pages through is too deep, and is passed when it has been read otherwise") {
    PageWalk walk(Flavour::data_center, minute + 1'000);
    int asked = 0;
    auto taken = Next::ask;
    while (taken == Next::ask) {
        std::string issues;
        for (int count = 0; count < 1'000; ++count)
            issues += fmt::format(R"({}{{"id":"{}","fields":{{"updated":"2026-01-05T10:11:01.500+0000"}}}})",
                                  count > 0 ? "," : "", walk.start() + count);
        Response response;
        response.status = 200;
        response.body = fmt::format(R"({{"issues":[{}],"total":12000}})", issues);
        taken = *walk.take(*parse_search(response));
        REQUIRE(++asked < 20);
    }
    CHECK((taken == Next::too_deep));
    CHECK(walk.instant_end_ms() == minute + 2'000);
    CHECK(walk.pass_instant());
    CHECK(walk.from_ms() == minute + 2'000);
    CHECK(walk.start() == 0);
    CHECK((*walk.take(found({{1, 3}, {2, 7}}, 9)) == Next::ask));  // by updates again
    CHECK(walk.from_ms() == minute + 7'000);
}

TEST_CASE("an end that is none is an error") {
    PageWalk walk(Flavour::data_center, minute);
    CHECK_THAT(walk.take(found({}, 12)).error().text, Catch::Contains("12 issues, and shows none"));
    PageWalk silent(Flavour::data_center, minute);  // no total at all
    CHECK((*silent.take(page_of({{1, 0}}, "")) == Next::ask));
    CHECK((*silent.take(page_of({}, "")) == Next::end));
}

TEST_CASE("tokens that come again after others end the walk, whatever the pages show") {
    for (const int period : {1, 2, 3})
        for (const bool shows_new : {false, true})
            for (const bool is_empty : {false, true}) {
                PageWalk walk(Flavour::cloud, minute);
                int asked = 0;
                for (; asked < 200; ++asked) {
                    const std::string token = std::to_string(asked % period);
                    const auto page = is_empty
                                          ? next({}, token.c_str())
                                          : next({{shows_new ? asked : asked % period, 1}}, token.c_str());
                    const auto taken = walk.take(page);
                    if (taken) continue;
                    CHECK_THAT(taken.error().text, Catch::Contains("again and again"));
                    break;
                }
                CHECK(asked == period + (is_empty ? 0 : 1));  // first it moves on to the issue's own second
            }
}

TEST_CASE("issues without fields move nothing, and are paged through") {
    Response response;
    response.status = 200;
    const auto page = [&response](const char* body) {
        response.body = body;
        return *parse_search(response);
    };
    PageWalk walk(Flavour::cloud, minute);
    CHECK((
        *walk.take(page(
            R"({"issues":[{"id":"1","fields":null},{"id":"2"},{"id":"3","fields":[]}],"nextPageToken":"a"})")) ==
        Next::ask));
    CHECK(walk.from_ms() == minute);
    CHECK(walk.token() == "a");
    CHECK((*walk.take(page(R"({"issues":[{"id":"4","fields":null},null,7],"isLast":true})")) == Next::end));
    PageWalk offsets(Flavour::data_center, minute);
    CHECK((*offsets.take(page(R"({"issues":[{"id":"1","fields":null},{"id":"2"}],"total":3,"startAt":0})")) ==
           Next::ask));
    CHECK(offsets.start() == 1);
    CHECK((*offsets.take(page(R"({"issues":[{"id":"2"},{"id":"3"}],"total":3,"startAt":1})")) == Next::end));
}

TEST_CASE(
    "a total that grows while its pages are read, and pages that are smaller than asked for, lose nothing") {
    PageWalk walk(Flavour::data_center, minute);
    CHECK((*walk.take(found({{1, 0}, {2, 0}}, 4)) == Next::ask));
    CHECK(walk.start() == 1);
    CHECK((*walk.take(found({{2, 0}, {3, 0}}, 6)) == Next::ask));
    CHECK((*walk.take(found({{3, 0}, {4, 0}}, 6)) == Next::ask));
    CHECK((*walk.take(found({{4, 0}}, 7)) == Next::ask));  // one issue a page
    for (int id = 5; id < 7; ++id) CHECK((*walk.take(found({{id, 0}}, 7)) == Next::ask));
    CHECK((*walk.take(found({{7, 0}}, 7)) == Next::end));
}
