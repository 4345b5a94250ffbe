#!/usr/bin/python3
"""Files as a source: what cannot be read whole is told, and `preview` sees what `once` stores."""
import collections
import csv
import datetime as dt
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import tempfile
import unittest
import zipfile

import openpyxl

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("BASELINED", str(ROOT / "build" / "dev" / "baselined"))

CONFIG = """store: s.db
indicators: [own.yaml]
sources:
  f:
    type: files
    path: inbox
    streams:
      x: {{ match: "{match}", mapping: m.yaml{options} }}
"""
OWN = "indicators: { hours: { title: Hours, kind: effort, at: at, sum: hours } }\n"
SMALL = "kind: effort\nid: id\nfields: { at: at, title: t }\n"


class Source(unittest.TestCase):
    """One stream of one folder."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="baselined-files-"))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "inbox").mkdir()
        (self.folder / "own.yaml").write_text(OWN, encoding="utf-8")

    def configure(self, mapping=SMALL, match="*.csv", options=""):
        (self.folder / "baselined.yaml").write_text(CONFIG.format(match=match, options=options), encoding="utf-8")
        (self.folder / "m.yaml").write_text(mapping, encoding="utf-8")

    def run_program(self, *arguments, expect=0):
        command = [PROGRAM, *arguments]
        if not (arguments[0] == "preview" and "/" in arguments[1]):
            command += ["--config", str(self.folder / "baselined.yaml")]
        done = subprocess.run(command, capture_output=True, check=False, cwd=self.folder)
        self.assertEqual(done.returncode, expect, done.stderr)
        return done

    def stream(self):
        return json.loads(self.run_program("sources", "--json").stdout)["sources"][0]["streams"][0]


class Asked(Source):
    """`preview` of what there is not."""

    def test_a_source_without_its_stream(self):
        self.configure()
        (self.folder / "inbox" / "a.csv").write_text("id,at,t\n1,2026-09-01,a\n", encoding="utf-8")
        self.assertIn("f is a source: name one of its streams, too: x", self.run_program("preview", "f", expect=2).stderr.decode())
        self.assertIn("g: ", self.run_program("preview", "g", expect=1).stderr.decode())
        (self.folder / "f").write_text("id\n1\n", encoding="utf-8")
        self.run_program("preview", "f", expect=0)  # a file of that name

    def test_no_rows(self):
        self.configure()
        (self.folder / "inbox" / "a.csv").write_text("id,at,t\n1,2026-09-01,a\n", encoding="utf-8")
        for rows in ("0", "-5"):
            for what in (("f", "x"), (str(self.folder / "inbox" / "a.csv"),)):
                told = self.run_program("preview", *what, "--rows", rows, expect=2).stderr.decode()
                self.assertIn(f"--rows {rows}: 1 or more", told)


class Texts(Source):
    """What a source says is shown on one line, and turns nothing on a terminal or page around."""

    def test_of_tickets(self):
        self.configure("kind: incident\nid: id\nnumber: id\nfields: { opened_at: at, title: t, reopen_count: n, resolved_at: at }\n")
        with open(self.folder / "baselined.yaml", "a", encoding="utf-8") as config:
            config.write("measures: [m1.yaml]\n")
        (self.folder / "m1.yaml").write_text("measures: [ { id: M, indicator: reopen_rate, baseline: { from: 2026-01-01, to: 2026-03-31 }, target: { change: -30%, from: 2026-04-01 } } ]\n", encoding="utf-8")
        rows = [f'INC{n},2026-0{n}-02,t,1' for n in range(1, 9)] + ['"I\x1b[31m\nN",2026-08-03,"a\x1b]0;x\x07\r\nb\u202ec\x9b",1']
        (self.folder / "inbox" / "a.csv").write_text("id,at,t,n\n" + "\n".join(rows) + "\n", encoding="utf-8", newline="")
        now = ("--now", "2026-09-20T12:00:00Z")
        self.run_program("once", *now)
        said = self.run_program("explain", "M", "--period", "2026-08", *now).stdout.decode()
        self.assertIn("a ]0;x", said)
        self.assertEqual([c for c in said if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160 or c == "\u202e")], [])
        (line,) = [line for line in said.splitlines() if "[31m" in line]
        self.assertIn("c", line)
        self.run_program("report", "r.html", expect=0)
        page = (self.folder / "r.html").read_text(encoding="utf-8")
        self.assertIn("a ]0;x", page)
        self.assertEqual([c for c in page if c not in "\n\t" and (ord(c) < 32 or 127 <= ord(c) < 160 or c == "\u202e")], [])


class Encodings(Source):
    LATIN = b"id,at,t\n\xc4-1,2026-09-01,a\n\xd6-1,2026-09-02,b\n"

    def refused(self, content, options, *words):
        self.configure(options=options)
        path = self.folder / "inbox" / "a.csv"
        path.write_bytes(content)
        encoding = options.split("encoding:")[1].split("}")[0].split() if options else []
        for done in (
            self.run_program("once", expect=3),
            self.run_program("preview", "f", "x", "--json", expect=3),
            self.run_program("preview", str(path), "--json", *(["--encoding", *encoding] if encoding else []), expect=1),
        ):
            told = done.stderr.decode()
            for word in ("a.csv: ", *words):
                self.assertIn(word, told)
        self.assertEqual(self.stream()["records"], 0)

    def test_bytes_that_do_not_fit_refuse_the_file_with_their_place(self):
        self.refused(self.LATIN, ", csv: { encoding: utf-8 }", "line 2", "0xC4", "byte 9 of the file", "encoding: windows-1252")
        self.refused(self.LATIN, ", csv: { encoding: us-ascii }", "line 2", "0xC4", "byte 9 of the file")
        self.refused(b"id,at,t\n1,2026-09-01,\x81\n", "", "line 2", "neither UTF-8 nor windows-1252", "encoding: cp850")
        self.refused("id,at,t\n1,2026-09-01,ö\n2,2026-09-02,Gr".encode() + b"\xc3", "", "ends within a character of utf-8")

    def test_a_mended_file_is_read(self):
        self.refused(self.LATIN, ", csv: { encoding: utf-8 }", "line 2")
        self.configure(options=", csv: { encoding: iso-8859-1 }")
        self.run_program("once")
        self.assertEqual(self.stream()["records"], 2)
        rows = [json.loads(line) for line in self.run_program("preview", "f", "x", "--json").stdout.decode().splitlines()]
        self.assertEqual([row["records"][0]["id"] for row in rows], ["Ä-1", "Ö-1"])

    def test_a_name_that_is_no_utf_8_does_not_break_the_json(self):
        self.configure()
        (self.folder / "inbox" / "a.csv").write_text('id,at\n"1,2026-09-01\n', encoding="utf-8")
        os.rename(self.folder / "inbox" / "a.csv", os.fsencode(self.folder / "inbox") + b"/\xc4.csv")
        self.run_program("once", expect=3)
        self.assertIn("\ufffd.csv", self.stream()["error"])


class Cut(Source):
    """A CSV that ends in the middle of its last row, and the whole one that follows."""
    WHOLE = "id,at,t\n1,2026-09-01,a\n2,2026-09-02,b\n3,2026-09-03,c\n"

    def put(self, text, name="a.csv", expect=0):
        path = self.folder / "inbox" / name
        path.write_text(text, encoding="utf-8", newline="")
        return self.run_program("once", expect=expect).stderr.decode()

    def titles(self):
        with sqlite3.connect(self.folder / "s.db") as database:
            return [body for (body,) in database.execute("SELECT body FROM record ORDER BY id")]

    def test_nothing_of_what_was_known_is_lost(self):
        self.configure()
        self.put(self.WHOLE)
        before = self.titles()
        for cut in (self.WHOLE[:-3], self.WHOLE[:-10], self.WHOLE[:-14]):  # after a delimiter's cell, within the day, within the id
            told = self.put(cut, expect=3)
            self.assertIn("a.csv: ends within row 4, which has", told)
            self.assertIn("it was not copied whole", told)
            self.assertEqual(self.titles(), before)
            path = str(self.folder / "inbox" / "a.csv")
            self.assertIn("a.csv: ends within row 4", self.run_program("preview", path, expect=1).stderr.decode())
        self.put(self.WHOLE + "4,2026-09-04,d\n")
        self.assertEqual(self.stream()["records"], 4)

    def test_short_rows_and_ends_without_a_line_end_are_whole_where_files_are_written_so(self):
        self.configure()
        self.put("id,at,t\n1,2026-09-01\n2,2026-09-02", "a.csv")  # leaves empty cells at the end out
        self.put("id,at,t\n3,2026-09-01,a\n4,2026-09-02,b", "b.csv")  # no line end, and all cells
        self.put("id,at,t,,\n5,2026-09-01,a\n6,2026-09-02,b", "c.csv")  # columns without a name
        self.put("id,at,t\n7,2026-09-01,a\n8,2026-09-02\n", "d.csv")
        self.assertEqual(self.stream()["records"], 8)

    def test_its_whole_blocks_are_taken_and_the_rest_when_it_is_there(self):
        self.configure()
        whole = "id,at,t\n" + "".join(f"{n},2026-09-01,a\n" for n in range(2500))
        self.put(whole[:-4], expect=3)
        self.assertEqual(self.stream()["records"], 2000)
        self.put(whole)
        self.assertEqual(self.stream()["records"], 2500)

    def test_one_is_one(self):
        self.configure()
        path = self.folder / "inbox" / "a.csv"
        path.write_text("id\n", encoding="utf-8")
        self.assertIn("\n1 row\n", self.run_program("preview", str(path)).stdout.decode())


class Sheets(Source):
    MAPPING = """kind: effort
id: id
fields:
  at: { from: day, format: "%d.%m.%Y" }
  hours: { from: amount, decimal: ",", group: "." }
  x_stamp: { from: stamp, as: timestamp, format: "%Y%m%d" }
  x_flag: { from: flag, as: integer }
  x_code: { from: code, match: "^([A-Z]+)" }
  x_error: error
  x_formula: formula
"""

    def write(self, rows):
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(self.folder / "inbox" / "a.xlsx")
        return self.folder / "inbox" / "a.xlsx"

    def seen(self):
        """What preview shows, row by row, and what once counts of the same: the misfits are to be the same."""
        rows = [json.loads(line) for line in self.run_program("preview", "f", "x", "--json", "--rows", "100").stdout.splitlines()]
        self.run_program("once")
        counted = collections.Counter(misfit["field"] for row in rows for misfit in row["misfits"])
        self.assertEqual(counted, {misfit["field"]: misfit["count"] for misfit in self.stream()["unmapped"]})
        return rows

    def hours(self):
        periods = json.loads(self.run_program("series", "--indicator", "hours", "--json", "--now", "2026-10-01T00:00:00Z").stdout)["periods"]
        return {p["period"]: p["value"] for p in periods if p["value"]}

    def test_preview_and_once_take_the_same_cells(self):
        self.configure(self.MAPPING, match="*.xlsx")
        self.write([["id", "day", "amount", "stamp", "flag", "code", "error", "formula"],
                    ["1", dt.date(2026, 9, 1), 1234.5, 20260901, True, "abc", "#N/A", "=1+1"]])
        row = self.seen()[0]
        record = row["records"][0]
        self.assertEqual((record["at"], record["hours"], record["x_flag"]), ("2026-09-01T00:00:00Z", "1234.5", "1"))
        self.assertEqual(self.hours(), {"2026-09": 1234.5})
        shown = {misfit["field"]: misfit["value"] for misfit in row["misfits"]}
        self.assertEqual((shown["x_code"], shown["x_error"]), ("abc", "#N/A"))
        self.assertEqual(shown["x_formula"], "formulas were saved without their values: open it in a spreadsheet and save it anew")
        self.assertNotIn("x_error", record)

    def test_what_the_file_lacks_and_has_too_much_of(self):
        self.configure("kind: effort\nid: id\nfields: { at: day, hours: missing }\n", match="*.xlsx")
        self.write([["id", "day"], ["1", "2026-09-01", 7], [None, "2026-09-02"]])
        rows = [json.loads(line) for line in self.run_program("preview", "f", "x", "--json").stdout.splitlines()]
        self.run_program("once")
        self.assertEqual(rows[0]["misfits"], [{"field": "(row)", "value": "row 2 of a.xlsx has 3 cells under 2 names"},
                                              {"field": "hours", "value": '(no column "missing")'}])
        self.assertEqual(rows[1]["records"][0]["$outcome"], "rejected")
        self.assertEqual({m["field"]: m["example"] for m in self.stream()["unmapped"]},
                         {"(row)": "row 2 of a.xlsx has 3 cells under 2 names", "hours": '(no column "missing")', "id": "row 3 of a.xlsx has none"})

    def test_a_header_that_is_not_there_is_told_alike(self):
        self.configure(match="*.xlsx", options=", header_row: 9")
        self.write([["id", "at"], ["1", "2026-09-01"]])
        for command in (("once",), ("preview", "f", "x")):
            self.assertIn(b"a.xlsx: has no row 9 to take the column names from", self.run_program(*command, expect=3).stderr)

    def test_no_number_is_an_error_and_not_a_value(self):
        self.configure("kind: effort\nid: id\nfields: { at: day, hours: amount, title: amount }\n", match="*.xlsx")
        path = self.write([["id", "day", "amount"], ["1", dt.date(2026, 9, 1), 4711], ["2", dt.date(2026, 9, 1), 4712], ["3", dt.date(2026, 9, 1), 5]])
        with zipfile.ZipFile(path) as package:
            parts = {name: package.read(name) for name in package.namelist()}
        sheet = "xl/worksheets/sheet1.xml"
        parts[sheet] = parts[sheet].replace(b"<v>4711</v>", b"<v>NaN</v>").replace(b"<v>4712</v>", b"<v>-Infinity</v>")
        with zipfile.ZipFile(path, "w") as package:
            for name, content in parts.items():
                package.writestr(name, content)
        rows = self.seen()
        self.assertEqual([[m["value"] for m in row["misfits"]] for row in rows], [["NaN", "NaN"], ["-Infinity", "-Infinity"], []])
        self.assertEqual(self.hours(), {"2026-09": 5})

    def test_a_title_reaches_over_its_merged_cells(self):
        self.configure('kind: effort\nid: Service\nfields: { x_open: Changes/Open, x_closed: Changes/Closed, title: Note }\n', match="*.xlsx", options=", header_row: [1, 2]")
        book = openpyxl.Workbook()
        for row in (["Service", "Changes"], [None, "Open", "Closed", "Note"], ["vpn", 1, 2, "n"]):
            book.active.append(row)
        book.active.merge_cells("A1:A2")
        book.active.merge_cells("B1:C1")
        book.save(self.folder / "inbox" / "a.xlsx")
        row = self.seen()[0]
        self.assertEqual((list(row["row"]), row["misfits"]), (["Service", "Changes/Open", "Changes/Closed", "Note"], []))


class Folders(Source):
    def test_a_pattern_names_a_folder(self):
        self.configure(match="old/*.csv", options=', csv: { delimiter: ";" }')
        self.assertIn(b'inbox matches "old/*.csv"', self.run_program("once", expect=3).stderr)
        (self.folder / "inbox" / "old").mkdir()
        (self.folder / "inbox" / "new.csv").write_text("id;at\n9;2026-09-01\n", encoding="utf-8")
        (self.folder / "inbox" / "old" / "a.csv").write_text("id;at\n1;2026-09-01\n;2026-09-02\n", encoding="utf-8")
        self.run_program("once")
        stream = self.stream()
        self.assertEqual((stream["read"], stream["records"], stream["unmapped"][-1]["example"]), (2, 1, "row 3 of old/a.csv has none"))
        self.assertEqual(json.loads(self.run_program("preview", "f", "x", "--json").stdout.splitlines()[0])["records"][0]["id"], "1")
        (self.folder / "inbox" / "old" / "b.csv").write_text('id;at\n"2;2026-09-01\n', encoding="utf-8")
        self.assertIn(b"old/b.csv: a quote that opens in line 2", self.run_program("once", expect=3).stderr)

    def test_it_does_not_lead_out_of_the_source(self):
        for match in ("../*.csv", "/etc/*.csv", "old/../../x.csv"):
            self.configure(match=match)
            self.assertIn(b"stays within the source's `path`", self.run_program("check", expect=78).stderr)

    def test_preview_shows_as_many_rows_as_its_help_says(self):
        self.configure()
        (self.folder / "inbox" / "a.csv").write_bytes(b"id,at,t\n" + b"".join(b"%d,2026-09-01,a\n" % n for n in range(300)))
        said = " ".join(self.run_program("preview", "--help", "x/y").stdout.decode().split())
        self.assertIn("of a file (default: 20, with --json all; all are read), of a stream (default: 3, with --draft 200)", said)
        path = str(self.folder / "inbox" / "a.csv")
        self.assertEqual(self.run_program("preview", path).stdout.count(b"2026-09-01"), 20 - 1)
        self.assertEqual(self.run_program("preview", path, "--json").stdout.count(b"2026-09-01"), 300)
        for options, rows in (((), 3), (("--json",), 3), (("--rows", "5"), 5)):
            shown = self.run_program("preview", "f", "x", *options).stdout
            self.assertEqual(len(re.findall(rb"^row \d+|\"at\": ?\"2026-09-01\"", shown, re.M)), rows, shown)

    def test_what_is_shown_of_a_file_for_people_moves_no_terminal(self):
        self.configure()
        (self.folder / "inbox" / "a.csv").write_bytes("id,at,t,\x1b[1m\n1,2026-09-01,\"a\x1b[2J\nb\u202e\",c\r\n2,\x9bsoon,,\n".encode())
        for command in (("preview", "f", "x"), ("preview", str(self.folder / "inbox" / "a.csv"))):
            shown = self.run_program(*command).stdout.decode()
            self.assertNotRegex(shown, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")
            self.assertIn("a\\u001b[2J\\u000ab\\u202e", shown)
        self.assertIn("\\u001b[1m: c\n", self.run_program("preview", "f", "x").stdout.decode())
        self.run_program("once")
        self.assertIn("\\u009bsoon", self.run_program("sources").stdout.decode())

    def test_a_draft_is_a_mapping_whatever_columns_are_called_and_cells_hold(self):
        self.configure()
        told = "a\rb\nc\u0085d\u2028e\u2029f\x1bg: # {[\"\\&*\x9b\u202e"
        cut = "\u00e4" * 29 + "x\U0001f600" + "z" * 20  # the sixtieth byte stands within a character
        names = ["null", "Null", "~", "true", "False", "yes", "NO", "on", "off", "y", "N", "12", "1e3", "0x1f", ".5", ".nan", ".", "-", "- d", "-1", "?", ":", "a: b", "a:", "# c", "c #d",
                 "a\nb", "a\r\nb", "t\tu", "\x1b[1m", "x\u0085y", "x\u2028y", "x\u00a0y", 'q"u\\o', "'x'", "\\u0041", "[x", "]x", "x]", "[0]", "a[", "{x}", "%x", "@x", "`x", "*a",
                 "&a", "!t", "|", ">", "=", "<<", "---", "...", ",", "$.x", "$", "\u00e4", "\U0001f600", "a..b", "FILL IN"]
        for name in names:
            with self.subTest(name):
                with (self.folder / "inbox" / "a.csv").open("w", encoding="utf-8", newline="") as file:
                    csv.writer(file).writerows([[name, "opened_at", "told" + name, "subject", "cut"], ["7", "2026-09-01", told, told, cut], ["8", "2026-09-01", "x", "", cut]])
                draft = self.run_program("preview", "f", "x", "--draft").stdout.decode()
                self.assertNotRegex(draft, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\ufffd]")
                self.assertIn(f"\n  # cut  # 100 % filled: {cut[:30]}..\n", draft)
                (self.folder / "m.yaml").write_text(draft.replace("FILL IN  #", "incident  #"), encoding="utf-8")
                self.run_program("check")
                shown = json.loads(self.run_program("preview", "f", "x", "--json").stdout.splitlines()[0])
                self.assertEqual(([shown["records"][0][key] for key in ("id", "title", "opened_at")], shown["misfits"]), (["7", told, "2026-09-01T00:00:00Z"], []))
                # Lines that were comments, made rules.
                rules = re.findall(r"^  # (.*?)  # 100", draft, re.M)
                self.assertEqual(len(rules), 3)
                (self.folder / "m.yaml").write_text("kind: incident\nid: " + rules[0] + "\nfields:\n  x_told: " + rules[1] + "\n", encoding="utf-8")
                self.run_program("check")
                self.assertEqual(json.loads(self.run_program("preview", "f", "x", "--json").stdout.splitlines()[0])["records"][0], {"$kind": "incident", "$outcome": "record", "id": "7", "x_told": told})

    def test_a_draft_of_which_every_column_is_commented_out_can_be_used(self):
        self.configure()
        (self.folder / "inbox" / "a.csv").write_bytes(b"id,strange\n1,2\n2,2\n")
        draft = self.run_program("preview", "f", "x", "--draft").stdout.decode()
        self.assertIn("fields:\n  # strange", draft)
        (self.folder / "m.yaml").write_text(draft.replace("FILL IN", "incident"), encoding="utf-8")
        self.run_program("check")

    def test_check_online_tells_of_a_stream_without_its_first_file(self):
        self.configure()
        for command in (["check", "--online"], ["once"]):
            self.assertIn(b"f/x: no file in " + bytes(self.folder / "inbox") + b' matches "*.csv"', self.run_program(*command, expect=3).stderr)
        self.assertNotIn(b"every source answers", self.run_program("check", "--online", expect=3).stdout)
        (self.folder / "inbox" / "a.csv").write_bytes(b"id,at,t\n1,2026-09-01,a\n")
        self.assertIn(b"every source answers", self.run_program("check", "--online").stdout)
        self.run_program("once")
        (self.folder / "inbox" / "a.csv").unlink()  # archived, say
        self.run_program("once")
        self.assertIn(b"every source answers", self.run_program("check", "--online").stdout)


class Snapshots(Source):
    """A figure that is kept, and records that went on since."""

    MEASURE = """measures:
  - id: S1
    indicator: ci_accuracy
    period: week
    baseline: { from: 2026-01-05, to: 2026-02-01 }
    target: { change: 20%, from: 2026-02-02, by: 2026-06-30 }
"""

    def put(self, *accurate):
        rows = "".join(f"{i},{value}\n" for i, value in enumerate(accurate))
        (self.folder / "inbox" / "a.csv").write_text("id,acc\n" + rows, encoding="utf-8")

    def test_explain_says_that_the_figure_is_older_than_its_records(self):
        self.configure("kind: ci\nid: id\nnumber: id\nfields: { accurate: acc }\n")
        with open(self.folder / "baselined.yaml", "a", encoding="utf-8") as config:
            config.write("measures: [m1.yaml]\n")
        (self.folder / "m1.yaml").write_text(self.MEASURE, encoding="utf-8")
        self.put("true", "true", "true", "false", "")
        for day in ("2026-01-02", "2026-01-12", "2026-01-19", "2026-01-26", "2026-02-02", "2026-02-09"):
            self.run_program("once", "--now", day + "T12:00:00Z")
        self.put("true", "false", "true", "false", "", "false")
        self.run_program("once", "--now", "2026-02-15T12:00:00Z")
        now = ("--now", "2026-02-15T12:00:00Z")
        said = self.run_program("explain", "S1", "--period", "2026-W06", *now).stdout.decode()
        self.assertIn("(3 of 5)", said)
        self.assertIn("the figure is kept as it was taken when the period ended; the records are those of today", said)
        self.assertIn("6 records, * in the numerator", said)
        self.assertNotIn("1970", said)
        told = json.loads(self.run_program("explain", "S1", "--period", "2026-W06", "--json", *now).stdout)
        self.assertEqual((told["value"], told["numerator"], told["denominator"]), (0.6, 3, 5))
        self.assertIn("those of today", told["note"])
        self.assertEqual([(r["number"], r["at"], r["counted"]) for r in told["records"]],
                         [(str(i), None, i in (0, 2)) for i in range(6)])
        measure = json.loads(self.run_program("status", "S1", "--json", *now).stdout)["measures"][0]
        self.assertEqual((measure["baseline"]["numerator"], measure["baseline"]["denominator"]), (12, 20))
        self.assertNotEqual(measure["baseline"]["digest"].strip("0"), "")
        self.assertNotIn("baseline_drift", [reason["code"] for reason in measure["reasons"]])

        used = self.run_program("series", "--indicator", "ci_accuracy", "--period", "week", *now)
        self.assertEqual(used.stderr, b"")
        for unused in (("--indicator", "ci_accuracy"), ("--indicator", "stale_records", "--period", "week"), ("--indicator", "ci_accuracy", "--period", "week", "--where", "service=x")):
            told = self.run_program("series", *unused, *now).stderr.decode()
            self.assertIn("taken only for what a measure uses", told)


if __name__ == "__main__":
    unittest.main(verbosity=1)
