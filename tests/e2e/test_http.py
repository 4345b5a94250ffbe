#!/usr/bin/python3
"""How the program reaches a source: TLS that is verified, certificates of its own, redirects, proxies, secrets."""
import pathlib
import subprocess
import sys
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
from test_servicenow import Instance  # noqa: E402


class Authority:
    """A certification authority of the test's own."""

    def __init__(self, folder):
        self.folder = folder
        self.run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Test authority")

    def run(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def issue(self, name, alternative):
        self.run("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        (self.folder / "names").write_text(f"subjectAltName={alternative}\n", encoding="utf-8")
        self.run("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", f"{name}.pem", "-days", "2", "-extfile", "names")
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"


class Reaching(Instance):
    def set_tls(self, text):
        main = self.folder / "baselined.yaml"
        lines = [line for line in main.read_text(encoding="utf-8").splitlines() if not line.startswith("    tls:")]
        at = next(i for i, line in enumerate(lines) if "    auth:" in line)
        main.write_text("\n".join(lines[:at] + ([f"    tls: {text}"] if text else []) + lines[at:]) + "\n", encoding="utf-8")

    def test_tls_is_verified_and_an_authority_of_ones_own_is_taken(self):
        authority = Authority(self.folder)
        self.fill(30, burst=0)
        self.sn.use_tls(*authority.issue("good", "IP:127.0.0.1"))
        self.configure(give_up="2s")
        self.assertRegex(self.run_program("once", expect=3).stderr, "certificate")
        self.assertEqual(self.sn.journal.requests, [], "nothing is sent to somebody unknown")
        self.set_tls("{ ca: ca.pem }")
        self.run_program("once")
        self.assert_complete()

    def test_another_hosts_certificate_is_refused(self):
        authority = Authority(self.folder)
        self.fill(30, burst=0)
        self.sn.use_tls(*authority.issue("other", "DNS:other.example"))
        self.configure(give_up="2s")
        self.set_tls("{ ca: ca.pem }")
        self.assertRegex(self.run_program("once", expect=3).stderr, "certificate|subject name")
        self.assertEqual(self.sn.journal.requests, [])

    def test_a_client_certificate(self):
        authority = Authority(self.folder)
        self.fill(30, burst=0)
        self.sn.use_tls(*authority.issue("good", "IP:127.0.0.1"), client_ca=self.folder / "ca.pem")
        authority.issue("client", "DNS:client")
        self.configure(give_up="2s")
        self.set_tls("{ ca: ca.pem }")
        self.run_program("once", expect=3)
        self.set_tls("{ ca: ca.pem, cert: client.pem, key: client.key }")
        self.run_program("once")
        self.assert_complete()

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


del Instance
if __name__ == "__main__":
    unittest.main()
