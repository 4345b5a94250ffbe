#!/usr/bin/python3
"""What the program sees in spreadsheets: written by those who write them, and by those who mean harm."""
import datetime as dt
import gzip
import json
import os
import pathlib
import resource
import shutil
import subprocess
import tempfile
import unittest
import zipfile

import openpyxl

ROOT = pathlib.Path(__file__).resolve().parents[2]
WRITERS = ROOT / "tests" / "support" / "writers"
PROGRAM = os.environ.get("BASELINED", str(ROOT / "build" / "dev" / "baselined"))
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"

# What every writer below was told to write.
EXPECTED = {
    1: ["Text", "Number", "Day", "Stamp", "Ok", "Formula", "Error"],
    2: ["Zoë 😀\ntwo", 12.5, ("date", "2026-01-31"), ("datetime", "2026-03-29T02:30:00"), True, 25, ("error", "#N/A")],
    4: ["rich text", -3],
}


def preview(path, *arguments, expect=0):
    done = subprocess.run([PROGRAM, "preview", str(path), "--json", *arguments], capture_output=True, text=True, check=False, timeout=120)
    if done.returncode != expect:
        raise AssertionError(f"{path}: exit {done.returncode}, not {expect}\n{done.stderr}")
    if expect:
        return done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return lines[0], {line["row"]: line["cells"] for line in lines[1:]}


def plain(cell):
    if cell is None:
        return None
    return cell["v"] if cell["t"] in ("text", "number", "boolean") else (cell["t"], cell["v"])


class InFolder(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="baselined-sheets-"))
        self.addCleanup(shutil.rmtree, self.folder)


class Writers(InFolder):
    def check(self, path, *arguments):
        head, rows = preview(path, *arguments)
        self.assertEqual(head["sheet"], "Data")
        seen = {number: [plain(cell) for cell in cells] for number, cells in rows.items()}
        self.assertEqual(seen, EXPECTED, path.name)
        return head

    def openpyxl_file(self):
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.title = "Data"
        sheet.append(EXPECTED[1])
        sheet.append(["Zoë 😀\ntwo", 12.5, dt.date(2026, 1, 31), dt.datetime(2026, 3, 29, 2, 30), True, "=B2*2", "=NA()"])
        sheet["A4"], sheet["B4"] = "rich text", -3
        book.create_sheet("Secret").sheet_state = "hidden"
        path = self.folder / "openpyxl.xlsx"
        book.save(path)
        return path

    def test_openpyxl_saves_formulas_without_their_values(self):
        _, rows = preview(self.openpyxl_file())
        self.assertEqual([cell["t"] for cell in rows[2]], ["text", "number", "date", "datetime", "boolean", "uncached", "uncached"])

    def test_libreoffice_and_gnumeric_compute_and_write_both_formats(self):
        source = self.openpyxl_file()
        office = ["soffice", "--headless", f"-env:UserInstallation=file://{self.folder}/profile", "--convert-to"]
        for form in ("xlsx", "ods"):
            subprocess.run([*office, form, "--outdir", str(self.folder / "office"), str(source)], check=True, capture_output=True, timeout=240)
            head = self.check(self.folder / "office" / f"openpyxl.{form}")
            self.assertEqual(head["sheets"], [{"name": "Data", "state": "visible"}, {"name": "Secret", "state": "hidden"}])
        for form in ("xlsx", "ods"):
            target = self.folder / f"gnumeric.{form}"
            subprocess.run(["ssconvert", "--recalc", str(self.folder / "office" / "openpyxl.xlsx"), str(target)], check=True, capture_output=True, timeout=120)
            self.check(target)
        packed = self.folder / "packed.ods.gz"
        packed.write_bytes(gzip.compress((self.folder / "office" / "openpyxl.ods").read_bytes()))
        self.check(packed)

    def test_exceljs(self):
        if not (WRITERS / "node_modules" / "exceljs").is_dir():
            subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=WRITERS, check=True)
        path = self.folder / "exceljs.xlsx"
        subprocess.run(["node", str(WRITERS / "exceljs.js"), str(path)], check=True)
        head = self.check(path)
        self.assertEqual(head["sheets"][1], {"name": "Secret", "state": "hidden"})
        self.assertEqual(preview(path, "--sheet", "Secret")[1], {1: [{"t": "text", "v": "nobody"}]})

    def test_libxlsxwriter(self):
        program, path = self.folder / "writer", self.folder / "libxlsxwriter.xlsx"
        subprocess.run(["cc", str(WRITERS / "libxlsxwriter.c"), "-o", str(program), "-lxlsxwriter"], check=True)
        subprocess.run([str(program), str(path)], check=True)
        _, rows = preview(path)
        # It writes every formula's cached text as t="str", errors included.
        self.assertEqual(plain(rows[2][6]), "#N/A")
        rows[2][6] = {"t": "error", "v": "#N/A"}
        self.assertEqual({n: [plain(c) for c in cells] for n, cells in rows.items()}, EXPECTED)


def xlsx(path, sheet, **parts):
    """A workbook of the fewest parts; `parts` adds or replaces (shared, styles, workbook)."""
    names = {"sheet": "xl/worksheets/sheet1.xml", "shared": "xl/sharedStrings.xml", "styles": "xl/styles.xml", "workbook": "xl/workbook.xml"}
    relations = [("worksheet", "worksheets/sheet1.xml")]
    relations += [("sharedStrings", "sharedStrings.xml")] if "shared" in parts else []
    relations += [("styles", "styles.xml")] if "styles" in parts else []
    parts.setdefault("workbook", f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="S" sheetId="1" r:id="r0"/></sheets></workbook>')
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("_rels/.rels", f'<Relationships xmlns="{PACKAGE}"><Relationship Id="x" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>')
        package.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{PACKAGE}">' + "".join(
            f'<Relationship Id="r{i}" Type="{OFFICE}/{kind}" Target="{target}"/>' for i, (kind, target) in enumerate(relations)) + "</Relationships>")
        for part, content in {"sheet": sheet, **parts}.items():
            package.writestr(names[part], content)
    return path


def data(rows):
    return f'<worksheet xmlns="{MAIN}"><dimension ref="A1"/><sheetData>{rows}</sheetData></worksheet>'


def ods(path, table, manifest=""):
    names = " ".join(f'xmlns:{p}="urn:oasis:names:tc:opendocument:xmlns:{p}:1.0"' for p in ("office", "table", "text", "style"))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        package.writestr("META-INF/manifest.xml", f"<manifest>{manifest}</manifest>")
        package.writestr("content.xml", f"<office:document-content {names}><office:body><office:spreadsheet>{table}</office:spreadsheet></office:body></office:document-content>")
    return path


class Oddities(InFolder):
    def rows(self, path, *arguments):
        return {n: [plain(c) for c in cells] for n, cells in preview(path, *arguments)[1].items()}

    def test_cells_without_places_and_rows_without_numbers(self):
        path = xlsx(self.folder / "a.xlsx", data("<row><c><v>1</v></c><c/><c t='inlineStr'><is><t>x</t></is></c></row><row/><row><c><v>2</v></c></row>"))
        self.assertEqual(self.rows(path), {1: [1, None, "x"], 3: [2]})

    def test_the_far_corner_costs_nothing(self):
        path = xlsx(self.folder / "a.xlsx", data("<row r='1'><c r='A1'><v>1</v></c></row><row r='1048576'><c r='XFD1048576'><v>9</v></c></row>"))
        rows = self.rows(path)
        self.assertEqual(rows[1], [1])
        self.assertEqual((len(rows[1048576]), rows[1048576][-1]), (16384, 9))

    def test_phonetic_guides_and_rich_texts(self):
        shared = f'<sst xmlns="{MAIN}"><si><r><t>a</t></r><r><t xml:space="preserve"> b</t></r><rPh sb="0" eb="1"><t>no</t></rPh></si></sst>'
        path = xlsx(self.folder / "a.xlsx", data("<row><c t='s'><v>0</v></c></row>"), shared=shared)
        self.assertEqual(self.rows(path), {1: ["a b"]})

    def test_dates_of_1904(self):
        styles = f'<styleSheet xmlns="{MAIN}"><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>'
        workbook = f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><workbookPr date1904="1"/><sheets><sheet name="S" sheetId="1" r:id="r0"/></sheets></workbook>'
        path = xlsx(self.folder / "a.xlsx", data("<row><c s='1'><v>37986</v></c></row>"), styles=styles, workbook=workbook)
        self.assertEqual(self.rows(path), {1: [("date", "2008-01-01")]})

    def test_a_time_alone_is_a_time_in_both_systems(self):
        styles = f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="170" formatCode="hh:mm"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="20"/><xf numFmtId="170"/></cellXfs></styleSheet>'
        cells = data("<row><c s='1'><v>0.5</v></c><c s='2'><v>0.25</v></c><c s='2'><v>0</v></c></row>")
        for system in ("", '<workbookPr date1904="1"/>'):
            workbook = f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">{system}<sheets><sheet name="S" sheetId="1" r:id="r0"/></sheets></workbook>'
            path = xlsx(self.folder / "a.xlsx", cells, styles=styles, workbook=workbook)
            self.assertEqual(self.rows(path), {1: [("time", "12:00:00"), ("time", "06:00:00"), ("time", "00:00:00")]}, system)

    def test_no_number_is_an_error(self):
        path = xlsx(self.folder / "a.xlsx", data("<row><c><v>NaN</v></c><c><v>Infinity</v></c><c><v>-INF</v></c><c><v>1e2</v></c></row>"))
        self.assertEqual(self.rows(path), {1: [("error", "NaN"), ("error", "Infinity"), ("error", "-INF"), 100]})
        cell = '<table:table-cell office:value-type="float" office:value="NaN"/>'
        path = ods(self.folder / "a.ods", f'<table:table table:name="T"><table:table-row>{cell}</table:table-row></table:table>')
        self.assertEqual(self.rows(path), {1: [("error", "NaN")]})

    def test_repeated_cells_and_rows(self):
        empty = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
        row = '<table:table-row table:number-rows-repeated="2"><table:table-cell office:value-type="float" office:value="7" table:number-columns-repeated="3"/></table:table-row>'
        covered = '<table:table-row><table:table-cell office:value-type="string"><text:p>a<text:s text:c="2"/>b</text:p><office:annotation><text:p>note</text:p></office:annotation></table:table-cell><table:covered-table-cell office:value-type="string"><text:p>under</text:p></table:covered-table-cell></table:table-row>'
        path = ods(self.folder / "a.ods", f'<table:table table:name="T">{row}{covered}{empty}{row}</table:table>')
        self.assertEqual(self.rows(path), {1: [7, 7, 7], 2: [7, 7, 7], 3: ["a  b"], 1048004: [7, 7, 7], 1048005: [7, 7, 7]})

    def test_other_prefixes_in_ods(self):
        content = '<o:document-content xmlns:o="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:t="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:x="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><o:body><o:spreadsheet><t:table t:name="T"><t:table-row><t:table-cell o:value-type="string"><x:p>yes</x:p></t:table-cell></t:table-row></t:table></o:spreadsheet></o:body></o:document-content>'
        path = self.folder / "a.ods"
        with zipfile.ZipFile(path, "w") as package:
            package.writestr("content.xml", content)
        self.assertEqual(self.rows(path), {1: ["yes"]})

    def test_a_sheet_that_is_not_there_names_those_that_are(self):
        path = xlsx(self.folder / "a.xlsx", data(""))
        self.assertIn('has no sheet "T"; its sheets are: S', preview(path, "--sheet", "T", expect=1))


class Hostile(InFolder):
    def refused(self, path, text):
        said = preview(path, expect=1)
        self.assertIn(text, said)
        self.assertTrue(said.startswith(str(path)), said)

    def test_bombs(self):
        path = xlsx(self.folder / "bomb.xlsx", data("<row><c t='inlineStr'><is><t>" + "A" * (300 << 20) + "</t></is></c></row>"))
        self.refused(path, "its part xl/worksheets/sheet1.xml")
        shared = f'<sst xmlns="{MAIN}">' + "<si><t>AAAA</t></si>" * (8 << 20) + "</sst>"
        self.refused(xlsx(self.folder / "shared.xlsx", data(""), shared=shared), "as a zip bomb does")
        many = '<table:table-row table:number-rows-repeated="1048576"><table:table-cell office:value-type="float" office:value="7" table:number-columns-repeated="16384"/></table:table-row>'
        self.refused(ods(self.folder / "many.ods", f'<table:table table:name="T">{many}</table:table>'), "million cells")

    def test_entities(self):
        laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>' + data("<row><c t='inlineStr'><is><t>&b;</t></is></c></row>")
        self.refused(xlsx(self.folder / "a.xlsx", laughs), "DOCTYPE")

    def test_places_and_indexes_that_are_not_there(self):
        self.refused(xlsx(self.folder / "a.xlsx", data("<row r='3'><c r='B3' t='s'><v>9</v></c></row>")), "cell B3 names the shared text 9, there are 0")
        self.refused(xlsx(self.folder / "b.xlsx", data("<row r='1'><c r='XFE1'><v>9</v></c></row>")), "beyond column 16384")
        self.refused(xlsx(self.folder / "c.xlsx", data("<row r='1048577'><c><v>9</v></c></row>")), "beyond the last row")
        self.refused(xlsx(self.folder / "d.xlsx", data("<x>" * 300 + "</x>" * 300)), "nested deeper")
        self.refused(xlsx(self.folder / "e.xlsx", data("<row><c>")), "is no XML")
        self.refused(xlsx(self.folder / "f.xlsx", data("<row r='" + "9" * (5 << 20) + "'/>")), "tag of more than")

    def test_damage(self):
        whole = xlsx(self.folder / "a.xlsx", data("<row><c><v>1</v></c></row>")).read_bytes()
        cut = self.folder / "cut.xlsx"
        cut.write_bytes(whole[: len(whole) * 2 // 3])
        self.refused(cut, "was not copied whole")
        turned = bytearray(whole)
        turned[whole.index(b"sheet1.xml") + 20] ^= 0xFF
        broken = self.folder / "broken.xlsx"
        broken.write_bytes(turned)
        self.refused(broken, "broken.xlsx")
        packed = self.folder / "cut.xlsx.gz"
        packed.write_bytes(gzip.compress(whole)[:-20])
        self.refused(packed, "ends too early")

    def test_other_things_with_such_names(self):
        def file(name, content):
            path = self.folder / name
            path.write_bytes(content)
            return path
        self.refused(file("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)), "save it as .xlsx")
        self.refused(file("p.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le")), "password protected")
        self.refused(file("h.xls", b"<html><table><tr><td>1</td></tr></table></html>"), "this is HTML")
        self.refused(file("x.xml", b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>'), "Excel 2003 XML")
        self.refused(file("e.xlsx", b""), "the file is empty")
        flat = b'<?xml version="1.0"?><office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"><office:meta><meta:generator/></office:meta></office:document>'
        self.refused(file("f.fods", flat), "save it as .ods")
        with zipfile.ZipFile(xlsx(self.folder / "w.xlsx", data(""))) as package:
            parts = {name: package.read(name) for name in package.namelist() if not name.endswith("workbook.xml.rels")}
        with zipfile.ZipFile(self.folder / "w.xlsx", "w") as package:
            for name, content in parts.items():
                package.writestr(name, content)
        self.refused(self.folder / "w.xlsx", "lacks the part xl/_rels/workbook.xml.rels")
        self.refused(file("d.pdf", b"%PDF-1.7"), "PDF")
        self.refused(ods(self.folder / "p.ods", "", manifest="<manifest:encryption-data/>"), "password protected")
        with zipfile.ZipFile(self.folder / "z.zip", "w") as package:
            package.writestr("a.csv", "a,b\n")
        self.refused(self.folder / "z.zip", "neither .xlsx nor .ods")

    def test_memory_does_not_grow_with_the_rows(self):
        cells = "".join(f"<c t='inlineStr'><is><t>text {i} of this row</t></is></c>" for i in range(35))
        path = self.folder / "long.xlsx"
        xlsx(path, data("".join(f"<row>{cells}<c><v>{i}.{i * 7919 % 10007}</v></c></row>" for i in range(20_000))))
        usage = ["/usr/bin/env", "python3", "-c", "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"]
        peak = int(subprocess.run([*usage, PROGRAM, "preview", str(path)], check=True, capture_output=True, text=True).stdout)
        if "sanitize" not in PROGRAM:  # sanitizers keep freed memory
            self.assertLess(peak, 32 * 1024)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    unittest.main()
