#include "connectors/secrets.hpp"

#include <string>

#include "tests/support/catch.hpp"

using namespace baselined::connectors;

TEST_CASE("a secret is hidden in each form in which it is sent") {
    Secrets secrets;
    secrets.add_login("bot", "p&w=1");
    CHECK(secrets.hide("p&w=1 p%26w%3D1 Basic Ym90OnAmdz0x of bot") ==
          "(hidden) (hidden) Basic (hidden) of bot");
    const std::string plain = base64(std::string("\0bot\0p&w=1", 10));
    CHECK(secrets.hide("AUTH PLAIN " + plain + ", AUTH LOGIN " + base64("p&w=1")) ==
          "AUTH PLAIN (hidden), AUTH LOGIN (hidden)");
}

TEST_CASE("a short word is no secret") {
    Secrets secrets;
    secrets.add_login("bot", "no");
    CHECK(secrets.hide("no entry") == "no entry");
}

TEST_CASE("in sentences of ours a password of letters only may be a word") {
    Secrets secrets;
    secrets.add_login("bot", "token");
    secrets.add("s3same");
    CHECK(secrets.that_are_no_words().hide("the page token comes again: s3same") ==
          "the page token comes again: (hidden)");
    CHECK(secrets.hide("the page token") == "the page (hidden)");
}

TEST_CASE("what a long secret begins with is hidden, too") {
    Secrets secrets;
    secrets.add("a-very-long-access-token");
    CHECK(secrets.hide("bad token a-very-long-acc... of a-very") == "bad token (hidden)... of a-very");
    CHECK(secrets.hide(secrets.hide("a-very-long-access-token")) == "(hidden)");
    secrets.add("a-very-long-pass!word");  // percent-encoded it is longer, and begins alike
    CHECK(secrets.hide("a-very-long-pass!word! a-very-long-pass!wor") == "(hidden)! (hidden)");
}

TEST_CASE("a JSON Web Token is hidden, whoever's it is") {
    const Secrets none;
    CHECK(none.hide("assertion eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJtZSJ9.c2ln is stale") ==
          "assertion (hidden) is stale");
    CHECK(none.hide("eyJ and eyJhbGci are none") == "eyJ and eyJhbGci are none");
}

TEST_CASE("an address is a key: its path, its query, the password in it") {
    Secrets secrets;
    secrets.add_address("https://me:s%23cret@hooks.acme.com/services/T012/abcdefghij?sig=k%2F1234567");
    for (const char* quoted : {"/services/T012/abcdefghij?sig=k%2F1234567", "no hook abcdefghij",
                               "sig k/1234567", "sig k%2F1234567", "s#cret", "s%23cret"}) {
        CAPTURE(quoted);
        const std::string told = secrets.hide(quoted);
        CHECK_THAT(told, Catch::Contains("(hidden)"));
        for (const char* part : {"abcdefghij", "1234567", "cret"}) CHECK_THAT(told, !Catch::Contains(part));
    }
    CHECK(secrets.hide("hooks.acme.com T012 sig") == "hooks.acme.com T012 sig");
}

TEST_CASE("another's words are told on one line, cut where a character ends") {
    Secrets secrets;
    secrets.add("refresh-1");
    CHECK(told("a\nb\rc\x1b[2Jd\x7f \xc2\x9b \xe2\x80\xae refresh-1\r\n", secrets) ==
          "a b c [2Jd      (hidden)");
    CHECK(told("aé", secrets, 2) == "a");
    // Hidden before it is cut: half a secret is one, too.
    CHECK(told("xxxxx refresh-1", secrets, 10) == "xxxxx (hid");
    CHECK(told("\xff", secrets) == "\uFFFD");
}
