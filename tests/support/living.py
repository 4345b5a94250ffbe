"""A world that goes on while a daemon runs on it: an instance whose rows come, change and go, exports that grow, a receiver of alerts.
What happens is the same each time and hangs on no clock but the world's own; so does what a store has made of it in the end."""
import datetime as dt
import itertools
import json
import pathlib
import random
import shutil
import sqlite3
import subprocess
import tempfile
import time

from alert_receivers import Hooks
from daemon import PROGRAM, Daemon, wait_for
from servicenow import ServiceNow, stamp

ROOT = pathlib.Path(__file__).resolve().parents[2]
BEGAN = int(time.time()) - 7200  # the same for every life of a test
HOUR, DAY = 3600, 86_400
NOW = stamp(BEGAN + 3 * HOUR).replace(" ", "T") + "Z"  # at which figures are compared


def day(ago):
    return stamp(BEGAN - ago * DAY)[:10]


CONFIG = """store: store/baselined.db
settle: 1d
web: {{ listen: 127.0.0.1:0 }}
measures: [measures.yaml]
sources:
  acme:
    type: servicenow
    url: {url}
    allow_http: true
    auth: {{ basic: {{ user: reader, password: secret }} }}
    since: {since}
    page_size: 100
    poll: {poll}
    streams:
      incident: {{ mapping: servicenow/incident }}
  inbox:
    type: files
    path: inbox
    poll: {poll}
    streams:
      changes: {{ match: "*.csv", mapping: changes.yaml }}
alerts:
  webhooks: {{ ops: {{ url: "http://127.0.0.1:{hook}/" }} }}
  routes: [{{ to: [ops] }}]
{more}"""
CHANGES = "kind: change\nid: id\nfields: { ended_at: ended, outcome: outcome, service: service }\n"
PROMISE = "  - {{ id: {name}, indicator: change_failure_rate, where: {{ service: {name} }}, period: day, baseline: {{ value: 0.5, n: 1000 }}, target: {{ change: -50%, from: {begin}, by: {end} }} }}\n"
# What these come to is not told: their figures change with every row.
FIGURES = """  - {{ id: VOLUME, indicator: incident_volume, baseline: {{ value: 9000, n: 9000 }}, target: {{ change: -20%, from: {begin}, by: {end} }} }}
  - {{ id: RECURRENCE, indicator: incident_recurrence_rate, baseline: {{ value: 0.99, n: 90000 }}, target: {{ change: -1%, from: {begin}, by: {end} }} }}
"""
TIMING = {"generated_at", "frozen_at", "last_read_at", "last_record_at"}  # of the daemon's work, not of what it worked on


class World:
    """Services early, middle and late fail in their changes: from the start on, or when they are told to."""

    def __init__(self, inbox, seed=7):
        self.rng, self.inbox, self.now, self.numbers = random.Random(seed), inbox, BEGAN, itertools.count(1)
        self.snow, self.hooks = ServiceNow(clock=lambda: self.now), Hooks()
        self.snow.references = {("incident", "business_service"): "cmdb_ci_service"}
        for number, name in enumerate(("vpn", "mail", "erp")):
            self.snow.put("cmdb_ci_service", {"sys_id": f"5e{number}", "name": name, "sys_updated_on": stamp(BEGAN - DAY)})
        self.snow.put("sys_audit_delete", {"sys_id": "d0", "tablename": "kb", "documentkey": "x", "sys_created_on": stamp(0), "sys_updated_on": stamp(0)})
        for _ in range(400):
            self.insert()
        for name in ("early", "middle", "late"):
            self.put_changes(name, failed=name == "early")
        self.grown = self.inbox / "grown.csv"
        self.grown.write_text("id,ended,outcome,service\n", encoding="utf-8")
        self.grow(300)
        self.now += 60  # what is changing in these seconds is left to the next poll

    def insert(self):
        number, opened = next(self.numbers), BEGAN - self.rng.randint(0, 90 * DAY)
        row = dict.fromkeys(("closed_at", "cmdb_ci", "subcategory", "assignment_group", "assigned_to", "problem_id", "caused_by", "parent_incident", "resolved_at"), "")
        self.snow.put("incident", {**row, "sys_id": f"{self.rng.getrandbits(128):032x}", "number": f"INC{number:07d}", "sys_updated_on": stamp(self.now), "sys_created_on": stamp(self.now),
                                   "state": "1", "priority": "3", "opened_at": stamp(opened), "business_service": f"5e{self.rng.randint(0, 2)}", "category": self.rng.choice(["network", "software"]),
                                   "reopen_count": "0", "reassignment_count": "0", "escalation": "0", "short_description": f"No {number}"})

    def update(self):
        row = self.rng.choice(list(self.snow.tables["incident"].values()))
        self.snow.put("incident", {"sys_id": row["sys_id"], "sys_updated_on": stamp(self.now), "state": self.rng.choice("1267"), "resolved_at": stamp(self.now), "business_service": f"5e{self.rng.randint(0, 2)}"})

    def delete(self):
        self.snow.delete("incident", self.rng.choice(list(self.snow.tables["incident"])))

    def grow(self, rows=7):
        with self.grown.open("a", encoding="utf-8") as file:
            for _ in range(rows):
                file.write(f"G{next(self.numbers)},{stamp(BEGAN - self.rng.randint(0, 60 * DAY))},{self.rng.choice(['failed', 'successful'])},vpn\n")

    def put_changes(self, name, failed):
        rows = [f"{name}{ago}-{n},{day(ago)} 10:00:00,{'failed' if failed else 'successful'},{name}" for ago in range(1, 41) for n in range(10)]
        part = self.inbox / f"{name}.new"
        part.write_text("id,ended,outcome,service\n" + "\n".join(rows) + "\n", encoding="utf-8")
        part.rename(self.inbox / f"{name}.csv")

    def fail(self, name):
        self.put_changes(name, failed=True)

    def step(self):
        with self.snow.lock:
            self.now += 20
            for act, times in ((self.insert, 3), (self.update, 5), (self.delete, 1)):
                for _ in range(times):
                    act()
        self.grow()

    def truth(self):
        """What there is: version by id of the instance's rows; size and time of each file."""
        with self.snow.lock:
            rows = {i: row["sys_updated_on"] for i, row in self.snow.tables["incident"].items()}
        return rows, {path.name: (path.stat().st_size, path.stat().st_mtime_ns) for path in self.inbox.glob("*.csv")}

    def stop(self):
        self.snow.stop()
        self.hooks.stop()


class Life:
    """A daemon on such a world, from its first reading until all is quiet."""
    poll, pause = "200ms", 0.03

    def __init__(self, prefix=(), environment=None, host="127.0.0.1", disk=None, is_clock_ours=False):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="baselined-living-"))
        self.prefix, self.environment, self.host = prefix, environment, host
        for name in ("inbox", "store"):
            (self.folder / name).mkdir()
        if disk:
            subprocess.run(["mount", "-o", "loop", str(disk), str(self.folder / "store")], check=True)
        self.store = self.folder / "store" / "baselined.db"
        self.world, self.daemon = World(self.folder / "inbox"), None
        self.measures = "measures:\n" + "".join(PROMISE.format(name=name, begin=day(30), end=day(-400)) for name in ("early", "middle", "late")) + FIGURES.format(begin=day(30), end=day(-400))
        if is_clock_ours:
            self.take_the_clock()
        self.write("changes.yaml", CHANGES)
        self.write("measures.yaml", self.measures)
        self.configure()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.daemon:
            self.daemon.close()
        self.world.stop()
        if (self.folder / "store").is_mount():
            subprocess.run(["umount", str(self.folder / "store")], check=True)
        shutil.rmtree(self.folder)

    def take_the_clock(self):
        library = self.folder / "wrong_clock.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(ROOT / "tests/support/wrong_clock.c")], check=True)
        self.set_clock(0)
        self.environment = {**(self.environment or {}), "LD_PRELOAD": str(library), "WRONG_CLOCK": str(self.folder / "clock")}

    def set_clock(self, seconds):
        """So far off from now on."""
        self.write("clock.new", str(seconds))
        (self.folder / "clock.new").rename(self.folder / "clock")

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")

    def configure(self, more="", poll=None):
        url = self.world.snow.url.replace("127.0.0.1", self.host)
        self.write("baselined.yaml", CONFIG.format(url=url, since=day(400), poll=poll or self.poll, hook=self.world.hooks.port, more=more))

    def start(self):
        if self.daemon:
            self.daemon.close()
        self.daemon = Daemon(self.folder, prefix=self.prefix, environment=self.environment)

    def begin(self):
        self.start()
        self.daemon.wait_ready()
        self.wait_read()
        self.wait_told("early")

    def go_on(self, steps):
        for _ in range(steps):
            self.world.step()
            time.sleep(self.pause)

    def query(self, sql):
        with sqlite3.connect(f"file:{self.store}?mode=ro", uri=True, timeout=10) as database:
            result = database.execute(sql).fetchall()
        database.close()
        return result

    def stored(self):
        rows = self.query("SELECT CASE typeof(key) WHEN 'blob' THEN lower(hex(key)) ELSE key END, version FROM source_row")
        assert len(rows) == len({key for key, _ in rows}), "a row twice"
        return {key: stamp(version / 1000) for key, version in rows}, {name: place for name, *place in self.query("SELECT name, size, modified_ns FROM file WHERE complete")}

    def has_all(self):
        rows, files = self.world.truth()
        return self.stored() == (rows, {name: list(place) for name, place in files.items()})

    def wait(self, holds, seconds=40, what=""):
        wait_for(holds, seconds, lambda: f"{what}\n{self.daemon.told()[-4000:]}")

    def wait_read(self, seconds=60):
        self.wait(self.has_all, seconds, "what the sources hold is not what is stored")

    def told(self):
        """What each message that arrived was about, by its id."""
        with self.world.hooks.lock:
            return {ident: what for ident, what in zip(self.world.hooks.ids, self.world.hooks.kinds()) if ident in self.world.hooks.arrived}

    def wait_told(self, name, seconds=40):
        self.wait(lambda: (name, "off_track") in self.told().values(), seconds, f"{name} is not told: {self.told()}")

    def end(self):
        """Quiet: all is read, judged and told."""
        self.world.now += HOUR
        self.wait_read()
        for name in ("early", "middle", "late"):
            self.wait_told(name)
        judged = self.daemon.metric("baselined_evaluation_duration_seconds_count")
        self.wait(lambda: self.daemon.metric("baselined_evaluation_duration_seconds_count") >= judged + 2)
        self.wait(lambda: self.daemon.ready() == (200, []), what="not ready")
        assert self.daemon.stop() == 0, self.daemon.told()

    def json(self, *command, lines=False):
        done = subprocess.run([PROGRAM, *command, "--config", str(self.folder / "baselined.yaml"), "--now", NOW], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return timeless([json.loads(line) for line in done.stdout.splitlines()] if lines else json.loads(done.stdout))

    def homeless(self, rows):
        """Records' bodies without the instance's address, which is another in each life, and as long."""
        address = f"{self.host}:{self.world.snow.url.rpartition(':')[2]}".encode()
        return [(body.replace(address, b"instance:00000"), *rest) for body, *rest in rows]

    def remains(self):
        """What the store has made of the world, in every way in which one can look at it; none of it hangs on when the daemon looked.
        A measure MORE may have been there for a while."""
        found = {"rows": sorted(self.query("SELECT s.name, t.name, key, version FROM source_row r JOIN stream t ON t.id = r.stream JOIN source s ON s.id = t.source")),
                 "records": sorted(self.homeless(self.query("SELECT r.body, s.name, t.name, kind, updated_at FROM record r JOIN stream t ON t.id = r.stream JOIN source s ON s.id = t.source")), key=repr),
                 "keys": self.query("SELECT count(*) FROM record JOIN record_key ON record_key.key = record.key AND record_key.number = record.id"),
                 "counts": sorted(self.query("SELECT s.name, t.name, t.records, t.newest_at FROM stream t JOIN source s ON s.id = t.source")),
                 "tallies": sorted(self.query("SELECT s.digest, period, count, sum_high, sum_low, t.digest, list FROM tally t JOIN series s ON s.id = t.series WHERE count"), key=repr),
                 "postings": sorted(self.homeless(self.query("SELECT r.body, l.digest, p.hash, at FROM posting p JOIN posting_list l ON l.id = p.list JOIN record r ON r.id = p.record")), key=repr),
                 "baselines": sorted(self.query("SELECT measure, definition, content FROM baseline WHERE measure <> 'MORE'")),
                 "history": self.query("SELECT measure, potential, implementation FROM status_history WHERE measure <> 'MORE' ORDER BY measure, id"),
                 "alerts": sorted((a["measure"], a["kind"], a["to"], a["status"]) for a in self.json("alerts", "--json")["alerts"]),
                 "arrived": sorted(self.told().values(), key=repr),
                 "status": self.json("status", "--json"), "replay": self.json("replay", "--json", lines=True), "export": self.json("export", "--format", "json"),
                 "sound": self.query("PRAGMA integrity_check")}
        for measure in ("early", "middle", "late", "VOLUME", "RECURRENCE"):
            found[f"series {measure}"] = self.json("series", measure, "--json")
        for indicator in ("mean_time_to_restore", "incident_backlog"):
            found[f"series {indicator}"] = self.json("series", "--indicator", indicator, "--json")
        return found


def timeless(value):
    if isinstance(value, dict):
        return {key: timeless(inner) for key, inner in value.items() if key not in TIMING}
    return [timeless(inner) for inner in value] if isinstance(value, list) else value
