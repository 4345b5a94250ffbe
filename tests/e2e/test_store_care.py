#!/usr/bin/python3
"""The store in bad hands: full and read-only disks, damage, copies and their way back. Mounts small disks: needs root."""
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import unittest
import unittest.mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "e2e"), str(ROOT / "tests" / "support")]
import test_service  # noqa: E402
from daemon import Daemon  # noqa: E402


class Case(test_service.Case):
    @property
    def store(self):
        return self.folder / "store" / "baselined.db"

    def mount(self, size):
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(self.folder / "store")], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", str(self.folder / "store")], check=True)

    def undisturbed(self):
        """The figures of the same files read into a store of its own."""
        main = self.folder / "baselined.yaml"
        text = main.read_text(encoding="utf-8")
        self.write("baselined.yaml", text.replace("store/baselined.db", "calm.db"))
        self.program("once")
        figures = self.series()
        self.write("baselined.yaml", text)
        return figures


class Copies(Case):
    def test_a_copy_of_a_running_store_and_its_way_back(self):
        daemon = self.start()
        daemon.wait_for(lambda: self.volume() == 50)
        copy = self.folder / "copy.db"
        self.assertIn("checked", self.program("backup", str(copy)).stdout)
        self.assertEqual(oct(copy.stat().st_mode & 0o777), "0o600")
        self.assertEqual([path.name for path in self.folder.glob("copy.db*")], ["copy.db"], "one file, nothing beside it")
        self.export("b.csv", range(50, 90))
        daemon.wait_for(lambda: self.volume() == 90)
        refused = self.program("restore", str(copy), expect=1)
        self.assertIn("works on it: stop it first", refused.stderr)
        self.assertEqual(self.volume(), 90)
        self.assertEqual(daemon.stop(), 0)
        restored = self.program("restore", str(copy))
        self.assertEqual(self.volume(), 50)
        kept = restored.stdout.split("kept: ")[1].strip()
        with sqlite3.connect(f"file:{kept}?mode=ro&immutable=1", uri=True) as old:
            self.assertEqual(old.execute("SELECT count(*) FROM record").fetchone(), (90,))
        self.start().wait_for(lambda: self.volume() == 90)

    def test_a_copy_replaces_files_only_and_nobody_else_reads_the_store(self):
        self.program("once")
        self.assertEqual(oct(self.store.stat().st_mode & 0o777), "0o600")
        pipe, copy = self.folder / "pipe", self.folder / "copy.db"
        os.mkfifo(pipe)
        for target in (pipe, self.folder):
            self.assertIn("a folder, a pipe or a device is there: name a file", self.program("backup", str(target), expect=1).stderr)
        self.assertTrue(pipe.is_fifo())
        copy.write_text("what was there", encoding="utf-8")
        self.program("backup", str(copy))
        self.assertTrue(copy.read_bytes().startswith(b"SQLite format 3"))

    def test_a_store_that_somebody_reads_is_kept_with_its_log_and_the_reader_reads_on(self):
        daemon = self.start()
        daemon.wait_for(lambda: self.volume() == 50)
        copy = self.folder / "copy.db"
        self.program("backup", str(copy))
        reader = sqlite3.connect(self.store, isolation_level=None)
        self.addCleanup(reader.close)
        reader.execute("BEGIN")
        self.assertEqual(reader.execute("SELECT count(*) FROM record").fetchone(), (50,))
        self.export("b.csv", range(50, 90))
        daemon.wait_for(lambda: self.volume() == 90)
        self.assertEqual(daemon.stop(), 0)
        self.assertGreater((self.store.parent / "baselined.db-wal").stat().st_size, 0, "the reader keeps the log from being written back")
        kept = pathlib.Path(self.program("restore", str(copy)).stdout.split("kept: ")[1].strip())
        self.assertEqual(self.volume(), 50)
        self.assertIn("sound", self.program("integrity").stdout)
        self.assertEqual(reader.execute("SELECT count(*) FROM record").fetchone(), (50,))
        reader.close()
        with sqlite3.connect(kept) as old:
            self.assertEqual(old.execute("SELECT count(*) FROM record").fetchone(), (90,))
        self.start().wait_for(lambda: self.volume() == 90)

    def test_copies_are_whole_while_it_is_written(self):
        sn = self.instance(3000)
        self.configure(test_service.INSTANCE.format(url=sn.url, page_size=20, poll="300ms"))
        daemon = self.start()
        for number in range(8):
            copy = self.folder / f"copy{number}.db"
            self.program("backup", str(copy))
            with sqlite3.connect(copy) as database:
                self.assertEqual(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
                self.assertEqual(database.execute("SELECT count(*) FROM record").fetchone(), database.execute("SELECT coalesce(sum(records), 0) FROM stream").fetchone())
        self.assertEqual(daemon.stop(), 0)

    def test_no_half_copy_where_there_is_no_space(self):
        self.program("once")
        self.mount("64k")
        self.write("baselined.yaml", (self.folder / "baselined.yaml").read_text(encoding="utf-8").replace("store/baselined.db", "own.db"))
        self.program("once")
        done = self.program("backup", str(self.folder / "store" / "copy.db"), expect=1)
        self.assertIn("disk is full", done.stderr)
        self.assertEqual(os.listdir(self.folder / "store"), [])

    def test_what_is_no_copy_is_refused_and_the_store_stays(self):
        self.program("once")
        before = self.store.read_bytes()
        self.write("nonsense", "no database " * 1000)
        sqlite3.connect(self.folder / "other.db").execute("CREATE TABLE t(x)").connection.close()
        for name, reason in (("nonsense", "damaged or no store"), ("other.db", "no store of baselined"), ("missing", "no such file")):
            self.assertIn(reason, self.program("restore", str(self.folder / name), expect=1).stderr)
        self.assertEqual(self.store.read_bytes(), before)


class Users(Case):
    def test_who_may_not_look_at_the_store_is_not_told_that_there_is_none(self):
        self.program("once")
        copy = self.folder / "baselined"  # where another user reaches it
        shutil.copy(test_service.PROGRAM, copy)
        self.folder.chmod(0o755)
        self.store.parent.chmod(0o700)
        done = subprocess.run(["setpriv", "--reuid=nobody", "--clear-groups", str(copy), "status", "--config", str(self.folder / "baselined.yaml")],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("this user may not look into its folder", done.stderr)

    def setUp(self):
        super().setUp()
        # As another user the sanitizer may not read its own list of known leaks: others look for leaks.
        without_leaks = unittest.mock.patch.dict(os.environ, LSAN_OPTIONS="detect_leaks=0")
        without_leaks.start()
        self.addCleanup(without_leaks.stop)

    def give_away(self):
        """The folder of the store is a service's, which is no root; what else there is may be read by everybody."""
        for path in [self.folder, self.folder / "inbox"]:
            path.chmod(0o755)
        shutil.chown(self.store.parent, "daemon", "daemon")
        self.store.parent.chmod(0o750)

    def owners(self):
        return {(path.name, path.owner(), path.group()) for path in self.store.parent.iterdir()}

    def assert_all_are_the_services(self):
        self.assertEqual({owner[1:] for owner in self.owners()}, {("daemon", "daemon")}, self.owners())

    def test_what_root_does_leaves_the_store_to_the_service(self):
        self.give_away()
        secret = self.folder / "secret"  # root's alone, read before
        secret.write_text("hush\n", encoding="utf-8")
        secret.chmod(0o600)
        self.configure(f"alerts: {{ from: a@example.org, routes: [], smtp: {{ url: 'smtp://127.0.0.1:9', user: u, password: '${{file:{secret}}}' }} }}\n")
        told = self.program("once").stderr
        self.assertIn("it is daemon's; going on as that user", told)
        self.assert_all_are_the_services()
        for command in (["status"], ["sources"], ["integrity"], ["once"], ["ack", "M", "--until", "2099-01-01", "--by", "x", "--reason", "y"]):
            self.program(*command, expect=None)
            self.assert_all_are_the_services()
        daemon = self.start()
        daemon.wait_for(lambda: self.volume() == 50)
        self.assert_all_are_the_services()
        groups = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text(encoding="utf-8")
        numbers = {line.split(":")[0]: set(line.split()[1:]) for line in groups.splitlines() if ":" in line}
        self.assertEqual((numbers["Uid"], numbers["Gid"], numbers["Groups"]), ({"1"}, {"1"}, {"1"}), "no way back, no group of root's")
        self.assertEqual(daemon.stop(), 0)

    def test_once_beside_the_daemon_says_for_what_it_waits(self):
        daemon = self.start()
        with (self.folder / "told").open("w+", encoding="utf-8") as told:
            waiting = subprocess.Popen([test_service.PROGRAM, "once", "--config", str(self.folder / "baselined.yaml")], stderr=told)
            daemon.wait_for(lambda: "another process works on it" in (self.folder / "told").read_text(encoding="utf-8"))
            self.assertIsNone(waiting.poll())
            self.assertEqual(daemon.stop(), 0)
            self.assertEqual(waiting.wait(timeout=30), 0)

    def test_check_by_root_finds_what_the_service_may_not_read(self):
        self.give_away()
        self.program("once")
        measures = self.folder / "measures.yaml"
        measures.chmod(0o600)
        self.assertIn(f"{measures}: the user daemon, whose store it is, may not read it", self.program("check", expect=78).stderr)
        measures.chmod(0o644)
        self.assertIn("good: ", self.program("check").stdout)

    def test_what_root_restores_is_the_services(self):
        self.program("once")
        copy = self.folder / "copy.db"
        self.program("backup", str(copy))
        self.assertEqual(copy.owner(), "root", "root asked for it")
        for is_there in (True, False):
            with self.subTest(store_is_there=is_there):
                for path in self.store.parent.iterdir():
                    path.unlink()
                if is_there:
                    shutil.copy(copy, self.store)
                    shutil.chown(self.store, "daemon", "daemon")
                self.give_away()
                self.program("restore", str(copy))
                self.assert_all_are_the_services()
                self.assertEqual(self.volume(), 50)

    def test_a_lock_that_leads_elsewhere_gives_nothing_away(self):
        self.program("once")
        copy = self.folder / "copy.db"
        self.program("backup", str(copy))
        self.give_away()
        other = self.folder / "root's own"
        other.write_text("x", encoding="utf-8")
        lock = self.store.parent / "baselined.db.lock"
        lock.unlink()
        lock.symlink_to(other)
        self.program("restore", str(copy), expect=None)
        self.assertEqual(other.owner(), "root")


class Damage(Case):
    def damage(self):
        with open(self.store, "r+b") as file:
            size = self.store.stat().st_size
            for at in range(8192 * 2, size, 8192):
                file.seek(at)
                file.write(b"\xff" * 4000)

    def test_a_damaged_store_is_found_and_refused_with_what_to_do(self):
        self.program("once")
        self.assertIn("sound", self.program("integrity").stdout)
        copy = self.folder / "copy.db"
        self.program("backup", str(copy))
        self.damage()
        done = self.program("integrity", expect=1)
        self.assertIn("restore", done.stderr)
        daemon = Daemon(self.folder)
        self.addCleanup(daemon.close)
        self.assertEqual(daemon.process.wait(timeout=20), 1)
        self.assertIn("move it away and restore a copy", daemon.told())
        self.program("restore", str(copy))
        self.start().wait_for(lambda: self.volume() == 50)

    def test_an_emptied_store_is_not_taken_for_a_new_one(self):
        """Acknowledgements and frozen baselines were in it: nobody may think that they never were."""
        self.program("once")
        os.truncate(self.store, 0)
        for path in self.store.parent.glob("baselined.db-*"):
            path.unlink()
        for command in ("once", "run", "status"):
            self.assertIn("the file is empty: it was truncated, or made by somebody else; restore a copy", self.program(command, expect=1).stderr)
        self.assertEqual(self.store.stat().st_size, 0)
        self.store.unlink()
        self.program("once")
        self.assertEqual(self.volume(), 50)
        self.assertEqual(sorted(path.name for path in self.store.parent.iterdir()), ["baselined.db", "baselined.db.lock"])

    def test_killed_while_it_makes_its_store_it_begins_again(self):
        for pause in (0.002, 0.005, 0.01, 0.02, 0.04, 0.08):
            for path in self.store.parent.iterdir():
                path.unlink()
            process = subprocess.Popen([test_service.PROGRAM, "once", "--config", str(self.folder / "baselined.yaml")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            test_service.time.sleep(pause)
            process.kill()
            process.wait()
            self.program("once")
            self.assertEqual(self.volume(), 50)

    def test_another_programs_database_stays_as_it_is(self):
        for shape in (0, 3, 10):
            with self.subTest(user_version=shape):
                self.store.unlink(missing_ok=True)
                with sqlite3.connect(self.store) as other:
                    other.executescript(f"CREATE TABLE contacts(name); PRAGMA application_id = 12345; PRAGMA user_version = {shape};")
                other.close()
                before = self.store.read_bytes()
                for command in ("once", "run", "status", "integrity"):
                    self.assertIn("no store of baselined", self.program(command, expect=1).stderr)
                self.assertEqual(self.store.read_bytes(), before)

    def test_a_file_that_is_no_store(self):
        self.store.write_text("hello " * 5000, encoding="utf-8")
        self.assertIn("no store of baselined", self.program("run", expect=1).stderr)


class Disks(Case):
    def rows(self, first, last):
        lines = [f"I{n},2026-0{1 + n % 6}-03 10:00:00,2026-0{1 + n % 6}-04 10:00:00,service-{n * 7919 % 100003}" for n in range(first, last)]
        return "number,opened,resolved,service\n" + "\n".join(lines) + "\n"

    def put(self, name, text):
        path = self.folder / "inbox" / name
        path.write_text(text, encoding="utf-8")
        os.utime(path, (1_700_000_000 + len(text), 1_700_000_000 + len(text)))

    def test_full_in_the_middle_it_recovers_by_itself(self):
        self.mount("900k")
        self.put("big.csv", self.rows(1000, 12000))
        daemon = self.start()
        daemon.wait_for(lambda: "disk is full" in daemon.told() or "nearly full" in daemon.told())
        daemon.wait_for(lambda: daemon.ready()[0] == 503 and any("full" in text for text in daemon.ready()[1]))
        self.assertEqual(daemon.get("/health")[0], 200)
        subprocess.run(["mount", "-o", "remount,size=64m", str(self.folder / "store")], check=True)
        daemon.wait_for(lambda: self.volume() == 11050, 90)
        daemon.wait_for(lambda: daemon.ready() == (200, []))
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(self.series(), self.undisturbed())
        self.assertIn("sound", self.program("integrity").stdout)

    def test_full_while_pages_are_read_it_recovers_by_itself(self):
        """Pages that follow each other fast are committed together: all of them are asked for again."""
        self.poll = "1h"  # nothing else is committed meanwhile
        self.mount("2m")
        sn = self.instance(6000)
        self.configure(test_service.INSTANCE.format(url=sn.url, page_size=1000, poll="300ms"))
        daemon = self.start()
        daemon.wait_for(lambda: "database or disk is full" in daemon.told())
        subprocess.run(["mount", "-o", "remount,size=64m", str(self.folder / "store")], check=True)
        daemon.wait_for(lambda: self.volume() == 6050, 90)
        daemon.wait_for(lambda: daemon.ready() == (200, []))
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(self.series(), self.undisturbed())

    def test_started_on_a_full_disk_it_waits_for_space(self):
        self.mount("900k")
        (self.folder / "store" / "filler").write_bytes(b"x" * (900 << 10))
        daemon = Daemon(self.folder)
        self.addCleanup(daemon.close)
        daemon.wait_for(lambda: "disk is full" in daemon.told())
        test_service.time.sleep(6)
        self.assertIsNone(daemon.process.poll())
        self.assertEqual(daemon.told().count("the disk is full: free some space"), 1, daemon.told())
        (self.folder / "store" / "filler").unlink()
        daemon.wait_for(lambda: self.volume() == 50, 30)
        self.assertEqual(daemon.stop(), 0)

    def test_nearly_full_nothing_is_read_and_nothing_lost(self):
        self.mount("16m")
        daemon = self.start()
        daemon.wait_for(lambda: self.volume() == 50)
        filler = self.folder / "store" / "filler"
        space = os.statvfs(filler.parent)
        filler.write_bytes(b"x" * (space.f_bavail * space.f_frsize - (200 << 10)))
        daemon.wait_for(lambda: daemon.metric("baselined_reading_held") == 1)
        self.assertTrue(any("nearly full" in text for text in daemon.ready()[1]))
        self.export("b.csv", range(50, 80))
        polls = daemon.metric("baselined_polls_total", outcome="ok")
        test_service.time.sleep(1.5)
        self.assertEqual(daemon.metric("baselined_polls_total", outcome="ok"), polls)
        self.assertEqual(daemon.told().count("nearly full"), 1)
        filler.unlink()
        daemon.wait_for(lambda: self.volume() == 80)
        daemon.wait_for(lambda: daemon.ready() == (200, []))

    def test_read_only_for_a_while(self):
        self.mount("16m")
        daemon = self.start()
        daemon.wait_for(lambda: self.volume() == 50)
        # A disk that fails is made read-only under the program's feet; a busy one can only be made full for it.
        subprocess.run(["mount", "-o", "remount,size=1k", str(self.folder / "store")], check=False)
        self.assertEqual(daemon.stop(), 0)
        subprocess.run(["mount", "-o", "remount,ro", str(self.folder / "store")], check=True)
        done = self.program("run", expect=1)
        self.assertIn("Read-only file system", done.stderr)
        subprocess.run(["mount", "-o", "remount,rw", str(self.folder / "store")], check=True)
        self.start().wait_for(lambda: self.volume() == 50)

    def test_killed_again_and_again(self):
        sn = self.instance(600)
        self.configure(test_service.INSTANCE.format(url=sn.url, page_size=20, poll="300ms"))
        for pause in (0.1, 0.2, 0.3, 0.5, 0.7):
            daemon = Daemon(self.folder)
            self.addCleanup(daemon.close)
            test_service.time.sleep(pause)
            daemon.send(signal.SIGKILL)
            daemon.process.wait()
        daemon = self.start()
        daemon.wait_for(lambda: self.volume() == 650)
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(self.series(), self.undisturbed())


del Case
if __name__ == "__main__":
    unittest.main()
