#include "daemon/notify/wording.hpp"

#include "daemon/notify/mail.hpp"
#include "tests/support/catch.hpp"

using namespace baselined::daemon;

TEST_CASE("money at risk is an amount, nothing, or not known") {
    MeasureNotice measure;
    measure.currency = "EUR";
    CHECK(words_of(measure).at_risk == "Money at risk: not known.");
    // What is at risk is never below nothing: the forecast may lie above the target, not only on it.
    measure.money_at_risk = 0;
    CHECK(words_of(measure).at_risk ==
          "Money at risk: none; the forecast saving at the target date reaches the target saving.");
    measure.money_at_risk = 15'900.4;
    CHECK(words_of(measure).at_risk ==
          "Money at risk: 15,900 EUR (target saving minus forecast saving at the target date; provisional).");
}

TEST_CASE("less than ten has its cents, and is something") {
    MeasureNotice measure;
    measure.currency = "CHF";
    measure.money_at_risk = 0.36;
    CHECK(words_of(measure).money == "0.36 CHF");
    CHECK(words_of(measure).at_risk.starts_with("Money at risk: 0.36 CHF (target saving"));
    measure.money_at_risk = 0.004;
    CHECK(words_of(measure).money.empty());
}

TEST_CASE("a measure without a name of its own is called once") {
    MeasureNotice measure;
    measure.kind = NoticeKind::weakening;
    measure.id = measure.name = "P-1";
    CHECK(words_of(measure).what == "Weakening: P-1.");
    Notice notice;
    notice.measures.push_back(measure);
    CHECK(subject_of(notice) == "Weakening: P-1");
    CHECK(html_of(notice, 1).find("<span class=\"label\">Weakening:</span> P-1</h1>") != std::string::npos);
}

TEST_CASE("after the target date the money at risk is told as what was") {
    MeasureNotice measure;
    measure.currency = "EUR";
    measure.is_due_past = true;
    measure.money_at_risk = 0;
    CHECK(words_of(measure).at_risk ==
          "Money at risk: none; the saving at the target date reached the target saving.");
    measure.money_at_risk = 750;
    CHECK(words_of(measure).at_risk ==
          "Money at risk: 750 EUR (target saving minus saving at the target date, which is past; "
          "provisional).");
}

TEST_CASE("so many tickets are named, the others counted") {
    MeasureNotice measure;
    for (const char* number : {"INC1", "INC2", "INC3"}) measure.tickets.push_back({number, "", ""});
    CHECK(words_of(measure).shown_by == "Tickets: INC1, INC2, INC3.");
    CHECK(words_of(measure, 2).shown_by == "Tickets: INC1, INC2 and 1 more.");
    measure.ticket_count = 70;  // only the newest are kept
    CHECK(words_of(measure, 2).shown_by == "Tickets: INC1, INC2 and 68 more.");
    CHECK(words_of(measure).shown_by == "Tickets: INC1, INC2, INC3 and 67 more.");
}
