#!/usr/bin/python3
"""What a configuration can say, and what it says: its schema, the effective one, the reference."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from daemon import PROGRAM  # noqa: E402
from yaml_core import parse  # noqa: E402

KINDS = ["main", "mapping", "indicators", "measures"]


def run(*arguments, **options):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False, **options)


def schema_of(kind):
    return json.loads(run("config", "schema", kind).stdout)


def kind_of(document):
    """Which kind of file a document is, a part of one included; None: none of ours."""
    if not isinstance(document, dict) or not document:
        return None
    if "kind" in document:
        return "mapping"
    if set(document) == {"indicators"} and isinstance(document["indicators"], dict):
        return "indicators"
    if set(document) == {"measures"} and (document["measures"] == [] or isinstance(document["measures"][0], dict)):
        return "measures"
    return "main" if set(document) & set(schema_of("main")["properties"]) else None


def snippets(path):
    """Fenced YAML of a Markdown file, wherever it is indented."""
    for fence in re.finditer(r"^( *)```yaml\n(.*?)^\1```", path.read_text(encoding="utf-8"), re.M | re.S):
        yield re.sub(rf"^{fence[1]}", "", fence[2], flags=re.M)


class Schema(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.validators = {}
        for kind in KINDS:
            schema = schema_of(kind)
            jsonschema.Draft7Validator.check_schema(schema)
            cls.validators[kind] = jsonschema.Draft7Validator(schema)

    def faults(self, document):
        kind = kind_of(document)
        self.assertIsNotNone(kind, document)
        return [f"{list(error.absolute_path)}: {error.message}" for error in self.validators[kind].iter_errors(document)]

    def accept(self, path, document):
        with self.subTest(str(path)):
            self.assertEqual(self.faults(document), [])

    def test_without_a_kind_it_is_the_main_file_s(self):
        self.assertEqual(run("config", "schema").stdout, run("config", "schema", "main").stdout)
        self.assertEqual(run("config", "schema", "nonsense").returncode, 2)

    def test_shipped_files_and_examples(self):
        files = [path for folder in ("config/examples", "mappings/library", "packaging/scaffold") for path in sorted((ROOT / folder).rglob("*.yaml"))]
        self.assertGreater(len(files), 16)
        for path in files:
            self.accept(path, parse(path.read_text(encoding="utf-8")))

    def test_samples(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="baselined-config-"))
        self.addCleanup(shutil.rmtree, folder)
        subprocess.run([ROOT / "packaging" / "samples" / "generate", folder], check=True)
        for path in sorted(folder.glob("*.yaml")):
            self.accept(path, parse(path.read_text(encoding="utf-8")))

    def test_what_the_scaffold_has_behind_marks(self):
        for path in sorted((ROOT / "packaging" / "scaffold").rglob("*.yaml")):
            text = path.read_text(encoding="utf-8")
            live, marked = re.split(r"^# Remove the line above .*\n", text, flags=re.M)
            live = "\n".join(live.splitlines()[:-1 if live.endswith("[]\n") else -2])  # the line above, with its blank one
            self.accept(path, parse(live + "\n" + re.sub(r"^# ", "", marked, flags=re.M)))

    def test_snippets_of_the_documents(self):
        found = 0
        for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
            for snippet in snippets(path):
                document = parse(snippet)
                kind = kind_of(document)
                if kind is None:
                    continue  # of another program
                found += 1
                if kind == "main":
                    document.setdefault("sources", {})  # a part of a main file
                self.accept(f"{path}: {snippet[:40]}", document)
        self.assertGreater(found, 4)

    def test_golden_faults(self):
        """Files that `check` refuses. In two of them nothing is wrong, in one a variable is not set."""
        unseen = {"mapping/config.yaml", "measure/config.yaml", "secrets/config.yaml"}
        for path in sorted((ROOT / "tests/golden/config_errors").rglob("*.yaml")):
            name = str(path.relative_to(ROOT / "tests/golden/config_errors"))
            with self.subTest(name):
                self.assertEqual(self.faults(parse(path.read_text(encoding="utf-8"))) == [], name in unseen)


MAIN = {
    "store": "s.db",
    "sources": {"s": {"type": "servicenow", "url": "https://s.example.com", "auth": {"bearer": "t"}, "streams": {"incident": {"mapping": "servicenow/incident"}}}},
}
MAPPING = {"kind": "incident", "id": "number", "fields": {"opened_at": "opened", "state": {"from": "state", "map": {"New": "new"}}}}
INDICATORS = {"indicators": {"mine": {"kind": "incident", "at": "opened_at", "count": "all"}}}
MEASURES = {"measures": [{"id": "M", "indicator": "incident_volume", "baseline": {"from": "2025-01-01", "to": "2025-12-31"}, "target": {"change": "-30%"}}]}
GONE = object()


def changed(document, place, value):
    """A copy in which the value at `a.b.0.c` is another one, or gone."""
    copy = json.loads(json.dumps(document))
    *way, last = [int(step) if step.isdigit() else step for step in place.split(".")]
    at = copy
    for step in way:
        at = at[step]
    if value is GONE:
        del at[last]
    else:
        at[last] = value
    return copy


class Alike(unittest.TestCase):
    """One fault at a time: what the schema refuses, `check` refuses, and the other way round."""

    def check(self, kind, document):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="baselined-config-"))
        try:
            main = dict(MAIN) if kind != "main" else document
            if kind in ("indicators", "measures"):
                main[kind] = f"{kind}.yaml"
            if kind == "mapping":
                main = changed(MAIN, "sources.s.streams.incident.mapping", "mapping.yaml")
            (folder / "main.yaml").write_text(json.dumps(main), encoding="utf-8")  # JSON is YAML
            (folder / f"{kind}.yaml").write_text(json.dumps(document), encoding="utf-8")
            return run("check", "--config", folder / "main.yaml")
        finally:
            shutil.rmtree(folder)

    def both(self, kind, document, is_good):
        checked = self.check(kind, document)
        self.assertEqual(checked.returncode, 0 if is_good else 78, checked.stderr)
        self.assertEqual(jsonschema.Draft7Validator(schema_of(kind)).is_valid(document), is_good)

    def test_good(self):
        for kind, document in [("main", MAIN), ("mapping", MAPPING), ("indicators", INDICATORS), ("measures", MEASURES)]:
            with self.subTest(kind):
                self.both(kind, document, True)

    def test_main(self):
        auth = "sources.s.auth"
        for place, value in [
            ("setle", "7d"), ("settle", "soon"), ("settle", 7), ("sources", GONE), ("sources", []), ("web", {"listen": "here"}), ("web", {"heartbeat": "x"}),
            ("sources.s.type", "jirra"), ("sources.s.type", GONE), ("sources.s.url", GONE), ("sources.s.path", "inbox"), ("sources.s.poll", "5"),
            ("sources.s.since", "2025"), ("sources.s.page_size", "many"), ("sources.s.allow_http", "perhaps"), ("sources.s.streams.incident.mapping", GONE),
            ("sources.s.streams.incident.jql", "x"), (auth, {}), (auth, {"bearer": "t", "api_key": "k"}), (auth, {"basic": {"user": "u"}}),
            (auth, {"oauth2": {"grant": "client_credential", "client_id": "i"}}), (auth, {"oauth2": {"grant": "password", "client_id": "i", "user": "u"}}),
            ("alerts", {"from": "nobody"}), ("alerts", {"smtp": {"url": "mail"}, "from": "a@b.c"}), ("alerts", {"webhooks": {"owner": {"url": "https://h.example.com"}}}),
            ("alerts", {"webhooks": {"h": {"url": "https://h.example.com", "format": "slakc"}}}), ("alerts", {"routes": [{"when": {"status": "red"}, "to": "owner"}]}),
            ("alerts", {"routes": [{"when": {}}]}), ("alerts", {"repeat": ["often"]}), ("alerts", {"quiet": {"from": "20:00"}}), ("alerts", {"digest": {"day": "mondy"}}),
        ]:  # fmt: skip
            with self.subTest(f"{place}: {value}"):
                self.both("main", changed(MAIN, place, value), False)

    def test_mapping(self):
        for place, value in [
            ("kind", "incidnt"), ("kind", GONE), ("id", GONE), ("fields.number", "number"), ("fields.state", {"map": {"New": "new"}}), ("fields.state.mach", "x"),
            ("fields.state.as", "txt"), ("each", {"a": "b"}), ("tests", [{"given": {"number": "1"}}]), ("tests", [{"given": {"number": "1"}, "expect": "dropped"}]),
            ("skip", "state"), ("skip", {"state": {"nott": "new"}}),
        ]:  # fmt: skip
            with self.subTest(f"{place}: {value}"):
                self.both("mapping", changed(MAPPING, place, value), False)

    def test_indicators(self):
        for place, value in [
            ("indicators.mine.count", "some"), ("indicators.mine.count", GONE), ("indicators.mine.at", GONE), ("indicators.mine.share", {"state": "new"}),
            ("indicators.mine.better", "more"), ("indicators.mine.unit", "euros"), ("indicators.mine.kind", "x"), ("indicators.mine.where", {"recurs": {"by": "ci"}}),
            ("indicators.mine.where", {"any": {"state": "new"}}), ("indicators.mine.where", {"state": {"empty": "maybe"}}),
        ]:  # fmt: skip
            with self.subTest(f"{place}: {value}"):
                self.both("indicators", changed(INDICATORS, place, value), False)

    def test_measures(self):
        for place, value in [
            ("measures.0.id", GONE), ("measures.0.indicator", GONE), ("measures.0.baseline.to", GONE), ("measures.0.baseline", {"value": 3}),
            ("measures.0.target", {"change": "-30%", "value": 3}), ("measures.0.target.change", "less"), ("measures.0.target.by", "soon"), ("measures.0.stage", "done"),
            ("measures.0.period", "year"), ("measures.0.owner", {"email": "dana"}), ("measures.0.unit_value", {"amount": 3}), ("measures.0.signals", {"evidence": "nice"}),
            ("measures.0.risks", {"name": "x"}), ("measures.0.milestones", [{"name": "x", "deu": "2026-01-01"}]),
        ]:  # fmt: skip
            with self.subTest(f"{place}: {value}"):
                self.both("measures", changed(MEASURES, place, value), False)


class Completion(unittest.TestCase):
    def complete(self, *words):
        script = f'. "{ROOT}/packaging/completion/baselined"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _baselined; printf "%s\\n" "${{COMPREPLY[@]}}"'
        environment = {**os.environ, "PATH": f"{pathlib.Path(PROGRAM).parent}:{os.environ['PATH']}"}
        return subprocess.run(["bash", "-c", script, "-", *words], capture_output=True, text=True, check=True, env=environment).stdout.split()

    def test_commands_options_and_choices(self):
        self.assertEqual(self.complete("baselined", "conf"), ["config"])
        self.assertEqual(self.complete("baselined", "config", "sch"), ["schema"])
        self.assertEqual(self.complete("baselined", "config", "schema", ""), KINDS)
        self.assertEqual(self.complete("baselined", "alerts", "test", "--s"), ["--send"])


if __name__ == "__main__":
    unittest.main()
