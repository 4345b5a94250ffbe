#!/usr/bin/python3
"""What hangs on the configuration as a whole: sources that go and come back, the measures' own milestones, currencies, due dates."""
import csv
import datetime as dt
import io
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("BASELINED", str(ROOT / "build" / "dev" / "baselined"))
NOW = "2025-11-20T08:00:00Z"
MAPPINGS = {
    "incident": "id: id\nfields: { opened_at: at }\n",
    "cost": "id: id\nfields: { at: at, amount: { from: amount, decimal: ',', group: '.' }, currency: currency }\n",
    "action": "id: id\nfields: { measure: measure, opened_at: due, due_at: due, closed_at: closed, x_site: site }\n",
    "milestone": "id: id\nfields: { measure: measure, due_at: due, done_at: done }\n",
}
BASELINE = "baseline: { from: 2024-01-01, to: 2024-12-31 }"


class Portfolios(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="baselined-portfolio-"))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "inbox").mkdir()
        for kind, columns in MAPPINGS.items():
            (self.folder / f"{kind}.yaml").write_text(f"kind: {kind}\n{columns}", encoding="utf-8")

    def configure(self, measures, source="one", kinds=tuple(MAPPINGS)):
        streams = "".join(f'      {kind}: {{ match: "{kind}.csv", mapping: {kind}.yaml }}\n' for kind in kinds)
        (self.folder / "baselined.yaml").write_text(f"timezone: Europe/Berlin\nstore: s.db\nmeasures: [measures.yaml]\nsources:\n  {source}:\n    type: files\n    path: inbox\n    streams:\n{streams}", encoding="utf-8")
        (self.folder / "measures.yaml").write_text("measures:" + ("".join(f"\n  - {{ {m} }}" for m in measures) or " []"), encoding="utf-8")

    def write(self, kind, header, rows):
        with open(self.folder / "inbox" / f"{kind}.csv", "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header.split(), *rows])

    def run_program(self, *arguments, now=NOW, expect=0):
        done = subprocess.run([PROGRAM, arguments[0], "--config", str(self.folder / "baselined.yaml"), "--now", now, *arguments[1:]], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, expect, f"{arguments}\n{done.stdout}{done.stderr}")
        return done

    def values(self, *arguments, now=NOW):
        periods = json.loads(self.run_program("series", *arguments, "--json", now=now).stdout)["periods"]
        return {p["period"]: (p["value"], p["numerator"], p["denominator"]) for p in periods}

    def status(self, now=NOW):
        return {m["id"]: m for m in json.loads(self.run_program("status", "--json", now=now).stdout)["measures"]}

    def write_incidents(self):
        days = [dt.date(2024, 1, 1) + dt.timedelta(n) for n in range(690)]
        self.write("incident", "id at", [[f"{day}-{n}", day] for day in days for n in range(8 if day.day % 2 else 6)])

    def test_a_source_that_is_renamed_counts_once(self):
        self.write_incidents()
        self.configure([], kinds=["incident"])
        self.run_program("once")
        before = self.values("--indicator", "incident_volume")
        self.assertEqual(before["2025-02"][0], 14 * 8 + 14 * 6)
        self.configure([], source="two", kinds=["incident"])
        self.run_program("once")
        self.assertEqual(self.values("--indicator", "incident_volume"), before)

    def test_a_stream_that_goes_leaves_the_figures_and_comes_back_unread(self):
        self.write_incidents()
        self.write("action", "id measure due closed site", [["A1", "M", "2025-01-05", "", "x"]])
        self.configure([], kinds=["incident", "action"])
        self.run_program("once")
        before = self.values("--indicator", "incident_volume")
        self.configure([], kinds=["action"])
        self.run_program("once")
        self.assertEqual({v[0] for v in self.values("--indicator", "incident_volume", "--from", "2025-01-01").values()}, {0})
        self.assertEqual(self.values("--indicator", "improvement_backlog", "--from", "2025-10-01")["2025-10"][0], 1)
        self.configure([], kinds=["incident", "action"])
        os.utime(self.folder / "inbox" / "incident.csv")
        self.run_program("once")
        self.assertEqual(self.values("--indicator", "incident_volume"), before)

    def test_milestones_of_the_measures_are_records(self):
        own = "milestones: [ { name: a, due: 2025-03-01, done: 2025-03-11 }, { name: a, due: 2025-03-20, done: 2025-03-18 }, { name: c, due: 2026-01-01 } ]"
        self.configure([f"id: M, indicator: milestone_delay, baseline: {{ value: 20, n: 3 }}, target: {{ change: -20%, from: 2025-01-01 }}, {own}"], kinds=["incident"])
        self.write_incidents()
        self.run_program("once")
        self.assertEqual(self.values("--indicator", "milestone_delay", "--from", "2025-02-01", "--to", "2025-03-31"), {"2025-02": (None, 0, 0), "2025-03": (5, 10 * 24, 2)})
        explained = json.loads(self.run_program("explain", "M", "--period", "2025-03", "--json").stdout)
        self.assertEqual([(r["number"], r["amount"]) for r in explained["records"]], [("M/a", 10), ("M/a (2)", 0)])
        self.assertTrue(self.status()["M"]["data"]["fresh"])
        self.configure([f"id: M, indicator: milestone_delay, baseline: {{ value: 20, n: 3 }}, target: {{ change: -20%, from: 2025-01-01 }}, {own.replace('2025-03-11', '2025-03-05')}"], kinds=["incident"])
        self.run_program("once")
        self.assertEqual(self.values("M", "--from", "2025-03-01", "--to", "2025-03-31"), {"2025-03": (2, 4 * 24, 2)})

    def test_mapped_milestones_and_actions_make_the_implementation_status(self):
        self.write_incidents()
        self.write("milestone", "id measure due done", [["1", "LATE", "2025-11-01T00:00:00Z", ""], ["2", "DONE", "2025-11-01T00:00:00Z", "2025-11-05T00:00:00Z"], ["3", "OPEN", "2026-01-01T00:00:00Z", ""]])
        rest = "indicator: incident_volume, " + BASELINE + ", target: { change: -20%, from: 2025-01-01 }"
        self.configure([f"id: {name}, stage: implemented, {rest}" for name in ("LATE", "DONE", "OPEN")] + [f"id: NONE, {rest}"], kinds=["incident", "milestone"])
        self.run_program("once")
        self.assertEqual({name: m["implementation_status"] for name, m in self.status().items()}, {"LATE": "delayed", "DONE": "done", "OPEN": "on_track", "NONE": "unknown"})

    def test_amounts_of_several_currencies_make_no_sum(self):
        days = [dt.date(2024, 1, 1) + dt.timedelta(n) for n in range(690)]
        self.write("cost", "id at amount currency", [[f"{day}{c}", day, "1.000,50", c] for day in days for c in ("EUR", "USD")])
        rest = "indicator: support_cost, " + BASELINE + ", target: { change: -20%, from: 2025-01-01 }"
        self.configure([f"id: BOTH, {rest}", f"id: EUR, where: {{ currency: EUR }}, {rest}", f"id: USD, where: {{ currency: USD }}, {rest}"], kinds=["cost"])
        self.run_program("once")
        codes = {name: [r["code"] for r in m["reasons"]] for name, m in self.status().items()}
        self.assertEqual(self.status()["BOTH"]["potential_status"], "unknown")
        self.assertIn("mixed_currencies", codes["BOTH"])
        self.assertFalse({"mixed_currencies", "other_currency"} & set(codes["EUR"]))
        self.assertIn("other_currency", codes["USD"])
        self.assertEqual(self.values("EUR", "--from", "2025-02-01", "--to", "2025-02-28")["2025-02"], (28014, 28014, None))
        self.assertIn("several currencies", self.run_program("series", "--indicator", "support_cost", "--json").stderr)

    def test_a_target_without_a_date_is_due_when_its_ramp_is_complete(self):
        self.write_incidents()
        rest = "indicator: incident_volume, unit_value: { amount: 10, currency: EUR }, " + BASELINE
        self.configure([f"id: NOW, {rest}, target: {{ change: -20%, from: 2025-01-15, ramp: 3 }}", f"id: LATER, {rest}, target: {{ change: -20%, from: 2026-03-01, ramp: 2, by: 2026-06-30 }}"], kinds=["incident"])
        self.run_program("once")
        status = self.status()
        self.assertEqual((status["NOW"]["target"]["by"], status["NOW"]["forecast"]["at"]), ("2025-04-30", "2025-04-30"))
        base = status["LATER"]["baseline"]["value"]
        # March half of the reduction, then April, May and June the whole of it.
        self.assertAlmostEqual(status["LATER"]["saving"]["target"], base * 0.2 * (0.5 + 3) * 10, delta=1e-6)

    def test_a_source_that_is_silent_today_changes_no_earlier_status(self):
        self.write_incidents()
        self.configure(["id: M, indicator: incident_volume, " + BASELINE + ", target: { change: -20%, from: 2025-01-01, by: 2026-12-31 }"], kinds=["incident"])
        self.run_program("once")
        before = self.run_program("replay", "M", "--json").stdout
        later = "2025-11-29T08:00:00Z"
        self.assertEqual(self.status(now=later)["M"]["potential_status"], "unknown")
        self.assertEqual(self.run_program("replay", "M", "--json", now=later).stdout, before)
        self.assertNotEqual(json.loads(before.splitlines()[-1])["potential_status"], "unknown")

    def test_exports_carry_the_series_and_need_no_second_reading(self):
        self.write_incidents()
        self.write("action", "id measure due closed site", [["A1", "M", "2025-01-05", "", "x"]])
        self.configure(["id: M, indicator: incident_volume, " + BASELINE + ", target: { change: -20%, from: 2025-01-01 }"], kinds=["incident", "action"])
        self.run_program("once")
        exported = json.loads(self.run_program("export", "--format", "json").stdout)
        self.assertEqual(exported["measures"], list(self.status().values()))
        self.assertEqual({p["period"]: (p["value"], p["numerator"], p["denominator"]) for p in exported["periods"]}, self.values("M", "--from", "2024-01-01"))
        measures, periods = self.run_program("export", "--format", "csv").stdout.split("\n\n")
        self.assertEqual(next(csv.DictReader(io.StringIO(measures)))["measure"], "M")
        self.assertEqual([row["period"] for row in csv.DictReader(io.StringIO(periods))], [p["period"] for p in exported["periods"]])

    def test_series_refuses_what_it_would_have_to_ignore(self):
        self.write_incidents()
        self.configure(["id: M, indicator: incident_volume, " + BASELINE + ", target: { change: -20% }"], kinds=["incident"])
        self.run_program("once")
        self.run_program("series", "M", "--where", "service=vpn", expect=2)
        self.run_program("series", "M", "--json", "--csv", expect=2)
        self.run_program("series", "M", "--indicator", "incident_volume", expect=2)


if __name__ == "__main__":
    unittest.main()
