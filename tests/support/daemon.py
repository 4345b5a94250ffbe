"""Runs the daemon for a test: started with a notify socket of its own, looked at over its web listener."""
import itertools
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("BASELINED", str(ROOT / "build" / "dev" / "baselined"))
COUNT = itertools.count()
MEASURES = """measures:
  - { id: M, name: Fewer incidents, indicator: incident_volume, baseline: { from: 2026-01-01, to: 2026-03-31 }, target: { change: -20%, from: 2026-04-01, by: 2026-12-31 } }
"""
MAPPING = "kind: incident\nid: number\nnumber: number\nfields: { opened_at: opened, resolved_at: resolved, service: service, state: { value: closed } }\n"


def wait_for(holds, seconds=30, told=lambda: ""):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError(f"has not come about within {seconds} s; the log:\n{told()}")


class Daemon:
    """One `baselined run` in a folder that holds baselined.yaml."""

    def __init__(self, folder, environment=None, prefix=(), notify=True, arguments=()):
        self.folder = pathlib.Path(folder)
        number = next(COUNT)
        self.log_path = self.folder / f"log-{number}"
        self.socket_path = self.folder / f"notify-{number}"
        self.messages = []
        environment = {**os.environ, **(environment or {})}
        if notify:
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.socket.bind(str(self.socket_path))
            threading.Thread(target=self.listen, daemon=True).start()  # a full queue would block the sender
            environment["NOTIFY_SOCKET"] = str(self.socket_path)
        self.log = open(self.log_path, "a", encoding="utf-8")
        self.process = subprocess.Popen([*prefix, PROGRAM, "run", "--config", str(self.folder / "baselined.yaml"), *arguments], stderr=self.log, stdout=self.log, env=environment)

    def told(self):
        return self.log_path.read_text(encoding="utf-8")

    def listen(self):
        try:
            while message := self.socket.recv(65536):
                self.messages.append(message.decode())
        except OSError:
            pass

    def notified(self):
        """Everything said to systemd so far, one text a message."""
        return list(self.messages)

    def wait_for(self, holds, seconds=30):
        wait_for(holds, seconds, self.told)

    def wait_ready(self, seconds=30):
        self.wait_for(lambda: self.process.poll() is not None or re.search(r": ready$", self.told(), re.M), seconds)
        assert self.process.poll() is None, self.told()

    @property
    def url(self):
        return re.findall(r"web: (http://\S+) answers", self.told())[-1]

    def get(self, path):
        """Status and body."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def ready(self):
        status, body = self.get("/ready")
        return status, [reason["text"] for reason in json.loads(body)["reasons"]]

    def metric(self, name, **labels):
        for line in self.get("/metrics")[1].splitlines():
            match = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
            if match and match[1] == name and all(f'{key}="{value}"' in (match[2] or "") for key, value in labels.items()):
                return float(match[3])
        return None

    def send(self, number):
        self.process.send_signal(number)

    def reload(self):
        before = self.told().count(": reloaded") + self.told().count("stays in force")
        self.send(signal.SIGHUP)
        self.wait_for(lambda: self.told().count(": reloaded") + self.told().count("stays in force") > before)

    def stop(self, seconds=10):
        if self.process.poll() is None:
            self.send(signal.SIGTERM)
        code = self.process.wait(timeout=seconds)
        return code

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.log.close()
        if hasattr(self, "socket"):
            self.socket.shutdown(socket.SHUT_RDWR)
            self.socket.close()
