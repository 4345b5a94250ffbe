#!/usr/bin/python3
"""The daemon over its life: polls, changes, outages, reloads, kills."""
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

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
sys.path.insert(0, str(ROOT / "tests" / "support"))
from daemon import Daemon  # noqa: E402
from test_servicenow import Instance, PROGRAM, START  # noqa: E402

EXPORTS = """  exports:
    type: files
    path: inbox
    poll: 300ms
    streams:
      changes: { match: "*.csv", mapping: changes.yaml }
"""


class Life(Instance):
    def setUp(self):
        super().setUp()
        self.configure(page_size=200, give_up="5s")
        main = self.folder / "baselined.yaml"
        (self.folder / "inbox").mkdir()
        (self.folder / "changes.yaml").write_text("kind: change\nid: id\nfields: { ended_at: ended, outcome: outcome }\n", encoding="utf-8")
        main.write_text(main.read_text(encoding="utf-8").replace("    since:", "    poll: 300ms\n    since:") + EXPORTS, encoding="utf-8")
        self.log = self.folder / "log"
        self.process = None
        self.log_file = open(self.log, "a", encoding="utf-8")
        self.addCleanup(self.log_file.close)

    def start(self):
        self.process = subprocess.Popen([PROGRAM, "run", "--config", str(self.folder / "baselined.yaml")], stderr=self.log_file)
        self.addCleanup(self.process.kill)
        self.wait_for(lambda: "ready" in self.told())

    def told(self):
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def stop(self):
        began = time.time()
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(timeout=20), 0, self.told())
        self.assertLess(time.time() - began, 8)

    def wait_for(self, holds, seconds=30):
        for _ in range(seconds * 20):
            if holds():
                return
            time.sleep(0.05)
        self.fail(f"has not come about within {seconds} s; the log:\n{self.told()}")

    def volume(self):
        done = subprocess.run([PROGRAM, "series", "--indicator", "incident_volume", "--json", "--config", str(self.folder / "baselined.yaml")], capture_output=True, text=True, check=False)
        return sum(p["value"] for p in json.loads(done.stdout)["periods"]) if done.returncode == 0 else 0

    def test_what_changes_reaches_the_figures_within_a_poll(self):
        self.fill(300, burst=0)
        self.start()
        self.wait_for(lambda: self.volume() == 300)
        self.sn.put("incident", self.incident(4001, int(time.time()) - 5))
        self.wait_for(lambda: self.volume() == 301)
        (self.folder / "inbox" / "a.csv").write_text("id,ended,outcome\nC1,2026-05-01 10:00:00,failed\n", encoding="utf-8")
        self.wait_for(lambda: "1 records" in self.run_program("sources").stdout)
        self.stop()
        self.assert_complete()

    def test_a_file_is_left_until_it_stands_still(self):
        self.start()
        path = self.folder / "inbox" / "grows.csv"
        with open(path, "w", encoding="utf-8") as file:
            file.write("id,ended,outcome\n")
            for number in range(20):
                file.write(f"C{number},2026-05-01 10:00:00,failed\n")
                file.flush()
                time.sleep(0.05)
                self.assertNotIn("records, 1 rejected", self.run_program("sources").stdout)
                file.write(f"D{number}")  # half a row
                file.flush()
                file.seek(file.tell() - len(f"D{number}"))
                file.truncate()
        self.wait_for(lambda: "20 records, 0 rejected" in self.run_program("sources").stdout)
        self.stop()

    def test_an_outage_is_told_once_and_ends(self):
        self.fill(50, burst=0)
        self.start()
        self.wait_for(lambda: self.volume() == 50)
        self.sn.password = "changed"
        self.wait_for(lambda: "login is refused" in self.told())
        asked = len(self.sn.journal.requests)
        time.sleep(2)
        self.assertEqual(len(self.sn.journal.requests), asked, "a refused login is not tried again")
        self.assertEqual(self.told().count("login is refused"), 1)
        self.sn.password = "secret"
        self.process.send_signal(signal.SIGHUP)
        self.wait_for(lambda: "is well again" in self.told() or self.told().count("read to its end") > 3)
        self.sn.put("incident", self.incident(4002, int(time.time()) - 5))
        self.wait_for(lambda: self.volume() == 51)
        self.stop()

    def test_reloading(self):
        self.fill(40, burst=0)
        self.start()
        self.wait_for(lambda: self.volume() == 40)
        main, measures = self.folder / "baselined.yaml", self.folder / "measures.yaml"
        good = main.read_text(encoding="utf-8")
        main.write_text(good.replace("type: servicenow", "type: servicenw"), encoding="utf-8")
        self.process.send_signal(signal.SIGHUP)
        self.wait_for(lambda: "the one before stays in force" in self.told())
        self.assertIn('did you mean "servicenow"', self.told())
        main.write_text(good, encoding="utf-8")
        measures.write_text(measures.read_text(encoding="utf-8") + measures.read_text(encoding="utf-8").split("\n", 1)[1].replace("id: M", "id: N").replace("incident_volume", "reopen_rate"), encoding="utf-8")
        for _ in range(5):
            self.process.send_signal(signal.SIGHUP)
            time.sleep(0.1)
        self.wait_for(lambda: "reloaded" in self.told())
        self.sn.put("incident", self.incident(4003, int(time.time()) - 5))
        self.wait_for(lambda: self.volume() == 41)
        self.stop()
        self.assertIn('"N"', self.run_program("status", "--json").stdout)

    def test_killed_while_it_reads(self):
        self.fill(900)
        rng = random.Random(8)
        for _ in range(10):
            self.start_quietly()
            time.sleep(rng.uniform(0.05, 0.6))
            self.process.kill()
            self.process.wait()
        self.start()
        self.wait_for(lambda: self.volume() == 1200)
        self.stop()
        self.assert_complete()
        with sqlite3.connect(f"{self.folder}/store.db") as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])

    def start_quietly(self):
        self.process = subprocess.Popen([PROGRAM, "run", "--config", str(self.folder / "baselined.yaml")], stderr=subprocess.DEVNULL)
        self.addCleanup(self.process.kill)


class Judging(unittest.TestCase):
    """An evaluation keeps what it derived from the records: each change must reach it all the same."""
    MAPPINGS = {"incident": "id: id\nfields: { opened_at: at }\n",
                "cost": "id: id\nfields: { at: at, amount: amount, currency: currency }\n",
                "action": "id: id\nfields: { measure: measure, opened_at: due, due_at: due, closed_at: closed }\n"}
    TERMS = "baseline: { from: 2025-01-01, to: 2025-12-31 }, target: { change: -20%, from: 2026-01-01, by: 2027-12-31 }"

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="baselined-judging-"))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "inbox").mkdir()
        for kind, columns in self.MAPPINGS.items():
            (self.folder / f"{kind}.yaml").write_text(f"kind: {kind}\n{columns}", encoding="utf-8")
        streams = "".join(f'      {kind}: {{ match: "{kind}.csv", mapping: {kind}.yaml }}\n' for kind in self.MAPPINGS)
        streams += '      more_incidents: { match: "more.csv", mapping: incident.yaml }\n'  # never read in the same instant
        (self.folder / "baselined.yaml").write_text(f"store: s.db\nmeasures: [measures.yaml]\nsources:\n  one:\n    type: files\n    path: inbox\n    poll: 300ms\n    streams:\n{streams}", encoding="utf-8")
        (self.folder / "measures.yaml").write_text(f"""measures:
  - {{ id: FEWER, indicator: incident_volume, {self.TERMS} }}
  - {{ id: ACTING, indicator: incident_volume, signals: {{ actions: {{ grace: 1d }} }}, {self.TERMS} }}
  - {{ id: STATED, indicator: incident_volume, baseline: {{ value: 600, n: 600 }}, target: {{ change: -20%, from: 2026-01-01, by: 2027-12-31 }} }}
  - {{ id: CHEAPER, indicator: support_cost, {self.TERMS} }}
""", encoding="utf-8")

    def write(self, kind, header, rows):
        path = self.folder / "inbox" / f"{kind}.csv"
        path.with_suffix(".new").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        path.with_suffix(".new").rename(path)

    def incidents(self, a_day_now):
        days = [dt.date(2025, 1, 1) + dt.timedelta(n) for n in range((dt.date.today() - dt.date(2025, 1, 1)).days)]
        self.write("incident", "id,at", [f"{day}-{n},{day}" for day in days for n in range(20 if day.year == 2025 else a_day_now)])

    def costs(self, last_currency):
        days = [dt.date(2025, 1, 1) + dt.timedelta(n) for n in range((dt.date.today() - dt.date(2025, 1, 1)).days)]
        self.write("cost", "id,at,amount,currency", [f"{day},{day},{(100 if day.year == 2025 else 70) + day.day % 5},{'EUR' if day != days[-1] else last_currency}" for day in days])

    def actions(self, closed):
        self.write("action", "id,measure,due,closed", [f"A1,ACTING,2026-02-01,{closed}"])

    def test_a_kept_figure_follows_every_change(self):
        self.incidents(15)
        self.write("more", "id,at", ["x,2024-12-31"])
        self.costs("EUR")
        self.actions("2026-01-20")
        daemon = Daemon(self.folder)
        self.addCleanup(daemon.close)

        def becomes(measure, status, since):
            daemon.wait_for(lambda: f"{measure}: its Potential Status is {status}" in daemon.told()[since:], 60)
            done = subprocess.run([PROGRAM, "status", measure, "--json", "--config", str(self.folder / "baselined.yaml")], capture_output=True, text=True, check=True)
            self.assertEqual(json.loads(done.stdout)["measures"][0]["potential_status"], status, "read anew")

        for measure in ("FEWER", "ACTING", "STATED", "CHEAPER"):
            becomes(measure, "on_track", 0)
        for change, measure, status in ((lambda: self.actions(""), "ACTING", "weakening"), (lambda: self.costs("USD"), "CHEAPER", "unknown"),
                                        (lambda: self.actions("2026-01-20"), "ACTING", "on_track"), (lambda: self.costs("EUR"), "CHEAPER", "on_track"),
                                        (lambda: self.incidents(20), "FEWER", "off_track")):
            before = len(daemon.told())
            change()
            becomes(measure, status, before)
        self.assertEqual(daemon.stop(), 0)


class Later(unittest.TestCase):
    """A measure, or a mapping, that comes by a reload: what is stored is looked at before anything is made of it."""
    MAPPING = "kind: incident\nid: number\nfields: { opened_at: opened, resolved_at: resolved, reopen_count: %s }\n"
    MEASURE = "  - {{ id: {}, indicator: {}, baseline: {{ from: 2025-01-01, to: 2025-12-31 }}, target: {{ change: -20%, from: 2026-01-01, by: 2027-12-31 }} }}\n"

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="baselined-later-"))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "inbox").mkdir()
        self.write("baselined.yaml", "store: s.db\nmeasures: [measures.yaml]\nsources: { x: { type: files, path: inbox, poll: 1h, streams: { i: { match: '*.csv', mapping: m.yaml } } } }\n")
        self.write("m.yaml", self.MAPPING % "reopened")
        self.write("measures.yaml", "measures:\n" + self.MEASURE.format("VOL", "incident_volume"))
        for year, reopened in ((2025, "2"), (2026, "nie")):
            rows = [f"{year}-{n},{year}-{1 + n % 6}-10 08:00:00,{year}-{1 + n % 6}-11 08:00:00,{reopened if n % 3 else 0}\n" for n in range(60)]
            self.write(f"inbox/{year}.csv", "number,opened,resolved,reopened\n" + "".join(rows))
            os.utime(self.folder / f"inbox/{year}.csv", (1, 1))  # stands still

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")

    def frozen(self):
        with sqlite3.connect(self.folder / "s.db") as database:
            return {name for (name,) in database.execute("SELECT measure FROM baseline")}

    def test_a_reload_invents_no_figure(self):
        daemon = Daemon(self.folder)
        self.addCleanup(daemon.close)
        daemon.wait_for(lambda: "read to its end" in daemon.told() and "VOL" in self.frozen())
        self.write("measures.yaml", "measures:\n" + self.MEASURE.format("VOL", "incident_volume") + self.MEASURE.format("REO", "reopen_rate"))
        daemon.send(signal.SIGHUP)
        daemon.wait_for(lambda: "REO: its Potential Status is" in daemon.told())
        self.assertEqual(self.frozen(), {"VOL"})
        told = subprocess.run([PROGRAM, "status", "REO", "--json", "--config", str(self.folder / "baselined.yaml")], capture_output=True, text=True, check=True)
        self.assertIn("values_misfit", told.stdout)
        self.write("m.yaml", self.MAPPING % "{ from: reopened, match: '(\\d|nie)', map: { nie: 0, '0': 0, '2': 2 } }")
        daemon.send(signal.SIGHUP)
        daemon.wait_for(lambda: "REO" in self.frozen())
        self.write("m.yaml", self.MAPPING % "{ from: reopened, match: '(vielleicht)' }")
        before = len(daemon.told())
        daemon.send(signal.SIGHUP)
        daemon.wait_for(lambda: "values do not fit `reopen_count`" in daemon.told()[before:])
        self.assertEqual(daemon.stop(), 0)


del Instance
if __name__ == "__main__":
    unittest.main()
