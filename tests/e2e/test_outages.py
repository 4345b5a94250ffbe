#!/usr/bin/python3
"""Sources that are not reached, or refuse a login that was good: told soon, once, and until it is over."""
import json
import pathlib
import subprocess
import sys
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
import test_service  # noqa: E402

INSTANCE = test_service.INSTANCE
FOUR = INSTANCE + "".join(f"      {name}: {{{{ table: incident, mapping: servicenow/incident }}}}\n" for name in ("b", "c", "d"))
ASKED_AGAIN = "; asked again until it answers well"
FOR_EVER = 10**9


class Outages(test_service.Case):
    poll = "1h"  # of the files beside it

    def live(self, text=INSTANCE, count=20, **more):
        self.sn = self.instance(count)
        self.configure(text.format(url=self.sn.url, page_size=100, poll="300ms"))
        daemon = self.start(**more)
        daemon.wait_for(lambda: self.source()["state"] == "ok")
        return daemon

    def end_faults(self):
        with self.sn.lock:
            self.sn.faults.clear()

    def source(self):
        return next(source for source in json.loads(self.program("sources", "--json").stdout)["sources"] if source["name"] == "acme")

    @staticmethod
    def errors(daemon):
        return [line.split(" error: ", 1)[1] for line in daemon.told().splitlines() if " error: " in line]

    def test_it_is_seen_everywhere_while_it_lasts_and_goes_with_the_first_answer(self):
        words = {"500": "answered 500", "html": "a page for people instead of data", "reset": "reset by peer"}
        daemon = self.live(FOUR)
        for number, (kind, reason) in enumerate(words.items(), 1):
            with self.subTest(kind):
                failed = daemon.metric("baselined_polls_total", source="acme", stream="b", outcome="failed")
                self.sn.fail(kind, FOR_EVER)
                daemon.wait_for(lambda: daemon.told().count(ASKED_AGAIN) == number)
                daemon.wait_for(lambda: self.source()["state"] == "failing")
                source = self.source()
                self.assertIn(reason, source["error"])
                self.assertEqual({stream["error"] for stream in source["streams"]}, {source["error"]})
                status, reasons = daemon.ready()
                self.assertEqual((status, len(reasons)), (503, 4))
                self.assertTrue(all(reason in text for text in reasons), reasons)
                self.assertEqual(daemon.metric("baselined_stream_failing", source="acme", stream="b"), 1)
                self.assertEqual(daemon.metric("baselined_polls_total", source="acme", stream="b", outcome="failed"), failed, "the readings go on")
                self.end_faults()
                daemon.wait_for(lambda: daemon.told().count("acme: is well again") == number)
                daemon.wait_for(lambda: daemon.ready() == (200, []))
                daemon.wait_for(lambda: (self.source()["state"], self.source()["error"]) == ("ok", None))
                self.assertEqual(len(self.errors(daemon)), number, daemon.told())

    def test_what_comes_after_it_is_told_in_its_own_words(self):
        daemon = self.live()
        self.sn.fail("500", FOR_EVER)
        daemon.wait_for(lambda: ASKED_AGAIN in daemon.told())
        answer, self.sn.answer = self.sn.answer, lambda *_: (302, {"Location": "http://127.0.0.1:9/"}, b"")
        self.end_faults()
        daemon.wait_for(lambda: "error: acme/incident: table incident: " in daemon.told())
        self.assertIn("redirected", self.source()["error"])
        self.sn.answer = answer
        daemon.wait_for(lambda: "acme/incident: is well again" in daemon.told())
        self.assertEqual(len(self.errors(daemon)), 2, daemon.told())

    def test_a_name_that_no_server_answers_for_holds_up_nobody(self):
        """libcurl looks names up in threads of their own. Where it gives one up, it would wait for the thread."""
        library = self.folder / "slow_names.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(ROOT / "tests/support/slow_names.c")], check=True)
        far = INSTANCE.replace("acme:", "far:").replace("{url}", "https://itsm.far.example")
        daemon = self.live(INSTANCE + far, environment={"LD_PRELOAD": str(library)})
        given_up = time.monotonic() + 24  # 20 s are waited for a connection
        while time.monotonic() < given_up:
            began, before = time.monotonic(), len(self.sn.journal.requests)
            self.assertEqual(daemon.get("/health")[0], 200)
            daemon.wait_for(lambda: len(self.sn.journal.requests) > before)
            self.assertLess(time.monotonic() - began, 5, daemon.told())
        began = time.monotonic()
        self.assertEqual(daemon.stop(30), 0)
        self.assertLess(time.monotonic() - began, 5)

    def test_one_that_lasts_longer_than_its_readings_is_told_once(self):
        daemon = self.live(FOUR, environment=self.fast_clock(60))
        self.sn.fail("500", FOR_EVER)
        daemon.wait_for(lambda: (daemon.metric("baselined_polls_total", source="acme", stream="b", outcome="failed") or 0) > 1, 60)
        self.assertEqual([ASKED_AGAIN in line for line in self.errors(daemon)], [True])
        self.end_faults()
        daemon.wait_for(lambda: daemon.ready() == (200, []), 60)
        self.assertEqual(daemon.told().count("is well again"), 1)

    def live_beside(self, poll, **more):
        """Two tables of one instance."""
        self.sn = self.instance(20)
        self.sn.put("problem", {**self.incident(1), "sys_id": "p1"})
        self.sn.references[("problem", "business_service")] = "cmdb_ci_service"
        self.configure((INSTANCE + "      problem: {{ mapping: servicenow/incident }}\n").format(url=self.sn.url, page_size=100, poll=poll))
        daemon = self.start(**more)
        daemon.wait_for(lambda: all(self.polls(daemon, stream, "ok") for stream in ("incident", "problem")), 60)
        return daemon

    @staticmethod
    def polls(daemon, stream, outcome):
        return daemon.metric("baselined_polls_total", source="acme", stream=stream, outcome=outcome) or 0

    def see_one_table_fail(self, daemon, begin, end):
        """Over several readings: its trouble is told once, and that it is over; the other table's none."""
        begin()
        failed, answered = self.polls(daemon, "problem", "failed"), self.polls(daemon, "incident", "ok")
        daemon.wait_for(lambda: self.polls(daemon, "problem", "failed") > failed + 4 and self.polls(daemon, "incident", "ok") > answered + 4, 120)
        source = self.source()
        self.assertEqual([(stream["name"], bool(stream["error"])) for stream in source["streams"]], [("incident", False), ("problem", True)])
        told = self.errors(daemon)
        self.assertEqual(len([line for line in told if line.startswith("acme/problem: ")]), 1, daemon.told())
        end()
        daemon.wait_for(lambda: "acme/problem: is well again" in daemon.told(), 60)
        daemon.wait_for(lambda: daemon.ready() == (200, []), 60)
        self.assertEqual(daemon.told().count("acme/problem: is well again"), 1)
        self.assertNotIn("acme/incident: is well again", daemon.told())
        self.assertEqual([line for line in self.errors(daemon) if not line.startswith("acme/problem: ")], told[:-1], daemon.told())
        return told[:-1]

    def test_one_table_that_is_refused_is_no_outage(self):
        daemon = self.live_beside("300ms")
        answer = self.sn.answer
        refused = (403, {}, {"error": {"message": "User Not Authorized", "detail": "Failed API level ACL Validation"}, "status": "failure"})

        def refuse():
            self.sn.answer = lambda method, path, *more: refused if "/problem" in path else answer(method, path, *more)

        def allow():
            self.sn.answer = answer
        self.assertEqual(self.see_one_table_fail(daemon, refuse, allow), [])

    def see_one_table_fail_as(self, kind):
        """Nobody else asks while the first reading of it fails: that looks like the source's own trouble, until another table answers."""
        daemon = self.live_beside("5m", environment=self.fast_clock(60))
        before = self.see_one_table_fail(daemon, lambda: self.sn.fail(kind, FOR_EVER, lambda _, path: "/problem" in path), self.end_faults)
        self.assertLessEqual(len(before), 1, daemon.told())
        self.assertEqual(daemon.told().count("acme: is well again"), len(before), daemon.told())
        self.assertEqual(self.polls(daemon, "incident", "failed"), 0, daemon.told())

    def test_one_table_that_fails_is_no_outage(self):
        self.see_one_table_fail_as("500")

    def test_one_table_that_shows_a_page_for_people_is_no_outage(self):
        self.see_one_table_fail_as("html")

    def leave_an_outage(self):
        daemon = self.live()
        self.sn.fail("500", FOR_EVER)
        daemon.wait_for(lambda: self.source()["state"] == "failing")
        daemon.process.kill()
        daemon.process.wait()
        self.assertIn("answered 500", self.source()["error"])
        self.end_faults()

    def see_it_gone(self):
        test_service.wait_for(lambda: (self.source()["state"], self.source()["error"]) == ("ok", None))

    def test_what_a_killed_daemon_left_goes_with_the_first_answer(self):
        self.leave_an_outage()
        self.start()
        self.see_it_gone()

    def test_or_with_the_first_that_once_is_given(self):
        self.leave_an_outage()
        self.program("once")
        self.see_it_gone()

    def test_to_stop_it_is_none(self):
        self.sn = self.instance(20)
        self.configure(FOUR.format(url=self.sn.url, page_size=100, poll="100ms"))
        self.sn.on_request = lambda sn: time.sleep(0.4)
        for number in range(3):
            daemon = self.start()
            before = len(self.sn.journal.requests)
            daemon.wait_for(lambda: len(self.sn.journal.requests) > before + 12)
            time.sleep(0.13 * number)
            self.assertEqual(daemon.stop(), 0)
            self.assertEqual(self.errors(daemon), [])

    # Logins

    def fast_clock(self, factor):
        library = self.folder / "fast_clock.so"
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", str(library), str(ROOT / "tests/support/fast_clock.c")], check=True)
        return {"LD_PRELOAD": str(library), "FAST_CLOCK": f"{factor} {time.time()} {time.monotonic()}"}

    def test_a_login_that_was_good_is_tried_once_more_after_an_hour(self):
        daemon = self.live(FOUR, environment=self.fast_clock(720))
        good = self.sn.password
        self.sn.password = "changed"
        daemon.wait_for(lambda: "and is tried once more at" in daemon.told())
        self.sn.password = good
        daemon.wait_for(lambda: "acme: is well again" in daemon.told())
        daemon.wait_for(lambda: daemon.ready() == (200, []))
        self.sn.password = "changed"
        daemon.wait_for(lambda: "; not tried again before a reload" in daemon.told())
        asked = len(self.sn.journal.requests)
        time.sleep(12)
        self.assertEqual(len(self.sn.journal.requests), asked)
        self.assertEqual(len(self.errors(daemon)), 3, "refused, and refused twice; not for each stream")

    def test_one_that_never_was_is_told_once_and_not_tried_again(self):
        self.sn = self.instance(20)
        self.sn.password = "another"
        self.configure(FOUR.format(url=self.sn.url, page_size=100, poll="300ms"))
        daemon = self.start(environment=self.fast_clock(720))
        daemon.wait_for(lambda: "login is refused" in daemon.told())
        asked = len(self.sn.journal.requests)
        time.sleep(8)
        self.assertEqual(len(self.sn.journal.requests), asked)
        self.assertRegex("\n".join(self.errors(daemon)), r"^acme: http://\S+: the login is refused \(401\); not tried again before a reload$")
        self.assertEqual(len(self.errors(daemon)), 1, "not for each stream")

    def test_a_token_that_is_refused_is_told_once(self):
        auth = "oauth2: {{ grant: client_credentials, client_id: id, client_secret: wrong }}"
        self.sn = self.instance(20)
        self.configure(FOUR.replace("basic: {{ user: reader, password: secret }}", auth).format(url=self.sn.url, page_size=100, poll="300ms"))
        daemon = self.start()
        daemon.wait_for(lambda: daemon.metric("baselined_polls_total", source="acme", stream="d", outcome="failed"))
        self.assertEqual(len(self.errors(daemon)), 1, daemon.told())
        self.assertRegex(self.errors(daemon)[0], "no token: .*; not tried again before a reload$")


if __name__ == "__main__":
    unittest.main()
