#!/usr/bin/python3
"""The program from the outside, on exports: run with BASELINED naming the executable."""
import csv
import datetime as dt
import gzip
import json
import lzma
import os
import pathlib
import random
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
import zoneinfo

import openpyxl

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
import oracle  # noqa: E402

PROGRAM = os.environ.get("BASELINED", str(ROOT / "build" / "dev" / "baselined"))
DATA = pathlib.Path(os.environ.get("BASELINED_DATA", ROOT.parent / "shared" / "data"))
NOW = "2026-11-20T08:00:00Z"


def run(folder, *arguments, now=NOW, expect=0):
    command = [PROGRAM, arguments[0], "--config", str(folder / "baselined.yaml")] + (["--now", now] if now and arguments[0] != "check" else []) + list(arguments[1:])
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != expect:
        raise AssertionError(f"{arguments}: exit {done.returncode}, not {expect}\n{done.stderr}")
    return done


def series(folder, *arguments, now=NOW):
    return {p["period"]: p for p in json.loads(run(folder, "series", *arguments, "--json", now=now).stdout)["periods"]}


class InFolder(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="baselined-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def configure(self, zone="UTC"):
        """A stream of one folder's CSVs, read by m.yaml in that zone."""
        (self.folder / "baselined.yaml").write_text(f"store: s.db\nmeasures: [measures.yaml]\nsources: {{ x: {{ type: files, path: inbox, timezone: {zone}, "
                                                    "streams: { i: { match: '*.csv', mapping: m.yaml } } } }\n", encoding="utf-8")


class Samples(InFolder):
    def setUp(self):
        super().setUp()
        subprocess.run([str(ROOT / "packaging" / "samples" / "generate"), str(self.folder)], check=True)

    def statuses(self):
        measures = json.loads(run(self.folder, "status", "--json").stdout)["measures"]
        return {m["id"]: m for m in measures}

    def test_work_is_on_schedule_while_the_value_fades(self):
        run(self.folder, "check")
        run(self.folder, "once")
        statuses = self.statuses()
        fading = statuses["ITSM-014"]
        self.assertEqual(fading["implementation_status"], "on_track")
        self.assertIn(fading["potential_status"], ("weakening", "off_track"))
        self.assertTrue(any("80 %" in r["text"] for r in fading["reasons"]))
        self.assertAlmostEqual(fading["target"]["value"], fading["baseline"]["value"] * 0.7, delta=1e-12)
        self.assertEqual(fading["saving"]["confirmed"], 0)
        self.assertEqual(statuses["ITSM-015"]["potential_status"], "on_track")
        self.assertEqual(statuses["ITSM-030"]["implementation_status"], "delayed")
        self.assertEqual(statuses["ITSM-040"]["potential_status"], "unknown")
        self.assertTrue(statuses["ITSM-040"]["reasons"])

    def test_a_second_reading_changes_nothing(self):
        run(self.folder, "once")
        before = [run(self.folder, c, "--json").stdout for c in ("status", "sources")]
        run(self.folder, "once")
        for path in (self.folder / "inbox").iterdir():
            os.utime(path)
        run(self.folder, "once")
        self.assertEqual(before, [run(self.folder, c, "--json").stdout for c in ("status", "sources")])

    def test_a_changed_file_is_read_again_and_a_broken_one_is_told(self):
        run(self.folder, "once")
        volume = series(self.folder, "--indicator", "incident_volume")["2026-10"]["value"]
        first = self.folder / "inbox" / "incidents-1.csv"
        with open(first, "a", encoding="utf-8") as file:
            file.write("INC9,New,2026-10-05 10:00:00,,vpn,x,Network,1 - Critical,late one,0,1\r\n")
        (self.folder / "inbox" / "incidents-broken.csv").write_text('number,state\n"INC1,New\n', encoding="utf-8")
        done = run(self.folder, "once", expect=3)
        self.assertIn("incidents-broken.csv", done.stderr)
        self.assertIn("opens in line 2", done.stderr)
        self.assertEqual(series(self.folder, "--indicator", "incident_volume")["2026-10"]["value"], volume + 1)

    def test_a_spreadsheet_gives_what_the_csv_gave(self):
        run(self.folder, "once")
        expected = {i: (m["actual"], m["baseline"]["value"], m["potential_status"]) for i, m in self.statuses().items()}
        for path in sorted((self.folder / "inbox").glob("incidents*")):
            opened = gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else open(path, encoding="utf-8")
            with opened as file:
                rows = list(csv.reader(file))
            book = openpyxl.Workbook()
            book.active.append(["another sheet"])
            sheet = book.create_sheet("Data")
            sheet.append(["Incidents, all of them"])
            sheet.append(["Number", "State", "Times", None] + rows[0][4:])
            sheet.append([None, None, "opened", "resolved"] + [None] * len(rows[0][4:]))
            for row in rows[1:]:
                sheet.append([self.moment(v) if i in (2, 3) else v for i, v in enumerate(row)])
            book.save(path.parent / (path.name.split(".")[0] + ".xlsx"))
            path.unlink()
        mapping, main = self.folder / "incidents.yaml", self.folder / "baselined.yaml"
        text = mapping.read_text(encoding="utf-8").split("tests:")[0]
        for old, new in (("number", "Number"), ("state", "State"), ("opened_at", "Times/opened"), ("resolved_at", "Times/resolved")):
            text = re.sub(rf"(from: |[a-z_]+: +){old}\b(?!:)", rf"\g<1>{new}", text)
        mapping.write_text(text, encoding="utf-8")
        main.write_text(main.read_text(encoding="utf-8").replace('match: "incidents*.csv"', 'match: "incidents*.xlsx", sheet: Data, header_row: [2, 3]'), encoding="utf-8")
        for path in self.folder.glob("baselined.db*"):
            path.unlink()
        run(self.folder, "check")
        run(self.folder, "once")
        self.assertEqual({i: (m["actual"], m["baseline"]["value"], m["potential_status"]) for i, m in self.statuses().items()}, expected)

    @staticmethod
    def moment(text):
        return dt.datetime.strptime(text, "%Y-%m-%d %H:%M:%S") if text else None

    def test_a_changed_mapping_is_applied_to_the_whole_history(self):
        run(self.folder, "once")
        shutil.rmtree(self.folder / "inbox")
        (self.folder / "inbox").mkdir()
        mapping = self.folder / "incidents.yaml"
        mapping.write_text(mapping.read_text(encoding="utf-8").replace("service:      business_service", "service:      { value: everything }"), encoding="utf-8")
        run(self.folder, "once")
        by_service = series(self.folder, "--indicator", "incident_volume", "--where", "service=everything")
        self.assertEqual(by_service["2026-10"]["value"], series(self.folder, "--indicator", "incident_volume")["2026-10"]["value"])
        reasons = {r["code"] for r in self.statuses()["ITSM-014"]["reasons"]}
        self.assertIn("definition_changed", reasons)

    def test_killed_at_any_moment_it_ends_the_same(self):
        run(self.folder, "once")
        expected = [run(self.folder, "status", "--json").stdout, run(self.folder, "series", "ITSM-014", "--json").stdout]
        rng = random.Random(5)
        for _ in range(25):
            for path in self.folder.glob("baselined.db*"):
                path.unlink()
            for _ in range(3):
                process = subprocess.Popen([PROGRAM, "once", "--config", str(self.folder / "baselined.yaml"), "--now", NOW],
                                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                time.sleep(rng.random() * 0.09)
                process.send_signal(signal.SIGKILL)
                process.wait()
            run(self.folder, "once")
            self.assertEqual(expected, [run(self.folder, "status", "--json").stdout, run(self.folder, "series", "ITSM-014", "--json").stdout])

    def test_a_figure_is_traced_to_its_records(self):
        run(self.folder, "once")
        figure = json.loads(run(self.folder, "explain", "ITSM-014", "--period", "2026-09", "--json").stdout)
        self.assertEqual(len(figure["records"]), figure["denominator"])
        self.assertEqual(sum(r["counted"] for r in figure["records"]), figure["numerator"])
        self.assertEqual(figure["definition"], "incident_recurrence_rate@1")
        numbers = {r["number"] for r in figure["records"]}
        rows = []
        for path in (self.folder / "inbox").glob("incidents*"):
            opened = gzip.open if path.suffix == ".gz" else open
            with opened(path, "rt", encoding="utf-8", newline="") as file:
                rows += list(csv.DictReader(file))
        zone = zoneinfo.ZoneInfo("Europe/Berlin")
        expected = {r["number"] for r in rows if r["business_service"] == "vpn"
                    and oracle.parse(r["opened_at"], "%Y-%m-%d %H:%M:%S", zone).astimezone(zone).strftime("%Y-%m") == "2026-09"}
        self.assertEqual(numbers, expected)
        run(self.folder, "explain", "ITSM-014", "--period", "2026-W36", expect=2)
        run(self.folder, "explain", "ITSM-O14", expect=2)

    def test_what_is_not_over_is_no_actual(self):
        run(self.folder, "once")
        rows = series(self.folder, "ITSM-014", "--to", "2027-03-31")
        self.assertEqual([rows[p]["value"] for p in ("2026-12", "2027-01")], [None, None])
        for period, note in [("2026-11", "the period is running"), ("2027-01", "the period is to come"), ("2026-09", None)]:
            told = json.loads(run(self.folder, "explain", "ITSM-014", "--period", period, "--json").stdout)["note"]
            self.assertTrue(told.startswith(note) if note else told is None, told)
        # One bar a settled period: the running one would be a fall.
        settled = sum(row["settled"] for row in series(self.folder, "ITSM-014", "--from", "2025-01-01").values())
        bars = re.search(r"(?m)^    ([▁-█ ]+)│([▁-█ ]+)  ", run(self.folder, "status").stdout)
        self.assertEqual(len(bars[1]) + len(bars[2]), settled)
        exported = json.loads(run(self.folder, "export", "--format", "json").stdout)["periods"]
        # One measure's baseline is a window that is not over.
        self.assertEqual({(p["period"], p["settled"], p["value"] is None) for p in exported if p["period"] >= "2026-10"},
                         {("2026-10", True, False), ("2026-11", False, False), ("2026-12", False, True)})

    def test_an_export_says_what_is_confirmed_and_why(self):
        run(self.folder, "once")
        table = run(self.folder, "export", "--format", "csv").stdout.split("\n\n")[0]
        measure = next(csv.DictReader(table.splitlines()))
        known = self.statuses()[measure["measure"]]
        self.assertEqual((measure["saving_confirmed"], measure["unit"], measure["forecast_at"]), ("0", known["unit"], known["forecast"]["at"]))
        self.assertEqual((float(measure["forecast_low"]), float(measure["forecast_high"])), (known["forecast"]["low"], known["forecast"]["high"]))
        self.assertEqual(measure["reasons"], "; ".join(reason["text"] for reason in known["reasons"]))
        run(self.folder, "export", "--format", "xlsx", "--output", str(self.folder / "x.xlsx"))
        rows = list(openpyxl.load_workbook(self.folder / "x.xlsx")["Periods"].values)
        self.assertEqual({type(row[rows[0].index("settled")]) for row in rows[1:]}, {bool})

    def test_an_answer_that_cannot_be_written_is_no_success(self):
        run(self.folder, "once")
        for words in (["status"], ["series", "ITSM-014", "--csv"], ["explain", "ITSM-014"], ["sources"], ["export", "--format", "csv"], ["config", "show"]):
            with open("/dev/full", "w", encoding="utf-8") as full:
                done = subprocess.run([PROGRAM, *words, "--config", str(self.folder / "baselined.yaml")], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
            self.assertEqual((done.returncode, "No space left on device" in done.stderr), (1, True), (words, done.stderr))

    def test_a_preview_shows_the_cells_and_needs_no_configuration(self):
        path = self.folder / "inbox" / "changes.csv"
        done = subprocess.run([PROGRAM, "preview", str(path), "--json"], capture_output=True, text=True, check=True)
        head, *rows = map(json.loads, done.stdout.splitlines())
        self.assertEqual((head["encoding"], head["delimiter"]), ("windows-1252", ";"))
        self.assertEqual(rows[0]["cells"][4], {"t": "text", "v": "Ausgeführt am"})
        with open(path, encoding="windows-1252", newline="") as file:
            expected = list(csv.reader(file, delimiter=";"))
        self.assertEqual([[c and c["v"] for c in r["cells"]] for r in rows], [[c or None for c in r] for r in expected])
        path.write_text('a,b\n1,"2\n', encoding="utf-8")
        done = subprocess.run([PROGRAM, "preview", str(path)], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("opens in line 2", done.stderr)

    def test_the_report_is_one_page_without_scripts(self):
        measures = self.folder / "measures.yaml"
        measures.write_text(measures.read_text(encoding="utf-8").replace("name: Faster restoration of the ERP", 'name: "<script>alert(1)</script> & ERP"'), encoding="utf-8")
        run(self.folder, "once")
        run(self.folder, "report", str(self.folder / "report.html"))
        page = (self.folder / "report.html").read_text(encoding="utf-8")
        self.assertNotIn("<script", page)
        self.assertIn("&lt;script&gt;", page)
        self.assertEqual(page.count("<picture>"), 5)
        self.assertNotIn("http://", page.replace("http://www.w3.org", ""))

    def test_bad_input_ends_with_its_status(self):
        run(self.folder, "status", expect=1)  # no store yet
        run(self.folder, "status", "--wrong", expect=2)
        (self.folder / "measures.yaml").write_text("measures: 7\nmore: 1\n", encoding="utf-8")
        done = run(self.folder, "check", expect=78)
        self.assertEqual(len(done.stderr.splitlines()), 2)
        mapping = self.folder / "incidents.yaml"
        mapping.write_text(mapping.read_text(encoding="utf-8").replace("state: new, opened_at", "state: closed, opened_at"), encoding="utf-8")
        subprocess.run([str(ROOT / "packaging" / "samples" / "generate"), str(self.folder)], check=True)
        mapping.write_text(mapping.read_text(encoding="utf-8").replace("priority: 2,", "priority: 3,"), encoding="utf-8")
        done = run(self.folder, "check", expect=78)
        self.assertIn('priority: expected "3", got "2"', done.stderr)


CONFIG = """timezone: {zone}
store: s.db
indicators: [own.yaml]
sources:
  log:
    type: files
    path: {path}
    timezone: {zone}
    streams:
      events: {{ match: "{match}", mapping: log.yaml }}
"""

MAPPING = """kind: incident
id: number
number: number
updated_at: { from: sys_updated_at, format: "%d/%m/%Y %H:%M" }
empty: ["?"]
fields:
  opened_at:   { from: opened_at, format: "%d/%m/%Y %H:%M" }
  resolved_at: { from: resolved_at, format: "%d/%m/%Y %H:%M" }
  category:    category
  subcategory: subcategory
  reopen_count: reopen_count
  priority:    { from: priority, match: "^(\\\\d)" }
  x_made_sla:  { from: made_sla, as: boolean }
"""

OWN = """indicators:
  p90: { title: P90, kind: incident, at: resolved_at, percentile: { of: { from: opened_at, to: resolved_at }, p: 90 } }
  made: { title: Made, kind: incident, at: opened_at, share: { x_made_sla: true } }
  again: { title: Again, kind: incident, at: opened_at, share: { recurs: { by: [category, subcategory], within: 30d } } }
"""


class Scaffold(InFolder):
    def init(self, folder):
        return subprocess.run([PROGRAM, "init", str(folder)], capture_output=True, text=True)

    def test_passes_check_and_overwrites_nothing(self):
        folder = self.folder / "new" / "place"
        self.assertEqual(self.init(folder).returncode, 0)
        checked = subprocess.run([PROGRAM, "check", "--config", str(folder / "baselined.yaml")], capture_output=True, text=True)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        (folder / "baselined.yaml").unlink()
        (folder / "measures" / "first.yaml").write_text("mine", encoding="utf-8")
        again = self.init(folder)
        self.assertEqual(again.returncode, 1)
        self.assertIn("first.yaml is there already", again.stderr)
        self.assertEqual((folder / "measures" / "first.yaml").read_text(encoding="utf-8"), "mine")
        self.assertFalse((folder / "baselined.yaml").exists())

    def test_what_comes_next_is_one_word_to_a_shell(self):
        for name in ("plain-1.x", "ümlaut dir/sub", "it's", "$HOME", "a;b"):
            said = self.init(self.folder / name).stdout.splitlines()[-1]
            self.assertEqual(shlex.split(said.removeprefix("next: ")), ["baselined", "check", "--config", str(self.folder / name / "baselined.yaml")])
            self.assertEqual("'" in said, name != "plain-1.x")

    def test_where_no_folder_can_be_made(self):
        (self.folder / "afile").write_text("mine", encoding="utf-8")
        for folder in (self.folder / "afile", self.folder / "afile" / "below", "/proc/no-such-folder", "/proc"):
            done = self.init(folder)
            self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
            self.assertRegex(done.stderr, r"^(the folder )?\S+ cannot be (made|written)[^\n]*: name [^\n]*\n$")
            self.assertNotIn("filesystem", done.stderr)


class Ripening(InFolder):
    """Late knowledge: seven of ten reopenings are known two days after a month's end, the others a week later."""

    def write(self, months, known):
        with open(self.folder / "inbox" / "all.csv", "w", encoding="utf-8") as file:
            file.write("id,resolved,reopened\n")
            for month in range(1, months + 1):
                for number in range(100):
                    is_known = number < 20 and (month < months or number < 20 * known)
                    file.write(f"{month}-{number},2026-{month:02d}-15 10:00:00,{int(is_known)}\n")

    def test_a_provisional_point_is_completed(self):
        (self.folder / "inbox").mkdir()
        (self.folder / "m.yaml").write_text("kind: incident\nid: id\nfields: { opened_at: resolved, resolved_at: resolved, reopen_count: reopened }\n", encoding="utf-8")
        (self.folder / "measures.yaml").write_text("measures:\n  - { id: M, indicator: reopen_rate, baseline: { value: 0.2, n: 1000 }, target: { change: -20%, from: 2026-01-01, by: 2026-12-31 } }\n", encoding="utf-8")
        self.configure()
        for month in range(1, 6):
            self.write(month, 0.7)
            now = f"2026-{month + 1:02d}-03T12:00:00Z"
            run(self.folder, "once", now=now)
            young = series(self.folder, "M", now=now)[f"2026-{month:02d}"]
            self.assertEqual((young["numerator"], young["denominator"], young["settled"]), (14, 100, False))
            self.assertAlmostEqual(young["value"], 0.14 if month < 4 else 0.2, delta=1e-12)  # three months must have ripened
            self.assertAlmostEqual(young["completeness"], 1 if month < 4 else 0.7, delta=1e-12)
            told = run(self.folder, "series", "M", now=now).stdout.splitlines()[month]
            self.assertEqual(told.endswith("no, completed for late records"), month >= 4, told)
            self.write(month, 1)
            run(self.folder, "once", now=f"2026-{month + 1:02d}-12T12:00:00Z")


class Corrected(InFolder):
    """An export whose header was wrong, and the corrected one: the same cells under other names."""

    def series_of(self, indicator):
        return json.loads(run(self.folder, "series", "--indicator", indicator, "--json", now=self.NOW).stdout)["periods"]

    NOW = "2026-09-20T00:00:00Z"
    ROWS = "".join(f"PRB-202608-{number:03d},2026-08-0{number} 10:00:00,2026-08-1{number} 22:00:00,closed\n" for number in range(1, 6))

    def write(self, header, name="first.csv"):
        (self.folder / "inbox" / name).write_text(header + "\n" + self.ROWS, encoding="utf-8")

    def test_what_it_says_now_counts(self):
        (self.folder / "inbox").mkdir()
        (self.folder / "m.yaml").write_text("kind: problem\nid: id\nfields: { opened_at: opened, resolved_at: resolved, state: state }\n", encoding="utf-8")
        (self.folder / "measures.yaml").write_text("measures:\n  - { id: M, indicator: problem_resolution_time, baseline: { value: 12, n: 50 }, "
                                                   "target: { change: -20%, from: 2026-01-01, by: 2026-12-31 } }\n", encoding="utf-8")
        self.configure()
        self.write("id,resolved,opened,state")
        run(self.folder, "once", now=self.NOW)
        self.write("id,opened,resolved,state", "second.csv")
        run(self.folder, "once", now=self.NOW)
        (august,) = [p for p in self.series_of("problem_resolution_time") if p["period"] == "2026-08"]
        # Five problems of ten days and a half: the mean in days, its sum in hours.
        self.assertEqual((august["value"], august["numerator"], august["denominator"]), (10.5, 5 * 10.5 * 24, 5))


class Renamed(InFolder):
    """An export whose tool renamed a column: the figures cannot be trusted, and that is said."""

    NOW = "2026-09-20T00:00:00Z"

    def setUp(self):
        super().setUp()
        (self.folder / "inbox").mkdir()
        (self.folder / "m.yaml").write_text("kind: incident\nid: { join: [site, number], with: '-' }\nfields:\n  opened_at: Opened\n  service: [Service, Business service]\n"
                                            "  title: Summary\n  group: { value: Desk }\n", encoding="utf-8")
        (self.folder / "measures.yaml").write_text("measures:\n  - { id: M, indicator: incident_volume, baseline: { value: 12, n: 50 }, "
                                                   "target: { change: -20%, from: 2026-01-01, by: 2026-12-31 } }\n", encoding="utf-8")
        self.configure()

    def read(self, name, header, rows, status):
        (self.folder / "inbox" / name).write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return run(self.folder, "once", now=self.NOW, expect=status).stderr

    def stream(self):
        (source,) = json.loads(run(self.folder, "sources", "--json", now=self.NOW).stdout)["sources"]
        return source["streams"][0]

    def volume(self):
        return series(self.folder, "--indicator", "incident_volume", now=self.NOW)["2026-08"]["value"]

    def test_a_file_without_a_column_that_a_measure_needs_is_not_taken(self):
        self.read("a.csv", "site,number,Opened,Business service,Summary", ["B,1,2026-08-01 10:00:00,vpn,x"], 0)
        self.assertEqual(self.stream()["unmapped"], [])
        lacking = ("b.csv", "site,number,opened,Service,Summary", ["B,2,2026-08-02 10:00:00,vpn,x", "B,3,2026-08-02 10:00:00,vpn,x"])
        for _ in range(3):  # until somebody mends it
            said = self.read(*lacking, 3)
            self.assertIn('x/i: b.csv has no column "Opened" for `opened_at` (did you mean "opened"?): figures need it, so the file is not read', said)
            self.assertEqual((self.stream()["records"], self.stream()["rejected"], self.stream()["unmapped"]), (1, 0, []))
            self.assertIn("is not read", self.stream()["error"])
        self.read("c.csv", "site,number,Opened,Service,Summary", ["B,4,2026-08-02 10:00:00,vpn,x"], 3)  # beside it, others are
        self.assertEqual(self.volume(), 2)
        self.read("b.csv", "site,number,Opened,Service,Summary", lacking[2], 0)
        self.assertEqual((self.volume(), self.stream()["unmapped"]), (4, []))

    def test_what_was_known_stays_when_a_column_is_renamed(self):
        rows = ["B,1,2026-08-01 10:00:00,vpn,x", "B,2,2026-08-02 10:00:00,vpn,x"]
        self.read("a.csv", "site,number,Opened,Service,Summary", rows, 0)
        self.read("a.csv", "site,number,Opened at,Service,Summary", [*rows, "B,3,2026-08-03 10:00:00,vpn,x"], 3)
        self.assertEqual((self.volume(), self.stream()["records"]), (2, 2))
        mapping = self.folder / "m.yaml"
        mapping.write_text(mapping.read_text(encoding="utf-8").replace("opened_at: Opened", "opened_at: [Opened, Opened at]"), encoding="utf-8")
        run(self.folder, "once", now=self.NOW)
        self.assertEqual((self.volume(), self.stream()["records"]), (3, 3))

    def test_a_broken_file_without_the_column_is_told_as_both(self):
        said = self.read("a.csv", "site,number,opened", ['"B,1,2026-08-01 10:00:00'], 3)
        self.assertIn("a.csv: a quote that opens in line 2", said)
        self.assertIn('a.csv has no column "Opened"', said)

    def test_one_that_no_measure_needs_is_only_counted(self):
        self.read("a.csv", "site,number,Opened", ["B,1,2026-08-01 10:00:00"], 0)
        self.assertEqual(self.stream()["unmapped"], [{"field": "service", "example": '(no column "Service" or "Business service")', "count": 1},
                                                     {"field": "title", "example": '(no column "Summary")', "count": 1}])

    def test_blanks_at_the_ends_of_a_name_are_nobody_s_concern_and_others_are_shown(self):
        self.read("a.csv", "\ufeffsite,number\u00a0,Opened ,Service,Summary", ["B,1,2026-08-01 10:00:00,vpn,x"], 0)
        self.assertEqual((self.volume(), self.stream()["unmapped"]), (1, []))
        said = self.read("a.csv", "site,number,Ope\u00a0ned,Service,Summary", ["B,1,2026-08-01 10:00:00,vpn,x"], 3)
        self.assertIn('no column "Opened" for `opened_at` (did you mean "Ope\\u00a0ned"?)', said)

    def test_blanks_at_the_ends_of_values_are_kept_until_a_mapping_takes_them_away(self):
        self.read("a.csv", "site,number,Opened,Service,Summary", ["B,1,2026-08-01 10:00:00,vpn,x", "B,1 ,2026-08-01 10:00:00,vpn,x", "B,1\u00a0,2026-08-01 10:00:00,vpn,x"], 0)
        self.assertEqual(self.volume(), 3)
        guide = (ROOT / "docs" / "howto" / "spreadsheets.md").read_text(encoding="utf-8")
        (match,) = set(re.findall(r"match: ('\^.*\$')", guide))
        mapping = self.folder / "m.yaml"
        mapping.write_text(mapping.read_text(encoding="utf-8").replace("{ join: [site, number], with: '-' }", "{ from: number, match: %s }" % match), encoding="utf-8")
        run(self.folder, "once", now=self.NOW)
        self.assertEqual(self.volume(), 1)

    def test_half_an_id_is_none(self):
        said = self.read("a.csv", "Site,number,Opened,Service,Summary", ["B,1,2026-08-01 10:00:00,vpn,x"], 3)
        self.assertIn('a.csv has no column "site" for `id` (did you mean "Site"?)', said)
        self.assertEqual(self.stream()["records"], 0)

    def test_a_mapping_that_names_another_column_says_it_at_each_reading(self):
        self.read("a.csv", "site,number,Opened,Service,Summary", ["B,1,2026-08-01 10:00:00,vpn,x"], 0)
        mapping = self.folder / "m.yaml"
        mapping.write_text(mapping.read_text(encoding="utf-8").replace("Opened", "Openend"), encoding="utf-8")
        for _ in range(2):
            said = run(self.folder, "once", now=self.NOW, expect=3).stderr
            self.assertIn('x/i: a.csv has no column "Openend" for `opened_at` (did you mean "Opened"?)', said)
            self.assertEqual(self.stream()["unmapped"], [{"field": "opened_at", "example": '(no column "Openend")', "count": 1}])

    def test_a_new_measure_that_needs_what_stored_files_do_not_have_is_unknown(self):
        self.read("a.csv", "site,number,Opened,Summary", ["B,1,2026-08-01 10:00:00,x"], 0)
        measures = self.folder / "measures.yaml"
        measures.write_text(measures.read_text(encoding="utf-8") + "  - { id: N, indicator: incident_volume, where: { service: vpn }, baseline: { value: 12, n: 50 }, "
                            "target: { change: -20%, from: 2026-01-01, by: 2026-12-31 }, unit_value: { amount: 10, currency: EUR } }\n", encoding="utf-8")
        for _ in range(2):
            said = run(self.folder, "once", now=self.NOW, expect=3).stderr
            self.assertIn('x/i: a.csv has no column "Service" or "Business service" for `service`', said)
            measures = {m["id"]: m for m in json.loads(run(self.folder, "status", "--json", now=self.NOW).stdout)["measures"]}
            self.assertNotIn("column_missing", [reason["code"] for reason in measures["M"]["reasons"]])
            self.assertEqual(measures["M"]["actual"]["value"], 1)
            new = measures["N"]
            self.assertEqual((new["potential_status"], new["actual"], new["realised"], new["p_deliver"]), ("unknown", None, None, None))
            self.assertIn(["column_missing", 'x/i: a.csv has no column "Service" or "Business service" for `service`.'], [[r["code"], r["text"]] for r in new["reasons"]])
            self.assertFalse((new["saving"] or {}).get("actual"))
        self.read("a.csv", "site,number,Opened,Service,Summary", ["B,1,2026-08-01 10:00:00,vpn,x"], 0)
        (new,) = json.loads(run(self.folder, "status", "N", "--json", now=self.NOW).stdout)["measures"]
        self.assertEqual(new["actual"]["value"], 1)


class Misfitting(InFolder):
    """An export whose dates, or words, are of another form from one day on."""

    NOW = "2026-09-20T00:00:00Z"
    MEASURE = ("  - { id: %s, indicator: %s, baseline: { from: 2025-01-01, to: 2025-12-31 }, "
               "target: { change: -30%%, from: 2026-01-01, by: 2026-12-31 }, unit_value: { amount: 10, currency: EUR } }\n")

    def setUp(self):
        super().setUp()
        (self.folder / "inbox").mkdir()
        (self.folder / "m.yaml").write_text('kind: change\nid: id\nfields:\n  ended_at: { from: ended, format: "%d.%m.%Y %H:%M" }\n  planned_end: { from: planned, format: "%d.%m.%Y %H:%M" }\n'
                                            "  outcome: { from: outcome, map: { Erfolg: successful, Fehler: failed } }\n", encoding="utf-8")
        (self.folder / "measures.yaml").write_text("measures:\n" + self.MEASURE % ("M", "change_volume"), encoding="utf-8")
        self.configure()

    @staticmethod
    def rows(year, month, count, form="%d.%m.%Y %H:%M", outcome="Erfolg"):
        return [f"{year}-{month}-{n},{dt.datetime(year, month, 1 + n % 28, 10, 5):{form}},,{outcome}" for n in range(count)]

    def put(self, name, rows, mode="w"):
        with open(self.folder / "inbox" / name, mode, encoding="utf-8") as file:
            file.write(("id,ended,planned,outcome\n" if mode == "w" else "") + "\n".join(rows) + "\n")

    def read(self, status):
        return run(self.folder, "once", now=self.NOW, expect=status).stderr

    def counts(self):
        (source,) = json.loads(run(self.folder, "sources", "--json", now=self.NOW).stdout)["sources"]
        stream = source["streams"][0]
        return stream["records"], {m["field"]: m["count"] for m in stream["unmapped"]}

    def fill(self):
        for year, last in ((2025, 12), (2026, 5)):
            for month in range(1, last + 1):
                self.put(f"{year}-{month:02d}.csv", self.rows(year, month, 20))
        self.read(0)

    def test_a_file_of_other_dates_is_not_taken(self):
        self.fill()
        for month in (6, 7, 8):
            self.put(f"2026-{month:02d}.csv", self.rows(2026, month, 20, "%-m/%-d/%Y %-I:%M %p"))
        for _ in range(2):
            self.assertIn('x/i: 2026-06.csv: 20 of 20 values do not fit `ended_at`, as "6/1/2026 10:05 AM": figures need them, so the file is not read', self.read(3))
            self.assertEqual(self.counts(), (17 * 20, {}))
        (measure,) = json.loads(run(self.folder, "status", "M", "--json", now="2026-09-30T00:00:00Z").stdout)["measures"]
        self.assertEqual((measure["potential_status"], measure["actual"]["value"]), ("unknown", 0))
        for month in (6, 7, 8):
            self.put(f"2026-{month:02d}.csv", self.rows(2026, month, 20))
        self.read(0)
        self.assertEqual(self.counts(), (20 * 20, {}))

    def test_values_that_do_not_fit_here_and_there_are_counted(self):
        self.put("a.csv", self.rows(2026, 6, 11) + [f"x{n},soon,," for n in range(11)])  # half of them: no more
        self.read(0)
        self.assertEqual(self.counts(), (22, {"ended_at": 11}))
        self.put("a.csv", ["y,later,,", "z,sometime,,"], "a")  # two new ones say nothing of the column
        self.read(0)
        self.assertEqual(self.counts(), (24, {"ended_at": 13}))

    def test_a_column_that_no_measure_needs_may_hold_anything(self):
        self.put("a.csv", [row.replace(",,", ",soon,") for row in self.rows(2026, 6, 20)])
        self.read(0)
        self.assertEqual(self.counts(), (20, {"planned_end": 20}))

    def test_what_a_file_brings_new_is_judged_by_itself(self):
        self.put("a.csv", self.rows(2026, 5, 1500))
        self.read(0)
        self.put("a.csv", self.rows(2026, 6, 30, "%-m/%-d/%Y %-I:%M %p"), "a")
        self.assertIn("a.csv: of what is new 30 of 30 values do not fit `ended_at`", self.read(3))
        self.assertEqual(self.counts(), (1500, {}))

    def test_words_that_no_map_names(self):
        self.fill()
        self.put("2026-06.csv", self.rows(2026, 6, 20, outcome="Success"))
        self.assertIn('2026-06.csv: 20 of 20 values do not fit `outcome`, as "Success"', self.read(3))
        self.put("2026-06.csv", self.rows(2026, 6, 20, outcome="Success") + self.rows(2026, 7, 1))  # one that it names: the others are left out
        self.read(0)
        self.assertEqual(self.counts(), (17 * 20 + 21, {"outcome": 20}))
        self.put("2026-08.csv", self.rows(2026, 8, 9, outcome="Success"))
        self.read(0)

    def add_measure(self):
        with open(self.folder / "measures.yaml", "a", encoding="utf-8") as file:
            file.write(self.MEASURE % ("D", "deployment_delay"))

    def fill_with_plans(self, form="%d.%m.%Y %H:%M"):
        for year, last, form_of_year in ((2025, 12, "%d.%m.%Y %H:%M"), (2026, 6, form)):
            for month in range(1, last + 1):
                at = dt.datetime(year, month, 3, 9)
                self.put(f"{year}-{month:02d}.csv", [row.replace(",,", f",{at:{form_of_year}},") for row in self.rows(year, month, 20)])

    def judged(self, name):
        (measure,) = json.loads(run(self.folder, "status", name, "--json", now=self.NOW).stdout)["measures"]
        return measure, {reason["code"]: reason["text"] for reason in measure["reasons"]}

    def assert_unknown(self, name):
        measure, reasons = self.judged(name)
        self.assertEqual((measure["potential_status"], measure["actual"], measure["realised"], measure["baseline"]["frozen_at"]), ("unknown", None, None, None))
        self.assertFalse((measure["saving"] or {}).get("actual"))
        self.assertEqual(reasons["values_misfit"], 'x/i: 2026-01.csv: 20 of 20 values do not fit `planned_end`, as "1/3/2026" (and 5 more): mend the mapping, or export the file again in the form that the mapping takes.')

    def test_a_measure_that_comes_later_is_judged_by_what_is_stored(self):
        self.fill_with_plans("%-m/%-d/%Y")
        self.read(0)
        self.add_measure()
        self.assert_unknown("D")  # before anything is read, too
        for _ in range(2):
            self.assertIn('x/i: 2026-01.csv: 20 of 20 values do not fit `planned_end`, as "1/3/2026": figures need them; mend the mapping, or export the file again', self.read(3))
            self.assert_unknown("D")
            self.assertEqual((self.judged("M")[0]["actual"]["value"], "values_misfit" in self.judged("M")[1]), (0, False))
        for month in range(1, 7):  # they are archived, and count all the same
            (self.folder / "inbox" / f"2026-{month:02d}.csv").unlink()
        self.read(3)
        self.assert_unknown("D")
        # Another file says the same records in the form that the mapping takes.
        self.put("again.csv", [row.replace(",,", f",03.{month:02d}.2026 09:00,") for month in range(1, 7) for row in self.rows(2026, month, 20)])
        self.read(0)
        measure, reasons = self.judged("D")
        self.assertNotIn("values_misfit", reasons)
        self.assertTrue(measure["baseline"]["frozen_at"])

    def test_a_file_that_is_stored_in_the_wrong_form_and_grows_stays_so(self):
        self.fill_with_plans("%-m/%-d/%Y")
        self.read(0)
        self.add_measure()
        self.read(3)
        self.put("2026-01.csv", ["x,20.01.2026 10:00,soon,Erfolg"], "a")
        self.assertIn("x/i: 2026-01.csv: 21 of 21 values do not fit `planned_end`", self.read(3))

    def test_a_mapping_that_changes_later_is_judged_by_what_is_stored(self):
        self.fill_with_plans()
        self.add_measure()
        self.read(0)
        mapping = self.folder / "m.yaml"
        good = mapping.read_text(encoding="utf-8")
        mapping.write_text(good.replace('planned, format: "%d.%m.%Y %H:%M"', 'planned, format: "%Y/%m/%d"'), encoding="utf-8")
        for _ in range(2):
            said = self.read(3)
            self.assertIn('x/i: 2025-01.csv: 20 of 20 values do not fit `planned_end`, as "03.01.2025 09:00"', said)
            self.assertEqual((said.count("do not fit"), said.splitlines()[-1]), (10, "x/i: and 8 more files lack what figures need"))
            measure, reasons = self.judged("D")
            self.assertEqual((measure["potential_status"], measure["actual"]), ("unknown", None))
            self.assertIn("(and 17 more)", reasons["values_misfit"])
        mapping.write_text(good, encoding="utf-8")
        self.read(0)
        self.assertNotIn("values_misfit", self.judged("D")[1])

    def test_rows_that_are_kept_no_longer_are_not_judged(self):
        self.fill_with_plans("%-m/%-d/%Y")
        self.read(0)
        main = self.folder / "baselined.yaml"
        main.write_text(main.read_text(encoding="utf-8") + "retention: { raw: 1d }\n", encoding="utf-8")
        run(self.folder, "once", now="2026-09-28T00:00:00Z")
        with sqlite3.connect(self.folder / "s.db") as database:
            self.assertEqual(database.execute("SELECT count(*) FROM raw_block WHERE size > 0").fetchone(), (0,))
        self.add_measure()
        self.read(0)


class Overruled(InFolder):
    """Two exports that overlap: the newer one's word stands, whatever becomes of the older file."""

    NOW = "2026-03-01T00:00:00Z"

    def setUp(self):
        super().setUp()
        (self.folder / "inbox").mkdir()
        self.map("id: n")
        (self.folder / "measures.yaml").write_text("measures: []\n", encoding="utf-8")
        self.configure()

    def map(self, key):
        (self.folder / "m.yaml").write_text(f"kind: incident\n{key}\nfields: {{ opened_at: o, service: s }}\n", encoding="utf-8")

    def put(self, name, *rows):
        """Reads the file with these rows, each an id and a service."""
        (self.folder / "inbox" / name).write_text("n,o,s\n" + "".join(f"{row.split()[0]},2026-01-05 10:00:00,{row.split()[1]}\n" for row in rows), encoding="utf-8")
        run(self.folder, "once", now=self.NOW)
        return self.services()

    def services(self):
        return {s: series(self.folder, "--indicator", "incident_volume", "--where", f"service={s}", "--from", "2026-01-01", "--to", "2026-01-31", now=self.NOW)["2026-01"]["value"] for s in "abc"}

    def test_a_row_that_is_only_said_again_is_no_news(self):
        self.assertEqual(self.put("jan.csv", "1 a", "2 a"), {"a": 2, "b": 0, "c": 0})
        self.assertEqual(self.put("feb.csv", "1 b"), {"a": 1, "b": 1, "c": 0})
        self.assertEqual(self.put("jan.csv", "1 a", "2 a", "3 a"), {"a": 2, "b": 1, "c": 0})
        self.assertEqual(self.put("jan.csv", "3 a", "2 a", "1 a"), {"a": 2, "b": 1, "c": 0})
        self.assertEqual(self.put("jan.csv", "3 a", "2 a", "1 c"), {"a": 2, "b": 0, "c": 1})  # this is one
        self.assertEqual(self.put("jan.csv", "3 a", "2 a", "1 a"), {"a": 3, "b": 0, "c": 0})  # and so is its undoing

    def test_a_log_may_say_the_same_twice(self):
        self.put("jan.csv", "1 a", "1 b", "1 c")
        self.assertEqual(self.put("jan.csv", "1 a", "1 b", "1 c", "1 a"), {"a": 1, "b": 0, "c": 0})
        self.put("feb.csv", "1 b")
        self.assertEqual(self.put("jan.csv", "1 a", "1 b", "1 c", "1 a", "2 c"), {"a": 0, "b": 1, "c": 1})
        self.assertEqual(self.put("jan.csv", "1 a", "1 b", "1 c", "1 a", "2 c", "1 c"), {"a": 0, "b": 0, "c": 2})

    def test_a_mapping_that_changes_finds_the_same(self):
        self.put("jan.csv", "1 a", "2 a")
        self.put("feb.csv", "1 b")
        self.put("jan.csv", "1 a", "2 a", "3 a")
        for key, expected in (("id: n\nnumber: n", {"a": 2, "b": 1, "c": 0}), ("id: { join: [n, s], with: '-' }", {"a": 3, "b": 1, "c": 0}), ("id: n", {"a": 2, "b": 1, "c": 0})):
            self.map(key)
            run(self.folder, "once", now=self.NOW)
            self.assertEqual(self.services(), expected, key)

    def test_killed_while_the_grown_file_is_read(self):
        """Many rows, of which the other file overruled every third; one is added in front, so all are read anew."""
        count = 250_000
        rows = [f"{n} a" for n in range(count)]
        self.put("jan.csv", *rows)
        expected = self.put("feb.csv", *[f"{n} b" for n in range(0, count, 3)])
        expected["a"] += 1
        jan = self.folder / "inbox" / "jan.csv"
        header, *lines = jan.read_text(encoding="utf-8").splitlines()
        jan.write_text("\n".join([header, lines[0].replace("0,", "x,", 1), *lines]) + "\n", encoding="utf-8")
        command = [PROGRAM, "once", "--config", str(self.folder / "baselined.yaml"), "--now", self.NOW]
        for pause in (0.3, 0.8, 1.2, 1.6, 2.0):
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(pause)
            process.kill()
            process.wait()
        run(self.folder, "once", now=self.NOW)
        self.assertEqual(self.services(), expected)


class Emptied(InFolder):
    """A figure that a renamed column would turn into a success."""

    def status(self, now):
        (measure,) = json.loads(run(self.folder, "status", "M", "--json", now=now).stdout)["measures"]
        return measure

    def write(self, name):
        """A hundred incidents a month are resolved: a fifth of them was reopened in the baseline's year, and a quarter since."""
        rows = [f"{year}-{month}-{n},{year}-{month:02d}-02 10:00:00,{int(n < (20 if year == 2025 else 25))}" for year in (2025, 2026) for month in range(1, 13) for n in range(100) if (year, month) < (2026, 9)]
        (self.folder / "inbox" / "a.csv").write_text(f"id,resolved,{name}\n" + "\n".join(rows) + "\n", encoding="utf-8")

    def test_it_is_not_back_on_track(self):
        (self.folder / "inbox").mkdir()
        (self.folder / "m.yaml").write_text("kind: incident\nid: id\nfields: { resolved_at: resolved, reopen_count: reopened }\n", encoding="utf-8")
        (self.folder / "measures.yaml").write_text("measures:\n  - { id: M, indicator: reopen_rate, baseline: { from: 2025-01-01, to: 2025-12-31 }, "
                                                   "target: { change: -30%, from: 2026-01-01, by: 2026-12-31 }, unit_value: { amount: 10, currency: EUR } }\n", encoding="utf-8")
        self.configure()
        self.write("reopened")
        run(self.folder, "once", now="2026-09-10T08:00:00Z")
        before = self.status("2026-09-10T08:00:00Z")
        # Eight months of 100 with 5 more each than the baseline's 20 %.
        self.assertEqual((before["potential_status"], before["actual"]["numerator"], round(before["saving"]["actual"], 6)), ("off_track", 25, -400))
        self.write("Reopened")
        for day, status in ((10, "off_track"), (12, "unknown"), (14, "unknown")):
            now = f"2026-09-{day}T20:00:00Z"
            run(self.folder, "once", now=now, expect=3)
            after = self.status(now)
            self.assertEqual([after[key] for key in ("potential_status", "actual", "saving", "realised")], [status, *(before[key] for key in ("actual", "saving", "realised"))])
            self.assertIn(json.loads(run(self.folder, "sources", "--json", now=now).stdout)["sources"][0]["state"], ("failing", "silent"))


class Silent(InFolder):
    """A source that is silent: what was never read is no figure, and no saving."""

    def test_periods_that_were_not_read_do_not_settle(self):
        (self.folder / "inbox").mkdir()
        (self.folder / "m.yaml").write_text("kind: incident\nid: id\nfields: { opened_at: opened }\n", encoding="utf-8")
        (self.folder / "measures.yaml").write_text("measures:\n  - { id: M, indicator: incident_volume, baseline: { from: 2025-01-01, to: 2025-12-31 }, "
                                                   "target: { change: -30%, from: 2026-01-01, by: 2026-12-31 }, unit_value: { amount: 10, currency: EUR } }\n", encoding="utf-8")
        self.configure()
        rows = [f"{year}-{month}-{number},{year}-{month:02d}-02 10:00:00" for year in (2025, 2026) for month in range(1, 13) for number in range(100) if (year, month) < (2026, 9)]
        rows += [f"2026-9-{number},2026-09-05 10:00:00" for number in range(20)]
        (self.folder / "inbox" / "a.csv").write_text("id,opened\n" + "\n".join(rows) + "\n", encoding="utf-8")
        status = lambda now: json.loads(run(self.folder, "status", "M", "--json", now=now).stdout)["measures"][0]  # noqa: E731
        run(self.folder, "once", now="2026-09-10T08:00:00Z")
        read = status("2026-09-10T08:00:00Z")
        self.assertEqual((read["actual"]["period"], read["saving"]["actual"]), ("2026-08", 0))  # 100 a month, as before
        (self.folder / "inbox").rename(self.folder / "gone")
        run(self.folder, "once", now="2026-12-20T08:00:00Z", expect=3)
        silent = status("2026-12-20T08:00:00Z")
        self.assertEqual(silent["potential_status"], "unknown")
        for key in ("actual", "saving", "p_deliver", "realised", "forecast"):
            self.assertEqual(silent[key], read[key], key)
        got = series(self.folder, "--indicator", "incident_volume", now="2026-12-20T08:00:00Z")
        self.assertEqual(list(got)[-1], "2026-09")
        self.assertEqual([got["2026-09"][key] for key in ("value", "settled")], [20, False])
        replay = run(self.folder, "replay", "M", now="2026-12-20T08:00:00Z").stdout
        self.assertNotIn("2026-09", replay)
        (self.folder / "gone").rename(self.folder / "inbox")
        run(self.folder, "once", now="2026-12-20T08:00:00Z")
        got = series(self.folder, "--indicator", "incident_volume", now="2026-12-20T08:00:00Z")
        self.assertEqual([[got[p][key] for key in ("value", "settled")] for p in ("2026-09", "2026-10", "2026-12")], [[20, True], [0, True], [0, False]])


class Rules(InFolder):
    """Rules of a mapping, as `check` and a reading take them."""

    def setUp(self):
        super().setUp()
        (self.folder / "inbox").mkdir()
        (self.folder / "measures.yaml").write_text("measures:\n  - { id: M, indicator: mean_time_to_restore, baseline: { from: 2025-01-01, to: 2025-12-31 }, "
                                                   "target: { change: -20%, from: 2026-01-01, by: 2026-12-31 } }\n", encoding="utf-8")

    def write(self, mapping, zone="Europe/Berlin"):
        self.configure(zone)
        (self.folder / "m.yaml").write_text(mapping, encoding="utf-8")

    def test_what_cannot_be_meant_is_refused_at_its_place(self):
        self.write("""kind: incident
id: number
fields:
  opened_at: { from: opened, format: "%d.%m.%Y %Z" }
  escalated: { from: escalated, map: { "1": maybe } }
  priority: { value: high }
  x_amount: { from: amount, as: number, decimal: ",", group: "," }
""")
        said = run(self.folder, "check", now=None, expect=78).stderr.splitlines()
        place = str(self.folder / "m.yaml")
        self.assertEqual([line.split(";")[0].replace(place, "m.yaml") for line in said if place in line],
                         ["m.yaml:4:14: \"%d.%m.%Y %Z\" is no format of a date: write it of letters like %Y-%m-%d %H:%M:%S, %z for an offset, or %s alone for seconds since 1970",
                          'm.yaml:5:45: incident.escalated cannot be "maybe": its type is boolean', 'm.yaml:6:22: incident.priority cannot be "high": its type is integer',
                          'm.yaml:7:13: `decimal` and `group` are two signs, not both ","'])
        self.write("kind: incident\nid: number\nskip: {}\n")
        self.assertIn("m.yaml:3:7: `skip` without a condition would skip every row", run(self.folder, "check", now=None, expect=78).stderr)
        self.write("kind: incident\nid: [number\n")  # no YAML: one fault, and none that follows from it
        self.assertEqual(len(run(self.folder, "check", now=None, expect=78).stderr.strip().splitlines()), 1)

    def test_a_delimiter_at_the_end_of_each_line_is_no_cell(self):
        self.write("kind: incident\nid: id\nfields: { opened_at: opened, resolved_at: resolved }\n")
        (self.folder / "inbox" / "a.csv").write_text("id;opened;resolved\n1;2026-08-01 10:00:00;2026-08-01 12:00:00;\n2;2026-08-01 10:00:00;2026-08-01 12:00:00;; \n3;;;x\n", encoding="utf-8")
        run(self.folder, "once")
        (source,) = json.loads(run(self.folder, "sources", "--json").stdout)["sources"]
        self.assertEqual([(m["field"], m["count"]) for m in source["streams"][0]["unmapped"]], [("(row)", 1)])

    def test_another_time_zone_of_a_source_has_to_be_accepted(self):
        self.write("kind: incident\nid: id\nfields: { opened_at: opened, resolved_at: resolved }\n")
        rows = [f"{year}-{month}-{n},{year}-{month:02d}-10 10:00:00,{year}-{month:02d}-10 {12 + n % 5}:00:00" for year in (2025, 2026) for month in range(1, 13) for n in range(40) if (year, month) < (2026, 11)]
        (self.folder / "inbox" / "a.csv").write_text("id,opened,resolved\n" + "\n".join(rows) + "\n", encoding="utf-8")
        run(self.folder, "once")
        reasons = lambda: [r["code"] for r in json.loads(run(self.folder, "status", "M", "--json").stdout)["measures"][0]["reasons"]]  # noqa: E731
        self.assertNotIn("definition_changed", reasons())
        self.write((self.folder / "m.yaml").read_text(encoding="utf-8"), "America/New_York")
        run(self.folder, "once")
        self.assertIn("definition_changed", reasons())
        self.write((self.folder / "m.yaml").read_text(encoding="utf-8"))
        run(self.folder, "once")
        self.assertNotIn("definition_changed", reasons())


class EventLogs(InFolder):
    """An audit log, a row an update, read by the program and by plain Python."""

    def compare(self, path, zone_name, length):
        zone = zoneinfo.ZoneInfo(zone_name)
        (self.folder / "baselined.yaml").write_text(CONFIG.format(zone=zone_name, path=path.parent, match=path.name.removesuffix(".xz")), encoding="utf-8")
        (self.folder / "log.yaml").write_text(MAPPING, encoding="utf-8")
        (self.folder / "own.yaml").write_text(OWN, encoding="utf-8")
        now = "2018-12-31T00:00:00Z"
        run(self.folder, "once", now=now)
        form = "%d/%m/%Y %H:%M"
        rows = oracle.newest(oracle.read_rows(path), "number", lambda r: oracle.parse(r["sys_updated_at"], form, zone) or dt.datetime.min.replace(tzinfo=oracle.UTC))
        records = [{"id": r["number"], "opened": oracle.parse(r["opened_at"], form, zone), "resolved": oracle.parse(r["resolved_at"], form, zone),
                    "reopened": int(r["reopen_count"]), "made": r["made_sla"] == "true",
                    "category": None if r["category"] == "?" else r["category"], "subcategory": None if r["subcategory"] == "?" else r["subcategory"]}
                   for r in rows]
        again = oracle.recurring(records, ["category", "subcategory"], dt.timedelta(days=30))
        mean = lambda values: sum(values) / len(values)  # noqa: E731
        volume = {label: len(cell) for label, cell in oracle.grouped(records, "opened", length, zone).items()}
        expected = {
            "incident_volume": volume,
            "made": oracle.shares(records, "opened", length, zone, lambda r: r["made"]),
            "reopen_rate": oracle.shares(records, "resolved", length, zone, lambda r: r["reopened"] > 0),
            "again": oracle.shares(records, "opened", length, zone, lambda r: r["id"] in again),
            "mean_time_to_restore": oracle.statistics(records, length, zone, mean),
            "median_time_to_restore": oracle.statistics(records, length, zone, lambda v: oracle.percentile(v, 50)),
            "p90": oracle.statistics(records, length, zone, lambda v: oracle.percentile(v, 90)),
            "incident_backlog": oracle.backlog(records, volume.keys(), length, zone),
        }
        for name, figures in expected.items():
            got = series(self.folder, "--indicator", name, "--period", length, now=now)
            self.assertTrue(figures)
            for label, value in figures.items():
                self.assertAlmostEqual(got[label]["value"], value, delta=1e-9 * max(1, abs(value)), msg=f"{name} {label}")
        for label, period in series(self.folder, "--indicator", "incident_volume", "--period", length, now=now).items():
            self.assertEqual(period["value"], volume.get(label, 0))

    def test_generated_log_in_three_zones(self):
        rng = random.Random(3)
        path = self.folder / "log.csv"
        header = ["number", "sys_updated_at", "opened_at", "resolved_at", "category", "subcategory", "reopen_count", "priority", "made_sla"]
        rows = []
        for number in range(1, 1501):
            # Few distinct minutes around the changes of the clock, so that ties and gaps happen.
            opened = dt.datetime(2018, 10, 27) + dt.timedelta(minutes=30 * rng.randrange(48 * 12))
            for update in range(rng.randrange(1, 5)):
                resolved = opened + dt.timedelta(minutes=rng.randrange(-60, 6000))
                text = lambda when: f"{when.day}/{when.month}/{when.year} {when:%H:%M}"  # noqa: E731
                rows.append([f"{number}", text(opened + dt.timedelta(hours=rng.randrange(3))), text(opened), rng.choice([text(resolved), "?"]),
                             rng.choice(["A", "B", "?"]), rng.choice(["x", "y"]), rng.randrange(3), "3 - Moderate", rng.choice(["true", "false"])])
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerows([header] + rows)
        for zone in ("UTC", "Europe/Berlin", "America/Sao_Paulo"):
            for length in ("week", "month"):
                with self.subTest(zone=zone, length=length):
                    for store in self.folder.glob("s.db*"):
                        store.unlink()
                    self.compare(path, zone, length)

    def test_the_real_log_where_it_is_at_hand(self):
        packed = DATA / "uci" / "incident_event_log.csv.xz"
        if not packed.exists():
            print("(the real event log is not on this machine; the generated one stands in)", file=sys.stderr)
            return
        path = self.folder / "incident_event_log.csv"
        path.write_bytes(lzma.open(packed).read())
        self.compare(path, "UTC", "week")


if __name__ == "__main__":
    unittest.main(verbosity=1)
