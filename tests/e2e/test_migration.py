#!/usr/bin/python3
"""A store that an earlier program wrote is brought up to date and loses nothing."""
import collections
import csv
import datetime as dt
import gzip
import json
import os
import pathlib
import random
import shutil
import sqlite3
import subprocess
import tempfile
import unittest
import zoneinfo

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("BASELINED", str(ROOT / "build" / "dev" / "baselined"))
WRITTEN_AT = "2026-08-20T08:00:00Z"
COLUMNS = "number opened resolved updated service ci state".split()
MAPPING = """kind: incident
id: number
number: number
updated_at: updated
fields: { opened_at: opened, resolved_at: resolved, service: service, ci: ci, category: service, state: { from: state, map: { Closed: closed } } }
"""
FILES = {"incidents.yaml": MAPPING, "measures.yaml": """measures:
  - id: VPN
    name: Fewer recurring VPN incidents
    indicator: incident_recurrence_rate
    where: { service: vpn }
    baseline: { from: 2025-02-01, to: 2025-12-31 }
    target: { change: -30%, from: 2026-01-01, by: 2026-12-31 }
    unit_value: { amount: 85, currency: EUR }
""", "baselined.yaml": """timezone: Europe/Berlin
store: baselined.db
measures: [measures.yaml]
sources:
  exports: { type: files, path: inbox, streams: { incidents: { match: "*.csv", mapping: incidents.yaml } } }
"""}


def rows():
    rng = random.Random(5)
    for number in range(1, 401):
        opened = dt.datetime(2025, 1, 3) + dt.timedelta(hours=rng.randint(0, 24 * 580))
        closed = opened + dt.timedelta(hours=rng.randint(1, 90))
        yield [f"INC{number}", opened, closed, closed, rng.choice(["vpn", "mail"]), f"ci{rng.randint(1, 6)}", "Closed"]


def volumes(rows):
    """Incidents by month."""
    return dict(collections.Counter(row[1].replace(tzinfo=dt.timezone.utc).astimezone(zoneinfo.ZoneInfo("Europe/Berlin")).strftime("%Y-%m") for row in rows))


class Migration(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="baselined-migration-"))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "inbox").mkdir()
        for name, text in FILES.items():
            (self.folder / name).write_text(text, encoding="utf-8")
        with sqlite3.connect(self.folder / "baselined.db") as database:
            database.executescript(gzip.decompress((ROOT / "tests/golden/stores/shape-1.sql.gz").read_bytes()).decode())
        database.close()
        # Only this is still in the folder: all else the store must know.
        with open(self.folder / "inbox" / "later.csv", "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([COLUMNS, ["INC401", "2026-08-19 10:00:00", "", "2026-08-19 10:00:00", "vpn", "ci1", "Closed"]])

    def run_program(self, *arguments, expect=0):
        done = subprocess.run([PROGRAM, arguments[0], "--config", str(self.folder / "baselined.yaml"), "--now", WRITTEN_AT, *arguments[1:]], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done

    def volume(self, *where):
        periods = json.loads(self.run_program("series", "--indicator", "incident_volume", *where, "--json").stdout)["periods"]
        return {p["period"]: p["value"] for p in periods if p["value"]}

    def expected(self, matches):
        counts = collections.Counter(volumes(row for row in rows() if matches(row)))
        counts["2026-08"] += 1
        return dict(counts)

    def test_it_is_brought_up_to_date_with_all_that_it_knew(self):
        self.assertIn("run `baselined once`", self.run_program("status", expect=1).stderr)
        self.run_program("once")
        self.assertEqual(self.volume(), self.expected(lambda row: True))
        measure = json.loads(self.run_program("status", "--json").stdout)["measures"][0]
        self.assertEqual(measure["baseline"]["frozen_at"], WRITTEN_AT)
        self.assertEqual(measure["potential_status"], "weakening", "as the program said that wrote it; not a changed definition")
        with sqlite3.connect(self.folder / "baselined.db") as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        database.close()

    def test_its_raw_rows_are_mapped_anew(self):
        self.run_program("once")
        (self.folder / "incidents.yaml").write_text(MAPPING.replace("fields: {", "fields: { x_machine: ci,"), encoding="utf-8")
        self.run_program("once")
        self.assertEqual(self.volume("--where", "x_machine=ci1"), self.expected(lambda row: row[5] == "ci1"))


SHORT_MAPPINGS = {
    "incidents.yaml": "kind: incident\nid: number\nnumber: number\nfields: { opened_at: opened, service: service, state: { value: closed } }\n",
    "problems.yaml": "kind: problem\nid: number\nnumber: number\nfields: { opened_at: opened }\n",
    "measures.yaml": "measures:\n  - { id: VPN, name: VPN, indicator: incident_volume, where: { service: vpn }, "
                     "baseline: { from: 2026-01-01, to: 2026-03-31 }, target: { change: -30%, from: 2026-04-01, by: 2026-12-31 } }\n",
    "baselined.yaml": """timezone: UTC
store: baselined.db
measures: [measures.yaml]
sources:
  a: { type: files, path: a, streams: { incident: { match: "inc.csv", mapping: incidents.yaml }, problem: { match: "prb.csv", mapping: problems.yaml } } }
  b: { type: files, path: b, streams: { incident: { match: "inc.csv", mapping: incidents.yaml } } }
"""}
SHORT_IDS = {"a/inc.csv": range(20000, 20100), "a/prb.csv": range(30000, 30100), "b/inc.csv": range(23000, 23100)}


class ShortIds(unittest.TestCase):
    """Ids of a few characters, as spreadsheets and Jira have them, in two sources and kinds."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="baselined-migration-"))
        self.addCleanup(shutil.rmtree, self.folder)
        for name, text in SHORT_MAPPINGS.items():
            (self.folder / name).write_text(text, encoding="utf-8")
        for name, numbers in SHORT_IDS.items():
            (self.folder / name).parent.mkdir(exist_ok=True)
            with open(self.folder / name, "w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([["number", "opened", "service"], *([n, f"2026-0{1 + n % 7}-1{n % 9} 10:00:00", "vpn"] for n in numbers)])

    def run_program(self, *arguments):
        return subprocess.run([PROGRAM, arguments[0], "--config", str(self.folder / "baselined.yaml"), *arguments[1:]], capture_output=True, text=True, check=True).stdout

    def assert_nothing_is_lost(self):
        self.run_program("once", "--now", WRITTEN_AT)
        streams = [stream for source in json.loads(self.run_program("sources", "--json"))["sources"] for stream in source["streams"]]
        self.assertEqual([stream["records"] for stream in streams], [100, 100, 100])
        periods = json.loads(self.run_program("series", "--indicator", "incident_volume", "--json", "--now", WRITTEN_AT))["periods"]
        expected = collections.Counter(f"2026-0{1 + n % 7}" for name in ("a/inc.csv", "b/inc.csv") for n in SHORT_IDS[name])
        self.assertEqual({p["period"]: p["value"] for p in periods if p["value"]}, dict(expected))

    def test_none_meets_another(self):
        self.assert_nothing_is_lost()

    def test_what_an_earlier_program_lost_is_made_of_its_rows(self):
        with sqlite3.connect(self.folder / "baselined.db") as database:
            database.executescript(gzip.decompress((ROOT / "tests/golden/stores/shape-8-short-ids.sql.gz").read_bytes()).decode())
            self.assertEqual(database.execute("SELECT count(*) FROM record").fetchall(), [(200,)])
        database.close()
        self.assert_nothing_is_lost()


class Webhooks(unittest.TestCase):
    """A webhook that had answered 410, and servers that quoted a webhook's address and a login."""

    def test_what_was_kept_in_clear_is_kept_no_more(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="baselined-migration-"))
        self.addCleanup(shutil.rmtree, folder)
        (folder / "inbox").mkdir()
        (folder / "baselined.yaml").write_text("""store: baselined.db
sources: { exports: { type: files, path: inbox, streams: {} } }
alerts:
  from: baselined@example.com
  webhooks:
    gone: { url: "http://127.0.0.1:1/hook/SECRETPATH" }
    other: { url: "http://127.0.0.1:1/hook/ANOTHERKEY" }
""", encoding="utf-8")
        with sqlite3.connect(folder / "baselined.db") as database:
            database.executescript(gzip.decompress((ROOT / "tests/golden/stores/shape-11-webhooks.sql.gz").read_bytes()).decode())
        database.close()

        def run_program(*arguments):
            return subprocess.run([PROGRAM, *arguments, "--config", str(folder / "baselined.yaml"), "--now", WRITTEN_AT], capture_output=True, text=True, check=True).stdout
        run_program("once")
        told = run_program("alerts")
        self.assertRegex(told, "The webhook gone is disabled since .*: answered 410\n", "the address is still known to be the same")
        self.assertNotIn("webhook other", told)
        self.assertEqual([alert["last_error"] for alert in json.loads(run_program("alerts", "--json"))["alerts"]],
                         ["answered 404", "the webhook is disabled: answered 410", "the mail server wants another login", "550 nobody"])
        for file in folder.glob("baselined.db*"):
            for secret in (b"SECRETPATH", b"ANOTHERKEY", b"PASSWORD"):
                self.assertNotIn(secret, file.read_bytes())


if __name__ == "__main__":
    unittest.main()
