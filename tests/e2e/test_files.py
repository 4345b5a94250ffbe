#!/usr/bin/python3
"""Files as a source: what cannot be read whole is told, and `preview` sees what `once` stores."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

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


if __name__ == "__main__":
    unittest.main(verbosity=1)
