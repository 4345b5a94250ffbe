#include "connectors/mail/mail_header.hpp"

#include "tests/support/catch.hpp"

using namespace baselined;
using namespace baselined::connectors;

namespace {

void require_sendable(const std::string& value) {
    std::size_t begin = 0;
    while (begin <= value.size()) {
        const std::size_t end = std::min(value.find("\r\n", begin), value.size());
        INFO(value);
        REQUIRE(end - begin <= 76);
        if (begin > 0) REQUIRE(value[begin] == ' ');
        for (std::size_t i = begin; i < end; ++i) REQUIRE((value[i] >= ' ' && value[i] <= '~'));
        begin = end + 2;
    }
}

}  // namespace

TEST_CASE("a header's text stays one header, in ASCII and short lines") {
    for (const std::string& text :
         {std::string("Weakening: VPN"), std::string("x\r\nBcc: all@acme.com"), std::string("a\0b", 3),
          std::string(3000, 'x'), std::string("=?UTF-8?B?SGk=?= taken at its word"), std::string("\xff\xfe"),
          std::string("   "), std::string(""),
          std::string("Größere Störungen im Zürcher Rechenzentrum – wiederkehrend 🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀")})
        require_sendable(header_text(text));
    CHECK(header_text("Weakening: VPN (ITSM-014)") == "Weakening: VPN (ITSM-014)");
    CHECK(header_text("x\r\nBcc: a") == "x  Bcc: a");
    // base64 of the UTF-8 bytes, by the command base64
    CHECK(header_text("Störung") == "=?UTF-8?B?U3TDtnJ1bmc=?=");
}

TEST_CASE("names of people are quoted, and encoded where they are not ASCII") {
    CHECK(header_mailbox({"", "a@b.example"}) == "a@b.example");
    CHECK(header_mailbox({"Ruiz, Dana \"D\"", "a@b.example"}) ==
          "\"Ruiz, Dana \\\"D\\\"\"\r\n <a@b.example>");
    CHECK(header_mailbox({"Störung", "a@b.example"}) == "=?UTF-8?B?U3TDtnJ1bmc=?=\r\n <a@b.example>");
    require_sendable(header_mailbox({std::string(500, 'n') + "\r\nX: y", "a@b.example"}));
}

TEST_CASE("a date is written as mails have it") {
    // date -u -R -d @1767607872
    CHECK(header_date(mappings::Instant{mappings::Millis{1'767'607'872'999}}) ==
          "Mon, 5 Jan 2026 10:11:12 +0000");
    CHECK(header_date(mappings::Instant{}) == "Thu, 1 Jan 1970 00:00:00 +0000");
}

TEST_CASE("addresses that cannot be written to are refused with the reason") {
    for (const char* good :
         {"dana.ruiz@acme.com", "a+b@localhost", "o'hara@x.example", "a@xn--mller-kva.example"})
        CHECK(check_address(good).has_value());
    const auto fault = [](const std::string& address) { return check_address(address).error().text; };
    CHECK(fault("dana").find("is no email address") != std::string::npos);
    CHECK(fault("müller@acme.com").find("before the @") != std::string::npos);
    CHECK(fault("a@müller.example").find("xn--") != std::string::npos);
    for (const std::string& bad :
         {std::string("a@b@c"), std::string("a b@c"), std::string("a@b>\r\nRCPT TO:<x@y"),
          std::string("a@b,c@d"), std::string("@b"), std::string("a@"), std::string("<a@b>"),
          std::string("a\0@b", 4), std::string(65, 'l') + "@b.example", "a@" + std::string(300, 'd')})
        CHECK_FALSE(check_address(bad).has_value());
}
