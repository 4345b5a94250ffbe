#include "connectors/http/retry.hpp"

#include "tests/support/catch.hpp"

using namespace baselined;
using namespace baselined::connectors;
using Next = Verdict::Next;

namespace {

constexpr std::int64_t now = 1'767'607'872'000;  // 2026-01-05T10:11:12Z

Verdict judged(long status, Headers headers = {}, int number = 1, double chance = 0) {
    Response response;
    response.status = status;
    response.headers = std::move(headers);
    Attempt attempt;
    attempt.number = number;
    attempt.response = &response;
    attempt.now_ms = now;
    attempt.chance = chance;
    return judge(attempt);
}

Verdict failed(ErrorCode code, bool is_idempotent) {
    const Error error{code, "reset"};
    Attempt attempt;
    attempt.error = &error;
    attempt.is_idempotent = is_idempotent;
    return judge(attempt);
}

}  // namespace

TEST_CASE("an answer is taken, a busy server waited for") {
    for (const long status : {200L, 204L, 304L, 400L, 401L, 403L, 404L, 410L, 501L})
        CHECK((judged(status).next == Next::take));
    for (const long status : {429L, 500L, 502L, 503L, 504L}) CHECK((judged(status).next == Next::retry));
    CHECK((failed(ErrorCode::unavailable, true).next == Next::retry));
    CHECK((failed(ErrorCode::unavailable, false).next == Next::fail));
    CHECK((failed(ErrorCode::unsupported, true).next == Next::fail));
}

TEST_CASE("what a server says about waiting is kept, in each of its forms") {
    const auto pause = [](const char* name, const char* value) {
        return judged(429, {{name, value}}).pause.count();
    };
    CHECK(pause("Retry-After", "7") == 7'000);
    CHECK(pause("retry-after", "Mon, 05 Jan 2026 10:12:12 GMT") == 60'000);
    CHECK(pause("X-RateLimit-Reset", "1767607902") == 30'000);          // unix seconds
    CHECK(pause("X-RateLimit-Reset", "2026-01-05T10:13Z") == 108'000);  // ISO 8601, as Jira Cloud gives it
    CHECK(pause("X-RateLimit-Reset", "2026-01-05T10:11:42Z") == 30'000);
    CHECK(pause("Retry-After", "99999999") == 24LL * 3600 * 1000);  // a broken clock
    for (const char* past : {"Mon, 05 Jan 2026 10:00:00 GMT", "0", "-5", "-1e300", "-inf"})
        CHECK(pause("Retry-After", past) == 500);  // no reason to hammer
    CHECK(judged(429, {{"Retry-After", "0"}}, 5, 1).pause.count() == 16'000);
    for (const char* never : {"1e300", "inf", "Fri, 31 Dec 2100 23:59:59 GMT"})
        CHECK(pause("Retry-After", never) == 24LL * 3600 * 1000);
    for (const char* none : {"nan", "", "soon", "1e999", "7 s"}) CHECK(pause("Retry-After", none) == 500);
    CHECK(pause("X-RateLimit-Reset", "1e300") == 24LL * 3600 * 1000);
    // A clock that goes wrong here does not count: an instant is the server's.
    CHECK(judged(429, {{"Date", "Mon, 05 Jan 2026 08:00:00 GMT"},
                       {"Retry-After", "Mon, 05 Jan 2026 08:00:09 GMT"}})
              .pause.count() == 9'000);
    CHECK(judged(429, {{"Retry-After", "7"}}).is_told_to_wait);
    CHECK(judged(429).is_told_to_wait);
    CHECK_FALSE(judged(500).is_told_to_wait);
    for (const long status : {500, 502, 504}) {
        CHECK(judged(status, {{"Retry-After", "20"}}).pause.count() >= 20'000);
        CHECK(judged(status, {{"Retry-After", "20"}}).is_told_to_wait);
        CHECK_FALSE(judged(status, {{"X-RateLimit-Reset", "100"}}).is_told_to_wait);  // stands on any answer
    }
    CHECK(judged(429, {{"Retry-After", "100"}}, 1, 1.0).pause.count() > 100'000);
}

TEST_CASE("a good answer may say that it was the last before a limit is reset") {
    const auto spent = [](const char* remaining, const char* name, const char* value) {
        Response response;
        response.status = 200;
        response.headers = {{"x-ratelimit-remaining", remaining}, {name, value}};
        return told_limit_is_spent(response, now).value_or(milliseconds{-1}).count();
    };
    CHECK(spent("0", "X-RateLimit-Reset", "1767607902") == 30'000);
    CHECK(spent("0", "X-RateLimit-Reset", "2026-01-05T10:13Z") == 108'000);
    CHECK(spent("0", "retry-after", "7") == 7'000);  // as Data Center says it
    CHECK(spent("0", "X-RateLimit-Reset", "9999999999") == 3600 * 1000);
    for (const char* some : {"1", "299", "-1", "", "many"}) CHECK(spent(some, "retry-after", "7") == -1);
    for (const char* none : {"0", "-5", "soon", "", "Mon, 05 Jan 2026 10:00:00 GMT"})
        CHECK(spent("0", "retry-after", none) == -1);
    CHECK(spent("0", "X-RateLimit-Limit", "300") == -1);
}

TEST_CASE("pauses grow to a minute, jittered over their upper half") {
    CHECK(judged(500, {}, 1, 0).pause.count() == 500);
    CHECK(judged(500, {}, 1, 1).pause.count() == 1'000);
    CHECK(judged(500, {}, 4, 1).pause.count() == 8'000);
    CHECK(judged(500, {}, 40, 1).pause.count() == 60'000);
}

TEST_CASE("the circuit opens when failing lasts, and probes once a minute") {
    Circuit circuit;
    for (int i = 0; i < 9; ++i) CHECK_FALSE(circuit.note_failure(now + i * 100));
    CHECK_FALSE(circuit.note_failure(now + 1'000));  // ten, but within a second
    CHECK(circuit.lets_through(now));
    CHECK(circuit.note_failure(now + 100'000));
    CHECK_FALSE(circuit.lets_through(now + 100'001));
    CHECK(circuit.lets_through(now + 160'000));  // the probe
    CHECK_FALSE(circuit.lets_through(now + 160'001));
    CHECK_FALSE(circuit.note_failure(now + 160'002));
    CHECK_FALSE(circuit.lets_through(now + 200'000));
    CHECK(circuit.lets_through(now + 230'000));  // and nobody says what became of it
    CHECK_FALSE(circuit.lets_through(now + 289'999));
    CHECK(circuit.lets_through(now + 290'000));
    circuit.note_success();
    CHECK(circuit.lets_through(now + 230'001));
}

TEST_CASE("what is this machine, and what only looks like it") {
    for (const char* url : {"http://127.0.0.1:8080/x", "http://localhost", "http://LOCALHOST:1/",
                            "http://[::1]:80/", "http://127.9.9.9"})
        CHECK(is_loopback(url));
    for (const char* url :
         {"http://localhost.evil.example", "http://127.0.0.1@evil.example/", "http://127.evil.example",
          "http://[::11]/", "http://evil.example#localhost", "http://evil.example/127.0.0.1"})
        CHECK_FALSE(is_loopback(url));
    CHECK(origin_of("HTTPS://user:pass@Acme.Example:444/a?b") == "https://acme.example:444");
    CHECK(encoded("a b^c=ü") == "a%20b%5Ec%3D%C3%BC");
}
