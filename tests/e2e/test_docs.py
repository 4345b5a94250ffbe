#!/usr/bin/python3
"""README.md and docs are what the program does: console blocks are run, snippets checked, commands parsed, links followed.

The conventions of a page:
- ```console: lines that begin with `$ ` are commands, `> ` goes on with one; the rest is what they print. The blocks of a page run in order, in
  one folder. A line `...` stands for any lines, ` ... ` within a line for any text.
- ```yaml whose first line is a comment with a file's name is that file, for the console blocks that follow. Each other one must pass `check`.
- of docs/howto the sites are stood in for (tests/support/stand_ins.py); a line `<!-- now: NAME -->` lets something happen there.
- what follows a line `<!-- installed -->`, up to `<!-- by hand -->`, is done as root on a machine that has the package: tests/installed runs it.
- an indented line that begins with `baselined` is a command: its name and options must exist.
"""
import email
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import textwrap
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from alert_receivers import Hooks  # noqa: E402
from fronts import Authority  # noqa: E402
from pages import PAGES, blocks, commands, is_as_shown, snippet_file, translate  # noqa: E402
from promise import Promise  # noqa: E402
from post_office import PASSWORD  # noqa: E402
from stand_ins import STAND_INS, JiraSites, MailServer, Nothing, ServiceNowSite  # noqa: E402

PROGRAM = os.environ.get("BASELINED", str(ROOT / "build" / "dev" / "baselined"))
SAMPLES = "/usr/share/baselined/samples"  # of the package; made anew for the test
# Commands that a test cannot run here, and who does.
ELSEWHERE = {
    "apt-get": "tests/package", "systemctl": "tests/package", "journalctl": "tests/package", "cmake": "the build itself", "cpack": "gate package of tests/run",
    "./packaging/quickstart": "a clean checkout", "./tests/run": "this is it", "./packaging/install-packages": "packaging/quickstart", "(cd": "gate package of tests/run", "man": "tests/package reads the pages",
}
STUB_MAPPING = "kind: incident\nid: number\nfields: { opened_at: opened }\n"
STUB_MEASURES = "measures: []\n"


def indented_commands(page):
    """Indented lines that begin with a command of ours."""
    inside = False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        inside ^= line.strip().startswith("```")
        if not inside and (command := re.match(r"\s{4,}(?:\w+=\S+ )?(baselined .*)", line)):
            yield number, re.split(r"\s+#", command[1])[0]


class Docs(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="baselined-docs-"))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "bin").mkdir()
        (self.folder / "bin" / "baselined").symlink_to(pathlib.Path(PROGRAM).resolve())
        self.environment = {**os.environ, "PATH": f"{self.folder}/bin:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}

    def run_console(self, page):
        """A page's console blocks, in order; yaml blocks with a name are written between them."""
        samples, work = self.folder / "samples", self.folder / "work"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        site = STAND_INS.get(page.name, Nothing)(self.folder)
        self.addCleanup(site.stop)
        subprocess.run([sys.executable, str(ROOT / "packaging/samples/generate"), str(samples)], check=True)
        where = work
        for block in blocks(page):
            if block.installed:
                continue
            if block.language == "event":
                site.happen(block.text)
            if block.language == "yaml" and snippet_file(block):
                (where / snippet_file(block)).write_text(translate(block.text, site.addresses), encoding="utf-8")
            if block.language != "console":
                continue
            for command, expected in commands(block):
                # `cd` lasts from one command to the next.
                script = f"cd {shlex.quote(str(where))} && {{ {translate(command, {SAMPLES: str(samples), **site.addresses})}\n}} 2>&1; pwd >{self.folder}/pwd"
                done = subprocess.run(["bash", "-c", script], env={**self.environment, **site.environment}, stdout=subprocess.PIPE, text=True, check=False, timeout=120)
                where = pathlib.Path((self.folder / "pwd").read_text(encoding="utf-8").strip())
                printed = translate(done.stdout, {there: here for here, there in site.addresses.items()})
                self.assertTrue(is_as_shown(printed, expected), f"{block}: {command}\n--- printed:\n{printed}--- the page says:\n{expected}")

    def test_what_a_console_shows_is_what_is_printed(self):
        shown = [page for page in PAGES if any(block.language == "console" and not block.installed for block in blocks(page))]
        self.assertIn(ROOT / "docs" / "tutorial.md", shown)
        for page in shown:
            with self.subTest(page.name):
                self.run_console(page)

    @staticmethod
    def section(title):
        """Of the README: its YAML blocks, its commands."""
        text = (ROOT / "README.md").read_text(encoding="utf-8").split(f"\n## {title}")[1].split("\n## ")[0]
        files = [textwrap.dedent("   " + block.lstrip(" ")) if block.startswith("   ") else block for block in re.findall(r"```yaml\n(.*?)```", text, re.S)]
        return files, re.findall(r"^\s{4,7}(baselined .*?)(?:\s+#.*)?$", text, re.M)

    def five_minutes(self):
        """The folder that they lead to, and the commands."""
        work = self.folder / "own"
        subprocess.run([sys.executable, str(ROOT / "packaging/samples/generate"), str(self.folder / "samples")], check=True)
        shutil.copytree(self.folder / "samples" / "inbox", work / "inbox")
        files, written = self.section("Your own exports")
        for name, text in zip(("incidents.yaml", "measures.yaml", "baselined.yaml"), files, strict=True):
            (work / name).write_text(text, encoding="utf-8")
        return work, written

    def run_all(self, written, work, more, **environment):
        """Each command with `more` behind it: what it printed, by its first words."""
        told = {}
        for command in written:
            done = subprocess.run(shlex.split(command) + more, cwd=work, env={**self.environment, **environment}, capture_output=True, text=True, check=False, timeout=60)
            self.assertEqual((done.returncode, done.stderr if "--online" not in command else ""), (0, ""), command)
            told[" ".join(command.split()[1:3])] = done.stdout
        return told

    def test_the_readme_s_instance_and_site(self):
        (configuration,), written = self.section("ServiceNow and Jira")
        snow, jira = ServiceNowSite(self.folder), JiraSites(self.folder)
        self.addCleanup(snow.stop)
        self.addCleanup(jira.stop)
        work = self.folder / "work"
        work.mkdir()
        (work / "baselined.yaml").write_text("store: baselined.db\n" + translate(configuration, {**snow.addresses, **jira.addresses}), encoding="utf-8")
        secrets = {"SNOW_SECRET": "client-secret", "JIRA_TOKEN": "token"}
        self.assertEqual(written[-1], "baselined run")
        told = self.run_all(written[:-1], work, ["--config", "baselined.yaml"], **secrets)
        self.assertIn("every source answers", told["check --online"])
        self.assertIn("INC0000040", told["preview acme"])
        daemon = subprocess.Popen([*written[-1].split(), "--config", "baselined.yaml"], cwd=work, env={**self.environment, **secrets}, stderr=subprocess.PIPE, text=True)
        read = set()
        for line in daemon.stderr:
            read |= set(re.findall(r"(\S+): read to its end", line))
            if read == {"acme/incident", "acme/change_request", "acme/task_sla", "helpdesk/incidents"}:
                break
        daemon.terminate()
        self.assertEqual(daemon.wait(timeout=20), 0)
        daemon.stderr.close()
        self.assertEqual(self.run_all(["baselined sources"], work, ["--config", "baselined.yaml"], **secrets)["sources"].count("40 rows read"), 2)

    def test_who_is_told_by_the_readme(self):
        work, _ = self.five_minutes()
        (alerts,), written = self.section("Who is told")
        (self.folder / "work").mkdir()
        mail, hooks = MailServer(self.folder), Hooks()
        self.addCleanup(mail.stop)
        self.addCleanup(hooks.stop)
        addresses = {**mail.addresses, "https://hooks.acme.com": f"http://127.0.0.1:{hooks.port}", '"${SMTP_PASSWORD}" }': '"${SMTP_PASSWORD}", tls: { ca: ../work/our-ca.pem } }'}
        main, measures = work / "baselined.yaml", work / "measures.yaml"
        main.write_text(main.read_text(encoding="utf-8") + translate(alerts, addresses), encoding="utf-8")
        people = "".join(f"      {role}: {{ name: {name}, email: {role}@acme.example }}\n" for role, name in (("owner", "Dana Ruiz"), ("sponsor", "Lea Brandt"), ("controller", "Kim Ode")))
        measures.write_text(measures.read_text(encoding="utf-8").rstrip("\n") + "\n" + textwrap.indent(textwrap.dedent(people), "    "), encoding="utf-8")
        more = ["--config", "baselined.yaml", "--now", "2026-11-20T08:00:00Z"]
        secrets = {"SMTP_PASSWORD": PASSWORD, "OPS_SECRET": "hush"}
        everybody = {"owner@acme.example", "sponsor@acme.example", "controller@acme.example"}
        told = self.run_all([written[0], "baselined once", *written[1:]], work, more, **secrets)
        self.assertEqual(set(re.findall(r"would tell (\S+): off_track ITSM-014", told["once --dry-run"])), everybody | {"ops"})
        self.assertTrue(all(one in told["alerts"] for one in everybody), told["alerts"])
        subjects = [email.message_from_bytes(raw)["Subject"] for raw in mail.server.mails(6)]
        self.assertEqual(len(subjects), 6, "the alert and the test, to each of three")
        self.assertEqual(sum("ITSM-014" in subject for subject in subjects), 6, subjects)
        self.assertEqual(len(hooks.bodies), 2)
        self.assertIn("would have told you", told["replay ITSM-014"])
        self.assertEqual(set(self.tells(work, more, secrets)), set(), "silenced")

    def tells(self, work, more, secrets):
        printed = self.run_all(["baselined once --dry-run"], work, [*more[:2], "--now", "2026-11-28T08:00:00Z"], **secrets)["once --dry-run"]
        return re.findall(r"would tell (\S+):", printed)

    def test_the_readme_s_five_minutes(self):
        """Its three files, over the sample exports, with every command in order."""
        work, commands = self.five_minutes()
        self.assertEqual(len(commands), 9)
        told = {}
        for command in commands:
            done = subprocess.run(shlex.split(command), cwd=work, env=self.environment, capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""), command)
            told[command.split()[1]] = done.stdout
        self.assertIn("ITSM-014  Root-cause fixes", told["status"])
        self.assertRegex(told["status"], r"value: (on_track|weakening|off_track)")
        self.assertRegex(told["sources"], r"[1-9]\d* rows read, [1-9]\d* records, 0 rejected")
        self.assertIn("INC0", told["explain"])
        self.assertIn("ITSM-014", (work / "report.html").read_text(encoding="utf-8"))
        subprocess.run(["baselined", "report", "--config", "baselined.yaml", "--now", "2026-11-20T23:30:00Z", "report.html"], cwd=work, env=self.environment, check=True)
        self.assertIn("As of 21 Nov 2026, 00:30 (Europe/Berlin).", (work / "report.html").read_text(encoding="utf-8"))
        self.assertTrue((work / "measures.xlsx").read_bytes().startswith(b"PK"))

    def check(self, block, text):
        """Runs `check` over a snippet, with what it needs around it."""
        place = self.folder / "snippet"
        shutil.rmtree(place, ignore_errors=True)
        (place / "inbox").mkdir(parents=True)
        secrets = place / "secrets"
        secrets.mkdir()
        environment = {**self.environment, "CREDENTIALS_DIRECTORY": str(secrets)}
        for name in re.findall(r"\$\{credential:(\w+)\}", text):
            (secrets / name).write_text("hush\n", encoding="utf-8")
        for name in re.findall(r"\$\{(\w+)\}", text):
            environment[name] = "hush"
        for path in re.findall(r"\$\{file:([^}]+)\}", text):
            (secrets / pathlib.Path(path).name).write_text("hush\n", encoding="utf-8")
            text = text.replace(f"${{file:{path}}}", f"${{file:{secrets / pathlib.Path(path).name}}}")
        keys = yaml.safe_load(text).keys()
        if "kind" in keys:
            (place / "snippet.yaml").write_text(text, encoding="utf-8")
            text = 'sources: { exports: { type: files, path: inbox, streams: { all: { match: "*.csv", mapping: snippet.yaml } } } }\n'
        elif "indicators" in keys and not isinstance(yaml.safe_load(text)["indicators"], list):
            (place / "snippet.yaml").write_text(re.sub(r"^  (\w+):", r"  snippet_\1:", text, flags=re.M), encoding="utf-8")  # a shipped one has its name already
            text = "sources: {}\nindicators: [snippet.yaml]\n"
        elif "measures" in keys and not isinstance(yaml.safe_load(text)["measures"][0], str):
            (place / "snippet.yaml").write_text(text, encoding="utf-8")
            text = "sources: {}\nmeasures: [snippet.yaml]\n"
        main = yaml.safe_load(text)
        text += "" if "store" in main else "store: snippet.db\n"
        text += "" if "sources" in main else "sources: {}\n"
        for source in (main.get("sources") or {}).values():
            for stream in source.get("streams", {}).values():
                names = stream["mapping"] if isinstance(stream["mapping"], list) else [stream["mapping"]]
                for name in names:
                    if name.endswith(".yaml") and not (place / name).exists():
                        (place / name).parent.mkdir(parents=True, exist_ok=True)
                        (place / name).write_text(STUB_MAPPING, encoding="utf-8")
        for pattern in [*main.get("measures", [])]:
            name = pattern.replace("*", "stub")
            if not (place / name).exists():
                (place / name).parent.mkdir(parents=True, exist_ok=True)
                (place / name).write_text(STUB_MEASURES, encoding="utf-8")
        for certificate in re.findall(r"\bca: ([\w-]+\.pem)", text):
            Authority(place)
            (place / "ca.pem").rename(place / certificate)
        (place / "baselined.yaml").write_text(text, encoding="utf-8")
        done = subprocess.run([PROGRAM, "check", "--config", str(place / "baselined.yaml")], env=environment, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, f"{block}\n{done.stderr}{text}")

    def test_snippets_pass_check(self):
        count = 0
        for page in PAGES:
            for block in blocks(page):
                if block.language == "yaml":
                    count += 1
                    with self.subTest(str(block)):
                        self.check(block, block.text)
        self.assertGreater(count, 8)

    def test_examples_pass_check(self):
        examples = [path for path in sorted((ROOT / "config" / "examples").glob("*.yaml"))]
        self.assertTrue(examples)
        for path in examples:
            text = path.read_text(encoding="utf-8")
            environment = {**self.environment, "CREDENTIALS_DIRECTORY": str(self.folder)}
            for name in re.findall(r"\$\{credential:(\w+)\}", text):
                (self.folder / name).write_text("hush\n", encoding="utf-8")
            for name in re.findall(r"\$\{(\w+)\}", text):
                environment[name] = "hush"
            copy = self.folder / "examples"
            shutil.copytree(path.parent, copy, dirs_exist_ok=True)
            for secret in re.findall(r"\$\{file:([^}]+)\}", text):
                (self.folder / "secret").write_text("hush\n", encoding="utf-8")
                text = text.replace(secret, str(self.folder / "secret"))
            (copy / path.name).write_text(text, encoding="utf-8")
            done = subprocess.run([PROGRAM, "check", "--config", str(copy / path.name)], env=environment, capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, f"{path}\n{done.stderr}")

    def help_of(self, *command):
        return subprocess.run([PROGRAM, *command, "--help"], capture_output=True, text=True, check=True).stdout

    def test_commands_and_their_options_exist(self):
        known = re.findall(r"^  (\w+) ", self.help_of().split("Subcommands:")[1], re.M)
        self.assertIn("once", known)
        count = 0
        for page in PAGES:
            shown = list(indented_commands(page))
            shown += [(block.line, command) for block in blocks(page) if block.language == "console" for command, _ in commands(block) if command.startswith("baselined ")]
            for number, line in shown:
                count += 1
                words = shlex.split(re.split(r" [|>] ", line)[0])
                where = f"{page.relative_to(ROOT)}:{number}: {line}"
                self.assertIn(words[1], known, where)
                text = self.help_of(words[1])
                nested = text.split("Subcommands:")[1] if "Subcommands:" in text else ""
                if len(words) > 2 and re.search(rf"^  {re.escape(words[2])} ", nested, re.M):
                    text += self.help_of(words[1], words[2])
                for option in (word.split("=")[0] for word in words[2:] if word.startswith("--")):
                    self.assertRegex(text + self.help_of(), rf"{re.escape(option)}\b", where)
        self.assertGreater(count, 30)

    def test_other_commands_are_tried_elsewhere(self):
        inside = False
        for page in PAGES:
            for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
                inside ^= line.strip().startswith("```")
                match = re.match(r"    (\.?/?[a-z(][\w./-]*(?: \S+)?) ", line + " ")
                if inside or not match or not re.match(r"    (\./|apt-get |systemctl |journalctl |cmake |cpack |\(cd |man |sudo )", line):
                    continue
                self.assertIn(line.split()[0], ELSEWHERE, f"{page.name}:{number}: {line}")

    def test_json_and_python_parse(self):
        for page in PAGES:
            for block in blocks(page):
                with self.subTest(str(block)):
                    if block.language == "json":
                        json.loads(block.text)
                    if block.language == "python":
                        compile(block.text, str(block), "exec")

    def test_the_method_page_is_right(self):
        """Its table and its money, computed a second time."""
        page = (ROOT / "docs" / "method.md").read_text(encoding="utf-8")
        before, after = (list(map(int, half.split())) for half in re.search(r'split\("([\d ]+)", y\)', page)[1].split("  "))
        promise = Promise("share", "lower", "month", sum(before) / 1200, [(y / 100, y, 100) for y in before], [(y / 100, y, 100) for y in after], 0.14, 3, 12)
        shown = re.findall(r"^\| (2026-\d\d) \| (\d+) \| ([\d.]+) % \| (\d+) % \| ([+-][\d.]+) \| (\d+) % \| (\w+) \|$", page, re.M)
        expected = []
        for t, (y, step, status) in enumerate(zip(after, promise.steps, promise.statuses()), 1):
            drift = 100 * step["b"]
            expected.append((f"2026-{t:02d}", str(y), f"{100 * promise.planned(t):.1f}", f"{100 * step['theta']:.0f}", f"{'+' if drift > 0 else '-'}{abs(drift):.1f}", f"{100 * step['p_deliver']:.0f}", status))
        self.assertEqual(shown, expected)
        saving = promise.saving(50)
        for name, figure in (("actual", saving["actual"]), ("expected by now", saving["expected"]), ("target", saving["target"]), ("forecast", saving["forecast"])):
            self.assertRegex(page, rf"- \*\*{name}\*\*:[^\n]*?\*\*{figure:,.0f} EUR\*\*")
        self.assertIn(f"give or take {saving['actual_se']:.0f} EUR", page)
        self.assertIn(f"= {promise.base['level']:.5f}", page)
        self.assertEqual(promise.base["phi"], 1)
        self.assertIn(f"to {promise.steps[0]['theta']:.3f}", page)

    def test_messages_of_the_guides_are_the_program_s(self):
        """First column of the tables "it says": each piece between `..` stands in the source."""
        source = "".join(path.read_text(encoding="utf-8") for folder in ("mappings", "config", "connectors", "daemon") for path in (ROOT / folder).rglob("*.[ch]pp"))
        source = re.sub(r'"\s*\n\s*"', "", source).replace('\\"', '"')
        count = 0
        for page in PAGES:
            for table in re.findall(r"^\| it says \|.*\n\|---.*\n((?:\|.*\n)+)", page.read_text(encoding="utf-8"), re.M):
                for message in re.findall(r"^\| `([^`]+)`", table, re.M):
                    for piece in filter(None, (piece.strip() for piece in message.split(".."))):
                        count += 1
                        self.assertIn(piece, source, f"{page.name}: {message}")
        self.assertGreater(count, 15)

    def test_every_language_is_tested(self):
        for page in PAGES:
            for block in blocks(page):
                self.assertIn(block.language, {"yaml", "console", "json", "python", "ini", "event", "wait"}, str(block))

    def test_links_lead_somewhere(self):
        for page in PAGES:
            text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
            for target in re.findall(r"\]\(([^)\s]+)\)", text):
                if re.match(r"[a-z]+:", target):
                    continue
                path, _, anchor = target.partition("#")
                goal = (page.parent / path).resolve() if path else page
                self.assertTrue(goal.exists(), f"{page.relative_to(ROOT)}: {target}")
                if anchor:
                    titles = [re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in re.findall(r"^#+ (.*)$", goal.read_text(encoding="utf-8"), re.M)]
                    self.assertIn(anchor, titles, f"{page.relative_to(ROOT)}: {target}")

    def test_the_index_names_every_page(self):
        index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
        for page in PAGES[1:]:
            name = str(page.relative_to(ROOT / "docs"))
            if name != "README.md" and not name.startswith("reference/"):
                self.assertIn(f"({name})", index)


if __name__ == "__main__":
    unittest.main()
