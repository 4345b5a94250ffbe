#!/usr/bin/python3
"""How the program reaches a source: TLS that is verified, certificates of its own, redirects, proxies, secrets."""
import base64
import fcntl
import json
import os
import pathlib
import pty
import random
import re
import select
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import unittest
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "e2e"), str(ROOT / "tests" / "support")]
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa  # noqa: E402
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature  # noqa: E402
from daemon import Daemon  # noqa: E402
from fronts import Authority, ForwardProxy, Nginx  # noqa: E402
from servicenow import ServiceNow  # noqa: E402
from test_servicenow import PROGRAM, Instance  # noqa: E402


def send_as_it_is(handler, status, headers, payload):
    handler.send_response(status)
    for name, value in {**headers, "Content-Length": str(len(payload))}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(payload)


def line(folder, key, text):
    """Sets a key of the source, or takes it away."""
    main = folder / "baselined.yaml"
    lines = [known for known in main.read_text(encoding="utf-8").splitlines() if not known.startswith(f"    {key}:")]
    at = next(i for i, known in enumerate(lines) if "    auth:" in known)
    main.write_text("\n".join(lines[:at] + ([f"    {key}: {text}"] if text else []) + lines[at:]) + "\n", encoding="utf-8")


class Reaching(Instance):
    def set_tls(self, text):
        line(self.folder, "tls", text)

    def test_tls_is_verified_and_an_authority_of_ones_own_is_taken(self):
        authority = Authority(self.folder)
        self.fill(30, burst=0)
        self.sn.use_tls(*authority.issue("good"))
        self.configure(give_up="2s")
        self.assertRegex(self.run_program("once", expect=3).stderr, "certificate")
        self.assertEqual(self.sn.journal.requests, [], "nothing is sent to somebody unknown")
        self.set_tls("{ ca: ca.pem }")
        self.run_program("once")
        self.assert_complete()

    def test_another_hosts_certificate_is_refused(self):
        authority = Authority(self.folder)
        self.fill(30, burst=0)
        self.sn.use_tls(*authority.issue("other", "other.example"))
        self.configure(give_up="2s")
        self.set_tls("{ ca: ca.pem }")
        self.assertRegex(self.run_program("once", expect=3).stderr, "no alternative certificate subject name matches")
        self.assertEqual(self.sn.journal.requests, [])

    def test_a_certificate_that_has_run_out_is_named_so(self):
        authority = Authority(self.folder)
        self.fill(30, burst=0)
        self.sn.use_tls(*authority.issue("old", days=-1))
        self.configure(give_up="2s")
        self.set_tls("{ ca: ca.pem }")
        self.assertIn("certificate has expired", self.run_program("once", expect=3).stderr)
        self.assertEqual(self.sn.journal.requests, [])

    def test_a_client_certificate(self):
        authority = Authority(self.folder)
        self.fill(30, burst=0)
        self.sn.use_tls(*authority.issue("good"), client_ca=self.folder / "ca.pem")
        authority.issue("client", "client")
        self.configure(give_up="2s")
        self.set_tls("{ ca: ca.pem }")
        self.assertIn("it wants a client certificate", self.run_program("once", expect=3).stderr)
        (self.folder / "others").mkdir()
        Authority(self.folder / "others").issue("client", "client")
        self.set_tls("{ ca: ca.pem, cert: others/client.pem, key: others/client.key }")
        self.assertIn("the server closed the connection while it was shown the client certificate (`tls: cert`)", self.run_program("once", expect=3).stderr)
        self.set_tls("{ ca: ca.pem, cert: client.pem, key: client.key }")
        self.run_program("once")
        self.assert_complete()

    def test_an_encrypted_key_is_refused_and_nobody_is_asked_for_its_pass_phrase(self):
        authority = Authority(self.folder)
        self.fill(30, burst=0)
        self.sn.use_tls(*authority.issue("good"), client_ca=self.folder / "ca.pem")
        authority.issue("client", "client")
        subprocess.run(["openssl", "pkey", "-in", "client.key", "-aes256", "-passout", "pass:words", "-out", "locked.key"], cwd=self.folder, check=True)
        tls = "tls: { ca: ca.pem, cert: client.pem, key: locked.key }"
        login = "{ oauth2: { grant: jwt_bearer, client_id: me, issuer: me, subject: user, key: locked.key } }"
        for auth, key in ((self.AUTH, tls), (login, "tls: { ca: ca.pem }")):
            with self.subTest(auth=auth):
                self.configure(give_up="2s", auth=auth)
                self.set_tls(key.removeprefix("tls: "))
                said = self.on_a_terminal("once")
                self.assertRegex(said, r"baselined\.yaml:\d+:\d+: the key is encrypted: decrypt it into a file that only the service reads")
                self.assertNotIn("pass phrase", said)

    def test_check_refuses_files_that_can_never_log_in(self):
        authority = Authority(self.folder)
        authority.issue("client", "client")
        authority.issue("other", "other")
        for name, *kind in (("ed", "ED25519"), ("p384", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"), ("p256", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"), ("rsa", "RSA")):
            subprocess.run(["openssl", "genpkey", "-algorithm", *kind, "-out", f"{name}.key"], cwd=self.folder, check=True, capture_output=True)
        subprocess.run(["openssl", "pkey", "-in", "rsa.key", "-aes256", "-passout", "pass:words", "-out", "locked.key"], cwd=self.folder, check=True)
        (self.folder / "empty.pem").write_text("", encoding="utf-8")
        jwt = "{{ oauth2: {{ grant: jwt_bearer, client_id: me, subject: user, key: {} }} }}"
        encrypted = "the key is encrypted: decrypt it into a file that only the service reads"
        for key, told in (("locked.key", encrypted), ("ed.key", "a key of the kind ED25519: tokens are signed with RSA (RS256) or the curve P-256 (ES256)"),
                          ("p384.key", "a key of the curve secp384r1: ES256 wants P-256 (prime256v1)"), ("client.pem", "a certificate is in it: its private key belongs here"),
                          ("empty.pem", "no private key (PEM) can be read from it"), ("p256.key", None), ("rsa.key", None)):
            with self.subTest(key=key):
                self.configure(auth=jwt.format(key))
                self.assert_checked(told)
        for tls, told in (("ca: ca.pem, cert: client.pem, key: client.key", None), ("ca: ca.pem, cert: client.pem, key: other.key", "this is the key of another certificate than `cert`: name the two that belong together"),
                          ("cert: client.pem, key: locked.key", encrypted), ("cert: client.key, key: client.key", "a private key is in it, and no certificate: that belongs here"),
                          ("ca: client.key", "a private key is in it, and no certificate: that belongs here"), ("ca: locked.key", "no certificate (PEM) can be read from it"), ("ca: empty.pem", "no certificate (PEM) can be read from it")):
            with self.subTest(tls=tls):
                self.configure()
                self.set_tls(f"{{ {tls} }}")
                self.assert_checked(told)
        self.configure()
        main = self.folder / "baselined.yaml"
        main.write_text(main.read_text(encoding="utf-8") + "alerts:\n  from: a@example.org\n  smtp: { url: \"smtps://127.0.0.1:9\", tls: { ca: client.key } }\n", encoding="utf-8")
        self.assert_checked("a private key is in it, and no certificate: that belongs here")
        self.run_program("sources", expect=None)  # who connects to nobody does not look

    def assert_checked(self, told):
        done = self.run_program("check", expect=78 if told else 0)
        if not told:
            return
        (said,) = done.stderr.splitlines()
        place = re.fullmatch(rf".*baselined\.yaml:(\d+):(\d+): {re.escape(told)}", said)
        self.assertTrue(place, said)
        at = (self.folder / "baselined.yaml").read_text(encoding="utf-8").splitlines()[int(place[1]) - 1][int(place[2]) - 1:]
        self.assertRegex(at, r"^\w+\.(key|pem)")

    def on_a_terminal(self, *arguments):
        process, terminal = pty.fork()
        if process == 0:
            os.execv(PROGRAM, [PROGRAM, *arguments, "--config", str(self.folder / "baselined.yaml")])
        said, end = b"", time.monotonic() + 20
        try:
            while select.select([terminal], [], [], max(0, end - time.monotonic()))[0]:
                said += os.read(terminal, 4096)
        except OSError:  # it has ended
            pass
        else:
            os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(terminal)
        return said.decode()

    def test_a_redirect_to_another_host_gets_no_login(self):
        met = []

        class Other(BaseHTTPRequestHandler):
            def do_GET(self):
                met.append(dict(self.headers))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass
        other = ThreadingHTTPServer(("127.0.0.1", 0), Other)
        threading.Thread(target=other.serve_forever, daemon=True).start()
        self.addCleanup(other.server_close)
        self.addCleanup(other.shutdown)
        self.fill(30, burst=0)
        whole = self.sn.answer
        self.sn.answer = lambda *_: (302, {"Location": f"http://127.0.0.1:{other.server_address[1]}/"}, b"")
        self.assertIn("redirected", self.run_program("once", expect=3).stderr)
        self.assertEqual(met, [])
        moved = []

        def within(method, path, headers, body):  # the same host may send us on
            if not path.startswith("/moved"):
                return 302, {"Location": "/moved" + path}, b""
            moved.append(path)
            return whole(method, path.removeprefix("/moved"), headers, body)
        self.sn.answer = within
        self.run_program("once")
        self.assertTrue(moved)

    def test_a_redirect_to_another_port_or_to_nowhere_is_told_as_it_is(self):
        self.fill(5, burst=0)
        for status, headers, words in ((302, {"Location": "//127.0.0.1:1/api"}, r"is redirected to http://127\.0\.0\.1:1, where the login must not go"),
                                       (304, {}, "answered 304, a redirect that leads nowhere: it has no Location"),
                                       (302, {"Location": "http://[/"}, "answered 302, a redirect that leads nowhere")):
            with self.subTest(status=status, headers=headers):
                self.sn.answer = lambda *_, status=status, headers=headers: (status, headers, b"")
                self.assertRegex(self.run_program("once", expect=3).stderr, words)

    def test_a_head_without_an_end_is_told_as_such(self):
        self.fill(5, burst=0)
        self.configure(give_up="1s")
        self.sn.answer = lambda *_: (200, {"X-Long": "x" * 2_000_000}, b"{}")
        self.assertRegex(self.run_program("once", expect=3).stderr, "head is too long|[Tt]oo large")

    def test_the_control_characters_of_an_answer_reach_no_terminal_and_no_log(self):
        self.fill(5, burst=0)
        self.sn.answer = lambda *_: (400, {"Content-Type": "application/json"}, json.dumps({"error": {
            "message": "a\nb\rc\x1b[2Jd", "detail": "secret \x07"}, "status": "failure"}).encode())
        told = self.run_program("once", expect=3).stderr
        self.assertIn("a b c [2Jd: (hidden)", told)
        for text in (told, self.run_program("sources").stdout):
            self.assertTrue(all(line.isprintable() for line in text.splitlines()), text)

    def test_an_answer_that_bursts_is_not_read(self):
        """Half a megabyte that unpacks to half a gigabyte."""
        self.fill(5, burst=0)
        packer = zlib.compressobj(9, wbits=31)
        bomb = b"".join(packer.compress(b" " * (1 << 20)) for _ in range(512)) + packer.flush()
        self.sn.answer = lambda *_: (200, {"Content-Encoding": "gzip"}, bomb)
        self.sn.send = lambda handler, status, headers, payload, fault: send_as_it_is(handler, status, headers, payload)
        process = subprocess.Popen([PROGRAM, "once", "--config", str(self.folder / "baselined.yaml")], stderr=subprocess.PIPE)
        told = process.stderr.read().decode()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stderr.close()
        self.assertEqual(process.returncode, 3)
        self.assertIn("longer than 64 MiB, unpacked", told)
        self.assertLess(used.ru_maxrss, 130 << 10, "KiB, without sanitizers: the limit, and the program itself")

    def test_no_secret_is_told(self):
        self.fill(5, burst=0)
        for fault in ("cut", "500", "html", "429"):
            self.sn.fail(fault, 50)
            self.configure(give_up="1s")
            done = self.run_program("once", expect=3)
            told = done.stdout + done.stderr + self.run_program("sources", "--json").stdout
            self.assertNotIn("secret", told)
            self.assertNotIn("cmVhZGVyOnNlY3JldA", told)  # the header's form of it
            self.sn.faults.clear()


class Fronts(Instance):
    """nginx before the source, and proxies on the way to it."""

    def front(self, **options):
        authority = Authority(self.folder)
        nginx = Nginx(self.folder, self.sn.url, *authority.issue("good"), **options)
        self.addCleanup(nginx.stop)
        self.configure(page_size=40)
        text = (self.folder / "baselined.yaml").read_text(encoding="utf-8").replace(self.sn.url, nginx.url)
        (self.folder / "baselined.yaml").write_text(text, encoding="utf-8")
        line(self.folder, "tls", "{ ca: ca.pem }")
        return nginx

    def test_http_2_is_taken_where_it_is_offered_and_what_is_packed_unpacked(self):
        self.fill(200, burst=0)
        for http2, brotli, expected in ((True, True, "HTTP/2.0 200 br"), (True, False, "HTTP/2.0 200 gzip"), (False, False, "HTTP/1.1 200 gzip")):
            nginx = self.front(http2=http2, brotli=brotli)
            self.run_program("once")
            self.assert_complete()
            nginx.stop()
            answers = {answer for answer in nginx.lines() if " 200 " in answer}
            self.assertEqual(answers, {expected})
            (self.folder / "store.db").unlink()
            (self.folder / "nginx.log").unlink()

    def test_a_front_that_allows_few_requests(self):
        self.fill(150, burst=0)
        nginx = self.front(http="limit_req_zone $binary_remote_addr zone=few:1m rate=4r/s;", location="limit_req zone=few; limit_req_status 429;")
        self.run_program("once")
        self.assert_complete()
        self.assertTrue(any(" 429 " in answer for answer in nginx.lines()), nginx.lines())

    def through(self, environment, expect=0):
        before = {name: os.environ.pop(name, None) for name in ("http_proxy", "https_proxy", "no_proxy", "NO_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy")}
        try:
            os.environ.update(environment)
            return self.run_program("once", expect=expect)
        finally:
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value

    def proxy(self, login=None):
        proxy = ForwardProxy(login)
        self.addCleanup(proxy.stop)
        return proxy

    def test_a_proxy_from_the_configuration_that_wants_a_login(self):
        proxy = self.proxy("bot:pr0xy-secret")
        self.fill(30, burst=0)
        for start in (self.configure, self.front):  # plain, and through a tunnel
            start()
            line(self.folder, "give_up", "2s")
            line(self.folder, "proxy", f"http://bot:wrong-secret@{proxy.address}")
            proxy.met.clear()
            done = self.through({}, expect=3)
            self.assertIn("the proxy refuses its login (407)", done.stderr)
            self.assertEqual(len(proxy.met), 1, "a refused login is not tried again")
            told = done.stdout + done.stderr + self.run_program("sources", "--json").stdout
            self.assertNotRegex(told, "wrong-secret|" + base64.b64encode(b"bot:wrong-secret").decode())
            line(self.folder, "proxy", f"http://bot:pr0xy-secret@{proxy.address}")
            proxy.met.clear()
            self.through({})
            self.assert_complete()
            self.assertTrue(proxy.met)
            (self.folder / "store.db").unlink()

    def test_a_proxy_from_the_environment_and_hosts_that_need_none(self):
        proxy = self.proxy()
        self.fill(30, burst=0)
        for start, name, method in ((self.configure, "http_proxy", "GET http://"), (self.front, "https_proxy", "CONNECT "), (self.front, "HTTPS_PROXY", "CONNECT ")):
            start()
            self.through({name: f"http://{proxy.address}"})
            self.assertTrue(proxy.met and all(asked.startswith(method) for asked in proxy.met), proxy.met)
            for none in ("no_proxy", "NO_PROXY"):
                proxy.met.clear()
                self.through({name: f"http://{proxy.address}", none: "example.org,127.0.0.1"})
                self.assertEqual(proxy.met, [])
            self.assert_complete()


class Waiting(Instance):
    def test_who_is_told_to_wait_for_longer_than_it_may_gives_up_at_once_and_says_so(self):
        self.fill(30, burst=0)
        whole = self.sn.answer
        self.sn.answer = lambda *_: (429, {"Retry-After": "3600"}, {"error": {"message": "busy"}})
        began = time.monotonic()
        first = self.run_program("once", expect=3).stderr
        self.assertLess(time.monotonic() - began, 15, "not waited for")
        self.assertRegex(first, r"told to wait: it is left alone until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
        self.assertEqual(len(self.sn.journal.requests), 1)
        self.sn.answer = whole
        self.assertEqual(self.run_program("once", expect=3).stderr, first, "the same words: told once")
        self.assertEqual(len(self.sn.journal.requests), 1, "an hour is an hour for the next process, too")

    def test_a_server_that_says_at_once_again_and_again_is_not_hammered(self):
        self.fill(30, burst=0)
        self.configure(give_up="4s")
        self.sn.answer = lambda *_: (429, {"Retry-After": random.choice(["0", "-7", "Mon, 05 Jan 2026 10:00:00 GMT"])}, {"error": {"message": "busy"}})
        self.run_program("once", expect=3)
        self.assertLess(len(self.sn.journal.requests), 6)


class Rotating:
    """A token endpoint whose refresh tokens serve once."""

    def __init__(self, sn):
        self.sn, self.valid, self.used, self.busy, self.most_busy = sn, "first", [], 0, 0
        self.whole, sn.token = sn.token, self.token
        self.seconds = 0.0

    def token(self, form):
        if form.get("grant_type") != "refresh_token":
            return 400, {}, {"error": "unsupported_grant_type"}
        with self.sn.lock:
            self.busy += 1
            self.most_busy = max(self.most_busy, self.busy)
            is_valid = form.get("refresh_token") == self.valid
            self.used.append(form.get("refresh_token"))
            if is_valid:
                self.valid = f"refresh{len(self.used)}"
                access = f"access{len(self.used)}"
                self.sn.tokens[access] = time.time() + 1800
        time.sleep(self.seconds)
        with self.sn.lock:
            self.busy -= 1
        if not is_valid:
            return 403, {}, {"error": "invalid_grant", "error_description": "Unknown or invalid refresh token."}
        return 200, {}, {"access_token": access, "refresh_token": self.valid, "expires_in": 1800}


class Tokens(Instance):
    AUTH = "{ oauth2: { grant: refresh_token, client_id: baselined, client_secret: client-secret, refresh_token: first } }"

    def test_killed_once_the_token_is_new_it_never_sends_the_old_one_again(self):
        self.fill(200, burst=0)
        rotating = Rotating(self.sn)
        for _ in range(3):
            asked = threading.Event()

            def kill(sn):
                if "/api/now" in sn.journal.requests[-1][1] and not asked.is_set():
                    asked.set()
                    process.kill()
            self.sn.on_request = kill
            process = subprocess.Popen([PROGRAM, "once", "--config", str(self.folder / "baselined.yaml")], stderr=subprocess.DEVNULL)
            self.assertEqual(process.wait(timeout=60), -9)
            self.assertTrue(asked.is_set())
        self.sn.on_request = None
        self.run_program("once")
        self.assert_complete()
        self.assertEqual(len(rotating.used), len(set(rotating.used)), rotating.used)

    LOOKS = (("check", "--online"), ("preview", "acme", "incident", "--rows", "1"))

    def test_looking_at_a_source_keeps_the_token_that_follows(self):
        """A token serves once: whoever spends it, without a store or beside one, leaves the next one to all."""
        self.fill(30, burst=0)
        rotating = Rotating(self.sn)
        for look in self.LOOKS:
            for path in self.folder.glob("store.db*"):
                path.unlink()
            rotating.valid = "first"
            self.run_program(*look)
            for after in (("once",), look, ("once", "--dry-run"), look, ("once",)):
                self.sn.tokens.clear()
                self.assertEqual(self.run_program(*after).stderr, "")
            for path in self.folder.glob("store.db*"):
                self.assertNotIn(rotating.valid.encode(), path.read_bytes(), "sealed")
        self.assert_complete()

    def test_a_source_whose_token_cannot_be_kept_is_not_asked(self):
        self.fill(30, burst=0)
        Rotating(self.sn)
        self.run_program("once")
        asked = len(self.sn.journal.requests)
        with open(self.folder / "store.db.lock", "r+b") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for look in self.LOOKS:
                self.assertIn("acme/incident: not asked: its refresh token is good for one use, and the one that follows it could not be kept: another process works on the store",
                              self.run_program(*look, expect=3).stderr)
        self.assertEqual(len(self.sn.journal.requests), asked)
        for look in self.LOOKS:
            self.run_program(*look)

    def test_looking_at_a_source_keeps_its_word_to_wait(self):
        self.fill(30, burst=0)
        self.configure(auth="{ basic: { user: reader, password: secret } }", give_up="1s")
        self.run_program("once")
        self.sn.busy_s = 300
        for first in (("once",), *self.LOOKS):
            with sqlite3.connect(self.folder / "store.db") as database:
                database.execute("DELETE FROM fact WHERE name LIKE 'paused_until%'")
            self.sn.fail("429", 1)
            told = self.run_program(*first, expect=3).stderr
            asked = len(self.sn.journal.requests)
            for after in (*self.LOOKS, ("once",)):
                self.assertEqual(self.run_program(*after, expect=3).stderr, told)
                self.assertIn("told to wait: it is left alone until", told)
            self.assertEqual(len(self.sn.journal.requests), asked)

    def test_a_refused_or_redirected_login_is_tried_once_and_the_log_tells_what_was_sent(self):
        self.fill(30, burst=0)
        asked = []
        auth = self.AUTH.replace("grant: refresh_token", "grant: client_credentials").replace(", refresh_token: first", "")
        for answer, told in (((302, {"Location": "https://sso.example.org/x?y=z"}, {}), "answered 302, a redirect to https://sso.example.org, where no login is sent"),
                             ((200, {}, {"error": "invalid_client", "error_description": "who?"}), "answered 200 invalid_client who?")):
            self.sn.token = lambda form, answer=answer: (asked.append(1), answer)[1]
            self.configure(auth=auth)
            asked.clear()
            self.assertIn(told, self.run_program("once", expect=3).stderr)
            self.assertEqual(len(asked), 1)
        daemon = Daemon(self.folder, arguments=("--log", "debug"))
        self.addCleanup(daemon.close)
        daemon.wait_for(lambda: "POST " + self.sn.url + "/oauth_token.do: 200 in" in daemon.told(), 30)
        self.assertEqual(daemon.stop(), 0)
        self.assertNotIn("GET ", daemon.told().split("POST ")[0], "nothing else was sent")
        self.assertNotRegex(daemon.told(), r"GET \S+: (0|no answer)")

    def test_many_streams_need_one_new_token(self):
        self.fill(600, burst=0)
        streams = ["incident"] + [f"u_other_{number}" for number in range(6)]
        for name in streams[1:]:
            self.sn.tables[name] = dict(self.sn.tables["incident"])
            self.sn.references[(name, "business_service")] = "cmdb_ci_service"
        rotating = Rotating(self.sn)
        rotating.seconds = 0.3
        self.configure(page_size=60)
        main = self.folder / "baselined.yaml"
        main.write_text(main.read_text(encoding="utf-8") + "".join(f"      {name}: {{ mapping: servicenow/incident }}\n" for name in streams[1:]), encoding="utf-8")
        ends = []

        def expire(sn):
            if len(sn.journal.requests) % 30 == 0 and sn.tokens and not rotating.busy:
                sn.tokens.clear()
                ends.append(time.time())
        self.sn.on_request = expire
        self.run_program("once")
        self.assertEqual(rotating.most_busy, 1)
        self.assertGreater(len(ends), 1)
        self.assertEqual(len(rotating.used), len(set(rotating.used)), "no token is sent twice")
        self.assertLessEqual(len(rotating.used), len(ends) + 1, "one for all")

    def test_a_token_is_asked_for_with_a_signature_that_others_verify(self):
        self.fill(30, burst=0)
        seen = []

        def token(form):
            head, claims, signature = form["assertion"].split(".")
            read = lambda text: base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))  # noqa: E731
            public, signed = self.key.public_key(), f"{head}.{claims}".encode()
            if json.loads(read(head))["alg"] == "RS256":
                public.verify(read(signature), signed, padding.PKCS1v15(), hashes.SHA256())
            else:
                raw = read(signature)
                self.assertEqual(len(raw), 64)
                public.verify(encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")), signed, ec.ECDSA(hashes.SHA256()))
            seen.append((json.loads(read(head))["alg"], json.loads(read(claims))))
            self.sn.tokens["good"] = time.time() + 1800
            return 200, {}, {"access_token": "good", "expires_in": 1800}
        self.sn.token = token
        self.configure(auth=self.AUTH.replace("grant: refresh_token", "grant: jwt_bearer").replace("refresh_token: first", "issuer: us, subject: reader, key: own.key"))
        for key in (rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())):
            self.write_key(key)
            self.run_program("once")
        self.assert_complete()
        self.assertEqual([alg for alg, _ in seen], ["RS256", "ES256"])
        for _, claims in seen:
            self.assertEqual((claims["iss"], claims["sub"], claims["aud"]), ("us", "reader", "baselined"))
            self.assertTrue(abs(claims["iat"] - time.time()) < 300 and 0 < claims["exp"] - claims["iat"] <= 3600)
        self.assertNotEqual(seen[0][1]["jti"], seen[1][1]["jti"])
        self.write_key(ec.generate_private_key(ec.SECP384R1()))
        self.assertIn("ES256 wants P-256", self.run_program("once", expect=78).stderr)
        self.assertEqual(len(seen), 2)

    def write_key(self, key):
        self.key = key
        (self.folder / "own.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))


class Beside(Instance):
    def test_a_source_that_trickles_holds_up_no_other(self):
        self.fill(60, burst=0)
        slow = ServiceNow()
        self.addCleanup(slow.stop)
        slow.tables, slow.references = self.sn.tables, self.sn.references
        done = threading.Event()
        self.addCleanup(done.set)

        def trickle(handler, status, headers, payload, _fault):
            handler.send_response(status)
            handler.send_header("Content-Length", str(len(payload)))
            handler.end_headers()
            for at in range(len(payload)):
                handler.wfile.write(payload[at: at + 1])
                handler.wfile.flush()
                if done.wait(0.02):  # faster than what counts as dead, and without an end
                    return
        slow.send = trickle
        main = self.folder / "baselined.yaml"
        text = main.read_text(encoding="utf-8")
        source = text[text.index("  acme:"):]
        main.write_text(text + source.replace("  acme:", "  slow:", 1).replace(self.sn.url, slow.url), encoding="utf-8")
        line(self.folder, "poll", "1s")
        main.write_text(main.read_text(encoding="utf-8") + "    poll: 1s\n", encoding="utf-8")
        daemon = Daemon(self.folder)
        self.addCleanup(daemon.close)
        daemon.wait_ready()
        polls = lambda: daemon.told().count("acme/incident: read to its end")  # noqa: E731
        daemon.wait_for(lambda: slow.journal.requests and polls() >= 1, 60)
        before = polls()
        daemon.wait_for(lambda: polls() >= before + 3, 60)
        self.assertNotIn("slow/incident", daemon.told())
        self.assertEqual(daemon.stop(), 0)


del Instance
if __name__ == "__main__":
    unittest.main()
