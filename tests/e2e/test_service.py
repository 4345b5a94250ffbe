#!/usr/bin/python3
"""The daemon as an administrator meets it: systemd, reloads, logs, the web listener, faults."""
import base64
import http.server
import json
import os
import pathlib
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
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from daemon import MAPPING, MEASURES, PROGRAM, Daemon, wait_for  # noqa: E402
from fronts import ForwardProxy  # noqa: E402
from servicenow import ServiceNow, stamp  # noqa: E402

START = 1_767_225_600  # 2026-01-01
MAIN = """timezone: UTC
store: store/baselined.db
settle: 1d
measures: [measures.yaml]
web: {{ listen: "127.0.0.1:0" }}
sources:
  exports:
    type: files
    path: inbox
    poll: {poll}
    streams:
      incidents: {{ match: "*.csv", mapping: mapping.yaml }}
"""
INSTANCE = """  acme:
    type: servicenow
    url: {url}
    auth: {{ basic: {{ user: reader, password: secret }} }}
    since: 2025-12-31
    page_size: {page_size}
    poll: {poll}
    streams:
      incident: {{ mapping: servicenow/incident }}
"""


class Case(unittest.TestCase):
    poll = "300ms"

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="baselined-service-"))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "inbox").mkdir()
        (self.folder / "store").mkdir()
        self.write("mapping.yaml", MAPPING)
        self.write("measures.yaml", MEASURES)
        self.configure()
        self.export("a.csv", range(50))

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")

    def configure(self, more=""):
        self.write("baselined.yaml", MAIN.format(poll=self.poll) + more)

    def export(self, name, numbers):
        rows = [f"I{n},2026-0{1 + n % 6}-03 10:00:00,2026-0{1 + n % 6}-04 10:00:00,{'vpn' if n % 2 else 'mail'}" for n in numbers]
        path = self.folder / "inbox" / name
        path.write_text("number,opened,resolved,service\n" + "\n".join(rows) + "\n", encoding="utf-8")
        os.utime(path, (1_700_000_000 + len(rows), 1_700_000_000 + len(rows)))

    def start(self, **more):
        daemon = Daemon(self.folder, **more)
        self.addCleanup(daemon.close)
        daemon.wait_ready()
        return daemon

    def program(self, *arguments, expect=0):
        done = subprocess.run([PROGRAM, arguments[0], "--config", str(self.folder / "baselined.yaml"), *arguments[1:]], capture_output=True, text=True, check=False, timeout=60)
        if expect is not None:
            self.assertEqual(done.returncode, expect, done.stderr)
        return done

    def series(self, indicator="incident_volume", folder=None):
        done = self.program("series", "--indicator", indicator, "--json", expect=None)
        return json.loads(done.stdout)["periods"] if done.returncode == 0 else []

    def volume(self):
        return sum(period["value"] for period in self.series())

    def instance(self, count=0):
        sn = ServiceNow()
        self.addCleanup(sn.stop)
        sn.references = {("incident", "business_service"): "cmdb_ci_service"}
        for number in range(count):
            sn.put("incident", self.incident(number))
        return sn

    @staticmethod
    def incident(number):
        at = START + number * 3600
        return {"sys_id": f"{number:032x}", "number": f"INC{number:07d}", "sys_updated_on": stamp(at), "sys_created_on": stamp(at), "state": "7", "priority": "3",
                "opened_at": stamp(at), "resolved_at": stamp(at + 600), "closed_at": "", "business_service": "", "cmdb_ci": "", "category": "network", "subcategory": "",
                "assignment_group": "", "assigned_to": "", "problem_id": "", "caused_by": "", "parent_incident": "", "reopen_count": "0", "reassignment_count": "0",
                "escalation": "0", "short_description": f"No {number}"}


class Systemd(Case):
    def test_ready_reloading_stopping_and_the_watchdog(self):
        daemon = self.start(environment={"WATCHDOG_USEC": "600000"})
        daemon.wait_for(lambda: sum("WATCHDOG=1" in text for text in daemon.notified()) >= 3)
        self.assertTrue(any("READY=1" in text and "STATUS=1 source, 1 measure" in text for text in daemon.notified()))
        before = len(daemon.notified())
        daemon.reload()
        daemon.wait_for(lambda: any("READY=1" in text for text in daemon.notified()[before:]))
        told = daemon.notified()[before:]
        reloading = next(index for index, text in enumerate(told) if "RELOADING=1" in text)
        self.assertRegex(told[reloading], r"MONOTONIC_USEC=\d+")
        self.assertTrue(any("READY=1" in text for text in told[reloading + 1:]), "READY ends the reload")
        self.assertEqual(daemon.stop(), 0)
        self.assertTrue(any("STOPPING=1" in text for text in daemon.notified()))

    def test_a_watchdog_of_somebody_else_is_not_fed(self):
        daemon = self.start(environment={"WATCHDOG_USEC": "600000", "WATCHDOG_PID": "1"})
        time.sleep(1)
        self.assertFalse(any("WATCHDOG=1" in text for text in daemon.notified()))

    def test_stopped_for_a_while_it_goes_on(self):
        daemon = self.start()
        daemon.wait_for(lambda: self.volume() == 50)
        daemon.send(signal.SIGSTOP)
        time.sleep(3)
        self.export("b.csv", range(50, 80))
        daemon.send(signal.SIGCONT)
        daemon.wait_for(lambda: self.volume() == 80)
        self.assertEqual(daemon.stop(), 0)

    def test_it_runs_without_systemd(self):
        daemon = self.start(notify=False)
        daemon.wait_for(lambda: self.volume() == 50)
        self.assertEqual(daemon.stop(), 0)


class Starting(Case):
    def test_a_bad_configuration_is_exit_78_with_its_place(self):
        self.configure("  broken: { type: filez }\n")
        done = self.program("run", expect=78)
        self.assertIn('baselined.yaml:13:19: `type` is one of', done.stderr)

    def test_a_listener_needs_a_number(self):
        self.write("baselined.yaml", MAIN.format(poll="1s").replace("127.0.0.1:0", "example.org:80"))
        self.assertIn("baselined.yaml:5:6: `listen`: its host is no address", self.program("check", expect=78).stderr)

    def test_an_address_that_is_taken(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            self.write("baselined.yaml", MAIN.format(poll="1s").replace("127.0.0.1:0", f"127.0.0.1:{taken.getsockname()[1]}"))
            done = self.program("run", expect=1)
        self.assertRegex(done.stderr, r"web: cannot listen on 127.0.0.1:\d+: Address already in use")

    def test_a_store_that_another_holds_is_waited_for_and_stopping_is_quick(self):
        first = self.start()
        second = Daemon(self.folder)
        self.addCleanup(second.close)
        second.wait_for(lambda: "another process holds it: waiting" in second.told())
        self.assertEqual(second.stop(5), 0)
        self.assertEqual(first.stop(), 0)


class Unsettled(Case):
    poll = "1h"

    def test_a_file_that_was_just_written_is_told_and_read_half_a_minute_later(self):
        os.utime(self.folder / "inbox" / "a.csv")
        daemon = self.start()
        daemon.wait_for(lambda: "exports/incidents: a file is read as soon as nobody changes it any more" in daemon.told())
        self.assertNotIn("read to its end", daemon.told())
        daemon.wait_for(lambda: "exports/incidents: read to its end" in daemon.told(), 45)
        self.assertEqual(self.volume(), 50)


class Reloading(Case):
    def test_a_bad_file_changes_nothing(self):
        daemon = self.start()
        daemon.wait_for(lambda: self.volume() == 50)
        self.configure("  broken: { type: filez }\n")
        daemon.reload()
        self.assertIn("the configuration is bad: the one before stays in force", daemon.told())
        self.assertIn("filez", daemon.told())
        self.assertEqual(daemon.metric("baselined_last_reload_successful"), 0)
        self.assertEqual(daemon.metric("baselined_reloads_total", outcome="refused"), 1)
        self.assertTrue(any("STATUS=the configuration is bad" in text and "READY=1" in text for text in daemon.notified()))
        self.export("b.csv", range(50, 60))
        daemon.wait_for(lambda: daemon.metric("baselined_stream_records", source="exports") == 60)
        self.configure()
        daemon.reload()
        self.assertEqual(daemon.metric("baselined_last_reload_successful"), 1)
        self.assertEqual(daemon.stop(), 0)

    def test_what_needs_a_restart_says_so(self):
        daemon = self.start()
        text = (self.folder / "baselined.yaml").read_text(encoding="utf-8")
        self.write("baselined.yaml", text.replace("store/baselined.db", "store/other.db"))
        daemon.reload()
        self.assertIn("another `store`, which needs a restart", daemon.told())
        self.write("baselined.yaml", text.replace("127.0.0.1:0", "127.0.0.2:0"))
        daemon.reload()
        self.assertIn("`web: listen` changed: that takes effect with the next restart", daemon.told())
        self.assertEqual(daemon.get("/health"), (200, "alive\n"))

    def test_a_new_measure_a_new_mapping_and_a_removed_source(self):
        sn = self.instance(120)
        self.configure(INSTANCE.format(url=sn.url, page_size=100, poll="300ms"))
        daemon = self.start()
        daemon.wait_for(lambda: self.volume() == 170)
        self.write("measures.yaml", MEASURES + MEASURES.split("\n", 1)[1].replace("id: M", "id: N").replace("incident_volume", "mean_time_to_restore"))
        self.write("mapping.yaml", MAPPING + "skip: { service: mail }\n")
        daemon.reload()
        daemon.wait_for(lambda: "exports: mapped anew" in daemon.told())
        daemon.wait_for(lambda: self.volume() == 145)
        self.assertIn('"N"', self.program("status", "--json").stdout)
        self.configure()
        daemon.reload()
        asked = len(sn.journal.requests)
        self.assertIsNone(daemon.metric("baselined_polls_total", source="acme"))
        daemon.wait_for(lambda: self.volume() == 25)
        self.export("b.csv", range(51, 61, 2))
        daemon.wait_for(lambda: self.volume() == 30)
        self.assertEqual(len(sn.journal.requests), asked, "a removed source is asked no more")

    def test_a_stream_keeps_its_turn(self):
        self.poll = "1h"
        sn = self.instance(20)
        self.configure(INSTANCE.format(url=sn.url, page_size=100, poll="1h"))
        daemon = self.start()
        daemon.wait_for(lambda: daemon.metric("baselined_polls_total", source="acme", outcome="ok") == 1)
        daemon.wait_for(lambda: daemon.metric("baselined_polls_total", source="exports", outcome="ok") == 1)
        asked = len(sn.journal.requests)
        self.write("mapping.yaml", MAPPING + "skip: { service: mail }\n")
        for _ in range(5):
            daemon.reload()
        daemon.wait_for(lambda: daemon.metric("baselined_polls_total", source="exports", outcome="ok") == 2, 10)
        self.assertEqual(len(sn.journal.requests), asked, "an hour has not passed for acme")
        self.assertEqual(self.volume(), 45)

    def test_many_reloads_leave_nothing_behind(self):
        many = int(os.environ.get("RELOADS", "300"))
        sn = self.instance(30)
        self.configure(INSTANCE.format(url=sn.url, page_size=100, poll="300ms"))
        daemon = self.start(notify=False)
        daemon.wait_for(lambda: self.volume() == 80)
        for _ in range(many // 10):
            daemon.reload()
        descriptors, memory = daemon.metric("process_open_fds"), daemon.metric("process_resident_memory_bytes")
        for _ in range(many):
            daemon.reload()
        daemon.wait_for(lambda: daemon.metric("process_open_fds") <= descriptors + 2, 10)
        grown = daemon.metric("process_resident_memory_bytes") - memory
        self.assertLess(grown, 8 << 20, f"{grown / many:.0f} bytes a reload")
        sys.stderr.write(f"[{many} reloads: {grown / 1024:.0f} KiB more, {daemon.metric('process_open_fds'):.0f} descriptors] ")
        self.assertEqual(daemon.metric("baselined_reloads_total", outcome="applied"), many + many // 10)
        self.export("b.csv", range(50, 60))
        daemon.wait_for(lambda: self.volume() == 90)
        self.assertEqual(daemon.stop(), 0)

    def test_stopped_in_the_middle_of_a_first_reading(self):
        sn = self.instance(4000)
        self.configure(INSTANCE.format(url=sn.url, page_size=20, poll="300ms"))
        daemon = self.start()
        daemon.wait_for(lambda: 100 < self.volume() < 3500)
        began = time.monotonic()
        self.assertEqual(daemon.stop(), 0)
        self.assertLess(time.monotonic() - began, 5)
        daemon = self.start()
        daemon.wait_for(lambda: self.volume() == 4050, 60)


class Web(Case):
    def test_three_pages_and_nothing_else(self):
        daemon = self.start()
        daemon.wait_for(lambda: daemon.ready() == (200, []))
        self.assertEqual(daemon.get("/health"), (200, "alive\n"))
        for path in ("/", "/metrics/", "/health/../metrics", "/favicon.ico", "/%6detrics"):
            self.assertEqual(daemon.get(path)[0], 404, path)
        self.assertTrue(self.raw(daemon, "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").startswith("HTTP/1.1 405"))
        self.assertTrue(self.raw(daemon, "DELETE /ready HTTP/1.1\r\nHost: x\r\n\r\n").startswith("HTTP/1.1 405"))
        head = self.raw(daemon, "HEAD /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        self.assertIn("Content-Length: ", head)
        self.assertTrue(head.endswith("\r\n\r\n"), "HEAD has no body")
        self.assertTrue(self.raw(daemon, "GET /metrics HTTP/1.1\r\nX: " + "y" * 9000 + "\r\n\r\n").startswith("HTTP/1.1 431"))
        self.assertTrue(self.raw(daemon, "nonsense\r\n\r\n").startswith("HTTP/1.1 400"))

    @staticmethod
    def raw(daemon, text):
        host, port = daemon.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(text.encode())
            connection.settimeout(2)
            answer = b""
            try:
                while chunk := connection.recv(65536):
                    answer += chunk
            except (TimeoutError, ConnectionResetError):
                pass
            return answer.decode()

    def test_idle_connections_do_not_pile_up(self):
        daemon = self.start()
        host, port = daemon.url.removeprefix("http://").split(":")
        before = daemon.metric("process_open_fds")
        idle = [socket.create_connection((host, int(port))) for _ in range(60)]
        time.sleep(0.5)
        listed = len(os.listdir(f"/proc/{daemon.process.pid}/fd"))
        self.assertLessEqual(listed, before + 20)
        for connection in idle:
            connection.close()
        daemon.wait_for(lambda: daemon.get("/health")[0] == 200)

    def test_a_source_that_answers_500_is_told_while_it_is_asked_again(self):
        class Failing(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_error(500)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Failing)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.configure(INSTANCE.format(url=f"http://127.0.0.1:{server.server_address[1]}", page_size=100, poll="1h"))
        daemon = self.start()
        daemon.wait_for(lambda: "answered 500; asked again" in daemon.told(), 40)
        self.assertEqual(daemon.metric("baselined_polls_total", source="acme", outcome="failed") or 0, 0, "the reading goes on")
        self.assertTrue(any("answered 500" in reason for reason in daemon.ready()[1]))

    def test_metrics_are_clean(self):
        sn = self.instance(20)
        self.configure(INSTANCE.format(url=sn.url, page_size=100, poll="300ms"))
        self.export("bad.csv", [1])
        (self.folder / "inbox" / "bad.csv").write_text('number,opened\n"I-1\n",nonsense\n,2026-01-01 00:00:00\n', encoding="utf-8")
        daemon = self.start()
        daemon.wait_for(lambda: daemon.metric("baselined_polls_total", source="acme", outcome="ok"))
        text = daemon.get("/metrics")[1]
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))
        self.assertGreater(daemon.metric("baselined_http_requests_total", source="acme", status="200"), 0)
        daemon.wait_for(lambda: daemon.metric("baselined_stream_records", source="acme") == 20)
        self.assertEqual(daemon.metric("baselined_measures", potential_status="unknown") + daemon.metric("baselined_measures", potential_status="on_track")
                         + daemon.metric("baselined_measures", potential_status="weakening") + daemon.metric("baselined_measures", potential_status="off_track"), 1)

    def test_ready_says_what_is_not(self):
        self.configure(INSTANCE.format(url="http://127.0.0.1:9", page_size=100, poll="300ms"))
        daemon = self.start()
        daemon.wait_for(lambda: [(r["source"], r["stream"]) for r in json.loads(daemon.get("/ready")[1])["reasons"]] == [("acme", "incident")])
        self.assertEqual(daemon.ready()[0], 503)

    def test_a_heartbeat_is_sent_while_all_is_well(self):
        sn = self.instance(1)
        text = MAIN.format(poll="300ms").replace('"127.0.0.1:0"', f'"127.0.0.1:0", heartbeat: "{sn.url}/ping/hush-hush-uuid"')
        self.write("baselined.yaml", text)
        daemon = self.start()
        daemon.wait_for(lambda: any("hush-hush" in str(request) for request in sn.journal.requests))
        self.assertNotIn("hush-hush", daemon.told())


class Shipped(Case):
    def test_rules_are_good(self):
        done = subprocess.run(["promtool", "test", "rules", str(ROOT / "tests/prometheus/baselined.test.yml")], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_rules_and_dashboard_name_metrics_that_exist(self):
        sn = self.instance(5)
        self.configure(INSTANCE.format(url=sn.url, page_size=100, poll="300ms"))
        (self.folder / "inbox" / "bad.csv").write_text("number,opened\nI-1,nonsense\nI-2,2026-01-01 00:00:00\nI-3,2026-01-02 00:00:00\n", encoding="utf-8")
        os.utime(self.folder / "inbox" / "bad.csv", (1_700_000_000, 1_700_000_000))
        daemon = self.start()
        daemon.wait_for(lambda: daemon.metric("baselined_stream_records", source="acme") == 5 and daemon.metric("baselined_stream_misfits"))
        shown = set(re.findall(r"^(\w+)", daemon.get("/metrics")[1], re.M))
        dashboard = json.loads((ROOT / "packaging/grafana/baselined.json").read_text(encoding="utf-8"))
        expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
        self.assertGreater(len(expressions), 12)
        expressions.append((ROOT / "packaging/prometheus/baselined.rules.yml").read_text(encoding="utf-8"))
        named = set(re.findall(r"\b(?:baselined|process)_\w+", "\n".join(expressions)))
        self.assertEqual(named - shown, set())


class Faults(Case):
    def test_few_descriptors(self):
        sn = self.instance(100)
        self.configure(INSTANCE.format(url=sn.url, page_size=20, poll="300ms"))
        daemon = self.start(prefix=("prlimit", "--nofile=64"))
        daemon.wait_for(lambda: self.volume() == 150)
        host, port = daemon.url.removeprefix("http://").split(":")
        crowd = [socket.create_connection((host, int(port))) for _ in range(80)]
        sn.put("incident", self.incident(100))
        daemon.wait_for(lambda: self.volume() == 151)
        for connection in crowd:
            connection.close()
        daemon.wait_for(lambda: daemon.get("/health")[0] == 200)
        self.assertEqual(daemon.stop(), 0)

    def test_a_clock_set_back_does_not_stop_it(self):
        clock = self.folder / "clock"
        clock.write_text("0", encoding="utf-8")
        sn = self.instance(40)
        self.configure(INSTANCE.format(url=sn.url, page_size=20, poll="300ms"))
        library = self.folder / "wrong_clock.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(ROOT / "tests/support/wrong_clock.c")], check=True)
        daemon = self.start(environment={"LD_PRELOAD": str(library), "WRONG_CLOCK": str(clock)})
        daemon.wait_for(lambda: self.volume() == 90)
        clock.write_text("-259200", encoding="utf-8")
        sn.put("incident", self.incident(41))
        self.export("b.csv", range(50, 60))
        daemon.wait_for(lambda: self.volume() == 101)
        self.assertRegex(daemon.told().splitlines()[-1], "^" + time.strftime("%Y-%m-%d", time.gmtime(time.time() - 259_200)))
        self.assertEqual(daemon.metric("baselined_stream_failing", source="acme"), 0)
        self.assertEqual(daemon.stop(), 0)

    def test_a_name_that_is_not_found_is_told_and_files_are_read_on(self):
        self.configure(INSTANCE.format(url="https://instance.invalid", page_size=20, poll="300ms"))
        daemon = self.start()
        daemon.wait_for(lambda: self.volume() == 50)
        self.export("b.csv", range(50, 60))
        daemon.wait_for(lambda: self.volume() == 60)
        self.assertEqual([reason["source"] for reason in json.loads(daemon.get("/ready")[1])["reasons"]], ["acme"])
        self.assertEqual(daemon.stop(), 0)


class Telltale(ServiceNow):
    """Knows everybody's login, until `is_sealed`; what it refuses it quotes, as some servers do."""
    is_sealed = False
    given = ()

    def answer(self, method, path, headers, body):
        form = dict(urllib.parse.parse_qsl(body.decode()))
        quoted = " ".join([*form.values(), *(headers.get(name, "") for name in ("Authorization", "x-sn-apikey"))])
        if path.startswith("/oauth_token.do"):
            if self.is_sealed:
                return 400, {}, {"error": "invalid_grant", "error_description": f"Invalid: {quoted}"}
            token = {name: f"hush-{name}-{os.urandom(6).hex()}" for name in ("access_token", "refresh_token")}
            self.given += tuple(token.values())
            return 200, {}, {**token, "expires_in": 1800}
        if self.is_sealed and headers.get("Authorization", "").removeprefix("Bearer ") in self.given:
            return 401, {}, {"error": {"message": "expired", "detail": ""}, "status": "failure"}
        if self.is_sealed:
            return 403, {}, {"error": {"message": f"Not for {quoted}", "detail": ""}, "status": "failure"}
        return super().answer(method, path, headers, body)

    def is_logged_in(self, headers):
        return True


class Secrets(Case):
    NAMES = ("PASSWORD", "TOKEN", "APIKEY", "CLIENT", "REFRESH", "GRANT", "PROXY", "SMTP", "HOOK", "BEAT")
    LOGINS = {"basic": "basic: {{ user: u, password: {PASSWORD} }}",
              "bearer": "bearer: {TOKEN}",
              "key": "api_key: {APIKEY}",
              "refresh": "oauth2: {{ grant: refresh_token, client_id: c, client_secret: {CLIENT}, refresh_token: {REFRESH} }}",
              "grant": "oauth2: {{ grant: password, client_id: c, client_secret: {CLIENT}, user: u, password: {GRANT} }}",
              "client": "oauth2: {{ grant: client_credentials, client_id: c, client_secret: {CLIENT} }}",
              "signed": "oauth2: {{ grant: jwt_bearer, client_id: c, client_secret: {CLIENT}, issuer: i, subject: s, key: own.key }}"}
    SOURCE = '  {name}: {{ type: servicenow, url: "{url}", auth: {{ {login} }}{more}, poll: 300ms, streams: {{ incident: {{ mapping: servicenow/incident }} }} }}\n'
    ALERTS = """alerts:
  from: a@example.org
  admin: b@example.org
  smtp: {{ url: "smtp://127.0.0.1:9", user: u, password: {SMTP} }}
  webhooks: {{ ops: {{ url: "http://127.0.0.1:9/hook", secret: {HOOK} }} }}
"""

    def setUp(self):
        super().setUp()
        self.secrets = {name: f"hush-{name}-{os.urandom(6).hex()}" for name in self.NAMES}
        self.secrets["PASSWORD"] += '&"'  # looks another way where it is quoted
        self.said = ""
        subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-out", str(self.folder / "own.key")], check=True, capture_output=True)
        self.sn = Telltale()
        self.addCleanup(self.sn.stop)
        self.sn.references = {("incident", "business_service"): "cmdb_ci_service"}
        for number in range(3):
            self.sn.put("incident", self.incident(number))

    def configure_all(self, proxy, are_references):
        """Every secret there is, as a reference or written out."""
        value = (lambda name: f"${{{name}}}") if are_references else (lambda name: self.secrets[name])
        quoted = {name: "'" + value(name) + "'" for name in self.NAMES}
        sources = "".join(self.SOURCE.format(name=name, url=self.sn.url, login=login.format(**quoted), more="") for name, login in self.LOGINS.items())
        behind = self.SOURCE.format(name="behind", url=self.sn.url, login="basic: { user: u, password: x }", more=f", proxy: 'http://bot:{value('PROXY')}@{proxy}'")
        self.configure(sources + behind + self.ALERTS.format(**quoted))
        text = (self.folder / "baselined.yaml").read_text(encoding="utf-8")
        self.write("baselined.yaml", text.replace('"127.0.0.1:0"', f'"127.0.0.1:0", heartbeat: "http://127.0.0.1:9/{value("BEAT")}"'))

    def hear(self, *command, expect=0):
        done = subprocess.run([PROGRAM, *command, "--config", str(self.folder / "baselined.yaml")], capture_output=True, text=True, check=False, timeout=60, env={**os.environ, **self.secrets})
        self.assertEqual(done.returncode, expect, done.stderr)
        self.said += done.stdout + done.stderr

    def look_around(self, daemon):
        self.said += "".join(daemon.get(page)[1] for page in ("/metrics", "/ready", "/health"))
        for command in (("status",), ("sources",), ("check",), ("config", "show"), ("config", "show", "--json"), ("backup", str(self.folder / "store" / f"copy-{os.urandom(4).hex()}"))):
            self.hear(*command)

    def shapes(self):
        """Each secret as it may show: as it is, in base64 with its user, percent-encoded, in JSON."""
        key = (self.folder / "own.key").read_text(encoding="ascii").splitlines()[1:-1]
        plain = {**self.secrets, **{f"key line {at}": line for at, line in enumerate(key)}, **{f"given {at}": token for at, token in enumerate(self.sn.given)}}
        for name, secret in plain.items():
            logins = [base64.b64encode(f"{user}:{secret}".encode()).decode() for user in ("u", "bot")]
            yield from ((name, shape) for shape in {secret, urllib.parse.quote(secret, safe=""), json.dumps(secret)[1:-1], *logins})

    def live(self, are_references):
        """Let in by everybody, reloaded, refused by everybody."""
        proxy = ForwardProxy("bot:" + self.secrets["PROXY"])
        self.addCleanup(proxy.stop)
        self.configure_all(proxy.address, are_references)
        daemon = self.start(environment=self.secrets, arguments=("--log", "debug"))
        names = {*self.LOGINS, "behind"}
        daemon.wait_for(lambda: all(f"{name}/incident: read to its end" in daemon.told() for name in names), 60)
        self.look_around(daemon)
        self.sn.is_sealed = True
        proxy.login = "bot:another"
        daemon.reload()
        daemon.wait_for(lambda: {reason["source"] for reason in json.loads(daemon.get("/ready")[1])["reasons"]} >= names, 120)
        self.look_around(daemon)
        self.write("measures.yaml", "measures: [")
        daemon.reload()
        self.hear("check", expect=78)
        self.assertEqual(daemon.stop(), 0)
        return daemon

    def assert_unheard(self, daemon):
        stored = b"".join(path.read_bytes() for path in (self.folder / "store").iterdir())
        self.said += daemon.told() + "".join(daemon.notified())
        self.assertIn("Invalid: ", self.said)  # their words are told
        self.assertIn("Not for ", self.said)
        self.assertGreaterEqual(len(self.sn.given), 8, "a token and a refresh token for each grant")
        for name, shape in self.shapes():
            self.assertNotIn(shape, self.said, name)
            self.assertNotIn(shape.encode(), stored, name)

    def test_none_is_ever_shown(self):
        self.assert_unheard(self.live(are_references=True))

    def test_nor_one_that_is_written_out(self):
        self.assert_unheard(self.live(are_references=False))


class Journal(Case):
    LISTENER = """
import os, socket, subprocess, sys
os.makedirs("/run/systemd/journal", exist_ok=True)
journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
journal.bind("/run/systemd/journal/socket")
journal.settimeout(5)
log = open(sys.argv[1] + "/stderr", "w")
state = os.fstat(log.fileno())
process = subprocess.Popen(sys.argv[2:], stderr=log, env={**os.environ, "JOURNAL_STREAM": f"{state.st_dev}:{state.st_ino}"})
for _ in range(12):
    sys.stdout.buffer.write(journal.recv(65536) + b"\\n--\\n")
process.kill()
"""

    def test_fields_are_those_of_the_journal(self):
        self.configure(INSTANCE.format(url=self.instance(3).url, page_size=20, poll="300ms"))
        done = subprocess.run(["unshare", "-m", "sh", "-c", 'mount -t tmpfs tmpfs /run && exec "$0" "$@"', sys.executable, "-c", self.LISTENER, str(self.folder), PROGRAM, "run", "--log", "debug",
                               "--config", str(self.folder / "baselined.yaml")], capture_output=True, text=True, check=False, timeout=30)
        self.assertEqual(done.returncode, 0, done.stderr)
        entries = [set(entry.strip().splitlines()) for entry in done.stdout.split("\n--\n")]
        self.assertTrue(any({"PRIORITY=6", "SYSLOG_IDENTIFIER=baselined", "SOURCE=exports", "STREAM=incidents"} <= entry for entry in entries), done.stdout)
        self.assertTrue(any("MEASURE=M" in entry for entry in entries), done.stdout)
        self.assertTrue(any(line.startswith("REQUEST=GET http://127.0.0.1") and "?" not in line for entry in entries for line in entry), done.stdout)
        self.assertEqual((self.folder / "stderr").read_text(encoding="utf-8"), "")


if __name__ == "__main__":
    unittest.main()
