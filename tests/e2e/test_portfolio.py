#!/usr/bin/python3
"""What hangs on the configuration as a whole: sources that go and come back, the measures' own milestones, currencies, due dates."""
import csv
import datetime as dt
import io
import json
import os
import pathlib
import re
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
        done = subprocess.run([PROGRAM, arguments[0], "--config", str(self.folder / "baselined.yaml"), *(["--now", now] if now else []), *arguments[1:]], capture_output=True, text=True, check=False)
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
        self.assertEqual(self.values("--indicator", "incident_volume", "--from", "2025-01-01"), {})
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

    def test_what_delays_or_blocks_the_work_is_said_behind_the_reasons_of_the_value(self):
        self.write_incidents()
        self.write("action", "id measure due closed site", [["A1", "LATE", "2025-01-05", "", "x"], ["A2", "LATE", "2025-01-06", "2025-01-07", "x"]])
        rest = "indicator: incident_volume, " + BASELINE + ", target: { change: -20%, from: 2025-01-01 }"
        self.configure([f"id: LATE, milestones: [ {{ name: Root causes known, due: 2025-03-31 }} ], {rest}",
                        f"id: SOON, stage: implemented, milestones: [ {{ name: Rolled out, due: 2025-11-01, done: 2025-11-21 }} ], {rest}",
                        f"id: STUCK, dependencies: [ {{ name: CMDB clean-up, blocked_by: CHG0031 }} ], signals: {{ evidence: required }}, evidence: [ {{ name: Report, due: 2025-05-31 }} ], {rest}"], kinds=["incident", "action"])
        self.run_program("once")
        status = self.status()
        self.assertEqual({name: m["implementation_status"] for name, m in status.items()}, {"LATE": "delayed", "SOON": "delayed", "STUCK": "blocked"})
        texts = {name: " ".join(r["text"] for r in m["reasons"]) for name, m in status.items()}
        for word in ("Root causes known", "2025-03-31", "A1", "2025-01-05"):
            self.assertIn(word, texts["LATE"])
        self.assertNotIn("A2", texts["LATE"])
        self.assertIn("CHG0031", texts["STUCK"])
        codes = [r["code"] for r in status["STUCK"]["reasons"]]
        self.assertEqual(codes[-2:], ["evidence_missing", "dependency_blocked"])
        told = self.run_program("status", "LATE").stdout
        self.assertIn("action_overdue: ", told)
        self.assertEqual(self.status(now="2025-11-20T22:59:00Z")["SOON"]["implementation_status"], "delayed")
        self.assertEqual(self.status(now="2025-11-20T23:00:00Z")["SOON"]["implementation_status"], "done")  # midnight in Berlin
        report = self.folder / "report.html"
        self.run_program("report", str(report))
        self.assertIn("CMDB clean-up&quot; waits for CHG0031", report.read_text(encoding="utf-8"))

    def test_nothing_is_said_of_a_kind_that_no_stream_brings(self):
        self.write_incidents()
        self.configure([f"id: {i}, name: {i}, indicator: {i}, {BASELINE}, target: {{ change: {c}%, from: 2025-01-01, by: 2025-12-31 }}"
                        for i, c in [("service_availability", "+0.1"), ("change_failure_rate", -10), ("incident_volume", -10)]], kinds=["incident"])
        warned = subprocess.run([PROGRAM, "check", "--config", str(self.folder / "baselined.yaml")], capture_output=True, text=True, check=True).stderr
        self.run_program("once")
        status = self.status()
        for name, kind in [("service_availability", "outage"), ("change_failure_rate", "change")]:
            measure = status[name]
            self.assertIn(f"warning: {name}: {name} needs records of the kind {kind}, which no stream brings", warned)
            self.assertEqual((measure["potential_status"], measure["baseline"]["value"], measure["actual"], measure["baseline"]["frozen_at"]), ("unknown", None, None, None))
            self.assertEqual(measure["reasons"][0], {"code": "no_data", "text": f"No stream brings the {kind} records that this measure is made from."})
            self.assertEqual({value[0] for value in self.values(name, "--from", "2025-01-01", "--to", "2025-12-31").values()}, {None})
        self.assertNotIn("incident_volume needs", warned)
        self.assertIsNotNone(status["incident_volume"]["baseline"]["frozen_at"])

    def test_explain_goes_from_the_figure_to_the_rule_and_the_scope(self):
        (self.folder / "incident.yaml").write_text("kind: incident\nid: id\nfields: { opened_at: at, resolved_at: resolved, state: state, service: service, reopen_count: reopened }\n", encoding="utf-8")
        rows = [[f"I{year}-{month:02}-{n}", f"{year}-{month:02}-05", f"{year}-{month:02}-15", "cancelled" if n == 9 else "closed", "vpn" if n % 2 else "mail", int(n == 1)] for year in (2024, 2025) for month in range(1, 11) for n in range(10)]
        self.write("incident", "id at resolved state service reopened", rows)
        (self.folder / "indicators.yaml").write_text("""indicators:
  days_open: { kind: incident, at: resolved_at, mean: { from: opened_at, to: resolved_at }, unit: days, better: lower }
  reopened_a_new_one: { kind: incident, at: resolved_at, where: { reopen_count: { above: 0 } }, ratio: { over: incident_volume }, better: lower }
""", encoding="utf-8")
        rest = "where: { service: vpn }, " + BASELINE + ", target: { change: -20%, from: 2025-01-01 }"
        self.configure([f"id: {name}, indicator: {indicator}, {rest}" for name, indicator in (("SHARE", "reopen_rate"), ("COUNT", "incident_volume"), ("DAYS", "days_open"), ("RATIO", "reopened_a_new_one"))], kinds=["incident"])
        main = self.folder / "baselined.yaml"
        main.write_text(main.read_text(encoding="utf-8") + "indicators: [indicators.yaml]\n", encoding="utf-8")
        self.run_program("once")
        explained = {name: json.loads(self.run_program("explain", name, "--period", "2025-03", "--json").stdout) for name in ("SHARE", "COUNT", "DAYS", "RATIO")}
        for rule in (explained[name]["rule"] for name in explained):
            self.assertIn("of these only where service is vpn", rule)
        self.assertIn("state is not cancelled; it counts those where reopen_count is above 0", explained["SHARE"]["rule"])
        self.assertIn("over incident_volume@1", explained["RATIO"]["rule"])
        self.assertIn("count of incident records placed by opened_at, where state is not cancelled", explained["RATIO"]["rule"])
        counted = {name: [r["number"] for r in e["records"] if r["counted"]] for name, e in explained.items()}
        self.assertEqual(counted["SHARE"], ["I2025-03-1"])
        for name in ("COUNT", "DAYS", "RATIO"):
            self.assertEqual(len(counted[name]), len(explained[name]["records"]))
        self.assertEqual(len(counted["COUNT"]), explained["COUNT"]["numerator"])
        self.assertEqual(counted["RATIO"], ["I2025-03-1"])
        self.assertIn("10 days (1200 hours over 5 records)", self.run_program("explain", "DAYS", "--period", "2025-03").stdout)
        self.assertNotIn("unit_value", self.run_program("explain", "DAYS", "--period", "2025-03").stdout)
        self.assertIn("\n1 record:\n", self.run_program("explain", "RATIO", "--period", "2025-03").stdout)

    def test_money_of_days_is_counted_by_the_hour_and_explain_says_so(self):
        """Ten days in 2024, eight since, 5 records a month: 2 · 24 hours saved for each of 5 · 10 records, at 100 EUR."""
        (self.folder / "incident.yaml").write_text("kind: incident\nid: id\nfields: { opened_at: at, resolved_at: resolved }\n", encoding="utf-8")
        rows = [[f"I{year}-{month:02}-{n}", f"{year}-{month:02}-{5 if year == 2024 else 7:02}T12:00:00Z", f"{year}-{month:02}-15T12:00:00Z"] for year in (2024, 2025) for month in range(1, 13 if year == 2024 else 11) for n in range(5)]
        self.write("incident", "id at resolved", rows)
        (self.folder / "indicators.yaml").write_text("indicators:\n" + "".join(f"  open_{unit}: {{ kind: incident, at: resolved_at, mean: {{ from: opened_at, to: resolved_at }}, unit: {unit} }}\n" for unit in ("days", "hours")), encoding="utf-8")
        rest = BASELINE + ", target: { change: -20%, from: 2025-01-01, by: 2025-12-31 }, unit_value: { amount: 100, currency: EUR }"
        self.configure([f"id: {unit}, indicator: open_{unit}, {rest}" for unit in ("days", "hours")] + [f"id: count, indicator: incident_volume, {rest}"], kinds=["incident"])
        main = self.folder / "baselined.yaml"
        main.write_text(main.read_text(encoding="utf-8") + "indicators: [indicators.yaml]\n", encoding="utf-8")
        self.run_program("once")
        status = self.status()
        for unit in ("days", "hours"):
            self.assertAlmostEqual(status[unit]["saving"]["actual"], 2 * 24 * 5 * 10 * 100, delta=1)
            self.assertAlmostEqual(status[unit]["saving"]["target"], 2 * 24 * 5 * 12 * 100, delta=1)
        explained = {name: self.run_program("explain", name, "--period", "2025-03").stdout for name in status}
        self.assertIn("8 days (960 hours over 5 records)\nunit_value is 100 EUR per hour, so 2,400 EUR per day\n", explained["days"])
        self.assertIn("192 hours (960 hours over 5 records)\nunit_value is 100 EUR per hour\n", explained["hours"])
        self.assertNotIn("unit_value", explained["count"])

    def test_a_daily_measure_without_a_name_and_with_little_money(self):
        """10 or 20 incidents a day, twice as much a month ahead: the lines stay short, the money has its cents, the id stands once."""
        days = [dt.date(2024, 1, 1) + dt.timedelta(n) for n in range(650)]
        self.write("incident", "id at", [[f"{day}-{n}", day] for day in days for n in range(20 if day.day % 2 else 10)])
        self.configure([f"id: DAILY, period: day, indicator: incident_volume, {BASELINE}, target: {{ change: -1%, from: 2025-01-01, by: 2025-12-31 }}, unit_value: {{ amount: 0.01, currency: CHF }}"], kinds=["incident"])
        self.run_program("once")
        saving, (first, _, spark, _, _, money, *_) = self.status()["DAILY"]["saving"], self.run_program("status", "DAILY").stdout.splitlines()
        self.assertEqual(first, "DAILY")
        self.assertRegex(spark, r"^    [▁▂▃▄▅▆▇█ ]{60}  Incidents opened \(the newest 60 of (6|7)\d\d periods\)$")
        self.assertTrue(0 < saving["target"] < 10, saving)
        self.assertIn(f"target {saving['target']:.2f} CHF", money)
        self.run_program("report", str(self.folder / "report.html"))
        page = (self.folder / "report.html").read_text(encoding="utf-8")
        self.assertIn("<h2>DAILY</h2>", page)
        self.assertIn(f'<td class="number" data-label="Target saving">{saving["target"]:.2f} CHF</td>', page)
        for table in re.findall(r"<table>.*?</table>", page, re.S):  # what a narrow screen reads off
            heads, cells = re.findall(r"<th[^>]*>(.*?)</th>", table), re.findall(r"<td([^>]*)>", table)
            labels = [re.search(r'data-label="(.*?)"', cell) for cell in cells]
            self.assertEqual([label[1] for label in labels if label], [head for head in heads if head != "Measure"])

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

    def test_check_warns_of_promises_that_hardly_mean_what_they_say(self):
        window = "indicator: incident_volume, " + BASELINE
        self.configure(["id: LONG, " + window + ", target: { change: -20%, from: 2025-01-01, ramp: 24, by: 2025-03-31 }",
                        "id: RAMP, " + window + ", target: { change: -20%, from: 2025-01-01, ramp: 3, by: 2025-03-31 }",
                        "id: PROOF, " + window + ", target: { change: -20% }, signals: { evidence: required }",
                        "id: UNDATED, " + window + ", target: { change: -20% }, signals: { evidence: required }, evidence: [ { name: Report }, { name: There, url: 'https://x.example.com' } ]",
                        "id: INSIDE, " + window + ", target: { change: -20%, from: 2024-12-31 }",
                        "id: OPEN, indicator: incident_volume, baseline: { value: 200, n: 12 }, target: { change: -20% }",
                        "id: SINGLE, indicator: support_cost, baseline: { from: 2024-12-01, to: 2025-01-30 }, target: { change: -20% }",
                        "id: MEAN, indicator: deployment_delay, baseline: { value: 20, n: 12 }, target: { change: -20%, from: 2025-01-01 }"], kinds=["incident", "cost"])
        told = {}
        for line in self.run_program("check", now=None).stderr.splitlines():
            told.setdefault(line.split(": ")[1], []).append(line.split(": ", 2)[2])
        self.assertEqual(told.pop("LONG"), ["of its target's ramp of 24 months only 3 lie before `by`: no more than 12 % of the change is planned by then, and counts as target saving"])
        self.assertEqual(told.pop("PROOF"), ["its evidence is required and none is listed, so no saving will ever be claimed: add `evidence`"])
        self.assertEqual(told.pop("UNDATED"), ['its evidence "Report" is required and has no `due`, so it is never overdue, and no saving is claimed before it has a `url`: say when it is due'])
        self.assertEqual(told.pop("INSIDE"), ["its target begins on 2024-12-31, within the baseline's window: what the measure changes is in its own baseline; end the window before"])
        self.assertEqual(told.pop("OPEN"), ["its target has no `from`, so it counts from the first month with records on, however long ago: say when the effect begins"])
        self.assertEqual(told.pop("SINGLE"), ["its status will stay unknown: support_cost is a measurement, which needs a baseline of two whole months or more; make the window longer"])
        self.assertIn("its status will stay unknown: deployment_delay is a measurement, and a stated baseline does not tell how much it varies by itself; give a window of two months or more", told.pop("MEAN"))
        self.assertEqual(told, {})

    def test_an_adoption_that_is_measured_no_longer_clears_nothing(self):
        (self.folder / "incident.yaml").write_text("kind: incident\nid: id\nfields: { opened_at: at, x_used: used }\n", encoding="utf-8")
        used = ["yes"] * 3 + ["no"] * 7
        rows = [[f"{year}-{month:02}-{n}", f"{year}-{month:02}-05", used[n] if year == 2025 and month <= 6 and n < 10 else ""]
                for year, many in ((2024, 100), (2025, 80)) for month in range(1, 13 if year == 2024 else 11) for n in range(many)]
        self.write("incident", "id at used", rows)
        (self.folder / "indicators.yaml").write_text("""indicators:
  runbook_used: { kind: incident, at: opened_at, where: { x_used: { empty: false } }, share: { x_used: "yes" }, better: higher }
  satisfied: { kind: survey, at: answered_at, share: { score: { above: 5 } }, better: higher }
  trained: { kind: effort, at: at, sum: hours, better: higher }
""", encoding="utf-8")
        measure = "indicator: incident_volume, " + BASELINE + ", target: { change: -20%, from: 2025-01-01, by: 2025-12-31 }, signals: { adoption: "
        self.configure([f"id: LOW, {measure}{{ indicator: runbook_used, at_least: 60% }} }}", f"id: HIGH, {measure}{{ indicator: runbook_used, at_least: 20% }} }}",
                        f"id: NEVER, {measure}{{ indicator: satisfied, at_least: 60% }} }}", f"id: UNFED, {measure}{{ indicator: trained, at_least: 5 }} }}"], kinds=["incident"])
        main = self.folder / "baselined.yaml"
        main.write_text(main.read_text(encoding="utf-8") + "indicators: [indicators.yaml]\n", encoding="utf-8")
        self.run_program("once")
        self.assertEqual({name: (m["potential_status"], [r["text"] for r in m["reasons"] if r["code"].startswith("adoption")]) for name, m in self.status().items()}, {
            "LOW": ("weakening", ["Adoption (runbook_used) was at 30 % in 2025-06, below its floor of 60 %, and was not measured since."]),
            "HIGH": ("on_track", ["Adoption (runbook_used) was not measured since 2025-06; then it was at 30 %."]),
            "NEVER": ("on_track", ["Adoption (satisfied) was not measured since the measure began."]),
            "UNFED": ("on_track", ["Adoption (trained) was not measured since the measure began."])})

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
