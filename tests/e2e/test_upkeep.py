#!/usr/bin/python3
"""The store over years: rows that were replaced go, what is past its age goes where that is wished, the file shrinks; no figure changes."""
import collections
import datetime as dt
import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from daemon import Daemon  # noqa: E402
from servicenow import ServiceNow, stamp  # noqa: E402

PROGRAM = os.environ.get("BASELINED", str(ROOT / "build" / "dev" / "baselined"))
BEGIN = dt.datetime(2026, 1, 10, 12, tzinfo=dt.timezone.utc)
MAPPING = "kind: incident\nid: id\nfields: { opened_at: opened, service: service, title: text }\n"
FILES = "  exports: { type: files, path: inbox, streams: { incidents: { match: '*.csv', mapping: incidents.yaml } } }\n"


class Store(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="baselined-upkeep-"))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "inbox").mkdir()
        (self.folder / "incidents.yaml").write_text(MAPPING, encoding="utf-8")
        (self.folder / "measures.yaml").write_text("measures: []\n", encoding="utf-8")
        self.rng = random.Random(11)
        self.configure()

    def configure(self, more="", sources=FILES):
        (self.folder / "baselined.yaml").write_text(f"store: store.db\nmeasures: [measures.yaml]\n{more}sources:\n{sources}", encoding="utf-8")

    def run_program(self, *arguments, day=0, expect=0):
        now = (BEGIN + dt.timedelta(days=day)).strftime("%Y-%m-%dT%H:%M:%SZ")
        done = subprocess.run([PROGRAM, arguments[0], "--config", str(self.folder / "baselined.yaml"), *(["--now", now] if arguments[0] not in ("sources", "integrity", "check") else []), *arguments[1:]],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done

    def write(self, rows, name="all.csv"):
        path = self.folder / "inbox" / name
        path.write_text("id,opened,service,text\n" + "".join(f"{i},{opened},{service},{self.rng.getrandbits(400):x}\n" for i, opened, service in rows), encoding="utf-8")

    def query(self, sql):
        with sqlite3.connect(f"file:{self.folder}/store.db?mode=ro", uri=True) as database:
            result = database.execute(sql).fetchall()
        database.close()
        return result

    def size(self):
        return (self.folder / "store.db").stat().st_size

    def volume(self, *where, day=0):
        periods = json.loads(self.run_program("series", "--indicator", "incident_volume", *where, "--json", day=day).stdout)["periods"]
        return {p["period"]: p["value"] for p in periods if p["value"]}

    def assert_figures(self, rows, day):
        self.assertEqual(self.volume(day=day), dict(collections.Counter(opened[:7] for _, opened, _ in rows)))
        self.assertEqual(self.volume("--where", "service=vpn", day=day), dict(collections.Counter(opened[:7] for _, opened, service in rows if service == "vpn")))
        self.assertIn("sound", self.run_program("integrity").stdout)


class Churn(Store):
    def rows(self, count=3000):
        return [(n, f"2025-{n % 12 + 1:02d}-0{self.rng.randint(1, 9)} 10:00:00", self.rng.choice(["vpn", "mail"])) for n in range(count)]

    def test_a_file_that_changes_every_day_does_not_make_the_store_grow(self):
        sizes = []
        for day in range(40):
            rows = self.rows()
            self.write(rows)
            self.run_program("once", day=day)
            sizes.append(self.size())
        self.assert_figures(rows, 40)
        self.assertEqual(self.query("SELECT count(*) FROM raw_block WHERE current = 0"), [(0,)])
        self.assertLess(sizes[-1], sizes[5] * 1.2, sizes)

    def test_rows_of_an_instance_that_change_every_day(self):
        sn = ServiceNow()
        self.addCleanup(sn.stop)
        self.configure(sources=f"  acme: {{ type: servicenow, url: '{sn.url}', auth: {{ basic: {{ user: reader, password: secret }} }}, since: 2025-01-01, streams: {{ incident: {{ mapping: incidents.yaml }} }} }}\n")
        (self.folder / "incidents.yaml").write_text("kind: incident\nid: sys_id\nupdated_at: sys_updated_on\nfields: { opened_at: opened_at, service: service, title: short_description }\n", encoding="utf-8")
        sizes = []
        at = int(time.time()) - 100_000
        for day in range(20):
            rows = self.rows(800)
            for n, opened, service in rows:
                sn.put("incident", {"sys_id": f"{n:032x}", "opened_at": opened, "service": service, "short_description": f"{self.rng.getrandbits(400):x}", "sys_updated_on": stamp(at + day * 1000 + n % 900)})
            self.run_program("once", day=day)
            sizes.append(self.size())
        self.assert_figures(rows, 20)
        self.assertLess(sizes[-1], sizes[4] * 1.2, sizes)
        stream = json.loads(self.run_program("sources", "--json").stdout)["sources"][0]["streams"][0]
        self.assertEqual((stream["records"], stream["read"]), (800, 20 * 800), "what was read stays counted")

    def test_the_file_shrinks_when_much_is_gone(self):
        rows = self.rows(30_000)
        self.write(rows)
        self.run_program("once")
        before = self.size()
        rows = [row[:2] + ("x",) for row in rows]
        (self.folder / "inbox" / "all.csv").write_text("id,opened,service,text\n" + "".join(f"{i},{opened},{service},\n" for i, opened, service in rows), encoding="utf-8")
        for day in (2, 4):
            self.run_program("once", day=day)
        self.assert_figures(rows, 4)
        self.assertLess(self.size(), before * 0.9)
        self.assertEqual(self.query("PRAGMA freelist_count"), [(0,)])

    def test_the_log_is_short_again_after_a_first_reading_and_waits_for_nobody_who_reads(self):
        self.write(self.rows(10))
        self.run_program("once")
        reader = sqlite3.connect(self.folder / "store.db", isolation_level=None)
        self.addCleanup(reader.close)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM record").fetchone()
        self.configure(sources=FILES.replace("path: inbox", "path: inbox, poll: 1s"))
        self.write(self.rows(90_000))
        daemon = Daemon(self.folder)
        self.addCleanup(daemon.stop)
        daemon.wait_for(lambda: self.query("SELECT count(*) FROM record") == [(90_000,)])
        read_until = daemon.told().count("read to its end")
        daemon.wait_for(lambda: daemon.told().count("read to its end") >= read_until + 3, 15)
        log = self.folder / "store.db-wal"
        self.assertGreater(log.stat().st_size, 16 << 20)
        reader.execute("COMMIT")
        daemon.wait_for(lambda: log.stat().st_size < 1 << 20, 15)

    def test_records_without_a_time_of_update_have_no_newest(self):
        self.write(self.rows(30))
        self.run_program("once")
        (self.folder / "incidents.yaml").write_text(MAPPING.replace("title: text", "title: { value: x }"), encoding="utf-8")
        self.assertEqual(self.run_program("once", day=1).stderr, "")
        self.assertEqual(self.query("SELECT records, newest_at FROM stream WHERE records"), [(30, None)])

    def test_killed_in_the_middle(self):
        for day in range(0, 60, 2):
            rows = self.rows(1500)
            self.write(rows)
            process = subprocess.Popen([PROGRAM, "once", "--config", str(self.folder / "baselined.yaml"), "--now", (BEGIN + dt.timedelta(days=day)).isoformat()], stderr=subprocess.DEVNULL)
            time.sleep(self.rng.uniform(0.02, 0.15))
            process.send_signal(signal.SIGKILL)
            process.wait()
        self.run_program("once", day=61)
        self.assert_figures(rows, 61)
        self.run_program("once", day=63)
        self.assertEqual(self.query("SELECT count(*) FROM raw_block WHERE current = 0"), [(0,)])
        self.assert_figures(rows, 63)


class Disturbed(Store):
    """What happens while the upkeep is at work: not before, not after."""
    BEGUN = "SELECT (SELECT max(at) FROM block_age) > (SELECT value + 0 FROM fact WHERE name = 'upkeep_at')"
    REPLACED = "SELECT count(*) FROM raw_block WHERE current = 0"

    def setUp(self):
        super().setUp()
        self.rows = [(n, f"2025-{n % 12 + 1:02d}-05 10:00:00", "vpn") for n in range(60_000)]
        self.write(self.rows)
        self.day = 0
        self.run_program("once", day=0)

    def stopped_within(self, is_there):
        """`once` of a file that changed, stopped in its upkeep when `is_there`: a round is short, so it is tried until one is met."""
        for _ in range(40):
            self.day += 2
            self.rows = [(n, opened, "mail" if self.day % 4 else "vpn") for n, opened, _ in self.rows]
            self.write(self.rows)
            process = subprocess.Popen([PROGRAM, "once", "--config", str(self.folder / "baselined.yaml"), "--now", (BEGIN + dt.timedelta(days=self.day)).isoformat()], stderr=subprocess.PIPE, text=True)
            self.addCleanup(process.stderr.close)
            while process.poll() is None:
                if self.query(self.BEGUN) != [(1,)] or not is_there():
                    continue
                process.send_signal(signal.SIGSTOP)
                stopped = os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT).si_code == os.CLD_STOPPED
                if stopped and self.query(self.BEGUN) == [(1,)]:
                    return process
                process.send_signal(signal.SIGCONT)
                process.wait()
        return self.fail("each round was done before it could be stopped")

    def assert_nothing_is_lost(self):
        self.day += 2
        self.run_program("once", day=self.day)
        self.assertEqual(self.query(self.REPLACED), [(0,)])
        self.assert_figures(self.rows, self.day)

    def replaced(self):
        return self.query(self.REPLACED)[0][0]

    def test_killed(self):
        for is_there in (lambda: True, lambda: 0 < self.replaced() < 60, lambda: self.replaced() == 0):
            process = self.stopped_within(is_there)
            process.kill()
            process.wait()
            self.assert_nothing_is_lost()

    def test_the_disk_gets_full(self):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", str(self.folder)], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", str(self.folder)], check=True)
        (self.folder / "inbox").mkdir()
        (self.folder / "incidents.yaml").write_text(MAPPING, encoding="utf-8")
        (self.folder / "measures.yaml").write_text("measures: []\n", encoding="utf-8")
        self.configure()
        self.write(self.rows)
        self.run_program("once", day=0)
        process = self.stopped_within(lambda: True)
        filler = self.folder / "filler"
        with self.assertRaises(OSError), filler.open("wb", buffering=0) as file:
            while file.write(b"x" * 65536):
                pass
        process.send_signal(signal.SIGCONT)
        told = process.stderr.read()
        self.assertEqual(process.wait(), 1, told)
        self.assertIn("the disk is full", told)
        filler.unlink()
        self.assert_nothing_is_lost()


class Retention(Store):
    def test_raw_rows_past_their_age_go_and_the_records_stay(self):
        self.configure("retention: { raw: 30d }\n")
        old = [(n, f"2025-{n % 12 + 1:02d}-05 10:00:00", "vpn") for n in range(2500)]
        new = [(n, "2026-02-01 10:00:00", "mail") for n in range(5000, 5600)]
        self.write(old)
        self.run_program("once", day=0)
        self.write(new, "new.csv")
        self.run_program("once", day=29)
        self.assertEqual(self.query("SELECT count(*) FROM raw_block WHERE size = 0"), [(0,)])
        done = self.run_program("once", day=31)
        self.assertEqual(done.stderr, "")
        self.assertEqual(self.query("SELECT sum(row_count) FROM raw_block WHERE size = 0"), [(2500,)])
        self.assert_figures(old + new, 31)
        # A mapping that changes reaches what is kept, and says what it does not reach.
        (self.folder / "incidents.yaml").write_text(MAPPING.replace("service: service", "service: { value: all }"), encoding="utf-8")
        before = {path.name: path.read_bytes() for path in self.folder.glob("store.db*") if not path.name.endswith("-shm")}
        self.assertIn("warning: exports/incidents: its mapping has changed, and of its 3100 records 2500 will keep what the mapping before made of them", self.run_program("check").stderr)
        self.assertEqual({path.name: path.read_bytes() for path in self.folder.glob("store.db*") if not path.name.endswith("-shm") and path.stat().st_size}, {name: data for name, data in before.items() if data}, "check only looks")
        sentence = "exports/incidents: 2500 records keep what the mapping before made of them"
        self.assertIn(sentence, self.run_program("once", day=33).stderr)
        self.assertIn(sentence, self.run_program("sources").stdout, "stored: nobody may have read the log, or it was never written")
        self.assertEqual(self.run_program("check").stderr, "", "it is done")
        self.assertEqual(self.volume("--where", "service=all", day=33), {"2026-02": 600})
        self.assertEqual(sum(self.volume("--where", "service=vpn", day=33).values()), 2500)
        self.assertEqual(sum(self.volume(day=33).values()), 3100)
        # A file that changes is read as ever.
        self.write([(n, opened, "x") for n, opened, _ in old])
        self.run_program("once", day=35)
        self.assertEqual(sum(self.volume("--where", "service=all", day=35).values()), 3100)
        self.assertIn("sound", self.run_program("integrity").stdout)

    def test_a_stream_that_goes_leaves_the_figures_whatever_is_kept(self):
        self.configure("retention: { raw: 30d }\n")
        self.write([(n, "2025-06-05 10:00:00", "vpn") for n in range(100)])
        self.run_program("once", day=0)
        self.run_program("once", day=40)
        self.configure("retention: { raw: 30d }\n", "  other: { type: files, path: inbox, streams: { more: { match: '*.csv', mapping: incidents.yaml } } }\n")
        self.run_program("once", day=41)
        self.assertEqual(self.volume(day=41), {"2025-06": 100}, "once, by the new stream")

    def assert_back(self, rows, day):
        self.assertIn("warning: exports/incidents: it comes back, and 2500 of its records will count as they were", self.run_program("check").stderr)
        done = self.run_program("once", day=day)
        self.assertIn("exports/incidents: 2500 records keep", done.stderr)
        self.assert_figures(rows, day)
        stream = json.loads(self.run_program("sources", "--json").stdout)["sources"][0]["streams"][0]
        self.assertEqual(stream["records"], len(rows))

    def test_check_tells_nothing_where_all_rows_are_kept(self):
        self.write([(n, "2025-06-05 10:00:00", "vpn") for n in range(100)])
        self.run_program("once", day=0)
        (self.folder / "incidents.yaml").write_text(MAPPING.replace("service: service", "service: { value: all }"), encoding="utf-8")
        self.assertEqual(self.run_program("check").stderr, "")

    def test_check_needs_no_store(self):
        """A store that cannot be looked at is no fault of the configuration, and keeps nobody from reloading it."""
        self.write([(n, "2025-06-05 10:00:00", "vpn") for n in range(100)])
        self.run_program("once", day=0)
        store = self.folder / "store.db"
        sound = store.read_bytes()
        older = sound[:60] + (1).to_bytes(4, "big") + sound[64:]  # the shape stands there, as `user_version`
        for content, why in ((older, "written by an older version"), (b"no database" * 1000, "damaged or no store")):
            store.write_bytes(content)
            said = self.run_program("check").stderr
            self.assertRegex(said, r"\Awarning: .*" + why)
            self.assertIn("what depends on the store was not looked at", said)
            self.assertEqual(store.read_bytes(), content)

    def test_a_stream_that_comes_back_loses_nothing(self):
        raw = "retention: { raw: 30d }\n"
        old = [(n, f"2025-{n % 12 + 1:02d}-05 10:00:00", "vpn") for n in range(2500)]
        new = [(n, "2026-02-01 10:00:00", "mail") for n in range(5000, 5600)]
        for case, gone in (("its rows went before", 31), ("its rows went while it was away", 29)):
            with self.subTest(case):
                self.configure(raw)
                self.write(old)
                self.run_program("once", day=0)
                self.write(new, "new.csv")
                self.run_program("once", day=gone)
                self.configure(raw, sources="  {}\n")
                self.assertIn("warning: exports/incidents: the configuration names it no longer: its 3100 records will leave the figures", self.run_program("check").stderr)
                left = "exports/incidents: the configuration names it no longer; its 3100 records are set aside"
                self.assertIn(left, self.run_program("once", day=gone + 1).stderr)
                self.run_program("once", day=gone + 4)
                self.assertIn(left, self.run_program("sources").stdout)
                self.assertEqual(self.volume(day=gone + 4), {})
                self.configure(raw)
                self.assert_back(old + new, gone + 6)
                for path in [*self.folder.glob("store.db*"), *(self.folder / "inbox").iterdir()]:
                    path.unlink()

    def test_what_another_stream_holds_is_not_brought_back_twice(self):
        raw = "retention: { raw: 30d }\n"
        more = FILES.replace("incidents: {", "more: {")
        self.configure(raw)
        self.write([(n, "2025-06-05 10:00:00", "vpn") for n in range(100)])
        self.run_program("once", day=0)
        self.run_program("once", day=40)
        for day, sources, expected in ((41, more, 100), (80, FILES, 100), (81, FILES.replace("} } }", "}, more: { match: '*.csv', mapping: incidents.yaml } } }"), 100), (82, more, 100)):
            self.configure(raw, sources)
            self.run_program("once", day=day)
            self.assertEqual(sum(self.volume(day=day).values()), expected, day)

    def test_killed_while_a_changed_mapping_is_applied_it_still_tells_what_was_left(self):
        self.configure("retention: { raw: 30d }\n")
        old = [(n, f"2025-{n % 12 + 1:02d}-05 10:00:00", "vpn") for n in range(2500)]
        new = [(n, "2026-02-01 10:00:00", "mail") for n in range(5000, 65000)]
        self.write(old)
        self.run_program("once", day=0)
        self.write(new, "new.csv")
        self.run_program("once", day=31)
        (self.folder / "incidents.yaml").write_text(MAPPING.replace("service: service", "service: { value: all }"), encoding="utf-8")
        process = subprocess.Popen([PROGRAM, "once", "--config", str(self.folder / "baselined.yaml"), "--now", (BEGIN + dt.timedelta(days=33)).isoformat()], stderr=subprocess.DEVNULL)
        position = "SELECT value FROM fact WHERE name LIKE 'mapping_position:%' AND value > 0"
        while not self.query(position):
            self.assertIsNone(process.poll(), "it was done before it could be killed")
        process.kill()
        process.wait()
        self.assertTrue(self.query(position), "it was killed in the middle")
        self.assertIn("exports/incidents: 2500 records keep", self.run_program("sources").stdout)
        self.assertIn("exports/incidents: 2500 records keep", self.run_program("once", day=33).stderr)
        self.assertEqual(self.volume("--where", "service=all", day=33), {"2026-02": 60000})
        self.assertEqual(sum(self.volume("--where", "service=vpn", day=33).values()), 2500)

    def test_history_past_its_age_goes_but_not_what_holds(self):
        (self.folder / "measures.yaml").write_text("measures:\n  - { id: M, indicator: incident_volume, period: day, baseline: { value: 10, n: 10 }, target: { change: -50%, from: 2025-12-01, by: 2026-12-31 } }\n", encoding="utf-8")
        self.configure("settle: 1d\nretention: { history: 90d }\nalerts: { from: a@example.org, routes: [ { to: [ops] } ], webhooks: { ops: { url: 'http://127.0.0.1:9/' } } }\n")
        days = [dt.date(2025, 12, 1) + dt.timedelta(n) for n in range(30)]
        rows = [(f"{day}-{n}", f"{day} 10:00:00", "vpn") for day in days for n in range(10)]
        self.write(rows)
        for day in (0, 5, 10):
            self.run_program("once", day=day, expect=3)
        statuses = self.query("SELECT potential FROM status_history ORDER BY id")
        waiting = self.query("SELECT count(*) FROM delivery WHERE state = 'waiting'")
        self.assertNotEqual(waiting, [(0,)])
        self.run_program("once", day=120, expect=3)
        self.assertIn(self.query("SELECT potential FROM status_history ORDER BY id DESC LIMIT 1")[0], [*statuses, ("unknown",)])
        self.assertEqual(self.query("SELECT count(*) FROM status_history WHERE at < strftime('%s', '2026-01-11') * 1000 AND id NOT IN (SELECT max(id) FROM status_history WHERE potential <> 'unknown')"), [(0,)])
        self.assertEqual(self.query("SELECT count(*) FROM delivery WHERE state = 'sent'"), [(0,)])

    def test_an_age_must_be_a_day_or_longer(self):
        self.configure("retention: { raw: 5m }\n")
        self.assertIn("baselined.yaml:3:12: `raw` is a day or longer, like 400d", self.run_program("check", expect=78).stderr)


if __name__ == "__main__":
    unittest.main()
