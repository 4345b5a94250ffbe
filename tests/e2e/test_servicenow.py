#!/usr/bin/python3
"""The program against a ServiceNow instance that misbehaves as real ones do."""
import datetime as dt
import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
import zoneinfo

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from rounds import Rounds  # noqa: E402
from servicenow import ServiceNow, stamp  # noqa: E402
from servicenow_storm import Storm  # noqa: E402

PROGRAM = os.environ.get("BASELINED", str(ROOT / "build" / "dev" / "baselined"))
UTC = dt.timezone.utc
START = int(dt.datetime(2026, 1, 1, tzinfo=UTC).timestamp())
CONFIG = """timezone: UTC
store: store.db
settle: 1d
measures: [measures.yaml]
sources:
  acme:
    type: servicenow
    url: {url}
    auth: {auth}
    since: 2025-12-31
    page_size: {page_size}
    give_up: {give_up}
    reconcile: {reconcile}
    streams:
      incident: {{ mapping: servicenow/incident{query} }}
"""


class Instance(unittest.TestCase):
    AUTH = "{ basic: { user: reader, password: secret } }"
    environment: dict[str, str] = {}

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="baselined-sn-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.sn = ServiceNow()
        self.addCleanup(self.sn.stop)
        self.sn.references = {("incident", "business_service"): "cmdb_ci_service"}
        for name in ("vpn", "mail", "erp"):
            self.sn.put("cmdb_ci_service", {"sys_id": f"svc-{name}", "name": name, "sys_updated_on": stamp(START)})
        self.rng = random.Random(3)
        self.configure()

    def configure(self, page_size=100, give_up="20s", reconcile="24h", query="", auth=None):
        (self.folder / "baselined.yaml").write_text(CONFIG.format(url=self.sn.url, auth=auth or self.AUTH, page_size=page_size, give_up=give_up,
                                                                  reconcile=reconcile, query=query), encoding="utf-8")
        (self.folder / "measures.yaml").write_text("measures:\n  - { id: M, indicator: incident_volume, baseline: { from: 2026-01-01, to: 2026-03-31 }, "
                                                   "target: { change: -20%, from: 2026-04-01, by: 2026-12-31 } }\n", encoding="utf-8")

    def incident(self, number, at, **more):
        opened = at - self.rng.randint(60, 86_400)
        return {"sys_id": f"{self.rng.getrandbits(128):032x}" if number % 50 else f"legacy-{number}", "number": f"INC{number:07d}", "sys_updated_on": stamp(at),
                "sys_created_on": stamp(opened), "sys_mod_count": "1", "state": self.rng.choice(["1", "2", "6", "7"]), "priority": str(self.rng.randint(1, 5)),
                "opened_at": stamp(opened), "resolved_at": stamp(at), "closed_at": "", "business_service": f"svc-{self.rng.choice(['vpn', 'mail', 'erp'])}",
                "cmdb_ci": f"ci{self.rng.randint(1, 9)}", "category": "network", "subcategory": "", "assignment_group": "", "assigned_to": "", "problem_id": "",
                "caused_by": "", "parent_incident": "", "reopen_count": "", "reassignment_count": "0", "escalation": "0", "short_description": f"No {number}", **more}

    def fill(self, count, burst=300):
        """A month and a half of incidents, and one second that a bulk edit filled."""
        for number in range(1, count + 1):
            self.sn.put("incident", self.incident(number, START + number * 3_600 % 3_888_000))
        for number in range(count + 1, count + burst + 1):
            self.sn.put("incident", self.incident(number, START + 2_000_000))

    def run_program(self, *arguments, expect=0):
        done = subprocess.run([PROGRAM, arguments[0], "--config", str(self.folder / "baselined.yaml"), *arguments[1:]], capture_output=True, text=True, check=False, timeout=120,
                              env={**os.environ, **self.environment})
        if expect is not None and done.returncode != expect:
            raise AssertionError(f"{arguments}: exit {done.returncode}, not {expect}\n{done.stderr}")
        return done

    def last_success(self):
        (source,) = json.loads(self.run_program("sources", "--json", expect=None).stdout)["sources"]
        return source["last_success_at"]

    def stored(self):
        """What is in the store, by id: the newest version of each row, once."""
        with sqlite3.connect(f"file:{self.folder}/store.db?mode=ro", uri=True) as database:
            rows = database.execute("SELECT CASE typeof(key) WHEN 'blob' THEN lower(hex(key)) ELSE key END, version FROM source_row").fetchall()
            records = database.execute("SELECT count(*), count(DISTINCT key) FROM record").fetchone()
        self.assertEqual(records[0], len(rows), "one record a row")
        return dict(rows)

    def assert_complete(self):
        seconds = {i: int(dt.datetime.strptime(r["sys_updated_on"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp()) * 1000
                   for i, r in self.sn.visible("incident").items()}
        self.assertEqual(self.stored(), seconds)
        self.assert_volume()
        self.assertEqual(self.sn.journal.violations, [])
        self.assertLessEqual(self.sn.journal.most_in_flight, 4)

    def assert_volume(self):
        volume = json.loads(self.run_program("series", "--indicator", "incident_volume", "--json").stdout)["periods"]
        expected = {}
        for row in self.sn.visible("incident").values():
            expected[row["opened_at"][:7]] = expected.get(row["opened_at"][:7], 0) + 1
        self.assertEqual({p["period"]: p["value"] for p in volume if p["value"]}, expected)


class Complete(Instance):
    def test_every_row_once_with_ties_and_short_pages(self):
        self.fill(1500)
        self.run_program("once")
        self.assert_complete()
        sources = json.loads(self.run_program("sources", "--json").stdout)["sources"][0]
        self.assertEqual((sources["state"], sources["streams"][0]["records"], sources["streams"][0]["rejected"]), ("ok", 1800, 0))
        before = len(self.sn.journal.requests)
        self.run_program("once")
        self.assertLess(len(self.sn.journal.requests) - before, 8, "a second reading reads the overlap only")
        self.assert_complete()

    def test_a_burst_that_is_long_over_is_not_read_again(self):
        library = self.folder / "wrong_clock.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(ROOT / "tests/support/wrong_clock.c")], check=True)
        self.environment = {"LD_PRELOAD": str(library), "WRONG_CLOCK": str(self.folder / "clock")}
        now = self.sn.clock

        def requests_of(minutes_there, minutes_here):
            self.sn.clock = lambda: now() + minutes_there * 60
            (self.folder / "clock").write_text(str(minutes_here * 60), encoding="utf-8")
            before = len(self.sn.journal.requests)
            self.run_program("once")
            return len(self.sn.journal.requests) - before
        for number in range(1, 1001):
            self.sn.put("incident", self.incident(number, START))
        requests_of(0, 0)
        self.assertGreater(requests_of(5, 5), 16, "what is committed late stands within the burst")
        self.assertGreater(requests_of(30, 5), 16, "a clock there that leaps makes no time pass")
        self.assertGreater(requests_of(5, 30), 16, "nor does one here")
        self.sn.put("incident", self.incident(2_000, START - 300))  # committed late, met by the last overlap
        self.assertGreater(requests_of(30, 30), 16)
        self.assert_complete()
        self.assertLess(requests_of(31, 31), 12)
        self.sn.put("incident", self.incident(2_001, START, sys_id="z-last"))  # of the same second
        self.assertLess(requests_of(32, 32), 12)
        self.assert_complete()
        self.sn.put("incident", self.incident(2_002, START - 300))
        requests_of(33, 33)  # new rows, and with them the overlap
        self.assert_complete()

    def test_updates_while_paging_and_late_commits(self):
        self.fill(800)
        ids = list(self.sn.tables["incident"])

        def move(sn):
            with sn.lock:
                row = sn.tables["incident"][self.rng.choice(ids)]
                row["sys_updated_on"], row["state"] = stamp(time.time() - 3), "6"
        self.sn.on_request = move
        self.run_program("once")
        self.sn.on_request = None
        time.sleep(3)
        late = self.incident(99_001, int(time.time()) - 120)
        self.sn.put("incident", late)
        self.run_program("once")
        self.assert_complete()

    def test_faults_of_every_kind(self):
        self.fill(600)
        self.configure(page_size=50, give_up="60s")
        for turn, kind in enumerate(("429", "429-reset", "503-html", "500", "500-wait", "reset", "cut", "cut-json", "trickle", "html")):
            self.sn.fail(kind, 1, lambda method, path, turn=turn: "/table/incident" in path and len(self.sn.journal.requests) > 5 + 4 * turn)
        self.run_program("once")
        self.assertTrue(all(fault[2] == 0 for fault in self.sn.faults), "every fault was met")
        self.assert_complete()

    def test_texts_that_are_odd_stop_no_row_and_stay_as_they_are(self):
        titles = {"half": "cut \ud83d", "low": "\ude00 cut", "whole": "\U0001f600", "nul": "a\0b", "control": "a\tb\nc\x1b[31m", "escape": r"\\ud83d"}
        self.fill(300)
        for number, (name, title) in enumerate(titles.items()):
            self.sn.put("incident", self.incident(5_000 + number, START + 9_000_000 + number, sys_id=name, short_description=title))
        self.assertEqual(self.run_program("once").stderr, "")
        self.assert_complete()
        shown = {row["id"]: row["records"][0]["title"] for row in map(json.loads, self.run_program("preview", "acme", "incident", "--rows", "6", "--json").stdout.splitlines())}
        self.assertEqual(shown, {**titles, "half": "cut \ufffd", "low": "\ufffd cut"})

    def test_bytes_that_are_no_utf_8_stop_no_row(self):
        self.fill(20, burst=0)
        answer = self.sn.answer
        self.sn.answer = lambda *asked: (lambda status, headers, body: (status, headers, json.dumps(body).encode().replace(b"No 7", b"M\xfcller")))(*answer(*asked))
        self.run_program("once")
        self.assert_complete()
        self.assertIn('"title":"M\ufffdller"', self.run_program("preview", "acme", "incident", "--rows", "20", "--json").stdout)

    def test_what_is_no_json_is_told_as_that_and_asked_for_again(self):
        self.fill(300)
        bodies = [b"", b"Service is starting"]
        answer = self.sn.answer

        def beginning(method, path, headers, body):
            if "/table/incident" in path and len(self.sn.journal.requests) > 3 and bodies:
                return 200, {}, bodies.pop()
            return answer(method, path, headers, body)
        self.sn.answer = beginning
        self.run_program("once")
        self.assertEqual(bodies, [])
        self.assert_complete()
        self.configure(give_up="2s")
        for body, words in ((b"", "the answer is empty"), (b"Service is starting", "the answer is no JSON from byte 1 of 19 on"), (b"[1", "the answer's JSON is cut off"),
                            (b'{"result":[{"sys_id":', "the answer's JSON is cut off"), (b'{"result":[{"sys_id" "a"}]}', "the answer is no JSON from byte 22 of 27 on")):
            self.sn.answer = lambda method, path, *more, body=body: (200, {}, body) if "/table/incident" in path else answer(method, path, *more)
            self.assertIn(words, self.run_program("once", expect=3).stderr)

    def test_a_limit_that_is_used_up_is_waited_for_before_it_is_exceeded(self):
        self.fill(300)
        self.sn.busy_s = 2
        for turn in range(2):
            self.sn.fail("spent-unix", 1, lambda method, path, turn=turn: "/table/incident" in path and len(self.sn.journal.requests) > 4 + 3 * turn)
        self.run_program("once")
        self.assertTrue(all(fault[2] == 0 for fault in self.sn.faults), "every fault was met")
        self.assert_complete()
        self.sn.busy_s = 10 ** 9  # a clock that is wrong, or a word that means nothing: an hour is the most
        self.sn.fail("spent-unix", 1, lambda method, path: "/table/incident" in path)
        told = self.run_program("once", expect=3).stderr
        until = dt.datetime.strptime(told.partition("told to wait: it is left alone until ")[2][:20], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
        self.assertLess(until, time.time() + 3_601)
        before = len(self.sn.journal.requests)
        self.assertIn("told to wait: it is left alone until", self.run_program("once", expect=3).stderr, "nor does the next process ask")
        self.assertEqual(len(self.sn.journal.requests), before)

    def test_pages_too_large_are_halved(self):
        self.fill(700)
        self.sn.cancel_above = 30
        self.run_program("once")
        self.assert_complete()

    def test_a_cancelled_transaction_of_status_500_is_not_asked_for_again(self):
        self.fill(700)
        self.sn.cancel_above, self.sn.cancel_status = 30, 500
        began = time.monotonic()
        self.run_program("once")
        self.assertLess(time.monotonic() - began, 15, "each repetition would wait a second and more")
        self.assert_complete()

    def test_whoever_fails_may_ask_for_quiet(self):
        self.fill(700)
        self.sn.cancel_above, self.sn.cancel_status, self.sn.cancel_wait_s = 30, 500, 1
        self.run_program("once")
        self.assert_complete()
        self.sn.cancel_above, self.sn.busy_s = None, 2
        self.sn.fail("403-wait", 1)
        self.run_program("once", expect=3)
        self.run_program("once")
        self.assert_complete()

    def test_an_instance_that_gives_fewer_rows_than_asked_for(self):
        self.fill(700)
        self.sn.most_rows = 40
        self.assertEqual(self.run_program("once").stderr, "", "no row is hidden")
        self.assert_complete()
        (self.folder / "store.db").unlink()
        by_time = sorted((r["sys_updated_on"], i) for i, r in self.sn.tables["incident"].items())
        self.sn.hidden_ids = {i for _, i in by_time[100:350]}
        self.assertIn("access rules hide rows", self.run_program("once", expect=3).stderr)
        self.assert_complete()

    def test_the_slas_breach_is_in_its_times(self):
        base = {"task": "", "sla": "", "stage": "completed", "start_time": stamp(START), "has_breached": "false", "sys_updated_on": stamp(START + 90_000)}
        for name, end, planned in (("late", 2, 1), ("equal", 1, 1), ("early", 1, 2)):
            self.sn.put("task_sla", {**base, "sys_id": name, "end_time": stamp(START + end * 3_600), "planned_end_time": stamp(START + planned * 3_600)})
        main = self.folder / "baselined.yaml"
        main.write_text(main.read_text(encoding="utf-8").replace("incident: { mapping: servicenow/incident }", "task_sla: { mapping: servicenow/sla }"), encoding="utf-8")
        self.run_program("once")
        rate = json.loads(self.run_program("series", "--indicator", "sla_breach_rate", "--json").stdout)["periods"]
        self.assertEqual([(p["numerator"], p["denominator"]) for p in rate if p["denominator"]], [(1, 3)])


class StockTables(Instance):
    MAPPINGS = {"incident": "incident", "problem": "problem", "change_request": "change", "task_sla": "sla"}

    def setUp(self):
        super().setUp()
        self.follow(*self.MAPPINGS)
        (self.folder / "measures.yaml").write_text("measures: []\n", encoding="utf-8")

    def follow(self, *tables, mapping=None):
        main = self.folder / "baselined.yaml"
        text = main.read_text(encoding="utf-8")
        streams = "".join(f"      {table}: {{ mapping: {mapping or 'servicenow/' + self.MAPPINGS[table]} }}\n" for table in tables)
        main.write_text(text[:text.index("    streams:\n")] + "    streams:\n" + streams, encoding="utf-8")

    def put(self, table, **row):
        base = {"sys_id": f"{table}-{len(self.sn.tables.get(table, {}))}", "number": f"N{len(self.sn.tables.get(table, {}))}", "sys_updated_on": stamp(START + 86_400),
                "opened_at": "2026-01-05 08:00:00", "resolved_at": "", "closed_at": "", "state": "", "short_description": "", "priority": "3", "category": "", "assignment_group": "",
                "assigned_to": "", "business_service": "", "cmdb_ci": "", "subcategory": "", "caused_by": "", "reopen_count": "", "reassignment_count": "", "escalation": "0",
                "resolution_code": "", "fix_at": "", "confirmed_at": "", "type": "", "close_code": "", "risk": "3", "approval_set": "", "start_date": "", "end_date": "", "work_start": "",
                "work_end": "", "unauthorized": "false", "stage": "", "has_breached": "", "task": "", "sla": "", "start_time": "", "end_time": "", "planned_end_time": ""}
        self.sn.put(table, {**base, **row})

    def periods(self, indicator):
        periods = json.loads(self.run_program("series", "--indicator", indicator, "--json", "--from", "2026-01-01", "--to", "2026-03-31").stdout)["periods"]
        return [(p["value"], p["numerator"], p["denominator"]) for p in periods]


class Stock(StockTables):
    """Payloads of stock instances, by what people read in them: one that is over is not open for ever."""

    def test_a_problem_ends_when_it_was_closed_and_its_cause_is_known_once_it_is_fixed(self):
        self.follow("problem")
        self.put("problem", state="106", resolution_code="fix_applied", closed_at="2026-02-10 08:00:00", confirmed_at="2026-01-06 08:00:00", fix_at="2026-02-01 08:00:00")
        self.put("problem", state="4", closed_at="2026-02-12 08:00:00")
        self.put("problem", state="107", resolution_code="canceled", closed_at="2026-01-06 08:00:00", resolved_at="2026-01-06 08:00:00")
        self.put("problem", state="103", confirmed_at="2026-01-06 08:00:00")
        self.run_program("once")
        self.assertEqual(self.periods("problem_backlog"), [(3, 3, None), (1, 1, None), (1, 1, None)])
        self.assertEqual(self.periods("root_cause_completion"), [(1 / 3, 1, 3), (None, 0, 0), (None, 0, 0)])
        self.assertEqual(self.periods("problem_resolution_time")[1], (37, 74 * 24, 2))
        (source,) = json.loads(self.run_program("sources", "--json").stdout)["sources"]
        self.assertEqual([stream["unmapped"] for stream in source["streams"]], [[]])

    def test_a_closed_incident_and_a_closed_change_are_over(self):
        self.follow("incident", "change_request")
        self.put("incident", state="2")
        self.put("incident", state="7", closed_at="2026-02-05 08:00:00")
        self.put("change_request", state="3", type="normal", close_code="successful", closed_at="2026-02-03 08:00:00")
        self.put("change_request", state="3", type="normal", close_code="unsuccessful", work_end="2026-01-31 08:00:00", closed_at="2026-02-03 08:00:00")
        self.run_program("once")
        self.assertEqual(self.periods("incident_backlog"), [(2, 2, None), (1, 1, None), (1, 1, None)])
        self.assertEqual(self.periods("change_success_rate")[:2], [(0, 0, 1), (1, 1, 1)])

    def test_an_sla_is_breached_by_its_stage_too(self):
        self.follow("task_sla")
        for stage, flag, planned in (("completed", "false", "2026-01-05 12:00:00"), ("breached", "false", ""), ("breached", "", ""), ("achieved", "", "")):
            self.put("task_sla", stage=stage, has_breached=flag, start_time="2026-01-05 08:00:00", end_time="2026-01-05 10:00:00", planned_end_time=planned)
        self.run_program("once")
        self.assertEqual(self.periods("sla_breach_rate")[0], (0.5, 2, 4))

    def test_slas_without_a_task_hide_nothing(self):
        """Walked on through a task that was never named, or is not there any more, an instance may leave out what it leaves out of what may not be read."""
        self.sn.omits_walks = True
        self.follow("task_sla")
        self.sn.references = {("task_sla", "task"): "incident", ("incident", "cmdb_ci"): "cmdb_ci"}
        self.sn.put("cmdb_ci", {"sys_id": "c1", "name": "router", "sys_updated_on": stamp(START)})
        self.put("incident", sys_id="i1", cmdb_ci="c1")
        for task in ("i1", "i2", ""):
            self.put("task_sla", task=task, stage="completed", has_breached="true", start_time="2026-01-05 08:00:00", end_time="2026-01-05 10:00:00")
        self.run_program("once")
        self.assertEqual(self.periods("sla_breach_rate")[0], (1, 3, 3))

    def test_a_time_that_closed_at_would_stand_for_must_be_readable(self):
        self.follow("incident", "problem", "task_sla")
        for table in ("incident", "problem", "task_sla"):
            self.put(table, state="103", stage="completed", has_breached="true", end_time="2026-01-05 10:00:00")
        self.sn.hidden_fields = {("incident", "resolved_at"), ("problem", "resolved_at"), ("task_sla", "has_breached")}
        told = self.run_program("once", expect=3).stderr
        self.assertIn("table incident: the field resolved_at is not there, or the account may not read it", told)
        self.assertIn("table problem: the field resolved_at is not there", told)
        self.assertIn("table task_sla: the field has_breached is not there", told)

    def test_of_alternatives_each_that_the_instance_has_must_be_readable(self):
        """A cancelled problem is told by its resolution code, another by its state: one does not stand for the other."""
        self.follow("problem", "task_sla")
        for number in range(4):
            self.put("problem", state="107", resolution_code="canceled" if number else "fix_applied", closed_at="2026-02-12 08:00:00", fix_at="2026-02-01 08:00:00")
            self.put("task_sla", stage="completed", has_breached="true", start_time="2026-01-05 08:00:00", end_time="2026-01-05 10:00:00")
        for denies in (False, True):
            self.sn.denies_queries = denies
            for table, field in (("problem", "resolution_code"), ("problem", "state"), ("task_sla", "stage")):
                self.sn.hidden_fields = {(table, field)}
                for command in (("once",), ("check", "--online")):
                    self.assertEqual(self.run_program(*command, expect=3).stderr, f"acme/{table}: table {table}: the field {field} is not there, or the account may not read it\n")
        self.sn.hidden_fields = set()
        self.assertEqual(self.run_program("once").stderr, "")
        self.assertEqual(self.periods("root_cause_completion")[0], (1, 1, 1))
        # One that the instance does not have is no lack, whatever it answers to conditions on it.
        for row in self.sn.tables["problem"].values():
            del row["resolution_code"]
        for self.sn.empties_unknown in (False, True):
            self.assertEqual(self.run_program("once").stderr, "")
            self.assertIn("every source answers", self.run_program("check", "--online").stdout)


class Referred(StockTables):
    """What a row says of another one changes with that one; ServiceNow does not touch the row itself."""

    def setUp(self):
        super().setUp()
        self.follow("task_sla")
        self.sn.references = {("task_sla", "task"): "incident", ("task_sla", "sla"): "contract_sla", ("incident", "cmdb_ci"): "cmdb_ci", ("incident", "assignment_group"): "sys_user_group"}
        self.sn.put("contract_sla", {"sys_id": "day", "name": "Within a day", "target": "response", "sys_updated_on": stamp(START)})
        self.sn.put("sys_user_group", {"sys_id": "desk", "name": "Desk", "sys_updated_on": stamp(START)})
        self.sn.put("cmdb_ci", {"sys_id": "router", "name": "Router", "sys_updated_on": stamp(START)})
        for number in range(500):
            self.put("incident", sys_id=f"{number:032x}", priority="3")
            self.put("task_sla", task=f"{number:032x}", sla="day", stage="completed", has_breached="true", start_time="2026-01-05 08:00:00", end_time="2026-01-05 10:00:00")
        self.put("task_sla", stage="cancelled", sys_updated_on=stamp(START + 2 * 86_400))  # newer: no overlap reads the others again

    def change(self, numbers, at, **changes):
        for number in numbers:
            self.sn.put("incident", {"sys_id": f"{number:032x}", "sys_updated_on": stamp(at), **changes})

    def slas(self, **where):
        words = [word for field, value in where.items() for word in ("--where", f"{field}={value}")]
        periods = json.loads(self.run_program("series", "--indicator", "sla_breach_rate", "--json", "--from", "2026-01-01", "--to", "2026-01-31", *words).stdout)["periods"]
        return periods[0]["denominator"]

    def test_an_sla_has_what_its_task_has_now(self):
        self.run_program("once")
        self.assertEqual((self.slas(priority=3), self.slas(priority=1)), (500, 0))
        self.change(range(230), time.time(), priority="1")  # more than one request names
        self.change(range(230, 250), time.time(), assignment_group="desk", cmdb_ci="router")
        self.run_program("once")
        self.assertEqual((self.slas(priority=3), self.slas(priority=1), self.slas(group="Desk", ci="Router")), (270, 230, 20))
        self.change(range(5), time.time() - 300, priority="2")  # committed minutes late
        self.run_program("once")
        self.assertEqual((self.slas(priority=1), self.slas(priority=2)), (225, 5))
        self.sn.put("contract_sla", {"sys_id": "day", "target": "resolution", "sys_updated_on": stamp(time.time())})
        self.run_program("once")
        self.assertEqual(self.slas(target="resolution"), 500)

    def test_what_changes_while_the_table_is_read_the_first_time_is_met_by_the_next_reading(self):
        def change(sn):
            if len(sn.journal.requests) > 6 and sn.tables["incident"][f"{1:032x}"]["priority"] == "3":
                self.change(range(500), time.time(), priority="1")
        self.sn.on_request = change
        self.run_program("once")
        self.assertNotEqual(self.slas(priority=3), 0, "the change came too early to show anything")
        self.run_program("once")
        self.assertEqual((self.slas(priority=3), self.slas(priority=1)), (0, 500))

    def test_rows_whose_tasks_stand_still_are_not_asked_for_again_and_again(self):
        library = self.folder / "wrong_clock.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(ROOT / "tests/support/wrong_clock.c")], check=True)
        self.environment = {"LD_PRELOAD": str(library), "WRONG_CLOCK": str(self.folder / "clock")}
        now = self.sn.clock

        def asked_for(minutes):
            self.sn.clock = lambda: now() + minutes * 60
            (self.folder / "clock").write_text(str(minutes * 60), encoding="utf-8")
            before = len(self.sn.journal.requests)
            self.run_program("once")
            return sum("sys_idIN" in line and "task.priority" in line for _, line in self.sn.journal.requests[before:])
        asked_for(0)
        self.change(range(300), now(), priority="1")
        self.assertEqual(asked_for(1), 3, "named by the hundred")
        self.assertGreater(asked_for(5), 0, "what is committed late stands within the minutes before")
        asked_for(30)
        self.assertEqual(asked_for(31), 0)
        self.change(range(3), now() + 31 * 60, priority="2")
        asked_for(32)
        self.assertEqual((self.slas(priority=1), self.slas(priority=2)), (297, 3))

    def test_changes_that_cannot_be_followed_are_said_and_fail_nothing(self):
        self.run_program("once")
        self.change(range(9), time.time(), priority="1")
        said = "changes of what task refers to are not followed, so that task.assignment_group, task.assignment_group.name, task.business_service"
        for self.sn.stripped, self.sn.hidden_fields, why in (({("task_sla", "task.sys_updated_on")}, set(), "the instance disregards the condition on task.sys_updated_on"),
                                                             (set(), {("task_sla", "task.sys_updated_on")}, "the field task.sys_updated_on is not there, or the account may not read it")):
            told = self.run_program("once").stderr
            self.assertIn(said, told)
            self.assertIn(why, told)
            self.assertIn("    warning: table task_sla: changes of what task refers to are not followed", self.run_program("sources").stdout)
        self.sn.stripped, self.sn.hidden_fields = set(), set()
        self.assertEqual(self.run_program("once").stderr, "")
        self.assertEqual(self.slas(priority=1), 9)

    def test_names_alone_are_not_followed(self):
        """A CI is touched by each discovery: its incidents would be read all over again."""
        self.follow("incident", "task_sla")
        self.run_program("once")
        self.run_program("once")
        asked = "".join(line for _, line in self.sn.journal.requests)
        self.assertIn("task.sys_updated_on", asked)
        for reference in ("cmdb_ci", "business_service", "assignment_group", "assigned_to"):
            self.assertNotIn(reference + ".sys_updated_on", asked)


class Previewed(StockTables):
    def test_no_key_of_a_previewed_record_stands_twice(self):
        (self.folder / "own.yaml").write_text("kind: incident\nid: sys_id\nfields: { kind: category, number_of: number, state: { value: new } }\n", encoding="utf-8")
        self.put("incident", category="network")
        self.put("change_request", state="3", close_code="unsuccessful")

        def once_only(pairs):
            self.assertEqual(len(pairs), len(dict(pairs)), pairs)
            return dict(pairs)
        record = {}
        for table, mapping in (("incident", "own.yaml"), ("change_request", "servicenow/change")):
            self.follow(table, mapping=mapping)
            line = self.run_program("preview", "acme", table, "--rows", "1", "--json").stdout.splitlines()[0]
            (record[table],) = json.loads(line, object_pairs_hook=once_only)["records"]
        self.assertEqual([record["incident"][key] for key in ("$kind", "$outcome", "kind", "state")], ["incident", "record", "network", "new"])
        self.assertEqual([record["change_request"][key] for key in ("$kind", "$outcome", "outcome", "state")], ["change", "record", "failed", "closed"])

    def send_raw(self):
        """From now on the instance's answers hold bytes as they were put: "\\udcff" is the byte FF."""
        answer = self.sn.answer

        def raw(*request):
            status, headers, body = answer(*request)
            return status, headers, body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogateescape")
        self.sn.answer = raw

    def test_what_a_preview_shows_for_people_moves_no_terminal(self):
        self.send_raw()
        (self.folder / "own.yaml").write_text("kind: incident\nid: sys_id\nfields: { title: short_description, category: category, "
                                              "priority: { from: priority, as: integer } }\n", encoding="utf-8")
        self.put("incident", sys_id="a\x1b[1mb", short_description="one\x1b[2J\atwo\nthree\u202efour", category="caf\udce9", priority="\x1b]0;\udcff\x9b")
        self.follow("incident", mapping="own.yaml")
        shown = self.run_program("preview", "acme", "incident").stdout
        lines = shown.split("\n")
        self.assertEqual(lines[0], "a\\u001b[1mb")
        for line in ("  short_description: one\\u001b[2J\\u0007two\\u000athree\\u202efour", "  category: caf\ufffd", "     id: a\\u001b[1mb",
                     "     title: one\\u001b[2J\\u0007two\\u000athree\\u202efour", "     category: caf\ufffd", '  did not fit: priority = "\\u001b]0;\ufffd\\u009b"'):
            self.assertIn(line, lines)
        self.assertNotRegex(shown, "[\x00-\x09\x0b-\x1f\x7f-\x9f]")

    def test_rows_and_errors_that_are_nested_without_end_break_nothing(self):
        self.follow("incident")
        self.put("incident", short_description="DEEP")
        answer = self.sn.answer

        def deep(*request):
            status, headers, body = answer(*request)
            return status, headers, json.dumps(body).replace('"DEEP"', '{"value":' * 100_000 + "1" + "}" * 100_000).encode()
        self.sn.answer = deep
        for command in (("once",), ("preview", "acme", "incident"), ("preview", "acme", "incident", "--draft")):
            self.run_program(*command)
        self.sn.answer = lambda *_: (400, {}, b'{"error":' * 100_000)
        self.assertIn("answered 400", self.run_program("preview", "acme", "incident", expect=3).stderr)

    def drafted(self, table, **row):
        """What the draft of a table makes of one row, once it stands in the configuration."""
        self.put(table, **row)
        self.follow(table, mapping="servicenow/incident")
        draft = self.run_program("preview", "acme", table, "--draft").stdout
        (self.folder / "draft.yaml").write_text(draft, encoding="utf-8")
        self.follow(table, mapping="draft.yaml")
        return draft

    def test_the_draft_of_a_stock_table_is_its_mapping(self):
        self.sn.references = {(table, "business_service"): "cmdb_ci_service" for table in ("incident", "problem", "change_request")}
        for table, kind, given, made in (
                ("incident", "incident", {"state": "6", "business_service": "svc-vpn"}, {"state": "resolved", "service": "vpn", "priority": "3"}),
                ("problem", "problem", {"state": "103", "business_service": "svc-vpn"}, {"state": "open", "service": "vpn", "priority": "3"}),
                ("change_request", "change", {"type": "normal", "close_code": "successful", "state": "3", "work_end": "2026-01-05 09:00:00"},
                 {"type": "normal", "outcome": "successful", "ended_at": "2026-01-05T09:00:00Z"}),
                ("task_sla", "sla", {"stage": "completed", "has_breached": "true"}, {"state": "completed", "breached": "true"}),
                ("cmdb_ci", "ci", {"name": "a", "sys_class_name": "cmdb_ci", "last_discovered": "2026-01-05 09:00:00"}, {"verified_at": "2026-01-05T09:00:00Z"}),
                ("cmdb_ci_server", "ci", {"name": "a", "sys_class_name": "cmdb_ci_server", "attested_date": "2026-01-05 09:00:00"}, {"verified_at": "2026-01-05T09:00:00Z"}),
                ("cmdb_ci_outage", "outage", {"end": "", "begin": "2026-01-05 09:00:00", "type": "planned"}, {"started_at": "2026-01-05T09:00:00Z", "planned": "true"}),
                ("asmt_metric_result", "survey", {"actual_value": "4", "sys_created_on": "2026-01-05 09:00:00"}, {"score": "4", "answered_at": "2026-01-05T09:00:00Z"})):
            with self.subTest(table):
                draft = self.drafted(table, sys_id=f"{table}-draft", sys_updated_on=stamp(START + 99_000), u_vendor="Acme", **given)
                self.assertIn(f"\nkind: {kind}\n", draft)
                self.assertRegex(draft, r"\n  # u_vendor  # 100 % filled: Acme\n")
                self.assertIn("1 source, 0 measures, 0 mapping tests passed", self.run_program("check").stdout)
                line = self.run_program("preview", "acme", table, "--rows", "1", "--json").stdout.splitlines()[0]
                (record,) = json.loads(line)["records"]
                self.assertEqual({**record, **made}, record)

    def test_a_draft_is_a_mapping_whatever_fields_are_called_and_hold(self):
        self.send_raw()
        told = "a\rb\nc\u0085d\u2028e\x1bf: # {[\"\\caf\udce9"
        for table in ("incident", "u_ticket"):
            draft = self.drafted(table, short_description=told, category=told + "z" * 80, **{name: told for name in ("null", "12", "u a: b", "u_#\n- x", "u_\u2028\x9b", '"', "u_\ufffd")})
            self.assertNotRegex(draft, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e]")
            for name in ('"null"', '"12"', '"u a: b"', '"u_#\\u000a- x"', '"u_\\u2028\\u009b"', '"\\""'):
                self.assertIn(f'\n  # {name}  # 100 % filled: a b c d e f: # {{["\\caf\ufffd\n', draft)
            (self.folder / "draft.yaml").write_text(draft.replace("kind: FILL IN", "kind: incident"), encoding="utf-8")
            self.run_program("check")

    def test_the_draft_of_an_unknown_table_asks_for_the_kind(self):
        self.sn.references = {("u_ticket", "business_service"): "cmdb_ci_service"}
        draft = self.drafted("u_ticket", business_service="svc-vpn", u_vendor="Acme")
        refused = self.run_program("check", expect=78).stderr
        self.assertRegex(refused, r"^\S*draft.yaml:2:7: `kind` is to be filled in: one of incident, problem, change, .*\n$")
        (self.folder / "draft.yaml").write_text(draft.replace("kind: FILL IN", "kind: review"), encoding="utf-8")
        self.run_program("check")
        (record,) = json.loads(self.run_program("preview", "acme", "u_ticket", "--json").stdout)["records"]
        self.assertEqual([record[key] for key in ("$kind", "opened_at", "service")], ["review", "2026-01-05T08:00:00Z", "vpn"])


class Misgivings(StockTables):
    """What check warns of, with status 0: it reads well, and no figure will ever come of it."""

    def warnings(self, measures):
        (self.folder / "measures.yaml").write_text("measures:\n" + "".join(
            f"  - {{ id: {name}, indicator: {indicator}{more}, baseline: {{ value: 0.5, n: 50 }}, target: {{ {target}, from: 2026-01-01, by: 2026-12-31 }} }}\n"
            for name, indicator, target, more in measures), encoding="utf-8")
        return self.run_program("check").stderr.splitlines()

    def test_a_measure_of_what_no_mapping_fills(self):
        told = self.warnings((("A", "testing_completion", "value: 0.9", ""), ("B", "supplier_sla_breach_rate", "value: 0.3", ""), ("C", "incident_recurrence_rate", "value: 0.3", ""),
                              ("D", "change_failure_rate", "value: 0.3", ""), ("E", "closure_evidence_completion", "value: 0.9", ""), ("F", "incident_volume", "value: 0.3", ", where: { measure: X }"),
                              ("G", "incident_volume", "value: 0.3", ", where: { measure: { not: X } }"), ("H", "milestone_delay", "value: 0.3", ""), ("I", "service_level_achievement", "value: 0.9", ""),
                              ("J", "incident_volume", "value: 0.3", ", signals: { adoption: { indicator: testing_completion, at_least: 60% } }")))
        reads = ((("A", "testing_completion"), ("tested", "change", "acme/change_request")), (("B", "supplier_sla_breach_rate"), ("supplier", "sla", "acme/task_sla")),
                 (("E", "closure_evidence_completion"), ("evidence_complete", "change", "acme/change_request")), (("F", "its `where`"), ("measure", "incident", "acme/incident")),
                 (("J", "testing_completion"), ("tested", "change", "acme/change_request")))
        self.assertEqual(told.pop(0), "warning: H: its status will stay unknown: milestone_delay is a measurement, and a stated baseline does not tell how much it varies by itself; give a window of two months or more")
        self.assertEqual(told, [f"warning: {name}: {reader} reads `{field}` of the kind {kind}, which the mapping of {stream} does not fill, so it is empty in every record: "
                                f"add `{field}` to the mapping (of a shipped one, to a copy), or measure something else" for (name, reader), (field, kind, stream) in reads])

    def test_a_measure_of_a_value_that_no_map_gives(self):
        told = self.warnings((("A", "rollback_count", "value: 0.3", ""), ("B", "change_volume", "value: 0.3", ""), ("C", "incident_volume", "value: 0.3", ", where: { service: vpn, state: [closed, resolved] }")))
        self.assertEqual(told, ["warning: A: rollback_count reads `outcome` of the kind change for rolled_back, which the `map` of acme/change_request never gives: "
                                "add to the mapping (of a shipped one, to a copy) what the source says then, or measure something else"])

    def test_what_one_of_several_streams_fills_is_filled(self):
        (self.folder / "own.yaml").write_text("kind: change\nid: sys_id\nfields: { tested: { value: true } }\n", encoding="utf-8")
        main = self.folder / "baselined.yaml"
        main.write_text(main.read_text(encoding="utf-8") + "      others: { table: u_change, mapping: own.yaml }\n", encoding="utf-8")
        self.assertEqual(self.warnings((("A", "testing_completion", "value: 0.9", ""),)), [])

    def test_a_zone_of_an_instance(self):
        main = self.folder / "baselined.yaml"
        text = main.read_text(encoding="utf-8")
        for zone, warns in (("America/New_York", True), ("Europe/London", True), ("Etc/UTC", False)):
            main.write_text(text.replace("    type: servicenow\n", f"    type: servicenow\n    timezone: {zone}\n"), encoding="utf-8")
            told = self.run_program("check").stderr
            self.assertEqual(told.startswith(f"warning: acme: `timezone: {zone}` shifts every time that it brings, and ServiceNow gives them in UTC: leave it out."), warns, told)
            self.assertEqual(len(told.splitlines()), int(warns))


class Deleted(Instance):
    def test_the_audit_tells_and_where_it_does_not_the_ids_do(self):
        self.fill(300, burst=0)
        self.run_program("once")
        for sys_id in list(self.sn.tables["incident"])[:7]:
            self.sn.delete("incident", sys_id)
        self.run_program("once")
        self.assert_complete()
        for sys_id in list(self.sn.tables["incident"])[:5]:
            self.sn.delete("incident", sys_id, audited=False)
        never_met = self.incident(99_500, START + 5_000)  # committed long after its time
        self.sn.put("incident", never_met)
        self.configure(reconcile="1s")
        time.sleep(1.1)
        self.run_program("once")
        self.assert_complete()
        self.assertEqual(json.loads(self.run_program("sources", "--json").stdout)["sources"][0]["streams"][0]["deleted"], 12)

    def test_rights_that_are_lost_are_no_deletion(self):
        self.fill(300, burst=0)
        self.configure(reconcile="1s")
        self.run_program("once")
        time.sleep(1.1)
        complete = self.last_success()
        self.sn.hidden_ids = set(list(self.sn.tables["incident"])[:200])
        lost = self.run_program("once", expect=3).stderr.splitlines()[-1]
        self.assertIn("200 of 300 stored rows cannot be seen any more", lost)
        self.assertEqual(len(self.stored()), 300)
        self.configure()
        before = len(self.sn.journal.requests)
        self.assertEqual(self.run_program("once", expect=3).stderr.splitlines()[-1], lost, "it stands")
        self.assertLess(len(self.sn.journal.requests) - before, 10, "and nothing is compared again for it")
        self.assertEqual(self.last_success(), complete, "what is new may be hidden as well: measures go stale")
        self.sn.hidden_ids = set()
        self.assertEqual(self.run_program("once").stderr, "", "seen again, it is compared at once")
        self.assertGreater(self.last_success(), complete)
        self.assert_complete()

    def test_rows_that_are_hidden_later_are_not_removed(self):
        self.fill(300, burst=0)
        self.configure(reconcile="1s")
        self.run_program("once")
        ids = list(self.sn.tables["incident"])
        self.sn.hidden_ids = set(ids[:60])
        self.sn.delete("incident", ids[100])
        self.sn.delete("incident", ids[101], audited=False)
        time.sleep(1.1)
        told = self.run_program("once", expect=3).stderr
        self.assertIn("access rules hide rows from the account", told)
        self.assertIn("61 of 299 stored rows cannot be seen any more, and access rules hide rows: nothing is removed but what sys_audit_delete names", told)
        self.assertEqual(set(self.stored()), set(ids) - {ids[100]})
        self.configure()
        self.assertIn("61 of 299 stored rows", self.run_program("once", expect=3).stderr, "it stands")
        self.sn.delete("incident", ids[102])
        self.run_program("once", expect=3)
        self.assertEqual(set(self.stored()), set(ids) - {ids[100], ids[102]})
        self.sn.hidden_ids = set()
        self.assertEqual(self.run_program("once").stderr, "", "seen again, they are compared at once")
        self.assert_complete()

    def test_another_instance_or_table_under_the_same_name_begins_anew(self):
        self.fill(200, burst=50)
        self.run_program("once")
        former, self.sn = self.sn, ServiceNow()
        self.addCleanup(self.sn.stop)
        self.sn.references, self.sn.tables["cmdb_ci_service"] = former.references, dict(former.tables["cmdb_ci_service"])
        for number, (sys_id, row) in enumerate(former.tables["incident"].items()):
            if number % 3 == 0:  # a clone of last year's
                self.sn.put("incident", {**row, "sys_updated_on": stamp(START - 3_600), "sys_id": sys_id})
        self.sn.put("incident", self.incident(9_000, START - 7_200))
        self.configure()
        self.assertEqual(self.run_program("once").stderr, "")
        self.assert_complete()
        for number in range(30):
            self.sn.put("u_case", self.incident(20_000 + number, START + number))
        self.configure(query=", table: u_case")
        self.assertEqual(self.run_program("once").stderr, "")
        self.assertEqual(set(self.stored()), set(self.sn.tables["u_case"]))

    def test_a_narrower_query_takes_away_what_it_no_longer_lets_through(self):
        self.fill(500, burst=100)
        self.run_program("once")
        rows = self.sn.tables["incident"]

        def expect_those(fits):
            self.sn.visible = lambda table: {i: row for i, row in rows.items() if fits(row)}
            self.assert_complete()
        seen = []

        def break_off(sn):
            seen.append(1)
            sn.password = "changed" if len(seen) > 7 else "secret"
        self.configure(query=', query: "priority=1"')
        self.sn.on_request = break_off
        self.run_program("once", expect=3)
        self.sn.on_request, self.sn.password = None, "secret"
        self.assertEqual(self.run_program("once").stderr, "")
        expect_those(lambda row: row["priority"] == "1")
        self.configure(query=', query: "priority!=1"')  # none of those that are stored
        self.assertEqual(self.run_program("once").stderr, "")
        expect_those(lambda row: row["priority"] != "1")
        self.assertEqual(self.run_program("once").stderr, "")
        # Rows that are not there without the query either are another matter.
        self.configure(query=', query: "priorityIN2,3"')
        self.sn.hidden_ids = set(list(rows)[:560])
        self.assertIn("stored rows cannot be seen any more: rather rights that were lost", self.run_program("once", expect=3).stderr)
        kept = {i for i, row in rows.items() if row["priority"] != "1" and (row["priority"] in "23" or i in self.sn.hidden_ids)}
        self.assertEqual(set(self.stored()), kept)
        self.sn.hidden_ids = set()
        self.assertEqual(self.run_program("once").stderr, "")
        expect_those(lambda row: row["priority"] in "23")
        self.configure()
        self.run_program("once")
        expect_those(lambda row: True)

    def test_a_table_that_shows_nothing_any_more_is_not_taken_for_empty(self):
        self.fill(40, burst=0)
        self.run_program("once")
        kept, self.sn.tables["incident"] = self.sn.tables["incident"], {}
        first = self.run_program("once", expect=3).stderr
        self.assertIn("Nothing is removed: the 40 stored rows stay", first)
        self.assertEqual(self.run_program("once", expect=3).stderr, first)
        self.assertEqual(len(self.stored()), 40)
        self.sn.tables["incident"] = kept
        self.run_program("once")
        for sys_id in list(kept):  # all of it deleted, and told so by the audit
            self.sn.delete("incident", sys_id)
        self.run_program("once")
        self.assertEqual(self.stored(), {})

    def test_a_session_lost_while_ids_are_asked_for_removes_nothing(self):
        self.fill(100, burst=0)
        self.configure(give_up="2s")
        self.run_program("once")
        undone = list(self.sn.tables["incident"])[0]
        row = self.sn.tables["incident"][undone]
        self.sn.delete("incident", undone)
        self.sn.put("incident", row)
        honest = self.sn.table

        def lose(name, query):
            if query.get("sysparm_query", "").startswith("sys_idIN") and "sys_updated_on" not in query["sysparm_query"]:
                self.sn.is_anonymous = "counts"
            return honest(name, query)
        for self.sn.says_login, said in ((True, "answers nobody"), (False, "shows none now: the login")):
            self.sn.table = lose
            self.assertIn(said, self.run_program("once", expect=3).stderr)
            self.sn.table, self.sn.is_anonymous = honest, False
            self.assertEqual(len(self.stored()), 100)
        self.run_program("once")
        self.assert_complete()

    def test_an_audit_that_cannot_be_paged_is_said_and_the_table_read(self):
        self.fill(300, burst=0)
        self.run_program("once")
        ids = list(self.sn.tables["incident"])
        for sys_id in ids[:3]:
            self.sn.delete("incident", sys_id)
        self.sn.put("incident", {**self.incident(1, START + 9_000), "sys_id": ids[0]})  # undone
        self.run_program("once")
        self.assert_complete()
        self.sn.hidden_fields = {("sys_audit_delete", "documentkey")}
        self.assertIn("sys_audit_delete: the field documentkey may not be read", self.run_program("once", expect=3).stderr)
        self.sn.hidden_fields = set()
        for sys_id in ids[3:120]:
            self.sn.delete("incident", sys_id)
        self.configure(page_size=50)
        self.sn.hidden_ids = {f"d{number:08d}" for number in range(5, 65)}  # a page of the audit that shows nothing
        self.run_program("once", expect=None)
        self.assertEqual(len(set(self.stored()) - set(self.sn.tables["incident"])), 60)
        self.sn.hidden_ids, self.sn.stripped = set(), {("sys_audit_delete", "sys_id")}
        self.assertIn("sys_audit_delete: the same rows come again", self.run_program("once", expect=3).stderr)
        self.sn.stripped = set()
        self.run_program("once")
        self.assert_complete()


class Clocks(Instance):
    """An instance whose Date lags behind its rows, or is not sent; rows with odd times; zones that differ."""

    def change(self, count=20):
        """As a desk goes on: at the true time, whatever the instance's Date says."""
        for sys_id in self.rng.sample(list(self.sn.tables["incident"]), count):
            self.sn.put("incident", {"sys_id": sys_id, "sys_updated_on": stamp(time.time() - self.rng.randint(5, 90)), "state": "7"})

    def test_a_date_that_lags_for_hours_stops_nothing_and_is_said(self):
        self.fill(300)
        self.sn.clock = lambda: time.time() - 5 * 3_600
        for _ in range(2):
            self.change()
            self.assertIn("the instance's clock (Date) says", self.run_program("once", expect=3).stderr)
            self.assert_complete()
        # Committed within the hours that the Date lags behind, older than the newest row and its overlap.
        self.sn.put("incident", self.incident(88_001, int(time.time()) - 3_600))
        self.run_program("once", expect=3)
        self.assert_complete()
        self.assertIn("one of them is wrong", json.loads(self.run_program("sources", "--json").stdout)["sources"][0]["error"])
        self.sn.clock = time.time
        self.change()
        self.run_program("once")
        self.assert_complete()

    def test_without_a_date_the_rows_say_how_late_it_is(self):
        self.fill(300)
        self.sn.sends_date = False
        self.change()
        self.sn.put("incident", {"sys_id": list(self.sn.tables["incident"])[0], "sys_updated_on": stamp(time.time() + 7_200)})
        self.assertIn("sends no Date", self.run_program("once", expect=3).stderr)
        self.assert_complete()

    def test_a_row_of_times_to_come_hides_none_that_follow(self):
        self.fill(300)
        self.sn.put("incident", self.incident(77_001, START + 5_000_000))
        self.sn.put("incident", {"sys_id": "legacy-50", "sys_updated_on": "2099-01-01 00:00:00"})
        for _ in range(2):
            self.run_program("once", expect=3)
            self.assert_complete()
            self.change()

    def test_newest_rows_that_are_hidden_tell_no_time(self):
        self.fill(300, burst=0)
        self.sn.clock = lambda: time.time() - 5 * 3_600
        for number in range(15):
            self.sn.put("incident", {**self.incident(66_000 + number, int(time.time()) - 5), "sys_id": f"hidden-{number}"})
        self.sn.hidden_ids = {f"hidden-{number}" for number in range(15)}
        self.sn.put("incident", self.incident(66_100, int(time.time()) - 600))
        self.run_program("once", expect=3)
        self.assert_complete()

    def test_rows_without_a_readable_time_stop_no_other(self):
        self.fill(300)
        ids = sorted(self.sn.tables["incident"], key=lambda i: self.sn.tables["incident"][i]["sys_updated_on"])
        hidden, newest = ids[100:230], ids[-1]  # more than a page of them, one after the other; and the last
        self.sn.hidden_cells = {(i, "sys_updated_on") for i in [*hidden, newest]}
        self.sn.put("incident", {"sys_id": ids[7], "sys_updated_on": ""})
        self.sn.put("incident", {"sys_id": ids[8], "sys_updated_on": "2026-02-31T25:00"})
        done = self.run_program("once", expect=3)
        self.assertIn("133 rows show no sys_updated_on that can be read", done.stderr)
        self.assertEqual(set(self.stored()), set(self.sn.tables["incident"]))
        # Another reading: still said, though no window of time meets them; and what they say now is read.
        self.sn.put("incident", {"sys_id": ids[7], "state": "7", "short_description": "told by id"})
        self.assertIn("133 rows show no", self.run_program("once", expect=3).stderr)
        self.configure(reconcile="1s")
        time.sleep(1.1)
        self.assertNotIn("removed", self.run_program("once", expect=3).stderr)
        self.assertEqual(set(self.stored()), set(self.sn.tables["incident"]))
        for sys_id in ids[7:9]:
            self.sn.put("incident", {"sys_id": sys_id, "sys_updated_on": stamp(START + 4_000_000)})
        self.sn.hidden_cells = set()
        self.assertEqual(self.run_program("once").stderr, "", "mended, and no more said")
        self.assert_complete()

    def test_a_time_that_is_hidden_later_is_said_and_hides_no_news(self):
        self.fill(300)
        self.run_program("once")
        told, quiet = list(self.sn.tables["incident"])[10:12]
        self.sn.hidden_cells = {(told, "sys_updated_on"), (quiet, "sys_updated_on")}
        # Hidden, and then updated: what it says now counts, though it does not say since when.
        self.sn.put("incident", {"sys_id": told, "opened_at": "2026-03-03 03:03:03", "sys_updated_on": stamp(time.time() - 5)})
        done = self.run_program("once", expect=3).stderr
        self.assertIn("1 row shows no sys_updated_on that can be read", done)
        self.assertIn(told, done)
        self.assert_volume()
        self.configure(reconcile="1s")
        time.sleep(1.1)
        done = self.run_program("once", expect=3).stderr  # hidden, and not updated: the comparison meets it
        self.assertIn("2 rows show no sys_updated_on that can be read", done)
        self.configure()
        self.assertEqual(self.run_program("once", expect=3).stderr, done, "and it stands")
        self.sn.put("incident", {"sys_id": quiet, "opened_at": "2026-03-04 03:03:03"})
        self.run_program("once", expect=3)
        self.assert_volume()
        self.sn.hidden_cells = set()
        self.configure(reconcile="1s")
        time.sleep(1.1)
        self.assertEqual(self.run_program("once").stderr, "")
        self.assert_complete()

    def test_zones_of_user_site_and_account_all_differ(self):
        self.fill(300)
        self.sn.shown_zone_s = -5 * 3_600
        main = self.folder / "baselined.yaml"
        main.write_text(main.read_text(encoding="utf-8").replace("timezone: UTC", "timezone: Pacific/Auckland"), encoding="utf-8")
        os.environ["TZ"] = "Asia/Kolkata"
        self.addCleanup(os.environ.pop, "TZ")
        self.run_program("once")
        zone = zoneinfo.ZoneInfo("Pacific/Auckland")
        expected = {}
        for row in self.sn.visible("incident").values():
            if row["state"] != "8":
                month = dt.datetime.strptime(row["opened_at"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).astimezone(zone).strftime("%Y-%m")
                expected[month] = expected.get(month, 0) + 1
        volume = json.loads(self.run_program("series", "--indicator", "incident_volume", "--json").stdout)["periods"]
        self.assertEqual({p["period"]: p["value"] for p in volume if p["value"]}, expected)
        self.configure(give_up="1s")
        main.write_text(main.read_text(encoding="utf-8").replace("timezone: UTC", "timezone: Pacific/Auckland"), encoding="utf-8")
        for hours in (-5, 2):  # west of UTC rows would be missed, east of it met twice
            self.sn.query_zone_s = hours * 3_600
            self.assertIn("in another time zone", self.run_program("once", expect=3).stderr)
            self.assertIn("in another time zone", self.run_program("check", "--online", expect=3).stderr)
        self.sn.query_zone_s = 0
        self.run_program("once")

    def test_an_index_that_lags_behind_its_rows_is_waited_for(self):
        self.fill(50, burst=0)
        before = {i: dict(row) for i, row in self.sn.tables["incident"].items()}
        for sys_id in list(before)[:15]:
            self.sn.put("incident", {"sys_id": sys_id, "sys_updated_on": stamp(time.time() - 3)})
        self.sn.index_lag = (time.time() + 3, before)
        self.assertEqual(self.run_program("once").stderr, "")
        self.assert_complete()

    def test_a_clock_set_back_by_years_delays_no_comparison(self):
        self.fill(50, burst=0)
        self.run_program("once")
        with sqlite3.connect(self.folder / "store.db") as database:  # compared when the clock stood years ahead
            database.execute("UPDATE stream SET reconciled_at = reconciled_at + 5 * 31536000000")
        self.sn.delete("incident", "legacy-50", audited=False)
        self.run_program("once")
        self.assert_complete()


class Unreadable(Instance):
    def test_hidden_rows_are_said_and_the_others_read(self):
        self.fill(500)
        self.sn.hidden_ids = {i for i in self.sn.tables["incident"] if self.rng.random() < 0.3}
        whole_page = sorted((r["sys_updated_on"], i) for i, r in self.sn.tables["incident"].items())[100:350]
        self.sn.hidden_ids |= {i for _, i in whole_page}
        done = self.run_program("once", expect=3)
        self.assertIn("access rules hide rows", done.stderr)
        self.assert_complete()
        # What is new meets no hidden row, and the others are hidden still.
        self.sn.put("incident", self.incident(9_000, int(time.time()) - 5))
        self.run_program("once", expect=3)
        self.assertIn("access rules hide rows", self.run_program("once", expect=3).stderr)
        self.sn.hidden_ids = set()
        self.configure(reconcile="1s")
        time.sleep(1.1)
        self.assertEqual(self.run_program("once").stderr, "", "a look at the whole table takes it back")
        self.assert_complete()
        self.assertEqual(self.run_program("once").stderr, "")

    def in_order(self):
        return [i for _, i in sorted((r["sys_updated_on"], i) for i, r in self.sn.tables["incident"].items())]

    def test_hidden_rows_that_a_broken_off_reading_met_are_not_forgotten(self):
        """What hides rows stands behind the cursor, and only a comparison of ids comes back to it."""
        self.fill(600, burst=0)
        oldest = sorted(self.sn.tables["incident"], key=lambda i: self.sn.tables["incident"][i]["sys_updated_on"])
        self.sn.hidden_ids = set(oldest[10:60])
        self.configure(page_size=50, give_up="2s")
        for turn in ("first", "later"):
            begun = len(self.sn.journal.requests)
            self.sn.fail("503-html", 99, lambda method, path, begun=begun: "/table/incident" in path and len(self.sn.journal.requests) > begun + 12)
            self.run_program("once", expect=3)
            self.assertTrue(0 < len(self.stored()) < 550 or turn == "later", "it was broken off on its way")
            self.sn.faults = []
            for _ in range(2):
                self.assertIn("access rules hide rows", self.run_program("once", expect=3).stderr)
            if turn == "first":  # nothing hidden any more, and then again in what a later reading meets
                self.sn.hidden_ids = set()
                self.configure(page_size=50, give_up="2s", reconcile="1s")
                time.sleep(1.1)
                self.run_program("once")
                self.configure(page_size=50, give_up="2s")
                for number in range(700, 1200):
                    self.sn.put("incident", self.incident(number, START + 4_000_000 + number))
                self.sn.hidden_ids = {i for i, row in self.sn.tables["incident"].items() if "INC0000710" <= row["number"] < "INC0000760"}

    def test_hidden_rows_are_found_out_without_a_count(self):
        """A proxy strips X-Total-Count, and the statistics are refused, or not."""
        self.fill(500, burst=60)
        ids, self.sn.sends_total = self.in_order(), False
        scattered, block = {i for i in ids if self.rng.random() < 0.2}, set(ids[100:300])
        for self.sn.denies_stats in (False, True):
            for name, self.sn.hidden_ids in (("scattered", scattered), ("two whole pages", block), ("the end of a page", set(ids[80:100])),
                                             ("one row of the last page", {ids[-3]}), ("nothing", set())):
                with self.subTest(name, denies_stats=self.sn.denies_stats):
                    for path in self.folder.glob("store.db*"):
                        path.unlink()
                    self.configure()
                    hidden, code = (["access rules hide rows"], 3) if self.sn.hidden_ids else ([], 0)
                    self.assertEqual([w for w in ("access rules hide rows",) if w in self.run_program("once", expect=code).stderr], hidden)
                    self.assert_complete()
                    self.configure(reconcile="1s")
                    time.sleep(1.1)
                    self.run_program("once", expect=code)

    def test_without_a_count_nothing_new_and_pages_smaller_than_asked_for_hide_nothing(self):
        self.fill(500, burst=250)
        self.sn.sends_total = False
        for self.sn.denies_stats in (False, True):
            for path in self.folder.glob("store.db*"):
                path.unlink()
            self.configure(page_size=200)
            self.sn.most_rows = 120
            self.assertEqual(self.run_program("once").stderr, "")
            self.assert_complete()
            self.configure(page_size=200, reconcile="1s")
            time.sleep(1.1)
            self.assertEqual(self.run_program("once").stderr, "")
            self.sn.put("incident", self.incident(9_000 + self.sn.denies_stats, int(time.time()) - 5))
            before = len(self.sn.journal.requests)
            self.configure(page_size=200)
            self.assertEqual(self.run_program("once").stderr, "")
            self.assertLess(len(self.sn.journal.requests) - before, 20)
            self.assert_complete()

    def last_read(self):
        return json.loads(self.run_program("sources", "--json").stdout)["sources"][0]["streams"][0]["last_read_at"]

    def test_a_table_hidden_later_is_no_complete_reading(self):
        self.fill(60, burst=0)
        self.run_program("once")
        last = self.last_read()
        self.sn.unreadable_tables = {"incident"}
        for self.sn.says_login in (True, False):
            for news in ([], [9_001]):
                for number in news:
                    self.sn.put("incident", self.incident(number, int(time.time()) - 5))
                self.assertIn("counts rows and shows none: the account may not read them", self.run_program("once", expect=3).stderr)
                self.assertEqual(self.last_read(), last)
        self.sn.unreadable_tables = set()
        time.sleep(0.1)
        self.assertEqual(self.run_program("once").stderr, "")
        self.assertNotEqual(self.last_read(), last)
        self.assert_complete()

    def test_hidden_news_beside_rows_that_are_shown_is_told_and_the_reading_complete(self):
        self.fill(60, burst=0)
        self.run_program("once")
        last = self.last_read()
        for number in range(9_000, 9_020):
            self.sn.put("incident", self.incident(number, int(time.time()) - 5))
        self.sn.hidden_ids = {i for i, row in self.sn.tables["incident"].items() if row["number"] >= "INC0009000"}
        time.sleep(0.1)
        self.assertIn("access rules hide rows", self.run_program("once", expect=3).stderr)
        self.assertNotEqual(self.last_read(), last)
        self.assert_complete()

    def test_a_login_that_is_lost_between_two_readings_is_no_complete_one(self):
        """A new process has no answer to compare with: the header alone says that nobody asks."""
        self.fill(60, burst=0)
        self.run_program("once")
        last = self.last_read()
        for self.sn.is_anonymous in (True, "counts"):
            for command in (("once",), ("check", "--online")):
                self.assertIn("nothing says that somebody is logged in", self.run_program(*command, expect=3).stderr)
            self.assertEqual(self.last_read(), last)
        self.sn.is_anonymous = False
        self.assertEqual(self.run_program("once").stderr, "")
        self.assert_complete()

    def test_an_order_that_is_disregarded_loses_nothing(self):
        """By an instance without an order, or by one that drops every condition and order on sys_updated_on: at the
        beginning, and later, when a page brings what is new."""
        self.fill(1500)
        self.configure(give_up="1s")
        later = int(time.time()) - 20_000
        for stripped, said in ((set(), "the instance disregards the order"), ({("incident", "sys_updated_on")}, "the instance disregards")):
            for is_later in (False, True):
                with self.subTest(stripped=stripped, is_later=is_later):
                    for path in self.folder.glob("store.db*"):
                        path.unlink()
                    if is_later:
                        self.run_program("once")
                        later += 6_000  # than all that was read
                        for sys_id in self.rng.sample(list(self.sn.tables["incident"]), 250):
                            self.sn.put("incident", {"sys_id": sys_id, "sys_updated_on": stamp(later + self.rng.randint(0, 5_000))})
                    self.sn.unordered, self.sn.stripped = {"incident"}, stripped
                    for _ in range(2):
                        self.assertIn(said, self.run_program("once", expect=3).stderr)
                    self.assertIn(said, self.run_program("check", "--online", expect=3).stderr)
                    (measure,) = json.loads(self.run_program("status", "--json").stdout)["measures"]
                    if not is_later:
                        self.assertIsNone(measure["baseline"]["frozen_at"])
                    self.sn.unordered, self.sn.stripped = set(), set()
                    self.assertEqual(self.run_program("once").stderr, "")
                    self.assert_complete()

    def test_a_window_without_an_order_moves_no_cursor(self):
        """The newest rows stand as they should, and so does what is asked for once; pages of a window do not."""
        self.fill(1500)
        honest = self.sn.table

        def table(name, query):
            self.sn.unordered = {"incident"} if "sys_updated_on>" in query.get("sysparm_query", "") else set()
            return honest(name, query)
        self.sn.table = table
        for _ in range(2):
            self.assertIn("the instance disregards the order", self.run_program("once", expect=3).stderr)
            self.assertEqual(self.stored(), {})
        self.sn.table, self.sn.unordered = honest, set()
        self.run_program("once")
        self.assert_complete()

    def test_rows_updated_while_a_page_is_made_stand_where_they_stood(self):
        self.fill(800)
        honest = self.sn.select

        def select(table, encoded):
            rows, order = honest(table, encoded)
            if table != "incident" or not encoded.startswith("sys_updated_on>") or not rows:
                return rows, order
            rows.sort(key=lambda row: (row["sys_updated_on"], row["sys_id"]))
            for row in self.rng.sample(rows[:100], min(3, len(rows))):  # selected by what it was, shown as it is
                row["sys_updated_on"] = max(row["sys_updated_on"], stamp(time.time() - self.rng.randint(0, 20)))
            return rows, []
        self.sn.select = select
        self.assertEqual(self.run_program("once").stderr, "")
        self.sn.select = honest
        time.sleep(3)
        self.run_program("once")
        self.assert_complete()

    def test_what_cannot_be_read_is_an_error(self):
        self.fill(20, burst=0)
        self.configure(give_up="1s")
        self.sn.unreadable_tables = {"incident"}
        self.assertIn("may not read", self.run_program("once", expect=3).stderr)
        self.sn.unreadable_tables, self.sn.strip_ranges = set(), True
        self.assertIn("disregards the condition", self.run_program("once", expect=3).stderr)
        self.sn.strip_ranges = False
        self.configure(query=', query: "no_such_field=1"')
        self.assertIn("no_such_field", self.run_program("once", expect=3).stderr)
        self.configure()
        self.sn.hidden_fields = {("incident", "opened_at")}
        self.assertIn("the field opened_at", self.run_program("once", expect=3).stderr)
        del self.sn.tables["incident"]
        self.assertIn("Invalid table incident", self.run_program("once", expect=3).stderr)

    def test_what_cannot_be_read_is_told_before_anything_is_read(self):
        self.fill(20, burst=0)
        self.assertIn("every source answers", self.run_program("check", "--online").stdout)
        self.sn.hidden_fields = {("incident", "opened_at")}
        for command in (("check", "--online"), ("preview", "acme", "incident")):
            self.assertIn("acme/incident: table incident: the field opened_at is not there", self.run_program(*command, expect=3).stderr)
        self.sn.hidden_fields, self.sn.unreadable_tables = set(), {"incident"}
        self.assertIn("access rules hide rows", self.run_program("check", "--online", expect=3).stderr)
        self.sn.unreadable_tables, self.sn.hidden_ids = set(), set(list(self.sn.tables["incident"])[::2])
        for command in (("check", "--online"), ("preview", "acme", "incident")):
            self.assertIn("access rules hide rows", self.run_program(*command, expect=3).stderr)

    def test_a_session_lost_on_the_way_is_no_end(self):
        self.fill(700)
        self.configure(give_up="2s")
        for self.sn.says_login, said in ((True, "answers nobody"), (False, "shows none now: the login")):
            for path in self.folder.glob("store.db*"):
                path.unlink()
            before = len(self.sn.journal.requests)

            def lose(sn, before=before):
                sn.is_anonymous = len(sn.journal.requests) > before + 6
            self.sn.on_request = lose
            self.assertIn(said, self.run_program("once", expect=3).stderr)
            self.assertIsNone(json.loads(self.run_program("sources", "--json").stdout)["sources"][0]["streams"][0]["last_read_at"], "not read to its end")
            self.sn.on_request, self.sn.is_anonymous = None, False
            self.run_program("once")
            self.assert_complete()

    def test_answers_to_nobody_are_no_end_however_often_they_come(self):
        """Of several nodes one has lost the session: what only it is asked for seems to be empty."""
        self.fill(700)
        honest, asked = self.sn.table, []

        def table(name, query):
            if "sys_updated_on>" not in query.get("sysparm_query", "") or "sys_idIN" in query["sysparm_query"]:
                return honest(name, query)
            asked.append(1)
            self.sn.is_anonymous = "counts" if len(asked) in times else False
            try:
                return honest(name, query)
            finally:
                self.sn.is_anonymous = False
        self.sn.table = table
        self.configure(give_up="2s")
        times = range(3, 1_000)
        self.assertIn("answers nobody", self.run_program("once", expect=3).stderr)
        self.assertIsNone(json.loads(self.run_program("sources", "--json").stdout)["sources"][0]["streams"][0]["last_read_at"], "not read to its end")
        asked.clear()
        self.configure(give_up="20s")
        times = (3, 4)
        self.assertEqual(self.run_program("once").stderr, "", "a session that comes back is waited for")
        self.assert_complete()

    def test_an_empty_table_is_no_lack_of_rights(self):
        self.sn.tables["incident"] = {}
        self.run_program("once")
        self.sn.is_version_1 = True
        self.assertEqual(self.run_program("once").stderr, "")
        self.fill(20, burst=0)
        self.run_program("once")
        self.assert_complete()
        self.sn.unreadable_tables = self.sn.denied_counts = {"incident"}  # the list says nothing, the statistics know better
        self.assertIn("the account may not read it", self.run_program("once", expect=3).stderr)

    def test_a_table_that_nobody_sees_is_not_taken_for_empty(self):
        """To nobody an instance shows each table as empty, and counts none: with 200, from beginning to end."""
        self.fill(40, burst=0)
        self.sn.is_anonymous = "counts"
        for self.sn.says_login in (True, False):
            for command in (("once",), ("check", "--online")):
                self.assertIn("nothing says that somebody is logged in", self.run_program(*command, expect=3).stderr)
        self.assertIn("logged in", json.loads(self.run_program("sources", "--json").stdout)["sources"][0]["error"])
        self.sn.put("sys_user", {"sys_id": "u1", "user_name": "guest", "sys_updated_on": stamp(START)})
        kept, self.sn.is_anonymous, self.sn.account = self.sn.tables["incident"], False, "guest"
        self.sn.tables["incident"] = {}  # as if all of it were hidden from the guest, who may see who he is
        self.assertIn("nothing says that somebody is logged in", self.run_program("once", expect=3).stderr)
        self.sn.account = "reader"
        self.sn.put("sys_user", {"sys_id": "u2", "user_name": "reader", "sys_updated_on": stamp(START)})
        self.assertEqual(self.run_program("once").stderr, "", "it is truly empty, and the account's own row says who asks")
        self.sn.says_login, self.sn.unreadable_tables = True, {"sys_user"}
        self.assertEqual(self.run_program("once").stderr, "", "or the header does")
        self.sn.tables["incident"] = kept
        self.run_program("once")
        self.assert_complete()

    def test_walks_through_empty_references(self):
        """A field that is walked to is left out where the reference is empty: not the same as a right that lacks."""
        self.fill(60, burst=0)
        self.sn.omits_walks = True
        for sys_id in list(self.sn.tables["incident"])[:-1]:
            self.sn.put("incident", {"sys_id": sys_id, "business_service": ""})
        self.configure(query=', query: "business_service.name!=none"')
        self.assertEqual(self.run_program("once").stderr, "")
        self.assert_complete()
        self.sn.put("incident", {"sys_id": list(self.sn.tables["incident"])[-1], "business_service": ""})
        self.assertEqual(self.run_program("once").stderr, "", "where no row has one, nothing speaks against it")
        self.sn.put("incident", {"sys_id": list(self.sn.tables["incident"])[-1], "business_service": "svc-vpn"})
        self.sn.hidden_fields = {("incident", "business_service.name")}
        self.assertIn("the query names business_service.name", self.run_program("once", expect=3).stderr)

    def test_a_range_of_the_query_that_the_instance_drops_is_an_error(self):
        """The account may read the field, and not compare it: the instance answers as if nothing had been asked."""
        self.fill(100, burst=0)
        self.configure(query=", query: 'priority<=2^ORpriority=9'")
        self.run_program("once")
        kept = {i: r for i, r in self.sn.tables["incident"].items() if r["priority"] <= "2"}
        self.assertEqual(self.stored().keys(), kept.keys())
        self.sn.denied_ranges = {("incident", "priority")}
        self.sn.put("incident", self.incident(200, START + 3_900_000, priority="4"))
        for command in (("once",), ("check", "--online")):
            self.assertEqual(self.run_program(*command, expect=3).stderr, "acme/incident: table incident: the instance disregards priority<=2 of the query, as where the account may not compare that field: "
                             "it would return other rows\n")
        self.assertEqual(self.stored().keys(), kept.keys())

    def test_a_refused_query_is_told_with_the_fields_it_names(self):
        self.fill(60, burst=0)
        self.configure(query=", query: 'category=network^priority<=4'")
        for field, named in (("priority", "category, priority, sys_id"), ("sys_updated_on", "sys_updated_on")):
            self.sn.denied_fields = {("incident", field)}
            told = self.run_program("check", "--online", expect=3).stderr
            self.assertIn(f"Insufficient rights to query records: Field(s) present in the query do not have permission to be read (it names {named})", told)

    def test_an_order_of_the_users_own_changes_nothing(self):
        self.fill(300)
        self.configure(query=', query: "priority!=9^ORDERBYDESCnumber^EQ"')
        self.run_program("once")
        self.assert_complete()

    def test_a_query_may_name_a_field_twice(self):
        self.fill(300)
        rows = self.sn.tables["incident"]
        self.configure(query=', query: "priority=1^ORpriority=2^sys_idISNOTEMPTY^sys_id!=none"')
        self.assertIn("every source answers", self.run_program("check", "--online").stdout)
        self.run_program("once")
        self.sn.visible = lambda table: {i: row for i, row in rows.items() if row["priority"] in "12"}
        self.assert_complete()

    def test_a_refused_login_is_tried_once(self):
        self.fill(20, burst=0)
        self.sn.password = "changed"
        self.assertIn("login is refused", self.run_program("once", expect=3).stderr)
        self.assertEqual(len(self.sn.journal.requests), 1)

    def test_several_streams_try_a_refused_login_once(self):
        """They start together: the first request goes alone until the login is known to be good."""
        self.fill(20, burst=0)
        config = self.folder / "baselined.yaml"
        config.write_text(config.read_text(encoding="utf-8") + "".join(
            f"      {name}: {{ table: incident, mapping: servicenow/incident }}\n" for name in ("one", "two", "three", "four", "five")), encoding="utf-8")
        self.sn.password = "changed"
        self.sn.on_request = lambda sn: time.sleep(0.2)  # the others would come meanwhile
        for command in (("once",), ("check", "--online")):
            before = len(self.sn.journal.requests)
            self.assertIn("login is refused", self.run_program(*command, expect=3).stderr)
            self.assertEqual(len(self.sn.journal.requests) - before, 1)
        self.sn.password = "secret"
        self.run_program("once")


class Fields(Instance):
    """A right to read a field that lacks, and comes later: the figures are then those of an account that always had it."""

    def setUp(self):
        super().setUp()
        self.fill(400, burst=150)
        for row in self.sn.tables["incident"].values():
            row["category"] = self.rng.choice(["network", "mail", "disk", "password", "printer"])

    def series(self):
        """What the fields make: recurrences by service and category, and the volume of a service."""
        asked = (["--indicator", "incident_recurrence_rate"], ["--indicator", "incident_volume", "--where", "service=vpn"])
        return [json.loads(self.run_program("series", *arguments, "--json").stdout)["periods"] for arguments in asked]

    def always_allowed(self):
        """The figures of another store, filled by an account that may read everything."""
        store, aside = self.folder / "store.db", self.folder / "aside"
        aside.mkdir()
        for path in self.folder.glob("store.db*"):
            path.rename(aside / path.name)
        self.run_program("once")
        figures = self.series()
        for path in self.folder.glob("store.db*"):
            path.unlink()
        for path in aside.iterdir():
            path.rename(store.parent / path.name)
        aside.rmdir()
        return figures

    def rows_served(self, expect=0):
        """By one `once`: an instance at rest is asked for few. The rest of what it said is in self.said."""
        shown = []
        real = self.sn.table

        def table(name, query):
            status, headers, body = real(name, query)
            shown.append(len(body["result"]) if isinstance(body, dict) and "result" in body else 0)
            return status, headers, body
        self.sn.table = table
        try:
            self.said = self.run_program("once", expect=expect).stderr
        finally:
            self.sn.table = real
        return sum(shown)

    def assert_healed(self):
        self.sn.hidden_fields, self.sn.hidden_cells, self.sn.denies_queries = set(), set(), False
        self.assertGreater(self.rows_served(), 550, "the table is read again")
        self.assertEqual(self.said, "")
        self.assertEqual(self.series(), self.always_allowed())
        self.assert_complete()
        self.assertLess(self.rows_served(), 300, "and that once")

    def test_a_field_given_later_fills_the_rows_read_without_it(self):
        self.sn.hidden_fields = {("incident", "category"), ("incident", "opened_at")}
        self.assertIn("the field category is not there", self.run_program("once", expect=3).stderr)
        self.assertLess(self.rows_served(expect=3), 300, "nothing is read again while it lacks")
        self.sn.hidden_fields = {("incident", "category")}
        self.assertGreater(self.rows_served(expect=3), 550)
        self.assertNotIn("opened_at", self.said)
        self.assertIn("the field category is not there", self.said)
        self.assert_healed()

    def test_a_field_taken_and_given_back(self):
        self.run_program("once")
        self.sn.hidden_fields = {("incident", "category")}
        now = int(time.time())
        for number in range(40):
            self.sn.put("incident", self.incident(7_000 + number, now - 600 + number, category="network", business_service="svc-vpn"))
        self.assertIn("the field category is not there", self.run_program("once", expect=3).stderr)
        self.assert_healed()

    def test_a_field_hidden_in_some_rows_is_said_and_given_later(self):
        for hidden in (3, 120):
            with self.subTest(rows=hidden):
                shutil.rmtree(self.folder / "store.db", ignore_errors=True)
                for path in self.folder.glob("store.db*"):
                    path.unlink()
                self.sn.hidden_cells = {(sys_id, "category") for sys_id in list(self.sn.tables["incident"])[:hidden]}
                self.assertIn("the field category is left out of some rows", self.run_program("once", expect=3).stderr)
                self.assertLess(self.rows_served(expect=3), 300)
                self.assertIn("the field category is left out of some rows", self.said, "as long as it is so")
                self.assert_healed()

    def test_a_name_hidden_in_some_rows_is_said_and_given_later(self):
        """Its reference is shown: the id would stand for the name."""
        walked = "business_service.name"
        of_vpn = [i for i, row in self.sn.tables["incident"].items() if row["business_service"] == "svc-vpn"]
        for sys_id in list(self.sn.tables["incident"])[:20]:
            self.sn.put("incident", {"sys_id": sys_id, "business_service": ""})
        for omits in (False, True):
            for path in self.folder.glob("store.db*"):
                path.unlink()
            self.sn.omits_walks = omits
            self.sn.hidden_cells = {(sys_id, walked) for sys_id in of_vpn}
            for _ in range(2):
                self.rows_served(expect=3)
                self.assertEqual(self.said, f"acme/incident: table incident: the field {walked} is left out of some rows: the account may not read it there\n")
            self.assertIsNone(self.baseline()[0]["frozen_at"])
            self.assert_healed()
        # Where the reference is empty there is no name to hide.
        self.sn.hidden_cells = {(sys_id, walked) for sys_id, row in self.sn.tables["incident"].items() if not row["business_service"]}
        for path in self.folder.glob("store.db*"):
            path.unlink()
        self.assertEqual(self.run_program("once").stderr, "")

    def test_a_field_that_some_rows_show_is_no_reason_to_read_again_and_again(self):
        """Shown once an incident is closed: rows come to show it because they change, not the rights."""
        self.sn.hidden_cells = {(i, "category") for i, row in self.sn.tables["incident"].items() if row["state"] != "7"}
        self.run_program("once", expect=3)
        now = int(time.time())
        for turn in range(4):
            for sys_id in [i for i, _ in list(self.sn.hidden_cells)[:12]]:
                self.sn.put("incident", {"sys_id": sys_id, "state": "7", "sys_updated_on": stamp(now - 500 + 20 * turn)})
                self.sn.hidden_cells.discard((sys_id, "category"))
            for number in range(12):
                row = self.incident(8_000 + 20 * turn + number, now - 490 + 20 * turn, state="1")
                self.sn.hidden_cells.add((row["sys_id"], "category"))
                self.sn.put("incident", row)
            self.assertLess(self.rows_served(expect=3), 400)
        self.assert_healed()

    def test_the_last_rows_that_lacked_a_field_change(self):
        """Those that lacked it came again with it: all is well, and nothing is to be read again."""
        lacking = list(self.sn.tables["incident"])[:3]
        self.sn.hidden_cells = {(sys_id, "category") for sys_id in lacking}
        self.run_program("once", expect=3)
        self.sn.hidden_cells = set()
        self.sn.put("incident", {"sys_id": lacking[0], "sys_updated_on": stamp(int(time.time()) - 60)})
        self.sn.put("incident", {"sys_id": lacking[1], "sys_updated_on": stamp(int(time.time()) - 60)})
        self.sn.delete("incident", lacking[2])
        self.assertLess(self.rows_served(), 300)
        self.assertEqual(self.said, "")
        self.assertEqual(self.series(), self.always_allowed())

    def test_broken_off_while_the_table_is_read_again(self):
        self.sn.hidden_fields = {("incident", "category")}
        self.run_program("once", expect=3)
        self.sn.hidden_fields = set()
        seen = []

        def break_off(sn):
            seen.append(1)
            if len(seen) > 9:
                sn.password = "changed"
        self.sn.on_request = break_off
        self.run_program("once", expect=3)
        self.sn.on_request, self.sn.password = None, "secret"
        self.run_program("once")
        self.assertEqual(self.series(), self.always_allowed())

    def test_alternatives_are_fields_of_the_mapping_too(self):
        for hidden, said in (({"business_service.name"}, {"business_service.name"}), ({"cmdb_ci.name", "cmdb_ci"}, {"cmdb_ci.name", "cmdb_ci"}),
                             ({"business_service.name", "business_service"}, {"business_service.name", "business_service"})):
            for denies in (False, True):
                with self.subTest(hidden=hidden, denies=denies):
                    for path in self.folder.glob("store.db*"):
                        path.unlink()
                    self.sn.references[("incident", "cmdb_ci")] = "cmdb_ci"
                    self.sn.hidden_fields, self.sn.denies_queries = {("incident", field) for field in hidden}, denies
                    for command in (("once",), ("check", "--online")):
                        told = self.run_program(*command, expect=3).stderr
                        for field in said:
                            self.assertIn(f"the field {field} is not there", told)
                    self.assert_healed()

    DESCRIBING = {"assigned_to.name": "owner", "assigned_to": "owner", "short_description": "title", "parent_incident": "parent"}

    def test_what_no_figure_needs_is_said_and_fails_nothing(self):
        for row in self.sn.tables["incident"].values():
            del row["problem_id"]  # no such field on this instance
        for denies in (False, True):
            self.sn.denies_queries = denies
            self.sn.hidden_fields = {("incident", field) for field in self.DESCRIBING}
            told = "".join(f"warning: acme/incident: table incident: the field {field} is not there, or the account may not read it\n" for field in sorted(self.DESCRIBING))
            self.assertEqual(self.run_program("check", "--online").stderr, told)
            self.assertEqual(self.run_program("once").stderr, told.replace("\nwarning: acme/incident: ", "; "))
            (source,) = json.loads(self.run_program("sources", "--json").stdout)["sources"]
            self.assertEqual((source["state"], source["error"]), ("ok", None))
            self.assertEqual(source["streams"][0]["warning"], told.replace("\nwarning: acme/incident: ", "; ")[len("warning: acme/incident: "):-1])
            self.assertIn("    warning: table incident: the field assigned_to is not there", self.run_program("sources").stdout)
            self.assert_frozen()
        self.sn.hidden_fields = set()
        self.assertEqual(self.run_program("once").stderr, "")
        self.assertNotIn("warning", self.run_program("sources").stdout)
        self.sn.hidden_cells = {(sys_id, "short_description") for sys_id in list(self.sn.tables["incident"])[:9]}
        for path in self.folder.glob("store.db*"):
            path.unlink()
        self.assertIn("warning: acme/incident: table incident: the field short_description is left out of some rows", self.run_program("once").stderr)

    def test_what_a_measure_looks_at_is_needed(self):
        """The owner, the title, the problem, the parent: figures are made of them where a measure says so."""
        rows = self.sn.tables["incident"]
        for number, row in enumerate(rows.values()):
            row.update(problem_id="prb1" if number % 3 else "", parent_incident="inc1" if number % 4 else "")
        for field, scope, fits in (("short_description", 'title: { matches: "No 1" }', lambda row: row["short_description"].startswith("No 1")),
                                   ("problem_id", "problem: { empty: false }", lambda row: row["problem_id"]),
                                   ("parent_incident", "parent: { empty: true }", lambda row: not row["parent_incident"])):
            for hides in ("all", "some"):
                with self.subTest(field=field, hides=hides):
                    for path in self.folder.glob("store.db*"):
                        path.unlink()
                    (self.folder / "measures.yaml").write_text(f"measures:\n  - {{ id: M, indicator: incident_volume, where: {{ {scope} }}, "
                                                               "baseline: { from: 2026-01-01, to: 2026-03-31 }, target: { change: -20%, from: 2026-04-01, by: 2026-12-31 } }\n", encoding="utf-8")
                    if hides == "all":
                        self.sn.hidden_fields = {("incident", field)}
                        self.assert_open(f"the field {field} is not there, or the account may not read it")
                    else:
                        self.sn.hidden_cells = {(sys_id, field) for sys_id in list(rows)[:60]}
                        self.assert_open(f"the field {field} is left out of some rows")
                    self.sn.hidden_fields, self.sn.hidden_cells = set(), set()
                    self.assertEqual(self.run_program("once").stderr, "")
                    baseline, open_for = self.baseline()
                    self.assertIsNotNone(baseline["frozen_at"])
                    self.assertEqual(open_for, [])
                    self.assertAlmostEqual(baseline["value"], sum(1 for row in rows.values() if row["opened_at"][:7] in ("2026-01", "2026-02", "2026-03") and fits(row)) / 3)

    def map_with(self, service):
        """A mapping of one's own, as the contract shows it: names alone."""
        (self.folder / "own.yaml").write_text("kind: incident\nid: sys_id\nnumber: number\nupdated_at: sys_updated_on\nfields:\n"
                                              f"  opened_at: opened_at\n  category: category\n  service: {service}\n", encoding="utf-8")
        config = self.folder / "baselined.yaml"
        config.write_text(config.read_text(encoding="utf-8").replace("servicenow/incident", "own.yaml"), encoding="utf-8")

    def test_a_name_whose_reference_no_mapping_reads(self):
        self.sn.references[("incident", "cmdb_ci")] = "cmdb_ci"
        for number in range(1, 10):
            self.sn.put("cmdb_ci", {"sys_id": f"ci{number}", "name": f"host {number}", "sys_updated_on": stamp(START)})
        rows = list(self.sn.tables["incident"])
        for sys_id in rows[:30]:
            self.sn.put("incident", {"sys_id": sys_id, "business_service": ""})
        for service, omits in (("business_service.name", False), ("[business_service.name, cmdb_ci.name]", True)):
            self.map_with(service)
            self.sn.omits_walks = omits
            for hidden in ("cells", "field", "reference"):
                with self.subTest(service=service, omits=omits, hidden=hidden):
                    for path in self.folder.glob("store.db*"):
                        path.unlink()
                    if hidden == "cells":
                        self.sn.hidden_cells = {(sys_id, "business_service.name") for sys_id in rows[100:110]}
                        self.assert_open("the field business_service.name is left out of some rows")
                    else:
                        self.sn.hidden_fields = {("incident", "business_service.name")} | ({("incident", "business_service")} if hidden == "reference" else set())
                        self.assert_open("the field business_service.name is not there, or the account may not read it")
                    self.assert_healed()

    def baseline(self):
        (measure,) = json.loads(self.run_program("status", "--json").stdout)["measures"]
        return measure["baseline"], [reason["text"] for reason in measure["reasons"] if reason["code"] == "baseline_open"]

    def assert_open(self, why):
        for _ in range(2):
            self.run_program("once", expect=3)
            baseline, open_for = self.baseline()
            self.assertIsNone(baseline["frozen_at"])
            self.assertIn(f"acme/incident: table incident: {why}", open_for[0])

    def assert_frozen(self):
        baseline, open_for = self.baseline()
        self.assertIsNotNone(baseline["frozen_at"])
        self.assertEqual(open_for, [])
        january_to_march = [row for row in self.sn.tables["incident"].values() if "2026-01" <= row["opened_at"][:7] <= "2026-03"]
        self.assertAlmostEqual(baseline["value"], len(january_to_march) / 3)

    def test_a_baseline_waits_for_the_fields_of_its_streams(self):
        self.sn.hidden_fields = {("incident", "opened_at")}
        self.assert_open("the field opened_at is not there, or the account may not read it")
        self.sn.hidden_fields = set()
        self.run_program("once")
        self.assert_frozen()

    def test_a_baseline_waits_for_hidden_rows(self):
        self.sn.hidden_ids = set(list(self.sn.tables["incident"])[:20])
        self.assert_open("access rules hide rows from the account")
        self.sn.hidden_ids = set()
        self.configure(reconcile="1s")
        time.sleep(1.1)
        self.run_program("once")
        self.assert_frozen()


class Late(Instance):
    def test_what_is_committed_hours_late_is_found_by_comparing(self):
        """An update and a new row of two hours ago, after the overlap has passed; and a deletion that was undone."""
        self.fill(300)
        self.run_program("once")
        ids = list(self.sn.tables["incident"])
        late = int(time.time()) - 7_200
        self.sn.put("incident", {"sys_id": ids[5], "state": "7", "sys_updated_on": stamp(late), "sys_mod_count": "9"})
        self.sn.put("incident", self.incident(88_001, late))
        # The cursor is newer than they are.
        self.sn.put("incident", {"sys_id": ids[6], "sys_updated_on": stamp(time.time() - 5)})
        time.sleep(6)
        self.run_program("once")
        self.configure(reconcile="1s")
        time.sleep(1.1)
        self.run_program("once")
        self.assert_complete()


    def test_a_row_whose_update_went_back_is_as_it_is_now(self):
        """Restored by an import, or by a script that sets system fields: earlier than before, earlier than `since`, and both at once."""
        def compare():
            time.sleep(1.1)
            before = len(self.sn.journal.requests)
            self.run_program("once")
            return len(self.sn.journal.requests) - before
        self.fill(300, burst=0)
        ids = list(self.sn.tables["incident"])
        self.configure(reconcile="1s")
        self.run_program("once")
        asked = compare()
        for number, (sys_id, day) in enumerate(((ids[200], START + 86_400), (ids[201], START - 86_400 * 9), (ids[202], START + 1))):
            self.sn.put("incident", {"sys_id": sys_id, "sys_updated_on": stamp(day), "opened_at": f"2024-0{number + 1}-05 08:00:00", "category": "restored"})
        self.assertGreater(compare(), asked)
        self.assert_complete()
        self.assertEqual(compare(), asked, "what is stored as it is there is not asked for again")
        self.assert_complete()
        self.sn.put("incident", {"sys_id": ids[200], "sys_updated_on": stamp(time.time() - 60), "opened_at": "2025-07-05 08:00:00"})
        self.run_program("once")
        self.assert_complete()
        (self.folder / "own.yaml").write_text("kind: incident\nid: sys_id\nupdated_at: { from: sys_updated_on, as: timestamp }\n"
                                              "fields: { opened_at: { from: opened_at, as: timestamp }, state: { value: new } }\n", encoding="utf-8")
        main = self.folder / "baselined.yaml"
        main.write_text(main.read_text(encoding="utf-8").replace("servicenow/incident", "own.yaml"), encoding="utf-8")
        self.run_program("once")
        self.assert_complete()

    def test_a_later_since_is_no_loss(self):
        """Rows from before it stay, and are not taken for lost: the comparison has nothing to say of them."""
        self.fill(600, burst=100)  # most of them before the later day
        self.run_program("once")
        all_rows = self.stored()
        text = (self.folder / "baselined.yaml").read_text(encoding="utf-8")
        self.assertIn("since: 2025-12-31", text)
        (self.folder / "baselined.yaml").write_text(text.replace("since: 2025-12-31", "since: 2026-01-20").replace("reconcile: 24h", "reconcile: 1s"), encoding="utf-8")
        gone = max(all_rows, key=lambda i: (all_rows[i], i))
        self.sn.delete("incident", gone, audited=False)
        time.sleep(1.1)
        self.run_program("once")
        del all_rows[gone]
        self.assertEqual(self.stored(), all_rows)
        self.assertNotIn("cannot be seen", self.run_program("sources").stdout)


class Tokens(Instance):
    AUTH = "{ oauth2: { grant: client_credentials, client_id: baselined, client_secret: client-secret } }"

    def test_tokens_run_out_in_the_middle(self):
        self.fill(900)
        self.sn.token_seconds = 0.05
        self.configure(page_size=100, auth=self.AUTH.replace("client_credentials", "password").replace("client-secret", "client-secret, user: reader, password: secret"))

        def expire(sn):
            if len(sn.journal.requests) % 7 == 0:
                sn.tokens.clear()
        self.sn.token_seconds, self.sn.on_request = 1800, expire
        self.run_program("once")
        self.assert_complete()

    def test_a_token_that_is_revoked_twice_in_a_row_is_no_refused_login(self):
        self.fill(300)
        self.configure(auth=self.AUTH)
        asked = []

        def revoke(sn):
            if "/table/incident" in sn.journal.requests[-1][1]:
                asked.append(sn)
                if len(asked) in (1, 2, 5, 6):
                    sn.tokens.clear()
        self.sn.on_request = revoke
        self.run_program("once")
        self.assert_complete()

    def test_an_account_that_no_token_helps_is_not_hammered(self):
        self.fill(5, burst=0)
        self.configure(auth=self.AUTH)
        self.sn.on_request = lambda sn: sn.tokens.clear()
        self.assertIn("login is refused (401)", self.run_program("once", expect=3).stderr)
        self.assertLessEqual(len(self.sn.token_requests), 3)
        self.assertLessEqual(len(self.sn.journal.requests), 6)
        config = self.folder / "baselined.yaml"
        config.write_text(config.read_text(encoding="utf-8") + "".join(
            f"      {name}: {{ table: incident, mapping: servicenow/incident }}\n" for name in ("one", "two", "three", "four", "five")), encoding="utf-8")
        before = len(self.sn.token_requests), len(self.sn.journal.requests)
        told = self.run_program("once", expect=3).stderr
        self.assertEqual(told.count(f": {self.sn.url}: the login is refused (401)\n"), 6, told)
        self.assertLessEqual(len(self.sn.token_requests) - before[0], 3, "however many streams there are")
        self.assertLessEqual(len(self.sn.journal.requests) - before[1], 6)

    def test_whoever_says_that_the_limit_is_used_up_is_heard(self):
        """Said with a token, and with the refusal of one that has run out."""
        self.fill(300)
        self.sn.busy_s = 2
        self.configure(auth=self.AUTH)
        self.sn.fail("spent-unix", 1, lambda method, path: "oauth_token" in path)
        self.run_program("once")
        self.sn.tokens.clear()
        self.sn.fail("spent-after", 1, lambda method, path: "/table/" in path)
        self.run_program("once")
        self.assertTrue(all(fault[2] == 0 for fault in self.sn.faults), "every fault was met")
        self.assert_complete()

    def test_a_token_endpoint_that_is_busy_is_no_refusal(self):
        self.fill(20, burst=0)
        self.configure(auth=self.AUTH)
        for kind in ("html", "429", "503-html", "429-reset"):
            self.sn.fail(kind, 1, lambda method, path: "oauth_token" in path)
        self.run_program("once")
        self.assertTrue(all(fault[2] == 0 for fault in self.sn.faults), "every fault was met")
        self.assert_complete()

    def test_a_refused_client_is_not_hammered(self):
        self.fill(5, burst=0)
        self.configure(auth=self.AUTH.replace("client-secret", "wrong"))
        done = self.run_program("once", expect=3)
        self.assertIn("access_denied", done.stderr)
        self.assertNotIn("wrong", done.stderr)
        self.assertEqual(len(self.sn.token_requests), 1)


class Killed(Instance):
    def test_killed_at_any_moment_it_goes_on_where_it_stood(self):
        self.fill(1500)
        for turn in range(12):
            process = subprocess.Popen([PROGRAM, "once", "--config", str(self.folder / "baselined.yaml")], stderr=subprocess.DEVNULL)
            time.sleep(0.05 + 0.06 * turn)
            process.send_signal(signal.SIGKILL)
            process.wait()
        self.run_program("once")
        self.assert_complete()


class Storms(Rounds, unittest.TestCase):
    """What is left of it is nothing. ROWS=100000 for an instance of that many incidents; SEED=N repeats what failed."""
    rounds = 1

    def one_round(self, seed):
        instance, count = ServiceNow(), int(os.environ.get("ROWS", 1500))
        storm = Storm(instance, seed, count)
        if count >= 10_000:  # threads of one interpreter: a request may wait for long before it is noticed
            instance.busy_s, instance.journal.on_its_way_s = 3, 1.5
        ahead = storm.rng.choice((0, 0, -7200, 5400))  # the instance's clock is hours off
        instance.clock = lambda: time.time() + ahead
        for turn in range(4):
            storm.trouble(turn)
            self.configure(instance, count, "24h" if turn < 2 else "1s")
            self.once()
        storm.calm()
        time.sleep(2.1)
        self.configure(instance, count, "1s")
        for _ in range(2):
            done = self.once()
            time.sleep(1.1)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.compare(instance, storm)
        instance.stop()

    def configure(self, instance, count, reconcile):
        streams = "".join(f"      {table}: {{ mapping: servicenow/{mapping} }}\n" for table, mapping in (("incident", "incident"), ("problem", "problem"), ("change_request", "change"), ("task_sla", "sla")))
        (self.folder / "baselined.yaml").write_text(f"store: store.db\nsources:\n  acme:\n    type: servicenow\n    url: {instance.url}\n    auth: {{ oauth2: {{ grant: client_credentials, client_id: b, client_secret: client-secret }} }}\n"
                                                    f"    since: 2020-01-01\n    page_size: {100 if count < 10_000 else 5_000}\n    reconcile: {reconcile}\n    give_up: 20s\n    streams:\n{streams}", encoding="utf-8")

    def once(self, *arguments):
        return subprocess.run([PROGRAM, *(arguments or ("once",)), "--config", str(self.folder / "baselined.yaml")], capture_output=True, text=True, check=False, timeout=1800)

    def compare(self, instance, storm):
        with sqlite3.connect(f"file:{self.folder}/store.db?mode=ro", uri=True) as database:
            for kind, table in enumerate(("incident", "problem", "change_request", "task_sla")):
                expected = {i: int(dt.datetime.strptime(r["sys_updated_on"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp()) * 1000 for i, r in instance.visible(table).items()}
                stored = dict(database.execute("SELECT CASE typeof(key) WHEN 'blob' THEN lower(hex(key)) ELSE key END, version FROM source_row WHERE stream = (SELECT id FROM stream WHERE name = ?)", (table,)))
                wrong = [(i, stored.get(i), expected.get(i)) for i in stored.keys() | expected.keys() if stored.get(i) != expected.get(i)]
                self.assertEqual(wrong[:5], [], f"{table}: {len(wrong)} of {len(expected)}")
                if kind < 3:
                    self.assertEqual(database.execute("SELECT count(*), count(DISTINCT key) FROM record WHERE kind = ?", (kind,)).fetchone(), (len(expected), len(expected)), table)
        self.assertEqual(instance.journal.violations, [])
        self.assertLessEqual(instance.journal.most_in_flight, 4)
        self.compare_figures(storm.indicators(dt.timezone.utc), lambda indicator: self.once("series", "--indicator", *indicator.split(), "--json").stdout)


if __name__ == "__main__":
    unittest.main()
