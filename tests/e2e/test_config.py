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


def every(name, node):
    """All that stands under a name, however deep."""
    if isinstance(node, dict) and name in node:
        yield node[name]
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else []:
        yield from every(name, inner)


def kind_of(document):
    """Which kind of file a document is, a part of one included; None: none of ours."""
    if not isinstance(document, dict) or not document:
        return None
    if {"kind", "id"} <= set(document):
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
        """Files that `check` refuses. In three of them nothing is wrong, in one a variable is not set, in one only the indicator tells what is."""
        unseen = {"mapping/config.yaml", "measure/config.yaml", "promise/config.yaml", "promise/measures.yaml", "secrets/config.yaml"}
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

    def test_where_nothing_may_stand(self):
        """A file whose entries are all commented out, or a mapping's fields; a row's empty cell, and a field without a value."""
        self.both("measures", {"measures": None}, True)
        self.both("indicators", {"indicators": None}, True)
        self.both("mapping", {**MAPPING, "fields": None}, True)
        self.both("mapping", {**MAPPING, "tests": [{"given": {"number": "1", "state": None}, "expect": {"state": None}}]}, True)

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
            ("sources.s", None), ("sources", None), ("alerts", {"routes": [{"when": None, "to": "owner"}]}), ("alerts", {"routes": [{"when": {"status": None}, "to": "owner"}]}),
            ("alerts", {"routes": [None]}), (auth, {"basic": {"user": "u", "password": None}}), ("web", {"heartbeat": ""}), ("measures", None),
            ("sources.s", {"type": "files", "path": ".", "streams": {"f": {"match": "*.csv", "mapping": "jira/incident", "csv": {"delimiter": 0}}}}),
            ("sources.s.url", ["https://s.example.com"]), (auth, {"basic": {"user": ["u"], "password": "p"}}), (auth, {"basic": {"user": "u", "password": {"a": 1}}}),
            ("alerts", {"smtp": {"url": {"a": 1}}, "from": "a@b.c"}), ("alerts", {"webhooks": {"h": {"url": ["https://h.example.com"]}}}), ("alerts", {"webhooks": ["h"]}),
        ]:  # fmt: skip
            with self.subTest(f"{place}: {value}"):
                self.both("main", changed(MAIN, place, value), False)

    def test_mapping(self):
        for place, value in [
            ("kind", "incidnt"), ("kind", GONE), ("id", GONE), ("fields.number", "number"), ("fields.state", {"map": {"New": "new"}}), ("fields.state.mach", "x"),
            ("fields.state.as", "txt"), ("each", {"a": "b"}), ("tests", [{"given": {"number": "1"}}]), ("tests", [{"given": {"number": "1"}, "expect": "dropped"}]),
            ("kind", ["incident"]), ("fields.state.map.New", ["new"]), ("fields.state.map", ["New"]), ("tests", [{"given": [1], "expect": "skipped"}]),
            ("tests", [{"given": {"opened": "1"}, "expect": {"state": {"a": 1}}}]), ("skip", "state"), ("skip", {"state": {"nott": "new"}}),
            ("number", None), ("tests", None), ("fields.state.map.New", None), ("skip", {"state": None}), ("skip", {"any": [None]}), ("tests", [{"given": {"number": "1"}, "expect": None}]),
        ]:  # fmt: skip
            with self.subTest(f"{place}: {value}"):
                self.both("mapping", changed(MAPPING, place, value), False)

    def test_indicators(self):
        for place, value in [
            ("indicators.mine.count", "some"), ("indicators.mine.count", GONE), ("indicators.mine.at", GONE), ("indicators.mine.share", {"state": "new"}),
            ("indicators.mine.better", "more"), ("indicators.mine.unit", "euros"), ("indicators.mine.kind", "x"), ("indicators.mine.where", {"recurs": {"by": "ci"}}),
            ("indicators.mine.where", {"any": {"state": "new"}}), ("indicators.mine.where", {"state": {"empty": "maybe"}}),
            ("indicators.mine.kind", ["change"]), ("indicators.mine.kind", {"zz": 1}), ("indicators.mine.where", {"service": [["vpn"]]}), ("indicators", ["mine"]),
            ("indicators.mine", None), ("indicators.mine.where", None), ("indicators.mine.where", {"state": None}), ("indicators.mine.where", {"not": None}),
        ]:  # fmt: skip
            with self.subTest(f"{place}: {value}"):
                self.both("indicators", changed(INDICATORS, place, value), False)

    def test_measures(self):
        for place, value in [
            ("measures.0.id", GONE), ("measures.0.indicator", GONE), ("measures.0.baseline.to", GONE), ("measures.0.baseline", {"value": 3}),
            ("measures.0.target", {"change": "-30%", "value": 3}), ("measures.0.target.change", "less"), ("measures.0.target.by", "soon"), ("measures.0.stage", "done"),
            ("measures.0.period", "year"), ("measures.0.owner", {"email": "dana"}), ("measures.0.unit_value", {"amount": 3}), ("measures.0.signals", {"evidence": "nice"}),
            ("measures.0.risks", {"name": "x"}), ("measures.0.milestones", [{"name": "x", "deu": "2026-01-01"}]),
            ("measures.0.indicator", ["incident_volume"]), ("measures.0.signals", {"adoption": {"indicator": {"a": 1}}}), ("measures.0.unit_value", {"amount": 3, "currency": "-30%"}),
            ("measures.0.where", None), ("measures.0.owner", {"email": ""}), ("measures.0.risks", [None]), ("measures", [None]), ("measures.0.signals", None),
        ]:  # fmt: skip
            with self.subTest(f"{place}: {value}"):
                self.both("measures", changed(MEASURES, place, value), False)


SHOW = """timezone: Europe/Berlin
store: data/s.db
give_up: 2m
measures: [m/*.yaml, more.yaml]
web: {{ heartbeat: "https://watch.example.com/{0}" }}
sources:
  a.b:
    type: servicenow
    url: https://a.example.com
    auth: {{ basic: {{ user: reader, password: "{1}" }} }}
    proxy: "http://me:{2}@proxy.example.com:3128"
    streams: {{ incident: {{ mapping: servicenow/incident }} }}
  b:
    type: servicenow
    url: https://b.example.com
    give_up: 1m
    auth: {{ api_key: "{3}" }}
    streams: {{ incident: {{ mapping: servicenow/incident, table: u_incident }} }}
  c:
    type: jira
    url: https://c.example.com
    auth: {{ bearer: "{4}" }}
    streams: {{ all: {{ jql: "project = X", mapping: [jira/incident, jira/sla] }} }}
  d:
    type: servicenow
    url: https://d.example.com
    auth: {{ oauth2: {{ grant: refresh_token, client_id: baselined, client_secret: "{5}", password: "{6}", refresh_token: "{7}", token_url: "https://t.example.com/oauth?key={8}" }} }}
    streams: {{ incident: {{ mapping: own.yaml }} }}
alerts:
  from: baselined@example.com
  smtp: {{ url: "smtp://mailer:{9}@mail.example.com:587", user: mailer, password: "{10}" }}
  webhooks:
    chat: {{ url: "https://hooks.example.com/{11}", secret: ["{12}", "{13}"] }}
    odd: {{ url: "https://x:{14}@hooks.example.com" }}
  routes: [ {{ to: [owner, chat] }} ]
"""
SECRETS = 15


class Usage(unittest.TestCase):
    def test_an_unknown_command_is_named(self):
        for words, said in [(["stauts"], 'no command "stauts" (did you mean "status"?); `baselined --help` lists them\n'), (["config", "shw"], 'no command "shw" (did you mean "show"?); `baselined config --help` lists them\n'), (["status", "--jsn"], "--jsn")]:
            answer = run(*words)
            self.assertEqual((answer.returncode, answer.stdout), (2, ""))
            self.assertIn(said, answer.stderr)
        for words in (["--help"], ["status", "--help"], ["--version"]):
            self.assertEqual(run(*words).returncode, 0)


class Show(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="baselined-config-"))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "m").mkdir()
        for name, measure in [("m/one.yaml", "ONE"), ("m/two.yaml", "TWO"), ("more.yaml", "MORE")]:
            text = json.dumps(changed(MEASURES, "measures.0.id", measure))
            (self.folder / name).write_text(text, encoding="utf-8")
        (self.folder / "own.yaml").write_text(json.dumps(MAPPING), encoding="utf-8")
        self.main = self.folder / "main.yaml"

    def show(self, secrets, *more, **environment):
        self.main.write_text(SHOW.format(*secrets), encoding="utf-8")
        return run("config", "show", "--config", self.main, *more, env={**os.environ, **environment})

    def settings(self, answer):
        return {setting["key"]: setting for setting in json.loads(answer.stdout)["settings"]}

    def test_no_secret_is_told(self):
        """Written out, and by reference; in text, JSON and complaints."""
        secrets = [f"sesame{number}opens" for number in range(SECRETS)]
        references = [f"${{S{number}}}" for number in range(SECRETS)]
        environment = {f"S{number}": secret for number, secret in enumerate(secrets)}
        for written in (secrets, references):
            for more in ([], ["--json"]):
                answer = self.show(written, *more, **environment)
                self.assertEqual((answer.returncode, answer.stderr), (0, ""))
                self.assertIn("https://a.example.com", answer.stdout)
                for secret in secrets:
                    self.assertNotIn(secret, answer.stdout)

    def test_each_key_that_holds_a_secret_is_tried(self):
        is_secret = re.compile(r'#/definitions/secret(-address)?"')
        keys = {key for properties in every("properties", schema_of("main")) for key, inner in properties.items() if is_secret.search(json.dumps(inner))}
        self.assertGreater(len(keys), 6)
        for key in keys:
            self.assertRegex(SHOW, rf'\b{key}: (\[?"\{{|"https?:[^"]*\{{)')

    def test_complaints_quote_no_secret(self):
        for place, value in [("timezone", "${LEAK}"), ("settle", "${LEAK}"), ("store", "postgres://u:${LEAK}@h/d"), ("sources.s.url", "${LEAK}"), ("sources.s.since", "${LEAK}"),
                             ("sources.s.streams.incident.mapping", "${LEAK}"), ("alerts", {"from": "${LEAK}", "repeat": ["${LEAK}"]}), ("alerts", {"from": "a@b.c", "smtp": {"url": "${LEAK}"}})]:  # fmt: skip
            self.main.write_text(json.dumps(changed(MAIN, place, value)), encoding="utf-8")
            for command in (["check"], ["config", "show"]):
                with self.subTest(f"{command} {place}"):
                    answer = run(*command, "--config", self.main, env={**os.environ, "LEAK": "sesame opens"})
                    self.assertEqual(answer.returncode, 78)
                    self.assertNotIn("sesame", answer.stdout + answer.stderr)
                    self.assertIn("main.yaml:1:", answer.stderr)

    def test_complaints_quote_nothing_where_secrets_stand(self):
        """Written out, in the right place and in wrong ones: what is said names the place, not the words."""
        auth, word = "sources.s.auth", "sesame"
        wrong = [
            (auth, word), (auth, [word]), (auth, {word: None}), (auth, {"basic": f"u:{word}"}), (auth, {"basic": {"user": "u", word: "x"}}), (auth, {"basic": {"user": "u", "password": {word: 1}}}),
            (auth, {"basic": {"user": "u", "password": word, "token": word}}), (auth, {"bearer": [word]}), (auth, {"bearer": f"{word}\n{word}", "api_key": word}), (auth, {"oauth2": word}),
            (auth, {"oauth2": {"grant": word, "client_id": "x"}}), (auth, {"oauth2": {"grant": "password", "client_id": "x", "user": "u", "password": f"{word}\nx"}}),
            ("sources.s", f"https://u:{word}@h"), ("sources.s.url", f"htps://u:{word}@h"), ("sources.s.url", f"https://u:{word}@h"), ("sources.s.url", f"h/{word}"), ("sources.s.url", {"a": word}),
            ("sources.s", {"type": "jira", "flavour": "cloud", "url": f"https://u:{word}@h", "auth": {"oauth2": {"grant": "client_credentials", "client_id": "c", "client_secret": "x"}}, "streams": {}}),
            ("sources.s.proxy", [f"http://u:{word}@h"]), ("sources.s.tls", word), ("sources.s.tls", {"cert": [word]}), ("sources", f"https://u:{word}@h"),
            ("web", f"https://h/{word}"), ("web", {"listen": f"https://h/{word}"}), ("web", {"heartbeat": f"htps://h/{word}"}), ("web", {"heartbeat": {word: 1}}),
            ("alerts", f"smtps://u:{word}@h"), *[("alerts", {"from": "a@b.de", **inner}) for inner in [
                {"smtp": f"smtps://u:{word}@h"}, {"smtp": {"url": f"smtpss://u:{word}@h"}}, {"smtp": {"url": f"u:{word}@h"}}, {"smtp": {"url": "smtp://h", "password": [word]}}, {"smtp": {"url": "smtp://h", word: 1}},
                {"smtp": {"url": "smtp://h", "tls": {"starttls": word}}}, {f'smtp:"smtps://u:{word}@h"': None}, {"webhooks": f"https://h/{word}"}, {"webhooks": {"w": f"https://h/{word}"}},
                {"webhooks": {"w": {"url": f"htps://h/{word}"}}}, {"webhooks": {"w": {"url": f"http://h.example.com/{word}"}}}, {"webhooks": {"w": {"url": "https://h", "secret": {word: 1}}}},
                {"webhooks": {"w": {"url": "https://h", "secret": f"whsec_{word}!"}}}, {"webhooks": {"w": {"url": "https://h", "format": word}}}, {"webhooks": {"w": {"url": "https://h", "allow_http": word}}},
                {"routes": [{"to": [f"https://h/{word}"]}]},
            ]],
        ]  # fmt: skip
        for place, value in wrong:
            self.main.write_text(json.dumps(changed(MAIN, place, value)), encoding="utf-8")
            for command in (["check"], ["config", "show"], ["once"]):
                with self.subTest(f"{command} {place}: {value}"):
                    answer = run(*command, "--config", self.main)
                    self.assertEqual(answer.returncode, 78, answer.stderr)
                    self.assertNotIn(word, answer.stderr + (answer.stdout if command != ["config", "show"] else ""))
                    self.assertRegex(answer.stderr, r"main\.yaml:1:\d+: ")

    def test_a_pipe_a_device_or_a_folder_is_no_configuration(self):
        pipe = self.folder / "pipe.yaml"
        os.mkfifo(pipe)
        for named in (pipe, "/dev/zero", self.folder):
            answer = run("check", "--config", named)
            self.assertEqual((answer.returncode, answer.stderr), (78, f"{named}: is no file: a folder, a pipe or a device\n"))
        self.main.write_text(json.dumps(changed(MAIN, "measures", ["pipe.yaml"])), encoding="utf-8")
        self.assertIn("pipe.yaml: is no file", run("check", "--config", self.main).stderr)

    def test_an_empty_file_is_told_by_its_name(self):
        self.main.write_text("# later\n", encoding="utf-8")
        self.assertEqual(run("check", "--config", self.main).stderr, f"{self.main}:1:1: the configuration needs `sources`\n")

    def test_what_is_shown_where_a_word_or_listener_belongs_may_be_a_secret(self):
        for place, value in [("sources.s.auth", {"oauth2": {"grant": "sesame", "client_id": "x"}}), ("web", {"listen": "https://h/sesame"})]:
            self.main.write_text(json.dumps(changed(MAIN, place, value)), encoding="utf-8")
            answer = run("config", "show", "--config", self.main)
            self.assertNotIn("sesame", answer.stdout)
            self.assertIn("(hidden)", answer.stdout)

    def test_what_is_near_is_said_where_secrets_stand(self):
        for place, value, near in [("sources.s.auth", {"baerer": "t"}, "bearer"), ("alerts", {"webhooks": {"w": {"url": "https://h", "format": "slakc"}}}, "slack")]:
            self.main.write_text(json.dumps(changed(MAIN, place, value)), encoding="utf-8")
            self.assertIn(f'(did you mean "{near}"?)', run("check", "--config", self.main).stderr)

    def test_values_and_where_they_come_from(self):
        found = self.settings(self.show([f"${{S{number}}}" for number in range(SECRETS)], "--json", **{f"S{n}": "secret" for n in range(SECRETS)}))
        lines = SHOW.format(*range(SECRETS)).splitlines()

        def line_of(text):
            return next(number for number, line in enumerate(lines, 1) if text in line)

        for key, value, line in [
            ("timezone", "Europe/Berlin", 1), ("store", str(self.folder / "data/s.db"), 2), ("settle", "7d", None), ("give_up", "2m", 3),
            ("web.listen", "127.0.0.1:8787", None), ("web.heartbeat", "https://watch.example.com/(hidden)", line_of("heartbeat")),
            ('sources."a.b".poll', "5m", None), ('sources."a.b".give_up', "2m", 3), ("sources.b.give_up", "1m", line_of("give_up: 1m")),
            ('sources."a.b".auth.basic.password', "${S1}", line_of("reader")), ('sources."a.b".proxy', "http://(hidden)@proxy.example.com:3128", line_of("proxy")),
            ('sources."a.b".streams.incident.table', "incident", None), ("sources.b.streams.incident.table", "u_incident", line_of("u_incident")),
            ("sources.c.streams.all.mapping", ["jira/incident", "jira/sla"], line_of("project = X")), ("sources.c.flavour", "ask", None),
            ("sources.d.auth.oauth2.token_url", "https://t.example.com/oauth?(hidden)", line_of("oauth2")),
            ("alerts.webhooks.chat.secret", ["${S12}", "${S13}"], line_of("chat: {")), ("alerts.webhooks.odd.url", "(hidden)", line_of("odd")),
            ("alerts.smtp.url", "smtp://(hidden)@mail.example.com:587", line_of("smtp:")), ("alerts.per_minute", "60", None), ("alerts.digest.day", "monday", None),
            ("alerts.routes[0].to", ["owner", "chat"], line_of("routes")), ("alerts.repeat", "(no reminders)", None),
        ]:  # fmt: skip
            with self.subTest(key):
                self.assertEqual((found[key]["value"], found[key]["line"]), (value, line))
                self.assertEqual(found[key]["file"], None if line is None else str(self.main))
        self.assertEqual(found["measures"]["files"], [str(self.folder / name) for name in ("m/one.yaml", "m/two.yaml", "more.yaml")])

    def test_what_the_files_hold(self):
        answer = json.loads(self.show(["secret"] * SECRETS, "--json").stdout)
        self.assertEqual([measure["id"] for measure in answer["measures"]], ["ONE", "TWO", "MORE"])
        self.assertEqual(answer["measures"][0], {"id": "ONE", "file": str(self.folder / "m/one.yaml"), "line": 1})
        mappings = {mapping["name"]: mapping for mapping in answer["mappings"]}
        self.assertEqual(sorted(mappings), ["jira/incident", "jira/sla", "own.yaml", "servicenow/incident"])
        self.assertEqual(mappings["servicenow/incident"]["streams"], ["a.b.incident", "b.incident"])
        self.assertEqual((mappings["own.yaml"]["file"], mappings["own.yaml"]["tests"]), (str(self.folder / "own.yaml"), 0))
        self.assertEqual([source["type"] for source in answer["sources"]], ["servicenow", "servicenow", "jira", "servicenow"])

    def test_one_measure(self):
        more = {"where": {"service": ["vpn", "mail"], "any": [{"priority": {"at_most": 2}}]}, "milestones": [{"name": "x"}]}
        self.main.write_text(json.dumps({"sources": {}, "measures": "m/*.yaml"}), encoding="utf-8")
        (self.folder / "m" / "two.yaml").write_text(json.dumps({"measures": [MEASURES["measures"][0], {**MEASURES["measures"][0], **more, "id": "OTHER"}]}, indent=1), encoding="utf-8")
        lines = (self.folder / "m" / "two.yaml").read_text(encoding="utf-8").splitlines()
        answer = run("config", "show", "--config", self.main, "OTHER", "--json")
        found = {key: (setting["value"], setting["line"]) for key, setting in self.settings(answer).items()}
        self.assertEqual(found["id"], ("OTHER", 1 + lines.index('   "id": "OTHER",')))
        self.assertEqual(found["where.service"][0], ["vpn", "mail"])
        self.assertEqual(found["where.any[0].priority.at_most"][0], "2")
        self.assertEqual(found["milestones[0].name"][0], "x")
        self.assertEqual((found["period"], found["target.ramp"]), (("month", None), ("1", None)))
        self.assertEqual(json.loads(answer.stdout)["file"], str(self.folder / "m/two.yaml"))
        wrong = run("config", "show", "--config", self.main, "OTHR")
        self.assertEqual((wrong.returncode, wrong.stdout, wrong.stderr), (2, "", 'no measure "OTHR" (did you mean "OTHER"?)\n'))

    def test_text(self):
        answer = self.show(["secret"] * SECRETS)
        self.assertRegex(answer.stdout, r"(?m)^  store +\S*/data/s\.db +line 2$")
        self.assertRegex(answer.stdout, r"(?m)^  settle +7d +default$")
        self.assertRegex(answer.stdout, r"(?m)^  TWO  incident_volume, by month: \S*/m/two\.yaml:1$")

    def test_without_secrets_it_is_shown_and_told(self):
        answer = self.show([f"${{NOWHERE{number}}}" for number in range(SECRETS)])
        self.assertEqual(answer.returncode, 78)
        self.assertIn("${NOWHERE1}", answer.stdout)
        self.assertIn("the environment has no variable NOWHERE1\n", answer.stderr)

    def test_what_the_service_alone_has_is_missed_by_who_connects(self):
        self.main.write_text("timezone: UTC\nstore: s.db\nsources: { acme: { type: servicenow, url: \"https://127.0.0.1:9\", since: 2026-01-01, "
                             "auth: { basic: { user: a, password: \"${credential:snow}\" } }, streams: { incident: { mapping: servicenow/incident } } } }\n", encoding="utf-8")
        column = self.main.read_text(encoding="utf-8").splitlines()[2].index('"${') + 1
        missing = f'{self.main}:3:{column}: no credential "snow": the service gets it by LoadCredential=snow:PATH in its unit'
        for words, status in [(["check", "--online"], 78), (["once"], 78), (["check"], 0), (["config", "show"], 0)]:
            answer = run(*words, "--config", self.main)
            self.assertEqual((answer.returncode, answer.stderr.count(missing)), (status, 1 if words != ["config", "show"] else 0), answer.stderr)
        answer = run("status", "--config", self.main)
        self.assertEqual((answer.returncode, answer.stderr), (1, f"store {self.folder / 's.db'}: there is none yet; `baselined once` makes it by reading the sources\n"))

    def test_a_file_that_cannot_be_read(self):
        answer = run("config", "show", "--config", self.folder / "none.yaml", "--json")
        self.assertEqual((answer.returncode, answer.stdout), (78, ""))


class Reference(unittest.TestCase):
    def test_it_is_what_the_program_says(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="baselined-reference-"))
        self.addCleanup(shutil.rmtree, folder)
        subprocess.run([ROOT / "packaging" / "reference.py", PROGRAM, "markdown", folder], check=True)
        made = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
        kept = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "reference").iterdir()}
        self.assertEqual(sorted(made), sorted(kept))
        for name, text in made.items():
            self.assertEqual(text, kept[name], f"docs/reference is behind: packaging/reference.py {PROGRAM} markdown docs/reference")

    def test_every_key_is_told_in_the_manual(self):
        """Each key of the schemas begins a paragraph; no page has a fault."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="baselined-manual-"))
        self.addCleanup(shutil.rmtree, folder)
        subprocess.run([ROOT / "packaging" / "reference.py", PROGRAM, "man", folder], check=True)
        for kind, page in [("main", "baselined.yaml"), ("mapping", "baselined-mapping"), ("measures", "baselined-measures"), ("indicators", "baselined-measures")]:
            lint = subprocess.run(["mandoc", "-Tlint", folder / f"{page}.5"], capture_output=True, text=True, check=False)
            self.assertEqual(lint.stdout + lint.stderr, "")
            text = (folder / f"{page}.5").read_text(encoding="utf-8")
            keys = {key for properties in every("properties", schema_of(kind)) for key in properties if "description" in properties[key]}
            self.assertGreater(len(keys), 9)
            for key in keys:
                self.assertRegex(text, rf"\.TP\n\\fB([a-z_]+: )*{key}\\fR")

    def test_links_lead_somewhere_and_every_section_is_linked(self):
        for kind in KINDS:
            text = (ROOT / "docs" / "reference" / f"{kind}.md").read_text(encoding="utf-8")
            titles = {title.replace(" ", "-") for title in re.findall(r"^##+ (.*)$", text, re.M)} - {"Types-of-values"}
            self.assertEqual(set(re.findall(r"\]\(#([^)]*)\)", text)), titles)

    def test_kinds_are_the_contract_s(self):
        kinds = json.loads(run("config", "kinds", "--json").stdout)
        fields = {kind["name"]: {field["name"]: field for field in kind["fields"]} for kind in kinds["kinds"]}
        self.assertEqual(len(fields), 13)
        self.assertEqual([field["name"] for field in kinds["every_kind"]],
                         ["id", "number", "url", "title", "updated_at", "service", "ci", "group", "category", "subcategory", "owner", "labels", "measure"])  # fmt: skip
        self.assertEqual(fields["change"]["outcome"]["choices"], ["successful", "successful_with_issues", "failed", "rolled_back", "cancelled"])
        self.assertEqual(fields["cost"]["amount"], {"name": "amount", "type": "number"})
        self.assertIn("cost_centre", run("config", "kinds").stdout)

    def test_indicators_are_those_of_the_library(self):
        library = parse((ROOT / "mappings" / "library" / "indicators.yaml").read_text(encoding="utf-8"))["indicators"]
        told = json.loads(run("config", "indicators", "--json").stdout)["indicators"]
        self.assertEqual([one["name"] for one in told], list(library))
        for one in told:
            self.assertEqual(parse(one["definition"]), {one["name"]: library[one["name"]]})
        self.assertEqual(len(run("config", "indicators").stdout.splitlines()), len(library))


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
        self.assertEqual(self.complete("baselined", "export", "--format", ""), ["csv", "xlsx", "json"])
        self.assertEqual(self.complete("baselined", "run", "--log", "w"), ["warning"])


if __name__ == "__main__":
    unittest.main()
