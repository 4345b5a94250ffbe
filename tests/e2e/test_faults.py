#!/usr/bin/python3
"""Faults, one at a time and together, while the sources go on living: the daemon says what is wrong, goes on by itself, and what it has
in the end is what it has without them. In a network and mounts of its own: needs root.

For longer than a gate has time: STOP_SECONDS=60 (SIGSTOP), RELOADS=10000, KILLS=100, ROUNDS=20 (of several faults at once; SEED=N
repeats what chance chose)."""
import contextlib
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from daemon import wait_for  # noqa: E402
from living import CHANGES, HOUR, Life  # noqa: E402

STEPS = 12
SEED = int(os.environ.get("SEED", 0)) or random.SystemRandom().randrange(1, 10**6)


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def difference(found, expected):
    if not isinstance(expected, list):
        return f"{found}\nand not\n{expected}"
    return f"too much: {[one for one in found if one not in expected][:3]}, missing: {[one for one in expected if one not in found][:3]}, {len(found)} of {len(expected)}"


# What befalls a daemon, for as long as the context lasts.

@contextlib.contextmanager
def full_disk(life):
    filler = life.store.parent / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(b"x" * 65536):
            pass
    yield
    filler.unlink()


@contextlib.contextmanager
def read_only_store(life):
    files = [str(path) for path in life.store.parent.glob("baselined.db*") if path.suffix != ".lock"]
    run("chattr", "+i", *files)
    yield
    run("chattr", "-i", *files)


@contextlib.contextmanager
def stopped_process(life):
    life.daemon.send(signal.SIGSTOP)
    yield
    life.daemon.send(signal.SIGCONT)


@contextlib.contextmanager
def no_network(_):
    run("ip", "address", "delete", "127.0.0.1/8", "dev", "lo")
    run("ss", "-K", "-t", "dst", "127.0.0.1")  # what is on its way would be waited for a minute
    try:
        yield
    finally:
        run("ip", "address", "add", "127.0.0.1/8", "dev", "lo")


def limit(life, files):
    run("prlimit", f"--pid={life.daemon.process.pid}", f"--nofile={files}:4096")


@contextlib.contextmanager
def no_descriptors(life):
    """No more than it has open."""
    with contextlib.suppress(FileNotFoundError, subprocess.CalledProcessError):  # it may have ended for another reason
        limit(life, len(os.listdir(f"/proc/{life.daemon.process.pid}/fd")) - 4)
    yield
    with contextlib.suppress(subprocess.CalledProcessError):
        limit(life, 1024)


def wrong_clock(seconds):
    @contextlib.contextmanager
    def fault(life):
        life.set_clock(seconds)
        yield
        life.set_clock(0)
    return fault


def kill(life):
    life.daemon.send(signal.SIGKILL)
    life.daemon.process.wait()
    life.start()


class Compared(unittest.TestCase):
    """A life with a fault in its midst, beside one without."""
    undisturbed = {}

    @classmethod
    def calm(cls, steps):
        if steps not in cls.undisturbed:
            with Life() as life:
                life.begin()
                life.go_on(steps)
                life.world.fail("middle")
                life.go_on(STEPS)
                life.world.fail("late")
                life.end()
                cls.undisturbed[steps] = life.remains()
        return cls.undisturbed[steps]

    @staticmethod
    def go_to_the_end(life):
        life.go_on(STEPS)
        life.wait_told("middle")
        life.world.fail("late")
        life.end()

    def live(self, fault, repeats=False, **more):
        """`fault(life)` is a context in which the world goes on; it asserts itself that it strikes."""
        with Life(**more) as life:
            life.begin()
            with fault(life):
                life.go_on(STEPS)
                life.world.fail("middle")
            self.go_to_the_end(life)
            self.assert_as_if_nothing_had_been(life, repeats)

    def disk(self):
        """One of its own, of a kind that knows files that nobody may change."""
        image = pathlib.Path(tempfile.mkdtemp(prefix="baselined-disk-"))
        self.addCleanup(shutil.rmtree, image)
        run("truncate", "-s", "64M", str(image / "disk"))
        run("mkfs.ext4", "-q", str(image / "disk"))
        return image / "disk"

    def assert_as_if_nothing_had_been(self, life, repeats=False, steps=STEPS):
        """`repeats`: a message on its way may come twice, with the same id."""
        calm, found = self.calm(steps), life.remains()
        for name, value in calm.items():
            if found[name] != value:
                self.fail(f"{name} differ: {difference(found[name], value)}")
        if not repeats:
            self.assertEqual(len(life.world.hooks.ids), len(set(life.world.hooks.ids)), "a message twice")


def wait_not_ready(life, words):
    life.wait(lambda: any(words in text for text in life.daemon.ready()[1]), what=f"not told: {words}")


def hurry(life):
    """What could not be sent is tried again after a minute: the clock goes on instead of us."""
    life.set_clock(120)
    life.daemon.reload()


class Stores(Compared):
    @contextlib.contextmanager
    def full(self, life):
        with full_disk(life):
            wait_not_ready(life, "full")
            yield
            time.sleep(1)

    @contextlib.contextmanager
    def read_only(self, life):
        with read_only_store(life):
            wait_not_ready(life, "read-only")
            yield
            time.sleep(1)

    def test_full(self):
        self.live(self.full, disk=self.disk())

    def test_read_only(self):
        self.live(self.read_only, disk=self.disk())


class Processes(Compared):
    @contextlib.contextmanager
    def stopped(self, life):
        beats = len([text for text in life.daemon.notified() if "WATCHDOG" in text])
        with stopped_process(life):
            yield
            time.sleep(float(os.environ.get("STOP_SECONDS", "3")))
        life.wait(lambda: len([text for text in life.daemon.notified() if "WATCHDOG" in text]) > beats, what="the watchdog is fed no more")

    def test_stopped(self):
        self.live(self.stopped, environment={"WATCHDOG_USEC": "600000"})

    @contextlib.contextmanager
    def killed(self, life):
        rng = random.Random(SEED)
        for _ in range(int(os.environ.get("KILLS", "8"))):
            time.sleep(rng.uniform(0, 0.5))
            kill(life)
        yield
        kill(life)

    def test_killed(self):
        self.live(self.killed, repeats=True)

    def reload(self, life, many):
        """What is changed is of no account for the figures; every fourth time it is a mistake."""
        rng = random.Random(SEED)
        more = next(line for line in life.measures.splitlines(keepends=True) if "VOLUME" in line).replace("VOLUME", "MORE")
        changes = [lambda: None, lambda: life.configure(poll=f"{rng.randint(150, 250)}ms"), lambda: life.write("measures.yaml", life.measures + more),
                   lambda: life.write("changes.yaml", CHANGES.replace("service }", f"service, title: {{ value: t{rng.randint(1, 9)} }} }}"))]
        mistakes = [lambda: life.configure("  nonsense: true\n"), lambda: life.write("measures.yaml", "measures: ["), lambda: life.write("changes.yaml", "kind: chance\n")]
        for number in range(many):
            self.write_as_it_was(life)
            rng.choice(mistakes if number % 4 == 3 else changes)()
            life.daemon.reload()
        self.write_as_it_was(life)
        life.daemon.reload()

    @staticmethod
    def write_as_it_was(life):
        life.write("measures.yaml", life.measures)
        life.write("changes.yaml", CHANGES)
        life.configure()

    @contextlib.contextmanager
    def reloaded(self, life):
        many = int(os.environ.get("RELOADS", "40"))
        life.pause = many * 0.25 / STEPS
        reloading = threading.Thread(target=self.reload, args=(life, many))
        reloading.start()
        yield
        reloading.join()
        life.pause = Life.pause
        self.assertEqual(life.daemon.metric("baselined_reloads_total", outcome="refused"), many // 4)
        self.assertEqual(life.daemon.metric("baselined_reloads_total", outcome="applied"), many - many // 4 + 1)

    def test_reloaded(self):
        self.live(self.reloaded)


class Networks(Compared):
    @contextlib.contextmanager
    def cut(self, life):
        with no_network(life):
            life.wait(lambda: re.search(f"error: acme: {life.world.snow.url}: .*asked again until it answers", life.daemon.told()))
            yield
            life.wait(lambda: "error: alert to ops (middle): " in life.daemon.told())
        life.wait(lambda: life.daemon.ready() == (200, []))
        hurry(life)

    def test_cut(self):
        self.live(self.cut, is_clock_ours=True)

    @contextlib.contextmanager
    def nameless(self, life):
        """Found at a start: while it runs, names are kept for a minute."""
        for kind in ("silent", "unknown"):
            self.names.become(kind)
            self.assertEqual(life.daemon.stop(), 0)
            life.start()
            life.daemon.wait_ready()
            wait_not_ready(life, "Could not resolve host")
            self.assertRegex(life.daemon.told(), f"error: acme: http://{life.host}.*Could not resolve host: {life.host}; asked again")
        yield
        self.names.become("known")

    def test_names(self):
        with NameServer() as self.names:
            self.live(self.nameless, host=self.names.NAME)


class NameServer:
    """dnsmasq in this network, which knows one name, knows none or is silent."""
    NAME = "snow.test"

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="baselined-names-"))
        (self.folder / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n", encoding="ascii")
        run("mount", "--bind", str(self.folder / "resolv.conf"), "/etc/resolv.conf")
        self.process = None
        self.become("known")
        return self

    def become(self, kind):
        if kind == "silent":
            return self.process.send_signal(signal.SIGSTOP)
        self.stop()
        record = [f"--host-record={self.NAME},127.0.0.1"] if kind == "known" else []
        self.process = subprocess.Popen(["dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--user=root", "--pid-file=", "--conf-file=/dev/null", "--local=/test/", *record], stderr=subprocess.DEVNULL)
        wait_for(lambda: b":0035 " in pathlib.Path("/proc/net/udp").read_bytes())

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()

    def __exit__(self, *_):
        self.stop()
        run("umount", "/etc/resolv.conf")
        shutil.rmtree(self.folder)


class Clocks(Compared):
    def off(self, seconds):
        @contextlib.contextmanager
        def fault(life):
            life.set_clock(seconds)
            told = re.escape(time.strftime("%Y-%m-%dT%H", time.gmtime(time.time() + seconds)))
            life.wait(lambda: re.search(f"^{told}.*acme/incident: read to its end", life.daemon.told(), re.M), what=told)
            yield
            polls = life.daemon.metric("baselined_polls_total", source="acme", outcome="ok")
            life.wait(lambda: life.daemon.metric("baselined_polls_total", source="acme", outcome="ok") >= polls + 2)
            life.set_clock(0)
        return fault

    def test_an_hour(self):
        for seconds in (-HOUR, HOUR):
            with self.subTest(seconds):
                self.live(self.off(seconds), is_clock_ours=True)


    def test_years_ahead_no_source_is_taken_for_silent(self):
        """What was read a moment ago was read years ago by such a clock: it is read once more before anybody is told."""
        with Life(is_clock_ours=True) as life:
            life.begin()
            for seconds in (5 * 365 * 24 * HOUR, 0):
                life.set_clock(seconds)
                year = time.strftime("%Y", time.gmtime(time.time() + seconds))
                for stream in ("acme/incident", "inbox/changes"):
                    life.wait(lambda: re.search(f"^{year}.*the clock leapt (.*\n)*{year}.*{stream}: read to its end", life.daemon.told(), re.M), what=f"{stream} in {year}")
            self.assertEqual([kind for kind in life.world.hooks.kinds() if isinstance(kind, str)], [])


class Descriptors(Compared):
    @contextlib.contextmanager
    def few(self, life):
        host, port = life.daemon.url.removeprefix("http://").split(":")
        crowd = [socket.create_connection((host, int(port))) for _ in range(80)]
        yield
        life.wait_told("middle")
        for connection in crowd:
            connection.close()

    def test_few(self):
        self.live(self.few, prefix=("prlimit", "--nofile=64"))

    @contextlib.contextmanager
    def none(self, life):
        with no_descriptors(life):
            life.wait(lambda: "Too many open files: raise the limit of open files (LimitNOFILE in the unit)" in life.daemon.told())
            yield
            time.sleep(1)

    def test_none(self):
        self.live(self.none)


class Together(Compared):
    """Several at once, as chance has it. That each is told is tried above; should the daemon end, it is started again as systemd would."""
    FAULTS = [full_disk, read_only_store, stopped_process, no_network, no_descriptors, wrong_clock(-HOUR), wrong_clock(HOUR)]

    def round(self, life, rng):
        """How many steps the world has gone."""
        faults = rng.sample(self.FAULTS, rng.randint(2, 3))
        with contextlib.ExitStack() as lasting:
            for fault in faults:
                life.go_on(1)
                lasting.enter_context(fault(life))
                time.sleep(rng.uniform(0, 2))
                if rng.random() < 0.4:
                    kill(life)
        life.wait(lambda: self.is_well(life), 120, f"not well again after {[fault.__name__ for fault in faults]}")
        return len(faults)

    @staticmethod
    def is_well(life):
        if life.daemon.process.poll() is not None:
            life.start()
        return life.daemon.told().count(": ready\n") > 0 and life.daemon.ready() == (200, [])

    def test_several(self):
        rng = random.Random(SEED)
        with Life(disk=self.disk(), is_clock_ours=True) as life:
            life.begin()
            steps = sum(self.round(life, rng) for _ in range(int(os.environ.get("ROUNDS", "3"))))
            rest = -steps % STEPS
            life.go_on(rest)
            life.world.fail("middle")
            self.go_to_the_end(life)
            self.assert_as_if_nothing_had_been(life, repeats=True, steps=steps + rest)


def in_own_network():
    """Its loopback can be taken down, and has a name server's port for us."""
    if "BASELINED_OWN_NETWORK" in os.environ:
        return run("ip", "link", "set", "lo", "up")
    os.environ["BASELINED_OWN_NETWORK"] = "1"
    os.execvp("unshare", ["unshare", "-n", "-m", sys.executable, *sys.argv])


if __name__ == "__main__":
    in_own_network()
    print(f"SEED={SEED}", flush=True)
    unittest.main()
