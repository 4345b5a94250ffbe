#!/usr/bin/python3
"""Baselines: what is frozen, and what never is."""
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("BASELINED", str(ROOT / "build" / "dev" / "baselined"))
CONFIG = """store: s.db
measures: [m.yaml]
indicators: [own.yaml]
sources:
  f:
    type: files
    path: inbox
    streams:
      incidents: { match: "incident*.csv", mapping: incident.yaml }
      changes: { match: "change*.csv", mapping: change.yaml }
"""
OWN = "indicators: { per_change: { title: Incidents a change, kind: incident, at: opened_at, ratio: { over: change_volume }, better: lower } }\n"
INCIDENT = "kind: incident\nid: number\nnumber: number\nfields: { service: service, opened_at: opened, resolved_at: resolved, reopen_count: reopened }\n"
CHANGE = "kind: change\nid: number\nnumber: number\nfields: { service: service, outcome: outcome, ended_at: ended }\n"
MEASURE = "  - {{ id: {id}, name: N, indicator: {indicator}{where}, baseline: {{ {baseline} }}, target: {{ change: {change}, from: 2026-01-01, by: 2026-12-31 }} }}\n"
WINDOW = "from: 2025-01-01, to: 2025-12-31"
INDICATORS = {"share": "reopen_rate", "mean": "mean_time_to_restore", "median": "median_time_to_restore",
              "count": "incident_volume", "backlog": "incident_backlog", "ratio": "per_change"}


class Baselines(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="baselined-baselines-"))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "inbox").mkdir()
        for name, text in (("baselined.yaml", CONFIG), ("own.yaml", OWN), ("incident.yaml", INCIDENT), ("change.yaml", CHANGE)):
            (self.folder / name).write_text(text, encoding="utf-8")

    def measure(self, indicators, where="", baseline=WINDOW, change="-30%"):
        (self.folder / "m.yaml").write_text("measures:\n" + "".join(
            MEASURE.format(id=id, indicator=indicator, where=where and f", where: {where}", baseline=baseline, change=change)
            for id, indicator in indicators.items()), encoding="utf-8")

    def put(self, months, service="vpn", name="incidents"):
        """Four incidents and two changes a month."""
        incidents, changes = "number,service,opened,resolved,reopened\n", "number,service,outcome,ended\n"
        for month in months:
            for day in range(1, 5):
                incidents += f"{name}-{month}-{day},{service},{month}-0{day} 08:00:00,{month}-0{day} 10:00:00,{day % 2}\n"
            for day in range(1, 3):
                changes += f"{name}-{month}-{day},{service},successful,{month}-0{day} 10:00:00\n"
        (self.folder / "inbox" / f"incident-{name}.csv").write_text(incidents, encoding="utf-8")
        (self.folder / "inbox" / f"change-{name}.csv").write_text(changes, encoding="utf-8")

    def run_program(self, *arguments, expect=0, now="2026-09-10T08:00:00Z"):
        done = subprocess.run([PROGRAM, *arguments, "--config", str(self.folder / "baselined.yaml"), "--now", now],
                              capture_output=True, check=False, cwd=self.folder, text=True)
        self.assertEqual(done.returncode, expect, done.stderr)
        return done

    def once(self, **options):
        return self.run_program("once", **options).stderr

    def status(self):
        measures = json.loads(self.run_program("status", "--json").stdout)["measures"]
        return {measure["id"]: measure for measure in measures}

    def reasons(self, id):
        return {reason["code"]: reason["text"] for reason in self.status()[id]["reasons"]}

    def assert_frozen_well(self, ids):
        for id in ids:
            with self.subTest(measure=id):
                measure = self.status()[id]
                self.assertIsNotNone(measure["baseline"]["frozen_at"], measure["reasons"])
                self.assertIsNotNone(measure["baseline"]["value"])
                self.assertFalse({"no_baseline", "baseline_open", "baseline_drift", "definition_changed"} & set(self.reasons(id)), measure["reasons"])


MONTHS = [f"{year}-{month:02}" for year in (2024, 2025, 2026) for month in range(1, 13)][:32]


class OfNothing(Baselines):
    def assert_open(self, *words):
        for id, measure in self.status().items():
            with self.subTest(measure=id):
                self.assertIsNone(measure["baseline"]["frozen_at"])
                self.assertEqual(measure["potential_status"], "unknown")
                self.assertNotIn("baseline_drift", self.reasons(id))
                said = self.reasons(id)["no_baseline"]
                for word in words:
                    self.assertIn(word, said)

    def test_a_scope_that_matches_nothing(self):
        self.put(MONTHS)
        self.measure(INDICATORS, where="{ service: VPN }")
        for _ in range(2):
            self.assertEqual(self.once(), "")
            self.assert_open("f/incidents", "service is VPN", "`where`")
        self.measure(INDICATORS, where="{ service: vpn }")
        self.once()
        self.assert_frozen_well(INDICATORS)

    def test_a_stream_that_brings_nothing_yet(self):
        self.put([])
        self.measure(INDICATORS)
        for _ in range(2):
            self.once()
            self.assert_open("f/incidents", "brought no record yet", "`baselined preview f incidents`")
        self.put(MONTHS)
        self.once()
        self.assert_frozen_well(INDICATORS)

    def test_a_window_before_the_data(self):
        self.put(MONTHS[24:])
        self.measure(INDICATORS)
        self.once()
        self.assert_open("2025-01-01 to 2025-12-31", "2026-01-01")
        self.put(MONTHS[12:])
        self.once()
        self.assert_frozen_well(INDICATORS)

    def test_a_stated_baseline_needs_no_records(self):
        self.put([])
        self.measure({"S": "reopen_rate"}, baseline="value: 0.3, n: 100")
        self.once()
        self.assertIsNotNone(self.status()["S"]["baseline"]["frozen_at"])

    def test_what_an_earlier_version_froze(self):
        self.put(MONTHS)
        self.measure(INDICATORS)
        self.once()
        for id, value in (("share", "null"), ("mean", "null"), ("median", "null"), ("ratio", "null"), ("count", "0"), ("backlog", "0")):
            self.freeze_as_before(id, value)
        told = self.once()
        for id in INDICATORS:
            self.assertIn(f"{id}: its baseline had been frozen without a record behind it", told)
        self.assert_frozen_well(INDICATORS)
        self.assertEqual(self.once(), "")

    def test_what_an_earlier_version_froze_of_another_scope(self):
        self.put(MONTHS)
        self.measure({"share": "reopen_rate"}, where="{ service: vpn }")
        self.once()
        self.freeze_as_before("share", "null", definition="another")
        self.assertIn("share: its baseline", self.once())
        self.assert_frozen_well(["share"])

    def freeze_as_before(self, id, value, definition=None):
        figure = f"[0,0,{value}]"
        content = '{"digest":"0000000000000000","zones":"","reported":%s,"periods":[%s]}' % (figure, ",".join([figure] * 12))
        with sqlite3.connect(self.folder / "s.db") as store:
            store.execute("UPDATE baseline SET content = ?, frozen_at = 1, definition = coalesce(?, definition) WHERE measure = ?", (content, definition, id))
        store.close()


class TrueZero(Baselines):
    """No incident of the service in the window."""

    def test_while_the_stream_had_others(self):
        self.put(MONTHS[:9] + MONTHS[24:])
        self.put(MONTHS, service="mail", name="mail")
        self.measure({"count": "incident_volume"}, where="{ service: vpn }")
        for _ in range(2):
            self.assertEqual(self.once(), "")
            self.assert_zero()
        with sqlite3.connect(self.folder / "s.db") as store:
            store.execute("""UPDATE baseline SET frozen_at = 1, content = replace(content, '"checked":true,', '')""")
        store.close()
        self.assertEqual(self.once(), "")
        self.assert_zero()
        self.assertEqual(self.status()["count"]["baseline"]["frozen_at"], "1970-01-01T00:00:00.001Z")
        self.put(MONTHS)  # came late
        self.assertEqual(self.once(), "")
        self.assert_zero()
        self.assertIn("it was 0, they would make 4 now", self.reasons("count")["baseline_drift"])

    def assert_zero(self):
        measure = self.status()["count"]
        self.assertIsNotNone(measure["baseline"]["frozen_at"], measure["reasons"])
        self.assertEqual(measure["baseline"]["value"], 0)
        self.assertNotIn("no_baseline", self.reasons("count"))

    def test_of_a_share_is_none(self):
        self.put(MONTHS[:9] + MONTHS[24:])
        self.put(MONTHS, service="mail", name="mail")
        self.measure({"share": "reopen_rate"}, where="{ service: vpn }")
        self.once()
        self.assertIsNone(self.status()["share"]["baseline"]["frozen_at"])
        self.assertIn("no_baseline", self.reasons("share"))

    def test_while_the_stream_had_nothing(self):
        self.put(MONTHS[:9] + MONTHS[24:])
        self.measure({"count": "incident_volume"})
        self.once()
        self.assertIsNone(self.status()["count"]["baseline"]["frozen_at"])
        self.assertIn("2025-01-01 to 2025-12-31", self.reasons("count")["no_baseline"])

    def test_of_a_backlog_that_was_worked_off(self):
        self.put(MONTHS[:9] + MONTHS[24:])
        self.measure({"backlog": "incident_backlog"})
        self.once()
        self.assertIsNotNone(self.status()["backlog"]["baseline"]["frozen_at"])


class Drift(Baselines):
    def test_a_share_without_a_value(self):
        self.put(MONTHS)
        self.measure({"share": "reopen_rate"})
        self.once()
        self.assert_frozen_well(["share"])
        path = self.folder / "inbox" / "incident-incidents.csv"
        path.write_text(path.read_text(encoding="utf-8").replace(",2025-", ",2024-"), encoding="utf-8")
        self.once()
        self.assertIn("it was 0.5, they would make no value now", self.reasons("share")["baseline_drift"])


if __name__ == "__main__":
    unittest.main(verbosity=1)
