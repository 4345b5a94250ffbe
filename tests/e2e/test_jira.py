#!/usr/bin/python3
"""The program against a Jira site that lags, moves, hides and forgets who asked."""
import json
import os
import pathlib
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from jira import Jira, jira_time, sla_date  # noqa: E402

PROGRAM = os.environ.get("BASELINED", str(ROOT / "build" / "dev" / "baselined"))
START = 1_767_225_600_000  # 2026-01-01T00:00:00Z
CONFIG = """timezone: UTC
store: store.db
sources:
  site:
    type: jira
    url: {url}
    auth: {auth}
    since: 2025-12-31
    page_size: {page_size}
    give_up: 15s
    reconcile: {reconcile}
    streams:
      incidents: {{ jql: "project = OPS order by created", mapping: [jira/incident, jira/sla] }}
"""


class Site(unittest.TestCase):
    FLAVOUR = "cloud"

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="baselined-jira-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.jira = Jira(self.FLAVOUR)
        self.addCleanup(self.jira.stop)
        self.rng = random.Random(4)
        self.configure()

    def configure(self, page_size=100, reconcile="24h"):
        auth = "{ basic: { user: bot@acme.com, password: token } }" if self.FLAVOUR == "cloud" else "{ bearer: token }"
        (self.folder / "baselined.yaml").write_text(CONFIG.format(url=self.jira.url, auth=auth, page_size=page_size, reconcile=reconcile), encoding="utf-8")

    def issue(self, number, updated_ms, **more):
        opened = updated_ms - self.rng.randint(60_000, 80_000_000)
        self.jira.put(str(10_000 + number), more.pop("project", "OPS"), updated_ms, summary=f"No {number}", created=jira_time(opened), resolutiondate=None,
                      status={"name": "Offen", "statusCategory": {"key": self.rng.choice(["new", "indeterminate", "done"])}}, priority={"id": "3"},
                      components=[{"name": self.rng.choice(["vpn", "mail"])}], issuetype={"name": "Incident"}, assignee=None, labels=[], issuelinks=[], **more)

    def fill(self, count):
        for number in range(count):
            self.issue(number, START + number * 3_600_000 % 3_888_000_000 + number % 7)
        for number in range(count, count + 250):
            self.issue(number, START + 1_000_000_007)  # one edit of many
        self.issue(count + 300, START, project="OTHER")

    def run_program(self, *arguments, expect=0):
        done = subprocess.run([PROGRAM, arguments[0], "--config", str(self.folder / "baselined.yaml"), *arguments[1:]], capture_output=True, text=True, check=False, timeout=120)
        if done.returncode != expect:
            raise AssertionError(f"{arguments}: exit {done.returncode}, not {expect}\n{done.stderr}")
        return done

    def rows(self, sql):
        with sqlite3.connect(f"file:{self.folder}/store.db?mode=ro", uri=True) as database:
            return database.execute(sql).fetchall()

    def assert_complete(self):
        expected = {i: r["updated"] for i, r in self.jira.visible().items() if r["project"] == "OPS"}
        self.assertEqual(dict(self.rows("SELECT CASE typeof(key) WHEN 'blob' THEN lower(hex(key)) ELSE key END, version FROM source_row")), expected)
        self.assertEqual(self.rows("SELECT count(*), count(DISTINCT key) FROM record WHERE kind = 0"), [(len(expected), len(expected))])
        self.assertEqual(self.jira.journal.violations, [])

    def series(self, indicator):
        return {p["period"]: (p["numerator"], p["denominator"]) for p in json.loads(self.run_program("series", "--indicator", indicator, "--json").stdout)["periods"] if p["denominator"]}


class Cloud(Site):
    def test_every_issue_once(self):
        self.fill(900)
        self.jira.shrink = True
        self.run_program("once")
        self.assert_complete()
        self.run_program("once")
        self.assert_complete()

    def test_updates_while_paging_moved_keys_and_a_lagging_index(self):
        self.fill(600)
        ids = [i for i, r in self.jira.issues.items() if r["project"] == "OPS"]

        def move(site):
            with site.lock:
                site.issues[self.rng.choice(ids)]["updated"] = int(time.time() * 1000) - 1500
        self.jira.on_request, self.jira.index_lag_ms = move, 1000
        self.run_program("once")
        self.jira.on_request = None
        self.jira.put(ids[3], "OPS", int(time.time() * 1000), key="NEW-3")
        time.sleep(1.2)
        self.run_program("once")
        self.assert_complete()

    def test_slas_in_four_states_and_a_breach_by_passing_time(self):
        soon = int(time.time() * 1000) + 1200
        running = {"id": "7", "name": "Zeit bis Lösung", "completedCycles": [], "ongoingCycle": {"startTime": sla_date(START), "breachTime": sla_date(soon), "breached": False, "paused": False}}
        done = {"id": "7", "name": "Zeit bis Lösung", "completedCycles": [{"startTime": sla_date(START), "stopTime": sla_date(START + 9_000), "breachTime": sla_date(START + 5_000), "breached": True},
                                                                          {"startTime": sla_date(START + 10_000), "stopTime": sla_date(START + 12_000), "breachTime": sla_date(START + 11_000), "breached": False}]}
        self.issue(1, START + 1, customfield_10020=running, customfield_10021=None)
        self.issue(2, START + 2, customfield_10020=done, customfield_10021={"id": "8", "name": "TFR", "completedCycles": []})
        self.run_program("once")
        self.assertEqual(self.rows("SELECT count(*) FROM record WHERE kind = 3"), [(3,)])
        self.assertEqual(self.series("sla_breach_rate"), {"2026-01": (1, 2)})  # as Jira says, whatever the clocks say
        time.sleep(1.4)
        with self.jira.lock:  # nothing bumps `updated`
            self.jira.issues["10001"]["fields"]["customfield_10020"]["ongoingCycle"]["breached"] = True
        self.run_program("once")
        self.assertNotIn("10001", self.rows("SELECT cursor FROM stream")[0][0], "a breached cycle is watched no longer")
        cycle = self.jira.issues["10001"]["fields"]["customfield_10020"].pop("ongoingCycle")
        self.jira.issues["10001"]["fields"]["customfield_10020"]["completedCycles"] = [{**cycle, "stopTime": sla_date(START + 70_000)}]
        self.jira.issues["10001"]["updated"] = int(time.time() * 1000)
        self.run_program("once")
        self.assertEqual(self.rows("SELECT count(*) FROM record WHERE kind = 3"), [(3,)], "a cycle keeps its id when it completes")
        self.assertEqual(self.series("sla_breach_rate"), {"2026-01": (2, 3)})
        self.jira.issues["10002"]["fields"]["customfield_10020"]["completedCycles"].pop()
        self.jira.issues["10002"]["updated"] = int(time.time() * 1000)
        self.run_program("once")
        self.assertEqual(self.series("sla_breach_rate"), {"2026-01": (2, 2)})  # what the parent no longer holds is removed

    def test_faults(self):
        self.fill(500)
        self.configure(page_size=40)
        for turn, kind in enumerate(("429", "429-reset", "503-html", "500", "reset", "cut", "cut-json", "html")):
            self.jira.fail(kind, 1, lambda method, path, turn=turn: "search" in path and len(self.jira.journal.requests) > 5 + 3 * turn)
        self.run_program("once")
        self.assertTrue(all(fault[2] == 0 for fault in self.jira.faults))
        self.assert_complete()

    def test_deletions_by_census_and_lost_access(self):
        self.fill(300)
        self.run_program("once")
        self.configure(reconcile="1s")
        for issue in list(self.jira.issues)[:9]:
            del self.jira.issues[issue]
        time.sleep(1.1)
        self.run_program("once")
        self.assert_complete()
        self.jira.hidden = set(list(self.jira.issues)[:400])
        time.sleep(1.1)
        self.assertIn("nothing is removed", self.run_program("once", expect=3).stderr)

    def test_nobody_is_never_taken_for_nothing(self):
        self.fill(50)
        self.run_program("once")
        self.jira.anonymous = True
        self.assertIn("login is refused", self.run_program("once", expect=3).stderr)
        self.jira.anonymous, self.jira.captcha = False, True
        before = len(self.jira.journal.requests)
        self.assertIn("login is refused", self.run_program("once", expect=3).stderr)
        self.assertLessEqual(len(self.jira.journal.requests) - before, 2)
        self.jira.captcha = False
        self.assert_complete()

    def test_a_token_that_repeats_ends_the_reading(self):
        for number in range(300):
            self.issue(number, START)
        self.jira.repeat_token = True
        self.assertIn("token comes again", self.run_program("once", expect=3).stderr)


class DataCenter(Cloud):
    FLAVOUR = "data_center"
    test_a_token_that_repeats_ends_the_reading = None

    def test_more_than_it_pages_through(self):
        for number in range(11_000):
            self.jira.put(str(number), "OPS", START + number, summary="x", created=jira_time(START))
        self.configure(page_size=1000)
        self.run_program("once")
        self.assert_complete()


if __name__ == "__main__":
    unittest.main()
