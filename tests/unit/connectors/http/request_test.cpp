#include "connectors/http/request.hpp"

#include "tests/support/catch.hpp"

using namespace baselined::connectors;

TEST_CASE("what was percent-encoded is read again") {
    CHECK(decoded("a%2Fb%2fc%20d") == "a/b/c d");
    CHECK(decoded("100% %zz %4") == "100% %zz %4");
}

TEST_CASE("a Location is resolved against the URL it came from") {
    const std::string url = "https://acme.com/a/b?c=d";
    CHECK(resolved(url, "/x") == "https://acme.com/x");
    CHECK(resolved(url, "x?y") == "https://acme.com/a/x?y");
    CHECK(resolved(url, "../x") == "https://acme.com/x");
    CHECK(resolved(url, "?e=f") == "https://acme.com/a/b?e=f");
    CHECK(resolved(url, "//other.com:99/x") == "https://other.com:99/x");
    CHECK(resolved(url, "https://acme.com:443/x#part") == "https://acme.com/x");
    CHECK(resolved(url, "https://me:word@acme.com/x y") == "https://acme.com/x%20y");
    CHECK(resolved(url, "ftp://acme.com/") == "ftp://acme.com/");
    CHECK(resolved(url, "http://:0:0/").empty());
}
