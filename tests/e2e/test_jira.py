#!/usr/bin/python3
"""The program against a Jira site that lags, moves, hides and forgets who asked."""
import datetime as dt
import json
import os
import pathlib
import random
import re
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
from jira_storm import Storm  # noqa: E402
from rounds import Rounds  # noqa: E402

PROGRAM = os.environ.get("BASELINED", str(ROOT / "build" / "dev" / "baselined"))
START = 1_767_225_600_000  # 2026-01-01T00:00:00Z
CONFIG = """timezone: UTC
indicators: [own-*.yaml]
store: store.db
sources:
  site:
    type: jira
    url: {url}{flavour}
    auth: {auth}
    since: 2025-12-31
    page_size: {page_size}
    give_up: 15s
    reconcile: {reconcile}
    streams:
      incidents: {{ jql: '{jql}', mapping: {mapping} }}
"""


class Site(unittest.TestCase):
    FLAVOUR = "cloud"

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="baselined-jira-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.jira = Jira(self.FLAVOUR)
        self.addCleanup(self.jira.stop)
        self.rng, self.environment = random.Random(4), {}
        (self.folder / "own-indicators.yaml").write_text("indicators: {}\n", encoding="utf-8")
        self.configure()

    def configure(self, page_size=100, reconcile="24h", jql="project = OPS order by created", mapping="[jira/incident, jira/sla]", flavour=""):
        auth = "{ basic: { user: bot@acme.com, password: token } }" if self.FLAVOUR == "cloud" else "{ bearer: token }"
        (self.folder / "baselined.yaml").write_text(CONFIG.format(url=self.jira.url, auth=auth, page_size=page_size, reconcile=reconcile, jql=jql, mapping=mapping,
                                                                  flavour=flavour and f"\n    flavour: {flavour}"), encoding="utf-8")

    def assert_nothing_told(self, done):
        """Besides that these issues have no SLAs."""
        self.assertEqual([line for line in done.stderr.splitlines() if "no issue shows an SLA" not in line], [])

    def census(self, expect=0, **configuration):
        """A reading that compares ids, too."""
        self.configure(reconcile="1s", **configuration)
        time.sleep(1.1)
        return self.run_program("once", expect=expect)

    def requests(self, part):
        return sum(part in line for _, line in self.jira.journal.requests)

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
        done = subprocess.run([PROGRAM, arguments[0], "--config", str(self.folder / "baselined.yaml"), *arguments[1:]], capture_output=True, text=True, check=False, timeout=120, env={**os.environ, **self.environment})
        if expect is not None and done.returncode != expect:
            raise AssertionError(f"{arguments}: exit {done.returncode}, not {expect}\n{done.stderr}")
        return done

    def last_success(self):
        (source,) = json.loads(self.run_program("sources", "--json", expect=None).stdout)["sources"]
        return source["last_success_at"]

    def rows(self, sql):
        with sqlite3.connect(f"file:{self.folder}/store.db?mode=ro", uri=True) as database:
            return database.execute(sql).fetchall()

    def assert_complete(self):
        expected = {i: r["updated"] for i, r in self.jira.visible().items() if r["project"] == "OPS"}
        self.assertEqual(dict(self.rows("SELECT CASE typeof(key) WHEN 'blob' THEN lower(hex(key)) ELSE key END, version FROM source_row")), expected)
        self.assertEqual(self.rows("SELECT count(*), count(DISTINCT key) FROM record WHERE kind = 0"), [(len(expected), len(expected))])
        self.assertEqual(self.jira.journal.violations, [])

    def rows_changed(self, sql):
        with sqlite3.connect(f"{self.folder}/store.db") as database:
            database.execute(sql)

    def series(self, indicator):
        return {p["period"]: (p["numerator"], p["denominator"]) for p in json.loads(self.run_program("series", "--indicator", indicator, "--json").stdout)["periods"] if p["denominator"]}


    def count(self, indicator):
        return sum(p["numerator"] for p in json.loads(self.run_program("series", "--indicator", indicator, "--json").stdout)["periods"])


class Cloud(Site):
    def test_every_issue_once(self):
        self.fill(900)
        self.jira.shrink = True
        self.run_program("once")
        self.assert_complete()
        self.configure(page_size=10_000)  # more than Cloud takes
        self.run_program("once")
        self.assert_complete()

    def test_issues_with_control_characters_are_issues_as_others(self):
        for number in range(64):
            self.issue(number, START + number)
            self.jira.put(str(10_000 + number), "OPS", START + number, summary="y" * number + "\x1a\x1b[1m\x1c\x1d\x1e\x1f" + "z" * 40)
        (self.folder / "own.yaml").write_text("kind: incident\nid: id\nnumber: key\nupdated_at: fields.updated\nfields: { x_told: fields.summary }\n", encoding="utf-8")
        self.configure(mapping="own.yaml")
        self.run_program("once")
        self.assert_complete()
        for line in self.run_program("preview", "site", "incidents", "--json", "--rows", "64").stdout.splitlines():
            row = json.loads(line)
            self.assertIn("y\x1a\x1b[1m\x1c\x1d\x1e\x1fz", "y" + row["records"][0]["x_told"])
            self.assertEqual(json.loads(row["row"]["json"])["id"], row["id"])

    def test_an_issue_that_is_nested_without_end_is_an_error(self):
        for number in range(3):
            self.issue(number, START + number)
        answer = self.jira.answer

        def deep(*request):
            status, headers, body = answer(*request)
            return status, headers, json.dumps(body).replace('"No 1"', opening * 100_000 + "1" + closing * 100_000).encode()
        self.jira.answer = deep
        for opening, closing in (("[", "]"), ('{"a":', "}")):
            for command in (("once",), ("preview", "site", "incidents"), ("preview", "site", "incidents", "--json"), ("preview", "site", "incidents", "--draft")):
                self.assertIn("the answer's JSON is nested deeper than 500 levels", self.run_program(*command, expect=3).stderr)

    def test_updates_while_paging_moved_keys_and_a_lagging_index(self):
        self.fill(600)
        ids = [i for i, r in self.jira.issues.items() if r["project"] == "OPS"]

        def move(site):
            site.touch(self.rng.choice(ids), int(time.time() * 1000))
        for hides in (True, False):  # the index shows the version before, or nothing at all
            self.jira.on_request, self.jira.index_lag_s, self.jira.hides_while_lagging = move, 1.0, hides
            self.run_program("once")
            self.jira.on_request = None
            self.jira.put(ids[3], "OPS", int(time.time() * 1000), key="NEW-3")
            time.sleep(1.2)
            self.run_program("once")
            self.assert_complete()

    def test_what_a_lagging_index_shows_as_it_is_now_where_it_was(self):
        """Far from where it belongs: it must not make the reading pass over what lies between."""
        self.fill(600)
        ids = [i for i, r in self.jira.issues.items() if r["project"] == "OPS"]
        self.jira.shows_newest, self.jira.index_lag_s = True, 2
        self.jira.on_request = lambda site: site.touch(self.rng.choice(ids), int(time.time() * 1000))
        self.run_program("once")
        self.jira.on_request = None
        time.sleep(2.1)
        self.run_program("once")
        self.assert_complete()

    def set_clock(self, seconds):
        """This machine's, so far off."""
        library = self.folder / "wrong_clock.so"
        if not library.exists():
            subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(ROOT / "tests/support/wrong_clock.c")], check=True)
        (self.folder / "clock").write_text(str(seconds), encoding="utf-8")
        self.environment = {"LD_PRELOAD": str(library), "WRONG_CLOCK": str(self.folder / "clock")}

    def test_a_clock_here_that_is_hours_off_loses_nothing(self):
        self.fill(600)
        ids = [i for i, r in self.jira.issues.items() if r["project"] == "OPS"]
        for hours in (5, -5):
            self.set_clock(hours * 3600)
            for self.jira.sends_date, self.jira.tells_time in ((True, True), (False, True), (False, False)):
                with self.subTest(hours=hours, sends_date=self.jira.sends_date, tells_time=self.jira.tells_time):
                    for path in self.folder.glob("store.db*"):
                        path.unlink()
                    self.jira.shows_newest, self.jira.index_lag_s = True, 1.5  # a moment ago, where it stood before
                    self.jira.on_request = lambda site: site.touch(self.rng.choice(ids), int(time.time() * 1000))
                    self.run_program("once")
                    self.jira.on_request = None
                    soon = int(time.time() * 1000) + 500
                    running = {"id": "7", "name": "TTR", "completedCycles": [], "ongoingCycle": {"startTime": sla_date(START), "breachTime": sla_date(soon), "breached": False, "paused": False}}
                    self.jira.touch(ids[7], soon - 500, customfield_10020=running)
                    time.sleep(1.6)
                    self.run_program("once")
                    self.assert_complete()
                    self.jira.index_lag_s = 0
                    self.issue(900, int(time.time() * 1000) + 60_000)  # later than all that was seen: what time it is, at least
                    running["ongoingCycle"]["breached"] = True
                    self.run_program("once")
                    cursors = [json.loads(cursor) for cursor, in self.rows("SELECT cursor FROM stream WHERE cursor != ''")]
                    self.assertIn({ids[7]: 2**63 - 1}, [cursor["running"] for cursor in cursors], "the breach was seen: none is ahead")
                    self.jira.delete("10900")

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
        running["ongoingCycle"]["breached"] = True  # nothing bumps `updated`
        self.run_program("once")
        asked = []
        self.jira.distort = lambda query, answer: asked.append(query["jql"])
        self.run_program("once")
        self.assertFalse(any("id in" in jql for jql in asked), "a breached cycle is looked at where ids are compared only")
        self.jira.distort = None
        cycle = running.pop("ongoingCycle")
        self.jira.touch("10001", int(time.time() * 1000), customfield_10020={**running, "completedCycles": [{**cycle, "stopTime": sla_date(START + 70_000)}]})
        self.run_program("once")
        self.assertEqual(self.rows("SELECT count(*) FROM record WHERE kind = 3"), [(3,)], "a cycle keeps its id when it completes")
        self.assertEqual(self.series("sla_breach_rate"), {"2026-01": (2, 3)})
        self.jira.touch("10002", int(time.time() * 1000), customfield_10020={**done, "completedCycles": done["completedCycles"][:1]})
        self.run_program("once")
        self.assertEqual(self.series("sla_breach_rate"), {"2026-01": (2, 2)})  # what the parent no longer holds is removed

    def test_issues_without_their_fields_are_not_taken(self):
        """Missing, null or empty: as they stand they would empty what is stored of them."""
        for number in range(12):
            self.issue(number, START + number * 1_000)
        bare = {"10009", "10010"}

        def strip(how):
            def distort(query, answer):
                for issue in answer["issues"]:
                    if issue["id"] in bare:
                        how(issue)
            return distort
        for path, how in enumerate((lambda issue: issue.pop("fields"), lambda issue: issue.update(fields=None), lambda issue: issue.update(fields={}),
                                    lambda issue: issue.update(fields={"something": 1}))):
            with self.subTest(path):
                for stored in self.folder.glob("store.db*"):
                    stored.unlink()
                self.jira.distort = strip(how)
                told = self.run_program("once", expect=3).stderr
                self.assertIn("2 issues came without their fields (OPS-10009, OPS-10010)", told)
                self.assertEqual(self.rows("SELECT count(*) FROM source_row"), [(10,)], "on the first reading, too")
                self.jira.distort = None
                self.run_program("once")
                self.assert_complete()
                before = self.series("incident_volume")
                self.jira.distort = strip(how)
                for issue in self.jira.issues:
                    self.jira.touch(issue, int(time.time() * 1000))
                told = self.run_program("once", expect=3).stderr
                self.assertIn("2 issues came without their fields", told)
                self.assertIn("2 issues came without their fields", self.run_program("sources").stdout)
                self.assertEqual(self.series("incident_volume"), before)
                self.assertIn("2 issues came without their fields", self.census(expect=3).stderr)
                self.assertEqual(self.series("incident_volume"), before)
                self.jira.distort = None
                self.configure()
                self.run_program("once")
                self.assert_complete()

    def test_what_is_no_issue_in_a_page_is_passed_over(self):
        if self.FLAVOUR != "cloud":
            return  # whose offsets would count it
        self.fill(60)
        self.run_program("once")

        def distort(_, answer):
            if answer["issues"]:
                answer["issues"] = [None, *answer["issues"], 7, {}]
        self.jira.distort = distort
        self.issue(800, START + 3_000_000_000)
        self.jira.delete("10007")
        told = self.census(expect=3).stderr
        self.assertIn("came without an id", told)
        self.assertNotIn("jql \"", told)
        self.jira.distort = None
        self.assert_nothing_told(self.census())
        self.assert_complete()

    def test_issues_without_an_id_are_rejected_and_asked_for_again(self):
        for number in range(12):
            self.issue(number, START + number * 86_400_000)
        victim = {"OPS-10003"}

        def distort(query, answer):
            for issue in answer["issues"]:
                if issue["key"] in victim:
                    issue.pop("id")
        self.jira.distort = distort
        for _ in range(2):
            self.assertIn("an issue came without an id (OPS-10003)", self.run_program("once", expect=3).stderr)
            stream = json.loads(self.run_program("sources", "--json").stdout)["sources"][0]["streams"][0]
            self.assertEqual((stream["rejected"], stream["records"]), (1, 11))
        self.assertIn("an issue came without an id (OPS-10003)", self.census(expect=3).stderr)
        self.configure()
        self.jira.distort = None
        self.assert_nothing_told(self.run_program("once"))
        self.assert_complete()
        self.jira.distort = distort  # what is stored of it stays
        victim.add("OPS-10011")
        self.jira.touch("10011", START + 12 * 86_400_000)
        self.run_program("once", expect=3)
        self.assertEqual(self.rows("SELECT count(*) FROM record WHERE kind = 0"), [(12,)])
        self.jira.delete("10011")
        self.jira.distort = None
        self.census()
        self.assert_complete()

    def test_a_title_that_was_cut_in_the_middle_of_a_character_is_taken(self):
        self.fill(30)
        self.jira.put("10003", "OPS", START + 5, summary="half an \ud83d")
        self.run_program("once")
        self.assert_complete()

    DISTORTIONS = (("gives no nextPageToken", lambda query, answer: (answer.update(isLast=False), answer.pop("nextPageToken", None))),
                   ("shows none", lambda query, answer: (answer.update(isLast=True, issues=[]), answer.pop("nextPageToken", None))),
                   ("(ORDER BY)", lambda query, answer: answer["issues"].reverse()),
                   ("has no `issues`", lambda query, answer: answer.pop("issues")),
                   ("", lambda query, answer: answer.update(isLast=True)))  # and a token: it is followed

    def test_answers_that_contradict_themselves_are_no_end(self):
        self.fill(400)
        for words, distortion in self.DISTORTIONS:
            with self.subTest(words):
                for path in self.folder.glob("store.db*"):
                    path.unlink()
                asked = []

                def distort(query, answer, distortion=distortion, asked=asked):
                    asked.append(query)
                    if len(asked) == 3:
                        distortion(query, answer)
                self.jira.distort = distort
                self.assertIn(words, self.run_program("once", expect=3 if words else 0).stderr)
                if words:
                    self.assertIn(words, self.run_program("sources").stdout)
                self.jira.distort = None
                self.run_program("once")
                self.assert_complete()

    def test_a_login_that_changes_while_it_polls_is_tried_once(self):
        self.fill(20)
        main = self.folder / "baselined.yaml"
        main.write_text(main.read_text(encoding="utf-8").replace("    give_up", "    poll: 25s\n    give_up") + "".join(f"      {name}: {{ jql: project = OPS, mapping: jira/incident }}\n" for name in ("one", "two", "three", "four", "five")), encoding="utf-8")
        daemon = subprocess.Popen([PROGRAM, "run", "--config", str(main)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(daemon.stderr.close)
        self.addCleanup(daemon.wait, timeout=20)
        self.addCleanup(daemon.terminate)
        self.wait_for(lambda: self.requests("search") >= 6)
        time.sleep(1)
        self.jira.password, self.jira.asks_captcha_after = "changed", 3
        self.jira.on_request = lambda site: time.sleep(0.2)  # the others would come meanwhile
        self.wait_for(lambda: self.jira.tries)
        time.sleep(3)
        self.assertEqual(self.jira.tries, 1)
        self.assertIn("the login is refused", self.run_program("sources", expect=None).stdout)

    def wait_for(self, condition):
        until = time.monotonic() + 90
        while not condition():
            self.assertLess(time.monotonic(), until, "waited in vain")
            time.sleep(0.1)

    def test_a_captcha_is_not_tried_again_and_says_what_to_do(self):
        self.fill(20)
        for what in ({"captcha": True}, {"captcha": False, "asks_captcha_after": 0}):
            vars(self.jira).update(what)
            before = self.requests("myself") + self.requests("field") + self.requests("search")
            told = self.run_program("once", expect=3).stderr
            self.assertIn("Log in once in a browser as this account, then reload", told)
            self.assertEqual(self.requests("myself") + self.requests("field") + self.requests("search") - before, 1)
            self.assertIn("Log in once in a browser", self.run_program("sources").stdout)

    def test_faults(self):
        self.fill(500)
        self.configure(page_size=40)
        for turn, kind in enumerate(("429", "429-reset", "429-iso", "429-past", "429-html", "503-html", "500", "500-wait", "reset", "cut", "cut-json", "html", "trickle")):
            self.jira.fail(kind, 1, lambda method, path, turn=turn: "search" in path and len(self.jira.journal.requests) > 4 + 2 * turn)
        self.run_program("once")
        self.assertTrue(all(fault[2] == 0 for fault in self.jira.faults))
        self.assert_complete()

    def test_a_limit_that_is_used_up_is_waited_for_before_it_is_exceeded(self):
        self.fill(300)
        self.configure(page_size=40)
        self.jira.busy_s = 2
        for turn, kind in enumerate(("spent-iso", "spent-after")):
            self.jira.fail(kind, 1, lambda method, path, turn=turn: "search" in path and len(self.jira.journal.requests) > 4 + 2 * turn)
        self.run_program("once")
        self.assertTrue(all(fault[2] == 0 for fault in self.jira.faults))
        self.assert_complete()

    def test_deletions_by_census_and_lost_access(self):
        self.fill(300)
        self.run_program("once")
        for issue in list(self.jira.issues)[:9]:
            self.jira.delete(issue)
        self.jira.move(list(self.jira.issues)[0], "OTHER", int(time.time() * 1000))  # the query finds it no more
        self.census()
        self.assert_complete()
        self.jira.hidden = set(list(self.jira.issues)[:400])
        complete = self.last_success()
        told = self.census(expect=3).stderr
        self.assertIn("nothing is removed", told)
        self.jira.listed = 0
        self.assertEqual(self.census(expect=3).stderr, told, "the same words: told once")
        self.assertEqual(self.jira.listed, 0, "ids are not compared at each poll while access is lost")
        self.assertEqual(self.last_success(), complete, "what is new may be out of sight as well: measures go stale")
        self.jira.hidden = set()
        self.run_program("once")
        self.assertGreater(self.last_success(), complete)
        self.assert_complete()

    def test_a_stream_that_never_showed_an_issue_is_told(self):
        """An account without rights is answered as one that asks for what is not there: 200, and nothing."""
        self.configure(jql="issuetype = Incident", mapping="jira/incident")
        self.fill(20)
        for hidden, words in ((set(self.jira.projects), f"{self.jira.url} shows not one project to this account"),
                              ({"OPS", "OTHER"}, 'jql "issuetype = Incident": it matches no issue')):
            self.jira.hidden_projects = hidden
            for command in (("once",), ("check", "--online"), ("preview", "site", "incidents"), ("once",)):
                self.assertIn(words, self.run_program(*command, expect=3).stderr)
            source = json.loads(self.run_program("sources", "--json").stdout)["sources"][0]
            self.assertEqual(source["last_success_at"], None)
        self.jira.hidden_projects = set()
        self.configure(mapping="jira/incident")
        self.run_program("once")
        self.assert_complete()
        self.configure(jql="issuetype = Incidnt", mapping="jira/incident")
        self.assertIn("it matches no issue", self.run_program("once", expect=3).stderr)
        self.configure(mapping="jira/incident")
        self.run_program("once")
        self.assert_complete()

    def test_rights_that_are_lost_are_told_at_the_next_poll(self):
        self.fill(60)
        self.run_program("once")
        before = self.rows("SELECT cursor, complete_at FROM stream")
        self.jira.hidden_projects = {"OPS"}
        for _ in range(2):
            self.assertIn("nothing that is stored can be seen any more", self.run_program("once", expect=3).stderr)
        self.assertIn("nothing that is stored", self.run_program("sources").stdout)
        self.jira.instead = lambda method, path: (403, {}, b"<html>no</html>") if self.is_look_up(path) else None
        self.assertIn("could not be asked for by its ids (answered 403: a page for people)", self.run_program("once", expect=3).stderr)
        self.assertEqual(self.rows("SELECT cursor, complete_at FROM stream"), before)
        self.jira.instead, self.jira.hidden_projects = None, set()
        self.run_program("once")
        self.assert_complete()
        # Of those that are newest alone, by comparing ids at once; of a few that went for good nothing is told.
        for issue in sorted(self.jira.issues, key=int)[-251:-1]:
            self.jira.delete(issue)
        self.assertIn("250 of 310 stored issues cannot be seen any more", self.run_program("once", expect=3).stderr)
        self.assertEqual(self.rows("SELECT count(*) FROM source_row"), [(310,)])

    def test_another_site_under_the_same_name_begins_anew(self):
        """Its ids mean other issues, and it may be quieter than the cursor of the former one thinks."""
        self.fill(40)
        self.run_program("once")
        old, self.jira = self.jira, Jira(self.FLAVOUR)
        self.addCleanup(self.jira.stop)
        for number in range(20, 60):  # some ids are the former site's, all updates are older
            self.issue(number, START - 80_000_000 + number)
        self.configure()
        self.jira.password = "another"
        self.run_program("once", expect=3)
        self.assertEqual(self.rows("SELECT count(*) FROM source_row"), [(290,)], "who is not let in takes nothing away")
        self.jira.password = "token"
        self.run_program("once")
        self.assert_complete()
        self.assertEqual(self.count("incident_volume"), 40)
        self.jira = old
        self.configure()
        begun = self.requests("")
        self.jira.on_request = lambda site: setattr(site, "password", "token" if self.requests("") < begun + 5 else "another")
        self.run_program("once", expect=3)  # broken off, it goes on where it was
        self.jira.on_request, self.jira.password = None, "token"
        self.run_program("once")
        self.assert_complete()

    def test_a_project_that_is_hidden_is_no_deletion(self):
        self.fill(200)
        for number in range(600, 630):
            self.issue(number, START + number, project="NET")
        several = {"jql": "project in (OPS, NET)"}
        self.configure(**several)
        self.run_program("once")
        self.jira.hidden_projects = {"NET"}
        self.assertIn("project NET cannot be seen any more", self.census(expect=3, **several).stderr)
        self.assertEqual(self.rows("SELECT sum(deleted) FROM stream"), [(0,)])
        self.jira.hidden_projects = set()
        self.census(**several)
        for number in range(600, 630):
            self.jira.delete(str(10_000 + number))
        self.census(**several)  # it is there, and empty
        self.assertEqual(self.rows("SELECT sum(deleted) FROM stream"), [(30,)])

    def test_a_small_project_that_is_archived_or_hidden_is_no_deletion(self):
        """A search finds neither; issues of others may be deleted meanwhile."""
        for count, is_archived in ((15, False), (1, False), (3, True)):
            with self.subTest(count=count, is_archived=is_archived):
                for path in self.folder.glob("store.db*"):
                    path.unlink()
                self.jira.issues.clear(), self.jira.index.clear(), self.jira.order.clear()
                self.fill(60)
                for number in range(600, 600 + count):
                    self.issue(number, START + number, project="NET")
                several = {"jql": "project in (OPS, NET)"}
                self.configure(**several)
                self.run_program("once")
                hidden = self.jira.archived_projects if is_archived else self.jira.hidden_projects
                hidden.add("NET")
                self.jira.delete("10005")
                told = self.census(expect=3, **several).stderr
                self.assertRegex(told, f"project NET cannot be seen any more .*and {count} issues with it: nothing is removed of them.*give the stream another name")
                self.assertEqual(self.rows("SELECT count(*), (SELECT sum(deleted) FROM stream) FROM source_row"), [(60 + 250 - 1 + count, 1)])
                self.assertEqual(self.census(expect=3, **several).stderr, told)
                hidden.clear()
                self.assert_nothing_told(self.census(**several))

    def test_a_project_whose_key_is_renamed_gives_its_issues_their_new_keys(self):
        self.fill(300)
        several = {"jql": "project in (OPS, NET)"}
        for number in range(700, 720):
            self.issue(number, START + number * 1_000_000, project="NET")
        (self.folder / "own-indicators.yaml").write_text("indicators:\n" + "".join(f"  {name}: {{ title: X, kind: incident, at: opened_at, count: all, where: {{ number: {{ matches: '^{name.upper()}-' }} }} }}\n" for name in ("ops", "opx", "net")), encoding="utf-8")
        self.configure(**several)
        self.run_program("once")
        self.assertEqual([self.count(name) for name in ("ops", "opx", "net")], [550, 0, 20])
        for issue in list(self.jira.issues.values()):
            if issue["project"] == "OPS":  # JQL goes on to know the old key
                self.jira.put(issue["id"], "OPS", issue["updated"], key=issue["key"].replace("OPS", "OPX"))
        self.jira.projects = self.jira.projects - {"OPS"} | {"OPX"}
        self.jira.delete("10004")
        self.assert_nothing_told(self.census(**several))
        self.assertEqual([self.count(name) for name in ("ops", "opx", "net")], [0, 549, 20])
        asked = []
        self.jira.distort = lambda query, answer: asked.append(query["jql"])
        self.census(**several)
        self.assertFalse(any("id in" in jql for jql in asked), "they are read once")

    def test_a_narrower_jql_takes_away_what_it_no_longer_lets_through(self):
        self.fill(120)
        for number in range(1000, 1050):
            self.issue(number, START + number, project="NET")
        self.configure(jql="project in (OPS, NET)")
        self.run_program("once")
        self.assertEqual(self.rows("SELECT count(*) FROM source_row"), [(420,)])
        self.configure(jql="project = NET")
        self.jira.shows_projects = False  # only in a list of all
        self.assert_nothing_told(self.run_program("once"))
        self.assertEqual(self.rows("SELECT count(*) FROM source_row"), [(50,)])
        self.jira.shows_projects = True
        self.jira.listed = 0
        self.assert_nothing_told(self.run_program("once"))
        self.assertEqual(self.jira.listed, 0, "compared once")
        self.configure(jql="project = OPS")  # none of those that are stored
        self.assert_nothing_told(self.run_program("once"))
        self.assert_complete()
        # Issues that are not there for the account at all are another matter.
        self.jira.hidden = set(list(self.jira.issues)[:240])
        self.configure(jql="project = NET")
        told = self.run_program("once", expect=3).stderr
        self.assertIn("240 of 420 stored issues cannot be seen any more: rather access that was lost", told)
        self.assertIn("give the stream another name", told)
        self.assertEqual(self.rows("SELECT count(*) FROM source_row"), [(240 + 50,)])
        self.jira.hidden = set()

    def test_issues_that_move_out_of_the_query_leave_however_many_they_are(self):
        self.fill(300)
        self.run_program("once")
        for number in range(540):
            self.jira.move(str(10_000 + number), "OTHER", int(time.time() * 1000))
        self.assert_nothing_told(self.census())
        self.assert_complete()

    def test_issues_that_leave_the_query_by_themselves_leave(self):
        """A project's category, time that passes: nothing bumps `updated`."""
        for understands_not in (True, False):
            with self.subTest(understands_not=understands_not):
                for stored in self.folder.glob("store.db*"):
                    stored.unlink()
                self.jira.understands_not = understands_not
                self.fill(100)
                self.configure()
                self.run_program("once")
                for number in range(240):
                    issue = self.jira.issues[str(10_000 + number)]
                    self.jira.move(issue["id"], "OTHER", issue["updated"])
                self.assert_nothing_told(self.census())
                self.assert_complete()
                self.jira.issues.clear(), self.jira.index.clear(), self.jira.order.clear()

    def test_issues_that_leave_the_query_by_a_field_that_is_empty_leave(self):
        """Within the lag of the index they are shown as they are now, where they had been."""
        self.fill(60)
        for number in range(280, 300):
            self.jira.touch(str(10_000 + number), START + 1_000_000_007, labels=["vpn"])
        labelled = {"jql": "project = OPS and labels = vpn"}
        self.configure(**labelled)
        self.run_program("once")
        self.jira.index_lag_s, self.jira.shows_newest = 600, True
        for number in range(280, 284):
            self.jira.touch(str(10_000 + number), int(time.time() * 1000) - 3_600_000, labels=[])
        self.run_program("once")
        self.census(**labelled)  # the index has them still
        self.assertEqual(self.rows("SELECT count(*) FROM source_row"), [(20,)])
        self.jira.index_lag_s = 0
        for number in range(280, 284):
            self.jira.refresh(str(10_000 + number))
        self.assert_nothing_told(self.census(**labelled))
        self.assertEqual(self.rows("SELECT count(*) FROM source_row"), [(16,)])
        self.jira.behind = {str(10_000 + number) for number in range(284, 290)}
        self.assertIn("6 issues can be read by their ids, and the search does not list them", self.census(expect=3, **labelled).stderr)
        self.assertEqual(self.rows("SELECT count(*) FROM source_row"), [(16,)])

    def test_issues_that_the_index_lacks_stay(self):
        """A node that is rebuilding its index lists a few, all of which can be read by their ids."""
        self.fill(300)
        self.run_program("once")
        self.jira.ignores_reconcile = True
        before = self.series("incident_volume")
        self.jira.understands_not = False
        for lacking in (550, 400, 160):
            with self.subTest(lacking=lacking):
                for number in range(lacking):
                    self.jira.drop(str(10_000 + number))
                looked_at = self.requests("/rest/api/2/issue/")
                told = self.census(expect=3).stderr
                self.assertRegex(told, r"\d+ issues can be read by their ids, and the search does not list them")
                self.assertIn("its index lags or is being rebuilt", told)
                self.assertEqual(self.series("incident_volume"), before)
                self.assertLessEqual(self.requests("/rest/api/2/issue/") - looked_at, 100)
                self.assertEqual(self.census(expect=3).stderr, told, "the same words: told once")
                for number in range(lacking):
                    self.jira.refresh(str(10_000 + number))
                self.assert_nothing_told(self.census())
                self.assert_complete()

    def test_issues_that_one_node_of_a_cluster_lacks_stay(self):
        self.fill(100)
        self.run_program("once")
        self.jira.behind = {str(10_000 + number) for number in range(80)}
        self.assertIn("80 issues can be read by their ids, and the search does not list them", self.census(expect=3).stderr)
        self.jira.behind = set()
        self.assert_nothing_told(self.census())
        self.assert_complete()

    def test_many_that_are_gone_are_looked_for_in_paces(self):
        self.fill(1000)
        self.run_program("once")
        for number in range(0, 600, 2):
            self.jira.delete(str(10_000 + number))
        for number in range(1, 500, 2):
            self.jira.archived.add(str(10_000 + number))
        self.assertEqual(self.requests("/rest/api/2/issue/"), 0)
        self.configure(reconcile="1s")
        time.sleep(1.1)
        for polls in range(1, 9):
            told = self.run_program("once").stderr
            if polls == 1 and self.FLAVOUR != "cloud":
                self.assertIn("450 issues that the search lists no longer are still to be looked for by their ids", told)
            self.configure()  # it goes on whether ids are to be compared again or not
            self.assertLessEqual(self.requests("/rest/api/2/issue/"), polls * 100)
        self.assertEqual(self.rows("SELECT count(*) FROM source_row"), [(1250 - 300 - 250,)])
        self.jira.listed = 0
        self.run_program("once")
        self.assertEqual(self.jira.listed, 0, "nothing is left to be looked for")

    def test_many_that_are_gone_leave_over_restarts_and_beside_a_lost_project(self):
        """Data Center: each reading asks for a hundred, wherever the one before was killed, and says how many are left."""
        self.fill(1000)
        for number in range(2000, 2004):
            self.issue(number, START + number, project="NET")
        several = {"jql": "project in (OPS, NET)"}
        self.configure(**several)
        self.run_program("once")
        for number in range(350):
            self.jira.delete(str(10_000 + number))
        self.jira.hidden_projects = {"NET"}
        left = []
        self.configure(reconcile="1s", **several)
        time.sleep(1.1)
        for poll in range(12):
            asked = self.requests("/rest/api/2/issue/")
            if poll in (1, 2):  # killed at its 50th look-up
                running = subprocess.Popen([PROGRAM, "once", "--config", str(self.folder / "baselined.yaml")], stderr=subprocess.DEVNULL)
                self.jira.instead = lambda _, path: running.kill() if self.is_look_up(path) and self.requests("/rest/api/2/issue/") >= asked + 50 else None
                running.wait()
                self.jira.instead = None
            self.run_program("once", expect=3)
            sources = json.loads(self.run_program("sources", "--json").stdout)["sources"][0]["streams"][0]
            left.append(int((re.search(r"(\d+) issues that the search lists no longer are still", sources.get("warning", "")) or [0, 0])[1]))
            self.configure(**several)  # it goes on by itself
            pause = json.loads(self.rows("SELECT cursor FROM stream WHERE cursor LIKE '{%'")[0][0])["lost"]["pause"]
            if left[-1]:
                self.assertEqual(pause, 600_000, "no longer pause holds up those that are gone")
            else:
                break
            self.rows_changed("UPDATE stream SET cursor = json_set(cursor, '$.lost.again', 0) WHERE cursor LIKE '{%'")
        self.assertEqual(left, [0] if self.FLAVOUR == "cloud" else [250, 150, 50, 0])
        self.assertEqual(self.rows("SELECT count(*) FROM source_row"), [(1250 - 350 + 4,)])
        self.issue(2500, START + 4_000_000_000)
        self.run_program("once", expect=3)
        self.assertEqual(self.rows("SELECT count(*) FROM source_row"), [(1250 - 350 + 4 + 1,)], "news are read meanwhile")

    def test_an_issue_that_is_archived_is_told_and_comes_back(self):
        self.fill(60)
        self.run_program("once")
        self.jira.archived |= {"10003", "10004"}
        told = self.census().stderr
        self.assertIn("2 issues were archived: they left the figures without being deleted, until they are restored", told)
        self.assertEqual(self.rows("SELECT count(*) FROM source_row"), [(308,)])
        self.configure()
        self.assertEqual(self.run_program("once").stderr, told, "until ids are next compared, in the same words")
        self.jira.archived.clear()
        self.assert_nothing_told(self.census())
        self.assert_complete()

    def remark(self):
        return "; ".join(text for _, text in self.rows("SELECT name, value FROM fact WHERE name LIKE 'field_remarks:%'"))

    def is_look_up(self, path):
        return path.startswith("/rest/api/3/issue/bulkfetch" if self.FLAVOUR == "cloud" else "/rest/api/2/issue/")

    def test_what_a_look_up_does_not_say_is_no_deletion(self):
        """Only Jira's own word that an issue is not there counts."""
        page, json_error = b"<html><head><title>Access denied</title></head><body>By the proxy.</body></html>", {"errorMessages": ["Not like this."], "errors": {}}
        answers = {"answered 403: a page for people \\(Access denied\\)": (403, {}, page),
                   "answered 404: a page for people": (404, {}, page),
                   "answered 404: null for uri": (404, {}, {"message": "null for uri: x", "status-code": 404}) if self.FLAVOUR != "cloud" else None,
                   "answered 404: Not like this": (404, {}, json_error) if self.FLAVOUR == "cloud" else None,
                   "answered 405": (405, {}, b""),
                   "answered 200 without": (200, {}, {})}
        answers |= {f"answered {status}: Not like this": (status, {}, json_error) for status in (400, 410, 413)}
        self.fill(100)
        self.run_program("once")
        self.jira.ignores_reconcile = True
        for number in range(5):
            self.jira.drop(str(10_000 + number))
        for number in range(5, 12):
            self.jira.delete(str(10_000 + number))
        for words, answer in answers.items():
            if not answer:
                continue
            with self.subTest(words=words):
                self.jira.instead = lambda method, path, answer=answer: answer if self.is_look_up(path) else None
                begun = self.requests("/issue/")
                self.rows_changed("UPDATE stream SET cursor = json_remove(cursor, '$.lost') WHERE cursor LIKE '{%'")
                told = self.census(expect=3).stderr
                self.assertRegex(told, words)
                self.assertRegex(told, "1?[27] issues .*could not be (asked) for by their ids")
                self.assertEqual(self.rows("SELECT count(*) FROM source_row"), [(350,)])
                self.assertEqual(self.requests("/issue/") - begun, 1, "the others are not asked for in vain")
                self.jira.listed = 0
                self.assertEqual(self.run_program("once", expect=3).stderr, told, "the same words: told once")
                self.assertEqual(self.jira.listed, 0)
        self.jira.instead = None
        for number in range(5):
            self.jira.refresh(str(10_000 + number))
        self.rows_changed("UPDATE stream SET cursor = json_remove(cursor, '$.lost') WHERE cursor LIKE '{%'")
        self.assert_nothing_told(self.census())
        self.assert_complete()

    def test_a_login_that_is_lost_at_any_question_removes_nothing(self):
        """A login page, however it comes, and answers that say by a header only that nobody asked."""
        self.fill(60)
        self.run_program("once")
        self.jira.delete("10003")
        self.jira.ignores_reconcile = True
        self.jira.drop("10004")
        page, key = b"<html><title>Log in</title></html>", "X-Seraph-LoginReason"
        seen = []

        def instead(answer, at):
            def answer_to(_, path):
                if path.startswith("/login"):
                    return 200, {"Content-Type": "text/html", key: "OUT"}, page
                if at(path):
                    seen.append(path)
                    return answer
                return None
            return answer_to
        field = {"id": "summary", "name": "Summary", "schema": {"type": "string"}}
        for words, at, answer in ((r"the login is refused \(OUT\)|a POST is redirected to", self.is_look_up, (302, {"Location": "/login.jsp?os_destination=x"}, b"")),
                                  (r"redirected to https://sso.acme.com|a POST is redirected", self.is_look_up, (302, {"Location": "https://sso.acme.com/"}, b"")),
                                  ("a page for people instead of data", self.is_look_up, (200, {"Content-Type": "text/html"}, page)),
                                  (r"refused \(AUTHENTICATED_FAILED\)", self.is_look_up, (404, {key: "AUTHENTICATED_FAILED"}, {"errorMessages": ["Issue does not exist"], "errors": {}})),
                                  (r"refused \(OUT\)", self.is_look_up, (200, {key: "OUT"}, {"issues": [], "issueErrors": []})),
                                  (r"refused \(OUT\)", lambda path: path.endswith("/field"), (200, {key: "OUT"}, [field])),
                                  (r"refused \(AUTHENTICATION_DENIED\)", lambda path: "/search" in path, (200, {key: "AUTHENTICATION_DENIED"}, {"issues": [], "total": 0, "isLast": True}))):
            with self.subTest(words=words):
                seen.clear()
                self.jira.instead = instead(answer, at)
                self.configure(reconcile="1s")
                file = self.folder / "baselined.yaml"
                file.write_text(file.read_text(encoding="utf-8").replace("give_up: 15s", "give_up: 1s"), encoding="utf-8")
                time.sleep(1.1)
                self.assertRegex(self.run_program("once", expect=3).stderr, words)
                self.assertTrue(seen)
                self.assertEqual(self.rows("SELECT count(*), (SELECT sum(deleted) FROM stream) FROM source_row"), [(310, 0)])
        self.jira.instead = None
        self.jira.refresh("10004")
        self.assert_nothing_told(self.census())
        self.assert_complete()

    def test_issues_that_the_site_withholds_stay_and_are_told_once(self):
        """Of a security level that the account lost (Data Center), or that Jira cannot give at the moment (Cloud)."""
        self.fill(100)
        self.run_program("once")
        withheld = {str(10_000 + number) for number in range(3)}
        self.jira.hidden |= withheld
        (self.jira.unable if self.FLAVOUR == "cloud" else self.jira.withheld).update(withheld)
        self.jira.delete("10009")
        told = self.census().stderr
        self.assertRegex(told, "3 issues .*(403: You do not have the permission|cannot be loaded at the moment)")
        self.assertEqual(self.rows("SELECT count(*) FROM source_row"), [(349,)])
        self.jira.listed = 0
        self.configure()
        for _ in range(2):
            self.assertEqual(self.run_program("once").stderr, told, "the same words")
        self.assertEqual(self.jira.listed, 0)
        self.assertIn("3 issues", self.remark())
        self.issue(9000, START + 2_000_000_000)
        self.census()
        self.assertEqual(self.rows("SELECT count(*) FROM source_row"), [(350,)], "it goes on")
        self.jira.hidden -= withheld
        self.jira.withheld.clear(), self.jira.unable.clear()
        self.assert_nothing_told(self.census())
        self.assert_complete()

    def test_the_census_finds_what_was_missed_and_takes_nothing_that_is_there(self):
        self.fill(200)
        self.run_program("once")
        self.jira.touch("10003", START + 1_500_000_000)  # found by searches hours after its time
        self.jira.index_lag_s, self.jira.hides_while_lagging = 30, True
        self.jira.touch("10007", int(time.time() * 1000))  # found by none just now
        self.census()
        self.assertEqual(self.rows("SELECT sum(deleted) FROM stream"), [(0,)])
        self.jira.index_lag_s, self.jira.pending = 0, [(0, "10007")]
        self.run_program("once")
        self.assert_complete()

    def test_who_becomes_nobody_in_the_middle_deletes_nothing(self):
        self.fill(400)
        seen = []

        def expire(site):
            seen.append(site)
            site.anonymous = site.strips_reason = len(seen) > 5
        self.jira.on_request = expire
        self.assertIn("nobody is logged in", self.run_program("once", expect=3).stderr, "a reading that ends for nobody is not whole")
        self.jira.on_request, self.jira.anonymous, self.jira.strips_reason = None, False, False
        self.run_program("once")
        seen.clear()
        self.jira.on_request = expire
        self.assertIn("nobody is logged in", self.census(expect=3, page_size=150).stderr)
        self.assertEqual(self.rows("SELECT sum(deleted) FROM stream"), [(0,)])
        self.jira.on_request = None
        self.jira.anonymous = True
        self.assertIn("nobody is logged in", self.run_program("once", expect=3).stderr, "nothing new is no success for nobody")
        self.jira.anonymous = False
        self.run_program("once")
        self.assert_complete()

    def test_who_becomes_nobody_while_issues_are_looked_for_deletes_nothing(self):
        self.fill(100)
        self.run_program("once")
        self.jira.ignores_reconcile = True
        for number in range(5):
            self.jira.drop(str(10_000 + number))

        def expire(_, path):
            if self.is_look_up(path):
                self.jira.anonymous = self.jira.strips_reason = True
        self.jira.instead = expire
        self.assertIn("nobody is logged in", self.census(expect=3).stderr)
        self.assertEqual(self.rows("SELECT count(*) FROM source_row"), [(350,)])

    def test_an_instant_longer_than_a_page_that_issues_leave_meanwhile(self):
        for number in range(500):
            self.issue(number, START + 5)
        left = [str(10_000 + number) for number in range(0, 400, 3)]

        def leave(site):
            if left and "search" in site.journal.requests[-1][1]:
                site.touch(left.pop(0), int(time.time() * 1000))
        self.jira.on_request, self.jira.shrink = leave, True
        self.run_program("once")
        self.jira.on_request = None
        self.run_program("once")
        self.assert_complete()

    def test_a_site_that_rounds_to_minutes(self):
        self.jira.grain_ms = 60_000
        for number in range(900):
            self.issue(number, START + number * 150)
        self.configure(page_size=70)
        self.run_program("once")
        self.assert_complete()
        self.assertLess(self.requests("search"), 120)

    def test_issues_with_a_running_sla_that_are_gone(self):
        soon = int(time.time() * 1000) - 5_000
        for number in range(30):
            self.issue(number, START + number, customfield_10020={"id": "7", "name": "TTR", "completedCycles": [], "ongoingCycle": {"startTime": sla_date(START), "breachTime": sla_date(soon), "breached": False, "paused": False}})
        self.run_program("once")
        for number in (3, 4, 17):
            self.jira.delete(str(10_000 + number))
        self.run_program("once")  # a site refuses a list that names one that is not there
        self.census()
        self.assert_complete()

    def test_running_slas_are_asked_for_many_at_a_time_and_only_when_they_are_due(self):
        def running(breach_ms):
            return {"id": "7", "name": "TTR", "completedCycles": [], "ongoingCycle": {"startTime": sla_date(START), "breachTime": sla_date(breach_ms), "breached": False, "paused": False}}
        now = int(time.time() * 1000)
        for number in range(1_303):
            self.issue(number, START + number * 1000, customfield_10020=running(now - 5_000))
        for number in range(2_000, 2_200):
            self.issue(number, START + number * 1000, customfield_10020=running(now + 9_000_000))
        self.configure(page_size=1000)
        self.run_program("once")

        def watched():
            return [re.search(r"id in \(([^)]*)", query["jql"])[1].split(",") for query in asked if "id in" in query["jql"]]
        asked = []
        self.jira.distort = lambda query, answer: asked.append(query)
        self.run_program("once")
        self.assertEqual(sum(map(len, watched())), 1_303)
        self.assertLessEqual(len(watched()), 3)
        for number in (5, 700):
            self.jira.delete(str(10_000 + number))
        self.jira.touch("12100", START + 2_100_000, customfield_10020=running(now - 5_000))  # another goal, and nothing is bumped
        self.census()
        self.assertEqual(self.rows("SELECT count(*) FROM record WHERE kind = 3"), [(1_501,)])
        self.assert_complete()
        asked.clear()
        self.configure(page_size=1000)
        self.run_program("once")
        self.assertEqual(sum(map(len, watched())), 1_302, "that one is due, the others are not")

    def test_breached_and_paused_cycles_are_read_again_where_ids_are_compared(self):
        """A goal that an administrator lengthens bumps no `updated`, nor need the end of a cycle."""
        def cycle(breached, paused=False, **more):
            return {"startTime": sla_date(START), "breached": breached, "paused": paused, **more}
        slas = [{"id": "7", "name": "TTR", "completedCycles": [], "ongoingCycle": cycle(True, breachTime=sla_date(START + 5_000))},
                {"id": "7", "name": "TTR", "completedCycles": [], "ongoingCycle": cycle(True)},
                {"id": "7", "name": "TTR", "completedCycles": [], "ongoingCycle": cycle(False, paused=True)}]
        for number, sla in enumerate(slas):
            self.issue(number, START + number, customfield_10020=sla)
        self.issue(10, START + 86_400_000)  # what was updated shortly before the newest is read at each poll
        (self.folder / "own-indicators.yaml").write_text("indicators:\n  breaches: { title: Breaches, kind: sla, at: started_at, count: all, where: { breached: true } }\n", encoding="utf-8")
        self.run_program("once")
        self.assertEqual(self.count("breaches"), 2)
        slas[0]["ongoingCycle"] = cycle(False, breachTime=sla_date(int(time.time() * 1000) + 9_000_000))
        for sla in slas[1:]:
            sla["completedCycles"] = [{**sla.pop("ongoingCycle"), "stopTime": sla_date(START + 9_000), "breached": False}]
        self.census()
        self.assertEqual(self.count("breaches"), 0)
        self.assertEqual(self.series("sla_breach_rate"), {"2026-01": (0, 2)})

    def test_slas_that_do_not_say_when_they_breach(self):
        late = []

        def running(is_late, **more):
            return lambda: {"id": "7", "name": "TTR", "completedCycles": [], "ongoingCycle": {"startTime": sla_date(START), "breached": is_late(), "paused": False, **more}}
        self.issue(1, START + 1, customfield_10020=running(lambda: bool(late), remainingTime={"millis": 800, "friendly": "1s"}))
        self.issue(2, START + 2, customfield_10020=running(lambda: bool(late)))
        self.issue(3, START + 3, customfield_10020=running(lambda: False, paused=True))
        (self.folder / "own-indicators.yaml").write_text("indicators:\n  breaches: { title: Breaches, kind: sla, at: started_at, count: all, where: { breached: true } }\n", encoding="utf-8")
        self.run_program("once")
        self.assertEqual(self.count("breaches"), 0)
        late.append(True)
        time.sleep(2.1)  # more than the remaining time, and than the second that a Date header tells
        self.run_program("once")
        self.assertEqual(self.count("breaches"), 2)

    def test_custom_fields_by_names_that_are_double_change_and_vanish(self):
        (self.folder / "own.yaml").write_text("kind: change\nid: id\nnumber: key\nupdated_at: fields.updated\nfields:\n  planned_end: { field: Planned end }\n", encoding="utf-8")
        self.jira.fields.append({"id": "customfield_10011", "name": "Planned end", "schema": {"type": "datetime", "custom": "x"}})
        (self.folder / "own-indicators.yaml").write_text("indicators:\n  planned: { title: Planned, kind: change, at: planned_end, count: all }\n", encoding="utf-8")
        self.issue(1, START + 1, customfield_10010=None, customfield_10011="2026-02-03T04:05:06.000+1100")
        self.issue(2, START + 2, customfield_10010="2026-02-04T04:05:06.000+1100")
        self.configure(mapping="own.yaml")
        self.run_program("once")
        ends = ["2026-02-02", "2026-02-03"]
        self.assertEqual(self.planned_ends(), ends)
        for field in self.jira.fields[1:]:
            field["name"] = field["name"].replace("Planned", "Planned (new)")
        self.assertIn('is called "Planned (new) end" now', self.run_program("once", expect=3).stderr)
        self.issue(3, int(time.time() * 1000), customfield_10011="2026-02-05T04:05:06.000+1100")
        self.run_program("once", expect=3)
        self.assertEqual(self.planned_ends(), ends + ["2026-02-04"])
        self.jira.fields = self.jira.fields[:1]
        self.assertIn("nothing is read", self.run_program("once", expect=3).stderr)
        self.assertEqual(self.planned_ends(), ends + ["2026-02-04"])

    def test_sla_fields_that_are_not_listed_any_more_remove_no_cycle(self):
        def sla(number, **more):
            return {"id": "7", "name": "TTR", "completedCycles": [{"startTime": sla_date(START), "stopTime": sla_date(START + 9_000), "breachTime": sla_date(START + 5_000), "breached": number % 2 == 0}], **more}
        for number in range(6):
            self.issue(number, START + number, customfield_10020=sla(number, ongoingCycle={"startTime": sla_date(START), "breachTime": sla_date(START + 1), "breached": False, "paused": False}))
        listed, gone = self.jira.fields, 'the field "Zeit bis Lösung" (customfield_10020, an SLA) was there and is no more'
        for without, at_first, later in ((listed[:2], "the site lists no field of one", gone), ([], "(/field) is empty", "(/field) is empty"), ({}, "the list of fields is none", "the list of fields is none"),
                                         (listed[:2] + listed[3:], None, gone)):
            self.jira.fields = without
            for path in self.folder.glob("store.db*"):
                path.unlink()
            self.assertIn(at_first or "", self.run_program("once", expect=3 if at_first else 0).stderr)
            self.jira.fields = listed
            self.run_program("once")
            self.assertEqual(self.rows("SELECT count(*) FROM record WHERE kind = 3"), [(12,)], "given later, it fills what was read without it")
            self.jira.fields = without
            self.jira.touch("10001", int(time.time() * 1000))  # beside the cycles that are looked at again
            self.assertIn(later, self.run_program("once", expect=3).stderr)
            self.assertIn(later, self.run_program("sources").stdout)
            self.assertEqual(self.rows("SELECT kind, count(*) FROM record GROUP BY kind"), [(0, 6), (3, 12)])
            self.jira.fields = listed
            self.run_program("once")
            self.assert_complete()
            self.assertEqual(self.rows("SELECT count(*) FROM record WHERE kind = 3"), [(12,)])

    def test_slas_that_the_account_never_saw_are_told(self):
        """Who is no agent sees the fields listed and null; where one issue shows a cycle, the account is one."""
        self.issue(1, START, customfield_10020=None, customfield_10021=None)
        self.run_program("once")
        told = "warning: no issue shows an SLA: either none has one, or the account is no agent"
        self.assertIn(told, self.run_program("sources").stdout)
        cycle = {"startTime": sla_date(START), "stopTime": sla_date(START + 9_000), "breachTime": sla_date(START + 5_000), "breached": True}
        self.issue(2, START + 5_000, customfield_10020={"id": "7", "name": "TTR", "completedCycles": [cycle]}, customfield_10021=None)
        self.run_program("once")
        self.assertNotIn(told, self.run_program("sources").stdout)

    def test_slas_that_the_account_may_not_see_any_more_stay(self):
        """The fields are listed as before, and null in every issue: the account is no agent any more."""
        def sla(breached, **more):
            return {"id": "7", "name": "TTR", "completedCycles": [{"startTime": sla_date(START), "stopTime": sla_date(START + 9_000), "breachTime": sla_date(START + 5_000), "breached": breached}], **more}
        shown = {}
        for number in range(12):
            self.issue(number, START + number * 1_000, customfield_10020=sla(number % 4 == 0), customfield_10021=None)
        self.issue(50, START, project="NET", customfield_10020=sla(True), customfield_10021=None)
        self.issue(51, START, project="NET", customfield_10020=sla(True), customfield_10021=None)
        several = {"jql": "project in (OPS, NET)"}
        self.configure(**several)
        self.run_program("once")
        self.assertEqual(self.series("sla_breach_rate"), {"2026-01": (5, 14)})
        # One issue loses its SLA, and others of its project show theirs: it is gone.
        self.jira.touch("10000", int(time.time() * 1000), customfield_10020=None)
        self.run_program("once")
        self.assertEqual(self.series("sla_breach_rate"), {"2026-01": (4, 13)})
        # All of a project lose them. The other one goes on.
        for issue, stored in self.jira.issues.items():
            if stored["project"] == "OPS":
                shown[issue] = stored["fields"]["customfield_10020"]
                self.jira.put(issue, "OPS", stored["updated"], customfield_10020=None)
        for issue in ("10001", "10004", "10050"):
            self.jira.touch(issue, int(time.time() * 1000), resolutiondate=jira_time(START + 90_000_000))
        complete = self.last_success()
        told = self.run_program("once", expect=3).stderr
        self.assertIn("no issue of project OPS shows an SLA any more", told)
        self.assertNotIn("NET", told)
        self.assertEqual(self.series("sla_breach_rate"), {"2026-01": (4, 13)})
        self.assertEqual(sum(n for _, n in self.series("mean_time_to_restore").values()), 3, "the issues are read on")
        self.issue(30, int(time.time() * 1000), customfield_10020=None)
        self.assertEqual(self.census(expect=3, **several).stderr, told, "the same words: told once")
        self.assertEqual(self.series("sla_breach_rate"), {"2026-01": (4, 13)})
        self.assertEqual(self.last_success(), complete, "new cycles are hidden as well: measures go stale")
        # The rights are back. Nothing bumps `updated`.
        for issue, value in [*shown.items(), ("10030", sla(True))]:
            self.jira.put(issue, "OPS", self.jira.issues[issue]["updated"], customfield_10020=value)
        self.assert_nothing_told(self.run_program("once"))
        self.assertEqual(self.series("sla_breach_rate"), {"2026-01": (5, 14)})

    def test_slas_that_an_account_is_given_later_are_read_of_old_issues_too(self):
        value = {"id": "7", "name": "TTR", "completedCycles": [{"startTime": sla_date(START), "stopTime": sla_date(START + 9_000), "breachTime": sla_date(START + 5_000), "breached": True}]}
        for number in range(12):
            self.issue(number, START + number * 1_000, customfield_10020=None, customfield_10021=None)
        self.run_program("once")
        for number in range(12):
            self.jira.put(str(10_000 + number), "OPS", START + number * 1_000, customfield_10020=value)
        self.jira.touch("10003", int(time.time() * 1000))
        self.run_program("once")
        self.run_program("once")
        self.assertEqual(self.series("sla_breach_rate"), {"2026-01": (12, 12)})

    def test_an_sla_field_that_no_issue_of_the_stream_used_may_go(self):
        self.fill(5)
        self.run_program("once")
        self.jira.fields = self.jira.fields[:3]
        self.run_program("once")
        self.assert_complete()

    def test_custom_fields_by_ids_and_one_of_two_of_a_name_that_vanish(self):
        (self.folder / "own.yaml").write_text("kind: change\nid: id\nnumber: key\nupdated_at: fields.updated\nfields:\n  planned_end: { field: Planned end }\n  planned_start: { from: fields.customfield_10030, as: timestamp }\n", encoding="utf-8")
        self.jira.fields += [{"id": "customfield_10011", "name": "Planned end", "schema": {"type": "datetime", "custom": "x"}}, {"id": "customfield_10030", "name": "Start", "schema": {"type": "datetime", "custom": "x"}}]
        (self.folder / "own-indicators.yaml").write_text("indicators:\n  planned: { title: Planned, kind: change, at: planned_end, count: all }\n  begun: { title: Begun, kind: change, at: planned_start, count: all }\n", encoding="utf-8")
        self.issue(1, START + 1, customfield_10010=None, customfield_10011="2026-02-03T04:05:06.000+1100", customfield_10030="2026-02-01T04:05:06.000+1100")
        self.issue(2, START + 2, customfield_10010="2026-02-04T04:05:06.000+1100")
        self.configure(mapping="own.yaml")
        self.run_program("once")
        listed = list(self.jira.fields)
        for lost, words in (("customfield_10011", '"Planned end" (customfield_10011)'), ("customfield_10030", '"Start" (customfield_10030)'), ("customfield_10010", '"Planned end" (customfield_10010)')):
            self.jira.fields = [f for f in listed if f["id"] != lost]
            self.jira.touch("10001", int(time.time() * 1000))
            told = self.run_program("once", expect=3).stderr
            self.assertIn(f"the field {words} was there and is no more", told)
            self.assertIn("nothing removed", told)
            self.assertEqual((len(self.planned_ends()), self.count("begun")), (2, 1))
        self.jira.fields = [dict(f, name="Ended" if f["id"] == "customfield_10011" else f["name"]) for f in listed]
        self.assertIn('"Planned end" is called "Ended" now', self.run_program("once", expect=3).stderr)
        self.assertEqual(len(self.planned_ends()), 2)
        os.remove(self.folder / "store.db")
        self.jira.fields = listed[:-1]
        self.assertIn("the field customfield_10030 is not there, or the account may not see it", self.run_program("once", expect=3).stderr)
        self.jira.fields = listed
        self.run_program("once")
        self.assertEqual(self.count("begun"), 1)

    def planned_ends(self):
        figures = json.loads(self.run_program("series", "--indicator", "planned", "--period", "day", "--json").stdout)["periods"]
        return [p["period"] for p in figures for _ in range(p["numerator"] or 0)]

    def test_what_the_site_refuses_is_told_in_its_words(self):
        self.fill(20)
        for jql, words in (("project = OPS and frobnicate = 1", "Field 'frobnicate' does not exist"), ("project = OPS and", "Expecting a field name but got ')'"), ("project is $", "reserved JQL character")):
            self.configure(jql=jql)
            told = self.run_program("once", expect=3).stderr
            self.assertIn(words, told)
            self.assertIn(words, self.run_program("sources", "--json").stdout)
        self.configure(jql="project = OPS ORDER   BY   rank")
        self.run_program("once")
        self.assert_complete()

    def test_the_other_flavour_is_told(self):
        self.fill(20)
        self.configure(flavour="data_center" if self.FLAVOUR == "cloud" else "cloud")
        told = self.run_program("once", expect=3).stderr
        self.assertRegex(told, "answered 410: Die angeforderte API.*is this site Cloud" if self.FLAVOUR == "cloud" else "answered 404.*is this site Data Center")

    def test_the_draft_of_issues_of_one_type_is_its_mapping(self):
        for kind, kinds in (("incident", ["Incident", "[System] Incident"]), ("problem", ["[System] Problem"]), ("change", ["Change"]), (None, ["Incident", "Change"]), (None, ["Vorfall"])):
            with self.subTest(kinds=kinds):
                for number in range(4):
                    self.issue(number, START + number * 1_000)
                    self.jira.put(str(10_000 + number), "OPS", START + number * 1_000, issuetype={"name": kinds[number % len(kinds)]})
                self.configure()
                draft = self.run_program("preview", "site", "incidents", "--draft").stdout
                (self.folder / "draft.yaml").write_text(draft, encoding="utf-8")
                self.configure(mapping="draft.yaml")
                if kind is None:
                    self.assertIn("draft.yaml:2:7: `kind` is to be filled in", self.run_program("check", expect=78).stderr)
                    continue
                self.assertIn("0 mapping tests passed", self.run_program("check").stdout)
                lacks = 3 if kind == "change" else 0  # the site has no custom fields of changes, and it is said
                (record,) = json.loads(self.run_program("preview", "site", "incidents", "--rows", "1", "--json", expect=lacks).stdout)["records"]
                self.assertEqual(record["$kind"], kind)
                self.assertIn(record["service"], ("vpn", "mail"))

    def test_a_draft_is_made_of_all_rows_and_each_of_its_proposals_works(self):
        """The newest issues are mostly open: what they leave empty is an object in others."""
        other = "com.atlassian.jira.plugin.system.customfieldtypes:select"
        self.jira.fields += [{"id": f"customfield_{number}", "name": name, "schema": {"type": "any", "custom": other}}
                             for number, name in ((10030, "Change type"), (10031, "Sites: all"), (10032, "Sprint"), (10033, "Customer"), (10034, "Customer"), (10035, "Report"), (10036, "Line\n\u2028\"break\""))]
        impacts = ["Extensive", "Significant", "Moderate", "Minor", "None at all, as far as anybody could tell"]
        for number in range(20):
            done = number < 7
            self.issue(number, START + number * 1_000, resolution={"id": "1", "name": "Done"} if done else None, customfield_10030={"value": impacts[number % 5], "id": str(number % 5)},
                       customfield_10031=[{"value": "Bonn", "id": "7"}] if done else [], customfield_10032=number, customfield_10033="A", customfield_10034="B",
                       customfield_10035={"a": {"b": {"c": "deep"}}}, customfield_10036={"a]": "x\r\x1by"})
        self.configure(mapping="draft.yaml")
        draft = self.run_program("preview", "site", "incidents", "--draft").stdout
        self.assertRegex(draft, r"\n  # fields.resolution.id  # 35 % filled: 1\n  # fields.resolution.name  # 35 % filled: Done\n")
        self.assertNotRegex(draft, r"# fields.(resolution|customfield_10031)  #")
        for impact in impacts:
            self.assertRegex(draft, rf"# fields.customfield_10030.value = .* \| {impact}|100 % filled: {impact}")
        self.assertRegex(draft, r"fields.summary  # 100 % filled: No \d+ \| No \d+ \| No \d+ \| \.\.\n", "titles are no choices")
        proposals = re.findall(r"^  # (fields.\S+) = (\{.*\})  # ", draft, re.M)
        self.assertEqual(dict(proposals), {"fields.customfield_10030.value": "{ field: \"Change type\", path: value }", "fields.customfield_10030.id": "{ field: \"Change type\", path: id }",
                                           "fields.customfield_10031[0].value": "{ field: \"Sites: all\", path: \"[0].value\" }", "fields.customfield_10031[0].id": "{ field: \"Sites: all\", path: \"[0].id\" }",
                                           "fields.customfield_10032": "{ field: Sprint }",
                                           "fields.customfield_10036.a]": r'{ field: "Line\u000a\u2028\"break\"", path: "a]" }'}, "two are called Customer, no field takes an object")
        (self.folder / "draft.yaml").write_text("kind: incident\nid: id\nupdated_at: fields.updated\nfields:\n" + "".join(f"  by_path_{n}: {path}\n  by_name_{n}: {rule}\n" for n, (path, rule) in enumerate(proposals)), encoding="utf-8")
        records = [json.loads(line) for line in self.run_program("preview", "site", "incidents", "--rows", "20", "--json").stdout.splitlines()]
        self.assertEqual([record["misfits"] for record in records], [[]] * 20)
        for n in range(len(proposals)):
            by_path, by_name = ([one["records"][0].get(f"{way}_{n}") for one in records] for way in ("by_path", "by_name"))
            self.assertEqual((by_path, any(by_path)), (by_name, True), proposals[n])
        self.assertIn("--draft prints a mapping, which is YAML: leave --json out", self.run_program("preview", "site", "incidents", "--draft", "--json", expect=2).stderr)

    def test_who_only_looks_says_of_a_renamed_or_lost_field_what_a_reading_says(self):
        (self.folder / "own.yaml").write_text("kind: change\nid: id\nnumber: key\nupdated_at: fields.updated\nfields:\n  planned_end: { field: Planned end }\n", encoding="utf-8")
        for number in range(3):
            self.issue(number, START + number, customfield_10010=f"2026-02-0{number + 1}T14:05:06.000+1100")
        self.configure(mapping="own.yaml")
        self.run_program("once")
        field = next(field for field in self.jira.fields if field["id"] == "customfield_10010")
        field["name"] = "Ended"
        told = self.run_program("once", expect=3).stderr
        self.assertIn('site/incidents: the field "Planned end" is called "Ended" now: it is read on', told)
        self.assertEqual(self.run_program("check", "--online", expect=3).stderr, told)
        shown = self.run_program("preview", "site", "incidents", "--json", expect=None)
        self.assertEqual(shown.stderr, told)
        self.assertEqual([json.loads(line)["records"][0]["planned_end"][:10] for line in shown.stdout.splitlines()], ["2026-02-01", "2026-02-02", "2026-02-03"])
        self.jira.fields.remove(field)
        told = self.run_program("once", expect=3).stderr
        self.assertIn('"Planned end" (customfield_10010) was there and is no more', told)
        self.assertEqual(self.run_program("check", "--online", expect=3).stderr, told)
        self.assertEqual(self.run_program("preview", "site", "incidents", expect=3).stderr, told)
        self.assertIn("# fields.summary  # 100 % filled", self.run_program("preview", "site", "incidents", "--draft", "--rows", "2", expect=None).stdout, "what is there now")
        shutil.move(self.folder / "store.db", self.folder / "other.db")
        self.assertIn('the field "Planned end" is not there, or the account may not see it', self.run_program("check", "--online", expect=3).stderr)

    def test_a_field_of_jiras_own_that_is_misspelt_is_told(self):
        own = self.folder / "own.yaml"

        def write(resolved, title):
            own.write_text("kind: incident\nid: id\nnumber: key\nupdated_at: fields.updated\nfields:\n  opened_at: fields.created\n"
                           f"  resolved_at: {resolved}\n  title: {title}\n", encoding="utf-8")
        measure = "measures:\n  - {{ id: M, name: m, indicator: mean_time_to_restore, baseline: {{ value: 4, n: 9 }}, target: {{ change: -30%, from: 2026-01-01, by: 2026-12-31 }} }}\n"
        for number in range(3):
            self.issue(number, START + number)
        self.configure(mapping="own.yaml")
        (self.folder / "measures.yaml").write_text(measure.format(), encoding="utf-8")
        main = self.folder / "baselined.yaml"
        main.write_text("measures: [measures.yaml]\n" + main.read_text(encoding="utf-8"), encoding="utf-8")
        write("fields.resolutionDate", "fields.sumary")
        for command in (("check", "--online"), ("once",), ("preview", "site", "incidents"), ("once",)):
            told = self.run_program(*command, expect=3).stderr
            self.assertIn("the field resolutionDate is not there: the site does not list it, and no issue shows it", told, command)
            if command[0] != "once":
                self.assertRegex(told, "warning: .*the field sumary is not there")
        self.assertIn("the field sumary is not there", self.remark())
        write("fields.resolutiondate", "fields.summary")
        self.jira.own_fields = []  # issues show them
        for stored in self.folder.glob("store.db*"):
            stored.unlink()
        self.assertNotIn("is not there", self.run_program("check", "--online").stderr)
        self.run_program("once")
        for issue in self.jira.issues.values():  # fields that are in no screen of a project are not shown
            del issue["fields"]["resolutiondate"]
        self.jira.touch("10001", int(time.time() * 1000))
        self.assertNotIn("is not there", self.run_program("once").stderr)

    def test_a_link_phrase_that_the_site_has_not_is_told(self):
        self.fill(5)
        blocks, causes = {"id": "1", "name": "Blocks", "inward": "is blocked by", "outward": "blocks"}, {"id": "2", "name": "Problem", "inward": "is caused by", "outward": "causes"}
        for types, expect in ((None, 0), ([blocks, causes], 0), ([blocks], 3)):
            self.jira.link_types = types
            for command in (("once",), ("check", "--online")):
                done = self.run_program(*command, expect=expect)
                self.assertEqual('the site knows no link "is caused by", only "is blocked by", "blocks"' in done.stdout + done.stderr, expect == 3)
        self.jira.link_types = [blocks, causes]
        self.assertNotIn("link", self.run_program("once").stderr)
        self.assertEqual(self.requests("/issueLinkType"), 7, "once a reading")

    def test_of_two_fields_of_one_name_the_one_that_was_read_goes_before(self):
        """As a site lists it, a field that came later may stand before the one that was there."""
        (self.folder / "own.yaml").write_text("kind: change\nid: id\nnumber: key\nupdated_at: fields.updated\nfields:\n  planned_end: { field: Planned end }\n", encoding="utf-8")
        (self.folder / "own-indicators.yaml").write_text("indicators:\n  planned: { title: Planned, kind: change, at: planned_end, count: all }\n", encoding="utf-8")
        for number in range(3):
            self.issue(number, START + number, customfield_10010=f"2026-02-0{number + 1}T14:05:06.000+1100")
        self.configure(mapping="own.yaml")
        self.run_program("once")
        ends = ["2026-02-01", "2026-02-02", "2026-02-03"]
        self.assertEqual(self.planned_ends(), ends)
        self.jira.fields.insert(0, {"id": "customfield_9000", "name": "Planned end", "schema": {"type": "datetime", "custom": "x"}})
        self.jira.touch("10000", int(time.time() * 1000), customfield_9000=None)
        self.issue(3, START + 3, customfield_9000="2026-02-04T14:05:06.000+1100", customfield_10010=None)
        self.assertEqual(self.run_program("once").stderr, "", "each has one value: it is clear which one")
        self.assertEqual(self.planned_ends(), [*ends, "2026-02-04"])
        self.jira.touch("10001", int(time.time() * 1000), customfield_9000="2026-08-05T10:00:00.000+1100")
        told = self.run_program("once", expect=3).stderr
        self.assertRegex(told, r'2 fields are called "Planned end" \(customfield_10010, customfield_9000\), and issue OPS-10001 has another value in each: customfield_10010 goes before')
        self.assertEqual(self.planned_ends(), [*ends, "2026-02-04"])
        self.assertEqual(self.run_program("once", expect=3).stderr, told)
        own = self.folder / "own.yaml"
        own.write_text(own.read_text(encoding="utf-8").replace("{ field: Planned end }", "{ from: fields.customfield_10010, as: timestamp }"), encoding="utf-8")
        self.assert_nothing_told(self.run_program("once"))

    def test_issues_that_are_done_without_a_resolution_or_cancelled(self):
        done, ended = {"name": "Erledigt", "statusCategory": {"key": "done"}}, jira_time(START + 7_200_000)
        for number in range(4):
            self.issue(number, START + 10_000_000 + number)
        self.jira.touch("10000", START + 10_000_000, created=jira_time(START), status=done, resolution=None, statuscategorychangedate=ended)
        self.jira.touch("10001", START + 10_000_000, created=jira_time(START), status=done, resolution={"name": "Canceled"}, resolutiondate=ended, statuscategorychangedate=ended)
        self.jira.touch("10002", START + 10_000_000, created=jira_time(START), status=done, resolution={"name": "Done"}, resolutiondate=jira_time(START + 3_600_000), statuscategorychangedate=ended)
        self.jira.touch("10003", START + 10_000_000, created=jira_time(START), status={"name": "Offen", "statusCategory": {"key": "new"}}, statuscategorychangedate=jira_time(START))
        self.run_program("once")
        self.assertEqual(self.series("incident_volume"), {})  # a count has no denominator
        self.assertEqual(self.count("incident_volume"), 3)
        self.assertEqual(self.series("mean_time_to_restore"), {"2026-01": (3, 2)}, "two hours, and one")
        periods = json.loads(self.run_program("series", "--indicator", "incident_backlog", "--json").stdout)["periods"]
        self.assertEqual({p["numerator"] for p in periods}, {1})

    def test_actions_and_changes_that_are_done_without_a_resolution_are_closed(self):
        done = {"name": "Erledigt", "statusCategory": {"key": "done"}}
        for mapping in ("jira/action", "jira/change"):
            self.issue(1, START + 10_000_000)
            self.issue(2, START + 10_000_001)
            self.jira.touch("10001", START + 10_000_000, status=done, resolution=None, statuscategorychangedate=jira_time(START + 7_200_000))
            self.jira.touch("10002", START + 10_000_001, status={"name": "Offen", "statusCategory": {"key": "new"}}, statuscategorychangedate=jira_time(START))
            self.configure(mapping=mapping)
            shown = self.run_program("preview", "site", "incidents", "--json", expect=None).stdout  # the site has no fields of changes
            closed = {r["number"]: r.get("closed_at") for line in shown.splitlines() for r in json.loads(line)["records"]}
            self.assertEqual(closed, {"OPS-10001": "2026-01-01T02:00:00Z", "OPS-10002": None}, mapping)

    def test_what_answers_is_told_with_what_it_was_asked(self):
        self.fill(5)
        whole = self.jira.answer
        for question, where in (("/serverInfo", "/rest/api/2/serverInfo"), ("/field", "/field"), ("/myself", "/myself")):
            self.jira.answer = lambda method, path, headers, body, q=question: (403, {}, {"errorMessages": ["No."], "errors": {}}) if path.endswith(q) else whole(method, path, headers, body)
            told = self.run_program("once", expect=3).stderr
            self.assertIn(f"{where}: answered 403: No.", told)
            self.assertNotIn("jql", told)
        self.jira.answer = lambda method, path, headers, body: (404, {}, {}) if path.endswith("/myself") else whole(method, path, headers, body)
        self.configure(flavour=self.FLAVOUR)
        self.assertIn("Mend `flavour`, or leave it away", self.run_program("once", expect=3).stderr)
        self.jira.answer = lambda method, path, headers, body: (429, {}, {}) if "search" in path else whole(method, path, headers, body)
        path = self.folder / "baselined.yaml"
        path.write_text(path.read_text(encoding="utf-8").replace("give_up: 15s", "give_up: 1s"), encoding="utf-8")
        self.assertRegex(self.run_program("once", expect=3).stderr, r"told to wait: it is left alone until 20")

    def test_a_change_that_moves_keeps_its_incidents(self):
        """Nothing bumps the incidents: what they name the change by has to last."""
        kind = {"name": "Problem/Incident", "inward": "is caused by", "outward": "causes"}
        self.jira.fields.append({"id": "customfield_10040", "name": "Actual end", "schema": {"type": "datetime", "custom": "x"}})
        for number in range(70, 76):
            self.jira.put(str(number), "CHG", START, created=jira_time(START), resolution={"name": "Done"}, customfield_10040=jira_time(START + 1_000))
        for number in range(3):
            self.issue(number, START + number)
            self.jira.put(str(10_000 + number), "OPS", START + number, issuelinks=[{"type": kind, "inwardIssue": {"id": str(70 + number), "key": f"CHG-{70 + number}"}}])
        self.configure(jql="project in (CHG, NET)", mapping="jira/change")
        path = self.folder / "baselined.yaml"
        path.write_text(path.read_text(encoding="utf-8") + "      causes: { jql: 'project = OPS', mapping: jira/incident }\n", encoding="utf-8")
        told = self.run_program("once", expect=3).stderr  # of the fields that this site has not
        self.assertEqual(self.series("change_failure_rate"), {"2026-01": (3, 6)})
        for number in range(70, 73):
            self.jira.move(str(number), "NET", int(time.time() * 1000))
        self.assertEqual(self.run_program("once", expect=3).stderr, told)
        self.assertEqual(self.rows("SELECT count(*) FROM record WHERE kind = 2"), [(6,)])
        self.assertEqual(self.series("change_failure_rate"), {"2026-01": (3, 6)})

    def test_links_are_read_in_both_directions(self):
        kind = {"name": "Problem/Incident", "inward": "wird verursacht von", "outward": "verursacht"}
        self.jira.put("1", "OPS", START, issuelinks=[{"type": kind, "outwardIssue": {"key": "OPS-9"}}, {"type": kind, "inwardIssue": {"key": "CHG-7"}}, {"type": kind, "inwardIssue": {"key": "CHG-8"}}])
        (self.folder / "own.yaml").write_text("kind: incident\nid: id\nnumber: key\nfields:\n  caused_by: { link: wird verursacht von, path: key }\n  x_causes: { link: verursacht, path: key }\n", encoding="utf-8")
        self.configure(mapping="own.yaml")
        row = json.loads(self.run_program("preview", "site", "incidents", "--json").stdout.splitlines()[-1])
        self.assertEqual((row["records"][0]["caused_by"], row["records"][0]["x_causes"]), ("CHG-7, CHG-8", "OPS-9"))
        for number in (7, 8, 9):
            self.jira.put(str(number), "CHG", START, created=jira_time(START))
        (self.folder / "change.yaml").write_text("kind: change\nid: id\nnumber: key\nfields: { opened_at: fields.created }\n", encoding="utf-8")
        (self.folder / "own-indicators.yaml").write_text("indicators:\n  blamed: { title: Blamed, kind: change, at: opened_at, share: { named_by: { kind: incident, in: caused_by } } }\n", encoding="utf-8")
        self.configure(jql="project in (OPS, CHG)", mapping="[own.yaml, change.yaml]")
        self.run_program("once")
        self.assertEqual(self.series("blamed"), {"2026-01": (2, 3)})  # each of several is named

    def test_ids_are_compared_where_tokens_were_needed_but_not_at_each_poll(self):
        for number in range(250):
            self.issue(number, START + 5)
        self.run_program("once")
        self.assertGreater(self.jira.listed, 0)
        self.jira.listed = 0
        self.run_program("once")
        self.assertEqual(self.jira.listed, 0)
        self.assert_complete()

    def test_ends_that_look_different_and_tokens_that_run_out(self):
        self.fill(400)
        self.jira.shrink, self.jira.tokens_expire_after = True, 13
        for way in ("missing", "with token", "proper"):
            self.jira.last_page = way
            self.run_program("once")
            self.assert_complete()
            os.remove(self.folder / "store.db")

    def test_a_token_that_repeats_ends_the_reading(self):
        for number in range(300):
            self.issue(number, START)
        self.jira.repeat_token = True
        self.assertIn("token comes again", self.run_program("once", expect=3).stderr)


class Gateway(Site):
    """OAuth and scoped tokens reach a site by its id."""
    CLOUD_ID = "11223344-5566-7788-99aa-bbccddeeff00"

    def setUp(self):
        super().setUp()
        self.jira.cloud_id = self.CLOUD_ID
        self.fill(250)

    def enter(self, auth):
        main = self.folder / "baselined.yaml"
        main.write_text(main.read_text(encoding="utf-8").replace("    auth: { basic: { user: bot@acme.com, password: token } }", f"    cloud_id: {self.CLOUD_ID}\n    auth: {auth}"), encoding="utf-8")

    def test_a_token_with_scopes(self):
        self.enter("{ basic: { user: bot@acme.com, password: token } }")
        self.run_program("once")
        self.assert_complete()
        self.census_of_some_that_are_gone()

    def test_a_token_with_scopes_at_the_site_itself_is_told_what_it_needs(self):
        self.jira.instead = lambda method, path: None if "serverInfo" in path else (401, {}, {"errorMessages": ["Client must be authenticated to access this resource."], "errors": {}})
        self.jira.cloud_id = None
        main = self.folder / "baselined.yaml"
        text = main.read_text(encoding="utf-8")
        main.write_text(text.replace(self.jira.url, f"http://acme.atlassian.net\n    allow_http: true\n    proxy: {self.jira.url}\n    flavour: cloud"), encoding="utf-8")
        self.assertIn("http://acme.atlassian.net: the login is refused (401): should it be a token with scopes, the source needs its site's `cloud_id`", self.run_program("once", expect=3).stderr)
        main.write_text(text, encoding="utf-8")
        self.assertNotIn("cloud_id", self.run_program("once", expect=3).stderr)

    def census_of_some_that_are_gone(self):
        for issue in list(self.jira.issues)[:5]:
            self.jira.delete(issue)
        main = self.folder / "baselined.yaml"
        main.write_text(main.read_text(encoding="utf-8").replace("reconcile: 24h", "reconcile: 1s"), encoding="utf-8")
        time.sleep(1.1)
        self.run_program("once")
        self.assert_complete()

    def test_refresh_tokens_that_serve_once(self):
        class Rotating:
            current, sent, valid = "first", [], set()

            def token(self, form):
                self.sent.append(form.get("refresh_token"))
                if form.get("refresh_token") != self.current or form.get("grant_type") != "refresh_token":
                    return 403, {}, {"error": "invalid_grant", "error_description": "Unknown or invalid refresh token."}
                self.current, access = f"refresh{len(self.sent)}", f"access{len(self.sent)}"
                self.valid = {access}
                return 200, {}, {"access_token": access, "refresh_token": self.current, "expires_in": 3600, "scope": "read:jira-work"}
        oauth = self.jira.oauth = Rotating()
        self.enter(f"{{ oauth2: {{ grant: refresh_token, client_id: app, client_secret: client-secret, refresh_token: first, token_url: '{self.jira.url}/oauth/token' }} }}")

        def revoke(site):  # in the middle, again and again
            if len(site.journal.requests) % 7 == 0:
                oauth.valid.clear()
        self.jira.on_request = revoke
        for _ in range(3):
            self.run_program("once")
        self.assert_complete()
        self.assertGreater(len(oauth.sent), 3)
        self.assertEqual(len(oauth.sent), len(set(oauth.sent)), "each is sent once, by whichever process")
        self.jira.on_request = None
        with sqlite3.connect(self.folder / "store.db") as database:  # a store that was lost: the first one is used up
            database.execute("DELETE FROM fact WHERE name LIKE 'refresh_token%'")
        database.close()
        oauth.valid.clear()
        tried = len(oauth.sent)
        self.assertRegex(self.run_program("once", expect=3).stderr, "answered 403 invalid_grant")
        self.assertEqual(len(oauth.sent), tried + 1)


class DataCenter(Cloud):
    FLAVOUR = "data_center"
    test_a_token_that_repeats_ends_the_reading = None
    test_ends_that_look_different_and_tokens_that_run_out = None
    test_ids_are_compared_where_tokens_were_needed_but_not_at_each_poll = None

    DISTORTIONS = (("shows none", lambda query, answer: answer.update(total=0, issues=[])),
                   ("shows none", lambda query, answer: answer.update(issues=[])),
                   ("(startAt)", lambda query, answer: answer.update(startAt=50)),
                   ("has no `issues`", lambda query, answer: answer.pop("issues")),
                   ("", lambda query, answer: answer.update(total=len(answer["issues"]))),  # fewer than were said to follow
                   ("", lambda query, answer: answer.update(total=7)),
                   ("", lambda query, answer: answer.update(issues=answer["issues"][:20], maxResults=20)))

    def put_in_one_second(self, count, at):
        for number in range(count):
            created = jira_time(at - 90_000_000 - number // 50 * 1000)
            self.jira.put(str(number), "OPS", at + number % 1000, summary="x", created=created)

    def test_more_than_it_pages_through(self):
        for number in range(20_000, 20_500):
            self.issue(number, START + number * 1000)
        self.configure(page_size=1000)
        for counts_deeper in (True, False):
            self.jira.counts_deeper = counts_deeper
            self.put_in_one_second(10_500, START + 3_000)
            self.run_program("once")
            self.assert_complete()
            os.remove(self.folder / "store.db")

    def test_more_than_it_pages_through_of_one_creation_too_is_said(self):
        """Created and updated in one second: no question of times tells them apart."""
        for number in range(10_500):
            self.jira.put(str(number), "OPS", START + number % 1000, summary="x", created=jira_time(START - 90_000_000))
        self.configure(page_size=1000)
        for self.jira.counts_deeper in (True, False):
            self.assertIn("within the same second: divide the stream by its `jql`", self.run_program("once", expect=3).stderr)
            self.assertIsNone(json.loads(self.run_program("sources", "--json").stdout)["sources"][0]["streams"][0]["last_read_at"], "not read to its end")

    def test_a_site_that_pages_through_less_and_a_second_of_just_now(self):
        self.jira.deepest = 1500
        for at in (START, int(time.time() * 1000) - 3_000):
            self.put_in_one_second(2_000, at)
            self.run_program("once")
            self.assert_complete()

    def test_issues_of_one_second_in_another_order_at_each_question(self):
        self.jira.shuffles_ties = True
        self.fill(100)
        self.configure(page_size=60)
        self.run_program("once")
        self.assert_complete()


class Storms(Rounds, unittest.TestCase):
    """What is left of it is nothing. ISSUES=100000 for a site of that size; SEED=N repeats what failed."""
    rounds = 1
    RECURS = "indicators:\n  again: { title: Again, kind: incident, at: opened_at, share: { recurs: { by: [service, category], within: 2h } } }\n"

    def one_round(self, seed):
        for flavour in ("cloud", "data_center"):
            with self.subTest(flavour):
                self.weather(seed, flavour)

    def weather(self, seed, flavour):
        site, count = Jira(flavour), int(os.environ.get("ISSUES", 1200))
        storm = Storm(site, seed, count)
        site.shrink, site.last_page = count < 10_000, storm.rng.choice(("proper", "missing", "with token"))
        for path in self.folder.iterdir():
            path.unlink()
        (self.folder / "own-indicators.yaml").write_text(self.RECURS, encoding="utf-8")
        self.configure(site, "24h")
        for turn in range(4):
            site.on_request, site.index_lag_s, site.hides_while_lagging = storm.happen, storm.rng.choice((0, 0.3, 2)), turn % 2 == 0
            site.shows_newest = turn % 2 == 1
            site.hidden_projects = storm.rng.choice(({"NET"}, {"NET", "APP"})) if turn == 2 else set()
            self.once()
            self.configure(site, "1s" if turn else "24h")
        storm.calm()
        time.sleep(1.1)
        done = self.once()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.compare(site, storm)
        site.stop()

    def configure(self, site, reconcile):
        auth = "{ basic: { user: bot@acme.com, password: token } }" if site.flavour == "cloud" else "{ bearer: token }"
        (self.folder / "baselined.yaml").write_text(CONFIG.replace("2025-12-31", "2020-01-01").format(url=site.url, auth=auth, page_size=100 if len(site.issues) < 10_000 else 1000, reconcile=reconcile, flavour="",
                                                                  jql="project in (OPS, NET, APP)", mapping="[jira/incident, jira/sla]"), encoding="utf-8")

    def once(self, *arguments):
        return subprocess.run([PROGRAM, *(arguments or ("once",)), "--config", str(self.folder / "baselined.yaml")], capture_output=True, text=True, check=False, timeout=900)

    def compare(self, site, storm):
        expected = {i: r["updated"] for i, r in site.visible().items() if r["project"] != "OTHER"}
        with sqlite3.connect(f"file:{self.folder}/store.db?mode=ro", uri=True) as database:
            self.assertEqual(dict(database.execute("SELECT key, version FROM source_row")), expected)
            self.assertEqual(database.execute("SELECT count(*), count(DISTINCT key) FROM record WHERE kind = 0").fetchone(), (len(expected), len(expected)))
        self.assertEqual(site.journal.violations, [])
        self.assertLessEqual(site.journal.most_in_flight, 4)
        self.compare_figures(storm.indicators(dt.timezone.utc), lambda indicator: self.once("series", "--indicator", indicator, "--json").stdout)


if __name__ == "__main__":
    unittest.main()
