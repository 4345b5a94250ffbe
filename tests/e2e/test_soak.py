#!/usr/bin/python3
"""Days of the daemon's life in minutes: clocks that run faster for everybody (tests/support/fast_clock.c), a world that changes all the
time, faults of every kind. usage: test_soak.py [--hours H] [--speed TIMES] [--seed N]; what a gate has time for is the default."""
import argparse
import datetime as dt
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from alert_receivers import Hooks  # noqa: E402
from daemon import Daemon, PROGRAM  # noqa: E402
from jira import Jira, jira_time  # noqa: E402
from nasty_http import Journal, NastyServer  # noqa: E402
from servicenow import ServiceNow, stamp  # noqa: E402

FAULTS = ("429", "429-reset", "503-html", "500", "reset", "cut", "cut-json", "trickle", "html")
RECONCILE_HOURS = 2
LONGEST_PAUSE_HOURS = 4  # of a delivery that failed again and again
NOT_USED = dict.fromkeys(("business_service", "category", "subcategory", "closed_at", "parent_incident", "priority", "assignment_group", "assigned_to", "reassignment_count", "escalation", "short_description"), "")
CONFIG = """store: store.db
settle: 1d
web: {{ listen: 127.0.0.1:0 }}
measures: [measures.yaml]
sources:
  acme:
    type: servicenow
    url: {snow}
    auth: {{ oauth2: {{ grant: client_credentials, client_id: c, client_secret: client-secret }} }}
    since: 2026-01-01
    reconcile: {hours}h
    streams:
      incident: {{ mapping: servicenow/incident }}
      task_sla: {{ mapping: servicenow/sla }}
  site:
    type: jira
    url: {jira}
    auth: {{ basic: {{ user: bot@acme.com, password: token }} }}
    since: 2026-01-01
    reconcile: {hours}h
    streams:
      issues: {{ jql: project = OPS, mapping: [jira/incident, jira/sla] }}
  inbox:
    type: files
    path: inbox
    poll: 1m
    streams:
      changes: {{ match: "*.csv", mapping: changes.yaml }}
alerts:
  webhooks: {{ ops: {{ url: "http://127.0.0.1:{hook}/" }} }}
  routes: [{{ to: [ops] }}]
"""
MEASURES = """measures:
  - {{ id: VOLUME, indicator: incident_volume, baseline: {{ value: 9000, n: 9000 }}, target: {{ change: -20%, from: 2026-10-01, by: 2027-12-31 }} }}
  - {{ id: CHANGES, indicator: change_failure_rate, period: day, baseline: {{ value: 0.5, n: 1000 }}, target: {{ change: -50%, from: {month_ago}, by: 2027-12-31 }} }}
"""


def millis(text):
    return int(dt.datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=dt.timezone.utc).timestamp()) * 1000


class World:
    """An instance, a site and a folder, and what happens to them."""

    def __init__(self, folder, rng):
        self.rng, self.folder = rng, folder
        self.snow, self.jira, self.hooks = ServiceNow(), Jira(), Hooks()
        self.snow.put("sys_audit_delete", {"sys_id": "d0", "tablename": "kb", "documentkey": "x", "sys_created_on": stamp(0), "sys_updated_on": stamp(0)})
        self.number = self.files = 0
        for _ in range(300):
            self.insert_incident()
            self.insert_issue()
        for _ in range(300):
            self.export_changes()

    def insert_incident(self, at=None):
        self.number += 1
        at = at or time.time()
        self.snow.put("incident", {"sys_id": f"{self.rng.getrandbits(128):032x}", "number": f"INC{self.number:07d}", "sys_updated_on": stamp(at), "sys_created_on": stamp(at),
                                   "sys_mod_count": "0", "state": "1", "opened_at": stamp(at - self.rng.randint(0, 6_000_000)), "resolved_at": "", "cmdb_ci": "", "problem_id": "",
                                   "caused_by": "", "reopen_count": "0", **NOT_USED})

    def update_incident(self):
        row = self.rng.choice(list(self.snow.tables["incident"].values()))
        self.snow.put("incident", {"sys_id": row["sys_id"], "state": self.rng.choice("1267"), "sys_updated_on": stamp(time.time()), "sys_mod_count": str(int(row["sys_mod_count"]) + 1),
                                   "resolved_at": self.rng.choice(["", stamp(time.time())]), "opened_at": row["opened_at"], "reopen_count": str(self.rng.randint(0, 2))})

    def insert_sla(self):
        self.number += 1
        now = time.time()
        self.snow.put("task_sla", {"sys_id": f"{self.rng.getrandbits(128):032x}", "sys_updated_on": stamp(now), "sys_created_on": stamp(now), "sys_mod_count": "0", "stage": "completed",
                                   "has_breached": self.rng.choice(["true", "false"]), "start_time": stamp(now - 7200), "end_time": stamp(now), "planned_end_time": stamp(now + 60), "task": "", "sla": ""})

    def bulk_edit(self):
        now = stamp(time.time())
        for row in self.rng.sample(list(self.snow.tables["incident"].values()), 120):
            self.snow.put("incident", {"sys_id": row["sys_id"], "sys_updated_on": now, "sys_mod_count": str(int(row["sys_mod_count"]) + 1)})

    def delete_incident(self):
        if len(self.snow.tables["incident"]) > 200:
            self.snow.delete("incident", self.rng.choice(list(self.snow.tables["incident"])), audited=self.rng.random() < 0.5)

    def late_commit(self):
        self.number += 1
        at = time.time()
        row = {"sys_id": f"{self.rng.getrandbits(128):032x}", "number": f"INC{self.number:07d}", "sys_updated_on": stamp(at), "sys_mod_count": "0", "state": "1", "opened_at": stamp(at), "resolved_at": "", **NOT_USED}
        with self.snow.lock:
            self.snow.late.append((at + self.rng.uniform(5, 60), "incident", row))

    def insert_issue(self):
        self.number += 1
        now = int(time.time() * 1000)
        self.jira.put(str(10_000 + self.number), "OPS", now, summary="x", created=jira_time(now), resolutiondate=None, status={"name": "Open", "statusCategory": {"key": "new"}},
                      priority={"id": "3"}, components=[], issuetype={"name": "Incident"}, assignee=None, labels=[], issuelinks=[])

    def update_issue(self):
        issue = self.rng.choice(list(self.jira.issues))
        self.jira.put(issue, "OPS", int(time.time() * 1000), status={"name": "Done", "statusCategory": {"key": self.rng.choice(["done", "indeterminate"])}})

    def delete_issue(self):
        if len(self.jira.issues) > 200:
            self.jira.delete(self.rng.choice(list(self.jira.issues)))

    def export_changes(self):
        self.files += 1
        name = self.folder / f"c{self.files}.csv"
        rows = [f"C{self.files}-{n},{stamp(time.time() - self.rng.randint(0, 3_000_000))},{self.rng.choice(['failed', 'successful'])}" for n in range(5)]
        name.with_suffix(".new").write_text("id,ended,outcome\n" + "\n".join(rows) + "\n", encoding="utf-8")
        name.with_suffix(".new").rename(name)

    def go_wrong(self):
        server, kind = self.rng.choice([self.snow, self.jira]), self.rng.choice(FAULTS)
        server.fail(kind, self.rng.choice([1, 1, 2, 5, 40]))

    def heal(self):
        for server in (self.snow, self.jira):
            server.faults.clear()
        with self.hooks.lock:
            self.hooks.answers.clear()

    def be_down(self):
        with self.hooks.lock:
            self.hooks.answers += [(503, {})] * 3

    def act(self):
        acts = [(self.insert_incident, 20), (self.update_incident, 30), (self.insert_sla, 10), (self.bulk_edit, 1), (self.delete_incident, 4), (self.late_commit, 5), (self.insert_issue, 10),
                (self.update_issue, 15), (self.delete_issue, 2), (self.export_changes, 1), (self.go_wrong, 3), (self.be_down, 1)]
        self.rng.choices([act for act, _ in acts], [weight for _, weight in acts])[0]()

    def truth(self):
        """Version by id for each stream that is read through an API."""
        with self.snow.lock, self.jira.lock:
            truth = {f"acme/{table}": {i: millis(r["sys_updated_on"]) for i, r in self.snow.visible(table).items()} for table in ("incident", "task_sla")}
            truth["site/issues"] = {i: r["updated"] for i, r in self.jira.visible().items()}
        return truth


class Soak:
    def __init__(self, options):
        self.options, self.rng = options, random.Random(options.seed)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="baselined-soak-"))
        (self.folder / "inbox").mkdir()
        self.world = World(self.folder / "inbox", self.rng)
        (self.folder / "baselined.yaml").write_text(CONFIG.format(snow=self.world.snow.url, jira=self.world.jira.url, hook=self.world.hooks.port, hours=RECONCILE_HOURS), encoding="utf-8")
        (self.folder / "measures.yaml").write_text(MEASURES.format(month_ago=stamp(time.time() - 30 * 86_400)[:10]), encoding="utf-8")
        (self.folder / "changes.yaml").write_text("kind: change\nid: id\nfields: { ended_at: ended, outcome: outcome }\n", encoding="utf-8")
        self.samples, self.kills, self.reloads = [], 0, 0
        self.start()

    def start(self):
        self.daemon = Daemon(self.folder)
        self.daemon.wait_ready(3600 * 4)

    def sample(self):
        process = pathlib.Path(f"/proc/{self.daemon.process.pid}")
        fields = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
        self.samples.append((time.time(), int(fields["VmRSS"].split()[0]), len(list((process / "fd").iterdir())), int(fields["Threads"])))

    def live(self, hours, kills):
        end = time.time() + hours * 3600
        next_sample, next_shock = time.time() + 600, 0  # a daemon that has just begun has no connections yet
        while time.time() < end:
            assert self.daemon.process.poll() is None, self.daemon.told()[-3000:]
            self.world.act()
            if time.time() >= next_sample:
                self.sample()
                next_sample = time.time() + 300
            if time.time() >= next_shock:
                if next_shock:
                    self.shock(kills)
                next_shock = time.time() + self.rng.uniform(0.2, 1) * max(hours, 2) * 600
            time.sleep(self.rng.uniform(5, 60))

    def shock(self, kills):
        if kills and self.rng.random() < 0.5:
            self.kills += 1
            self.daemon.close()
            self.start()
        else:
            self.reloads += 1
            self.daemon.send(signal.SIGHUP)

    def stored(self):
        with sqlite3.connect(f"file:{self.folder}/store.db?mode=ro", uri=True) as database:
            rows = database.execute("SELECT s.name || '/' || t.name, CASE typeof(r.key) WHEN 'blob' THEN lower(hex(r.key)) ELSE r.key END, r.version FROM source_row r "
                                    "JOIN stream t ON t.id = r.stream JOIN source s ON s.id = t.source").fetchall()
        stored = {}
        for stream, key, version in rows:
            assert stored.setdefault(stream, {}).setdefault(key, version) == version, f"{key} twice"
        return stored

    def waiting(self):
        return self.daemon.metric("baselined_deliveries", state="waiting")

    def settle(self):
        """No more changes; what was deleted without a trace is found by the next reconcile."""
        self.world.heal()
        with self.world.snow.lock:
            due = [entry[0] for entry in self.world.snow.late]
        time.sleep(max([0, *due]) - time.time() if due and max(due) > time.time() else 0)
        end = time.time() + 3600 * (2 * RECONCILE_HOURS + 2 + 2 * LONGEST_PAUSE_HOURS)
        while time.time() < end and (self.waiting() or self.stored() != self.world.truth()):
            time.sleep(120)
        for stream, truth in self.world.truth().items():
            stored = self.stored().get(stream, {})
            missing, extra = truth.keys() - stored.keys(), stored.keys() - truth.keys()
            old = [key for key in truth.keys() & stored.keys() if truth[key] != stored[key]]
            assert not (missing or extra or old), f"{stream}: missing {list(missing)[:5]}, extra {list(extra)[:5]}, old {old[:5]}"

    def expect_flat(self, of):
        """A leak grows with time; what a store holds in its caches does not."""
        quarter = max(1, len(of) // 4)
        for index, name, allowed in ((1, "memory in KiB", lambda first: first * 1.15 + 4096), (2, "open files", lambda first: first + 6), (3, "threads", lambda first: first + 1)):
            first, last = (statistics.median(sample[index] for sample in part) for part in (of[:quarter], of[-quarter:]))
            print(f"{name}: {first:.0f} in the first quarter, {last:.0f} in the last")
            assert last <= allowed(first), f"{name} grow: {[sample[index] for sample in of]}"

    def expect_polls(self, since):
        """Every stream was read all the time: nothing hung, nothing was forgotten by a reload."""
        hours = (time.time() - since) / 3600
        for source, stream, a_hour in (("acme", "incident", 12), ("acme", "task_sla", 12), ("site", "issues", 12), ("inbox", "changes", 60)):
            polls = sum(self.daemon.metric("baselined_polls_total", source=source, stream=stream, outcome=outcome) or 0 for outcome in ("ok", "failed"))
            print(f"{source}/{stream}: {polls:.0f} polls in {hours:.1f} hours")
            assert polls >= hours * a_hour / 3, f"{source}/{stream}: {polls} polls in {hours} hours"

    def run(self):
        hours = self.options.hours
        self.live(hours / 3, kills=True)
        self.daemon.close()
        self.start()
        born, self.samples = time.time(), []
        self.live(hours * 2 / 3, kills=False)
        self.settle()
        self.expect_flat(self.samples)
        self.expect_polls(born)
        assert not self.waiting(), self.told("alerts")
        assert self.daemon.stop(3600) == 0, self.daemon.told()[-2000:]
        for server in (self.world.snow, self.world.jira):
            assert not server.journal.violations, server.journal.violations[:5]
        assert self.world.hooks.arrived, self.told("status")
        self.compare_figures()
        with sqlite3.connect(f"{self.folder}/store.db") as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        requests = len(self.world.snow.journal.requests) + len(self.world.jira.journal.requests)
        print(f"{hours} hours, {self.kills} kills, {self.reloads} reloads, {requests} requests, {self.world.number} records made, {len(self.world.hooks.arrived)} messages: nothing lost")

    def told(self, command):
        return subprocess.run([PROGRAM, command, "--config", str(self.folder / "baselined.yaml")], capture_output=True, text=True, check=True).stdout

    def compare_figures(self):
        """The incidents of both systems by the month in which they were opened."""
        expected = {}
        for row in self.world.snow.visible("incident").values():
            expected[row["opened_at"][:7]] = expected.get(row["opened_at"][:7], 0) + 1
        for issue in self.world.jira.visible().values():
            month = dt.datetime.strptime(issue["fields"]["created"], "%Y-%m-%dT%H:%M:%S.%f%z").astimezone(dt.timezone.utc).strftime("%Y-%m")
            expected[month] = expected.get(month, 0) + 1
        done = subprocess.run([PROGRAM, "series", "--indicator", "incident_volume", "--csv", "--config", str(self.folder / "baselined.yaml")], capture_output=True, text=True, check=True)
        header, *lines = [line.split(",") for line in done.stdout.splitlines()]
        found = {line[0]: float(line[header.index("value")]) for line in lines if float(line[header.index("value")] or 0)}
        assert found == expected, (found, expected)

    def close(self):
        self.daemon.close()
        self.world.snow.stop()
        self.world.jira.stop()
        self.world.hooks.stop()
        shutil.rmtree(self.folder)


def run_again_with_fast_clocks(speed):
    folder = tempfile.mkdtemp(prefix="baselined-clock-")
    library = f"{folder}/fast_clock.so"
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, str(ROOT / "tests/support/fast_clock.c")], check=True)
    environment = {**os.environ, "LD_PRELOAD": library, "FAST_CLOCK": f"{speed} {time.time()} {time.monotonic()}"}
    try:
        return subprocess.run([sys.executable, *sys.argv], env=environment, check=False).returncode
    finally:
        shutil.rmtree(folder)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hours", type=float, default=2)
    parser.add_argument("--speed", type=float, default=240)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if "FAST_CLOCK" not in os.environ:
        return run_again_with_fast_clocks(options.speed)
    Journal.on_its_way_s = 0.25 * options.speed  # a request takes as much longer as the clocks run faster
    NastyServer.busy_s = 180
    soak = Soak(options)
    try:
        soak.run()
    except AssertionError:
        print(soak.daemon.told()[-6000:], soak.told("sources"), file=sys.stderr)
        raise
    finally:
        soak.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
