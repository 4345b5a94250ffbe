#!/usr/bin/python3
"""Mails through real mail servers, webhooks to receivers that check them with libraries of others."""
import asyncio
import base64
import datetime as dt
import email
import email.policy
import email.utils
import http.server
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

import jsonschema
from aiosmtpd.controller import Controller

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "support"), str(ROOT / "tests" / "e2e")]
import notices  # noqa: E402
from post_office import PASSWORD, USER, Postfix, Sink, free_port, wait_for  # noqa: E402
from fronts import Authority  # noqa: E402

PROGRAM = pathlib.Path(os.environ.get("BASELINED", str(ROOT / "build" / "dev" / "baselined")))
SENDER = PROGRAM.parent / "tests" / "send_notice"
RECEIVERS = ROOT / "tests" / "support" / "receivers"
TO = "owner@acme.example"


def node(script, text):
    if not (RECEIVERS / "node_modules" / "svix").is_dir():
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=RECEIVERS, check=True)
    return json.loads(subprocess.run(["node", str(RECEIVERS / script)], input=text, check=True, stdout=subprocess.PIPE).stdout)


class Sending(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="baselined-notify-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        (self.folder / "inbox").mkdir()

    def configure(self, alerts):
        path = self.folder / "baselined.yaml"
        path.write_text(f"store: store.db\nmeasures: []\nsources: {{ exports: {{ type: files, path: inbox, streams: {{}} }} }}\nalerts:\n  from: baselined@acme.example\n  admin: admin@acme.example\n{alerts}\n", encoding="utf-8")
        return path

    def call(self, alerts, *words, notice=None, env=None):
        done = subprocess.run([SENDER, self.configure(alerts), *words], input=json.dumps(notice or notices.notice([notices.measure()])), capture_output=True, text=True,
                              timeout=120, env={**os.environ, **(env or {})})
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def outcome(self, *words, **more):
        said = json.loads(self.call(*words, **more))
        self.assertNotIn(PASSWORD, said["words"])
        return said

    def mail(self, url, notice=None, to=TO, name="Dana Ruiz", **settings):
        inner = "".join(f", {key}: {value}" for key, value in settings.items())
        return self.outcome(f'  smtp: {{ url: "{url}"{inner} }}', "mail", to, name, notice=notice)

    def webhook(self, url, notice=None, env=None, **settings):
        inner = "".join(f", {key}: {value}" for key, value in settings.items())
        return self.outcome(f'  webhooks: {{ ops: {{ url: "{url}"{inner} }} }}', "webhook", "ops", notice=notice, env=env)


class Mails(Sending):
    """Through Postfix."""

    @classmethod
    def setUpClass(cls):
        cls.home = pathlib.Path(tempfile.mkdtemp(prefix="baselined-postfix-"))
        cls.home.chmod(0o755)
        cls.addClassCleanup(shutil.rmtree, cls.home, ignore_errors=True)
        cls.authority = Authority(cls.home)
        cls.postfix = Postfix(cls.home, cls.authority)
        cls.addClassCleanup(cls.postfix.stop)

    def setUp(self):
        super().setUp()
        self.postfix.empty()
        self.ca = f"{{ ca: {self.home}/ca.pem }}"

    def url(self, service, scheme="smtp", host="127.0.0.1"):
        return f"{scheme}://{host}:{self.postfix.ports[service]}"

    def delivered(self, notice=None, **settings):
        """The one mail, as it arrived."""
        said = self.mail(self.url("plain"), notice, **settings)
        self.assertEqual(said["delivery"], "arrived", said)
        self.assertRegex(said["words"], "^250 ")
        found = self.postfix.mails()
        self.assertEqual(len(found), 1)
        return found[0]

    def test_a_mail_is_well_formed(self):
        raw = self.delivered()
        self.assertTrue(raw.isascii())
        self.assertLess(max(map(len, raw.split(b"\n"))), 998)
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        self.assertEqual([part.defects for part in mail.walk() if part.defects], [])
        self.assertEqual(mail["Subject"], f"Weakening: {notices.NAME} (ITSM-014)")
        self.assertEqual(mail["Message-ID"], "<msg_2gZ0bQxA@acme.example>")
        self.assertEqual((mail["References"], mail["In-Reply-To"]), ("<measure.ITSM-014@acme.example>",) * 2)
        self.assertEqual(mail["Auto-Submitted"], "auto-generated")
        self.assertIsNone(mail["List-Unsubscribe"])
        self.assertEqual(str(mail["To"]), "Dana Ruiz <owner@acme.example>")
        self.assertLess(abs(mail["Date"].datetime - dt.datetime.now(dt.timezone.utc)), dt.timedelta(minutes=5))
        self.assertEqual([part.get_content_type() for part in mail.walk()], ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"])
        text = mail.get_body(("plain",)).get_content()
        lines = text.splitlines()
        self.assertEqual(lines[0], f"Weakening: {notices.NAME} (ITSM-014). It turned weakening.")
        self.assertIn("21 %", lines[1])
        self.assertIn(notices.measure()["sentence"], lines[1])
        self.assertIn("15,900 EUR", lines[2])
        self.assertIn("INC0041000", lines[2])
        html = mail.get_body(("html",)).get_content()
        picture = [part for part in mail.walk() if part.get_content_type() == "image/png"][0]
        self.assertIn(f"cid:{picture['Content-ID'][1:-1]}", html)
        self.assertTrue(picture.get_content().startswith(b"\x89PNG"))
        self.assertRegex(html, 'alt="Chart by period. Baseline 32.0 %')
        self.assertIn("VPN &lt;drops&gt; again", html)
        self.assertNotRegex(html, r"<script|src=\"http|@import|url\(")
        other = node("parse_mail.js", raw)
        self.assertEqual(other["subject"], mail["Subject"])
        self.assertEqual(other["messageId"], mail["Message-ID"])
        self.assertEqual([(a["type"], a["related"]) for a in other["attachments"]], [("image/png", True)])
        self.assertEqual(other["to"], [{"address": TO, "name": "Dana Ruiz"}])

    def test_texts_of_people_are_encoded_and_add_no_header(self):
        for name in ("Größere Störungen im Zürcher Rechenzentrum, die immer wiederkehren und deren Name sehr lang ist – 北京 🚀 " * 3,
                     "x\r\nBcc: all@acme.example\r\n\r\nbody", "a\0b", "=?UTF-8?B?SGk=?=", "<script>alert(1)</script>", "y" * 2000, ".\r\n.\r\nQUIT"):
            with self.subTest(name=name):
                self.postfix.empty()
                raw = self.delivered(notices.notice([notices.measure(name=name, why=name, programme=name)]))
                mail = email.message_from_bytes(raw, policy=email.policy.default)
                plain = "".join(" " if ord(c) < 32 else c for c in name)
                self.assertEqual(" ".join(mail["Subject"].split()), " ".join(f"Weakening: {plain} (ITSM-014)".split()))
                self.assertIsNone(mail["Bcc"])
                self.assertEqual([part.defects for part in mail.walk() if part.defects], [])
                self.assertLess(max(map(len, raw.split(b"\n"))), 998)
                self.assertNotIn("<script", mail.get_body(("html",)).get_content())
                self.assertEqual(" ".join(node("parse_mail.js", raw)["subject"].split()), " ".join(f"Weakening: {plain} (ITSM-014)".split()))

    def test_names_of_receivers(self):
        for name in ("Zoë Müller", 'Ruiz, Dana "D"', "a\r\nX-Evil: 1", "", "🚀" * 60):
            with self.subTest(name=name):
                self.postfix.empty()
                raw = self.delivered(name=name)
                mail = email.message_from_bytes(raw, policy=email.policy.default)
                self.assertIsNone(mail["X-Evil"])
                self.assertEqual(mail["To"].addresses[0].addr_spec, TO)
                if len(name) < 30:  # Python takes the folds of a longer one for spaces
                    self.assertEqual(mail["To"].addresses[0].display_name.split(), name.split())
                to, = node("parse_mail.js", raw)["to"]
                self.assertEqual((to["address"], to["name"].split()), (TO, name.split()))

    def test_addresses_that_no_mail_can_go_to(self):
        for address, why in (("müller@acme.example", "before the @"), ("a@müller.example", "xn--")):
            said = self.mail(self.url("plain"), to=address)
            self.assertEqual(said["delivery"], "dead")
            self.assertIn(why, said["words"])
        self.assertEqual(self.postfix.mails(0), [])

    def test_each_kind_says_what_it_is(self):
        subjects = {"weakening": "Weakening: ", "off_track": "Off track: ", "reminder": "Still weakening: ", "resolved": "Back on track: ", "unknown": "Status unknown: ",
                    "definition_changed": "Definition changed: ", "relapse": "Relapse after closure: ", "silence_ends": "Silence ends soon: ", "digest": "Digest: On track: ", "test": "Test: "}
        for kind, begin in subjects.items():
            with self.subTest(kind=kind):
                self.postfix.empty()
                mail = email.message_from_bytes(self.delivered(notices.notice([notices.measure(kind)], is_test=kind == "test")), policy=email.policy.default)
                self.assertEqual(mail["Subject"], ("[Test] " if kind == "test" else "") + begin + f"{notices.NAME} (ITSM-014)")
                self.assertEqual(mail["List-Unsubscribe"] is not None, kind == "digest")
                self.assertIn("ITSM-014", mail.get_body(("plain",)).get_content())
        self.postfix.empty()
        mail = email.message_from_bytes(self.delivered(notices.notice([], [notices.source(), notices.source("source_back", name="acme")])), policy=email.policy.default)
        self.assertEqual(mail["Subject"], "Source silent: helpdesk; Source back: acme")
        self.assertIn("read unknown meanwhile: ITSM-014, ITSM-015", mail.get_body(("plain",)).get_content())

    def test_a_thousand_measures_are_one_mail(self):
        many = [notices.measure("off_track" if i % 10 == 0 else "weakening", i, money_at_risk=float(i)) for i in range(1000)]
        mail = email.message_from_bytes(self.delivered(notices.notice(many)), policy=email.policy.default)
        self.assertEqual(mail["Subject"], "1000 measures: 100 off track, 900 weakening")
        text, html = mail.get_body(("plain",)).get_content(), mail.get_body(("html",)).get_content()
        self.assertEqual([m["id"] for m in many if m["id"] not in text or m["id"] not in html], [])
        self.assertEqual(sum(part.get_content_type() == "image/png" for part in mail.walk()), 20)
        self.assertIn("980 more measures", html)
        self.assertLess(text.index("ITSM-990"), text.index("ITSM-980"))  # worst first, then the most money

    def test_tls(self):
        known, unknown = {"tls": self.ca}, {}
        def handshakes():
            return self.postfix.log().count("TLS connection established")
        before = handshakes()
        self.assertEqual(self.mail(self.url("smtps", "smtps"), **known)["delivery"], "arrived")
        self.assertEqual(self.mail(self.url("plain"), tls=f"{{ ca: {self.home}/ca.pem, starttls: required }}")["delivery"], "arrived")
        self.assertEqual(len(self.postfix.mails(2)), 2)
        self.assertEqual(handshakes() - before, 2)
        said = self.mail(self.url("smtps", "smtps"), **unknown)
        self.assertEqual(said["delivery"], "retry")
        self.assertIn("certificate", said["words"])
        (self.home / "other.pem").write_bytes(Authority(self.folder).folder.joinpath("ca.pem").read_bytes())
        self.assertEqual(self.mail(self.url("plain"), tls=f"{{ ca: {self.home}/other.pem }}")["delivery"], "retry")
        self.assertEqual(len(self.postfix.mails(2)), 2)

    def test_a_required_starttls_that_is_not_there_sends_nothing(self):
        sink = Sink()
        self.addCleanup(sink.stop)
        said = self.mail(f"smtp://127.0.0.1:{sink.port}", tls="{ starttls: required }")
        self.assertEqual(said["delivery"], "retry")
        self.assertIn("STARTTLS", said["words"])

    def test_logins(self):
        good = {"user": USER, "password": f'"{PASSWORD}"', "tls": self.ca}
        self.assertEqual(self.mail(self.url("login"), **good)["delivery"], "arrived", self.postfix.log())
        said = self.mail(self.url("login"), **good | {"password": "wrong"})
        self.assertEqual(said["delivery"], "retry", "a password that has just been changed must not cost an alert")
        self.assertRegex(said["words"], "another login.*535")
        said = self.mail(self.url("login"), tls=self.ca)
        self.assertEqual(said["delivery"], "dead")
        self.assertRegex(said["words"], "^554 ")

    def test_probing(self):
        setting = f'  smtp: {{ url: "{self.url("login")}", user: {USER}, password: "%s", tls: {self.ca} }}'
        self.assertEqual(self.outcome(setting % PASSWORD, "probe")["delivery"], "arrived")
        self.assertEqual(self.outcome(setting % "wrong", "probe")["delivery"], "retry")
        self.assertEqual(self.postfix.mails(0), [])

    def test_greylisting_is_temporary(self):
        notice, to = notices.notice([notices.measure()], ident="msg_grey"), "grey@acme.example"
        said = self.mail(self.url("greylisted"), notice, to=to)
        self.assertEqual(said["delivery"], "retry")
        self.assertRegex(said["words"], "^450 .*Greylisted")
        self.assertEqual(self.mail(self.url("greylisted"), notice, to=to)["delivery"], "arrived")
        self.assertEqual(len(self.postfix.mails()), 1)

    def test_a_recipient_that_is_refused_is_dead_with_the_servers_words(self):
        said = self.mail(self.url("plain"), to="nobody@elsewhere.example")
        self.assertEqual(said["delivery"], "dead")
        self.assertRegex(said["words"], "^554 5.7.1 .*nobody@elsewhere.example.*denied")


class ScriptedMails(Sending):
    """Servers that misbehave."""

    def sink(self, *flags):
        sink = Sink(*flags)
        self.addCleanup(sink.stop)
        return self.mail(f"smtp://127.0.0.1:{sink.port}")

    def test_answers_and_drops(self):
        for flags, delivery, words in ((("-r", "RCPT"), "retry", "^450 "), (("-f", "RCPT"), "dead", "^500 "), (("-r", "MAIL"), "retry", "^450 "), (("-f", "MAIL"), "dead", "^500 "),
                                       (("-r", "DATA"), "retry", "^450 "), (("-f", "DATA"), "dead", "^500 "), (("-r", "."), "retry", "^450 "), (("-f", "."), "dead", "^500 "),
                                       (("-q", "RCPT"), "retry", "."), (("-q", "DATA"), "retry", "."), (("-q", "."), "retry", "not acknowledged"), (("-q", "CONNECT"), "retry", ".")):
            with self.subTest(flags=flags):
                said = self.sink(*flags)
                self.assertEqual(said["delivery"], delivery, said)
                self.assertRegex(said["words"], words)

    def test_nobody_there(self):
        said = self.mail(f"smtp://127.0.0.1:{free_port()}")
        self.assertEqual(said["delivery"], "retry")
        self.assertRegex(said["words"], "onnect")

    def serve(self, handler):
        controller = Controller(handler, hostname="127.0.0.1", port=free_port())
        controller.start()
        self.addCleanup(controller.stop)
        return f"smtp://127.0.0.1:{controller.port}"

    def test_every_try_carries_the_same_id_and_text(self):
        class Handler:
            seen, ehlo = [], []

            async def handle_EHLO(self, server, session, envelope, hostname, responses):
                session.host_name = hostname
                self.ehlo.append(hostname)
                return responses

            async def handle_DATA(self, server, session, envelope):
                self.seen.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
                return "451 4.3.0 come again" if len(self.seen) == 1 else "250 OK"
        handler = Handler()
        url = self.serve(handler)
        self.assertEqual(self.mail(url)["delivery"], "retry")
        self.assertEqual(self.mail(url)["delivery"], "arrived")
        first, second = handler.seen
        self.assertEqual(first["Message-ID"], second["Message-ID"])
        for kind in ("plain", "html"):
            self.assertEqual(first.get_body((kind,)).get_content(), second.get_body((kind,)).get_content())
        self.assertIn(socket.gethostname().split(".")[0], handler.ehlo[0])
        self.mail(url + "/mail.gate.example")
        self.assertEqual(handler.ehlo[-1], "mail.gate.example")

    def test_the_servers_words_are_cleaned_and_short(self):
        class Handler:
            async def handle_RCPT(self, server, session, envelope, address, options):
                return "550-5.1.1 no\r\n550 5.1.1 such user " + "x" * 450
        said = self.mail(self.serve(Handler()))
        self.assertEqual(said["delivery"], "dead")
        self.assertRegex(said["words"], "^550-5.1.1 no 5.1.1 such user x+$")
        self.assertLessEqual(len(said["words"]), 400)

    def test_a_login_that_the_server_quotes_is_not_told(self):
        sent = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
        for quoted in (PASSWORD, sent, base64.b64encode(PASSWORD.encode()).decode(), sent[:-8], f"a\x1b[2Jb {PASSWORD}"):
            with self.subTest(quoted=quoted):
                listener = socket.create_server(("127.0.0.1", 0))
                self.addCleanup(listener.close)
                threading.Thread(target=refuse_login, args=(listener, f"535 5.7.8 no {quoted} here"), daemon=True).start()
                said = self.mail(f"smtp://127.0.0.1:{listener.getsockname()[1]}", user=USER, password=f'"{PASSWORD}"')
                self.assertRegex(said["words"], r"another login: 535 5.7.8 no .*\(hidden\) here")
                self.assertTrue(said["words"].isprintable(), said)


def refuse_login(listener, words):
    connection, _ = listener.accept()
    with connection, connection.makefile("rwb", buffering=0) as stream:
        for answer in ("220 here", "250-here\r\n250 AUTH PLAIN LOGIN", words, "221 bye"):
            stream.write(answer.encode() + b"\r\n")
            stream.readline()


class Receiver(http.server.ThreadingHTTPServer):
    """Keeps what it got; answers what `answers` says, (status, headers, body), then 204."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.requests, self.answers, self.delay = [], [], 0
        self.url = f"http://127.0.0.1:{self.server_address[1]}/hook"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.server.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            time.sleep(self.server.delay)
            status, headers, text = self.server.answers.pop(0) if self.server.answers else (204, {}, b"")
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass


SECRETS = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")


class Receiving(Sending):
    def setUp(self):
        super().setUp()
        self.receiver = Receiver()
        self.addCleanup(self.receiver.server_close)
        self.addCleanup(self.receiver.shutdown)
        schema = json.loads((ROOT / "docs" / "webhook.schema.json").read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator.check_schema(schema)
        self.schema = jsonschema.Draft202012Validator(schema)


class Webhooks(Receiving):
    def test_other_libraries_verify_it_with_either_secret(self):
        for text in ("plain", "Zürich 北京 🚀 \u2028 </script>\r\n\0"):
            self.assertEqual(self.webhook(self.receiver.url, notices.notice([notices.measure(why=text)]), secret=f"[{', '.join(SECRETS)}]")["delivery"], "arrived")
            _, headers, body = self.receiver.requests[-1]
            for secret in SECRETS:
                self.assertEqual(node("verify.js", json.dumps({"secret": secret, "headers": headers, "body": body}).encode()), {"standardwebhooks": "verified", "svix": "verified"})
            for change in ({"body": body + " "}, {"headers": headers | {"webhook-id": "other"}}, {"headers": headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}},
                           {"secret": "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}):
                said = node("verify.js", json.dumps({"secret": SECRETS[0], "headers": headers, "body": body} | change).encode())
                self.assertNotIn("verified", said.values())

    def test_the_body_is_what_is_documented(self):
        for case in [notices.notice([notices.measure(kind)]) for kind in notices.KINDS] + [notices.notice([], [notices.source()]), notices.notice([], [notices.source("source_back")]),
                                                                                          notices.notice(remarks=["The webhook ops was disabled."]), notices.notice([notices.measure()], is_test=True)]:
            self.assertEqual(self.webhook(self.receiver.url, case)["delivery"], "arrived")
            _, headers, text = self.receiver.requests[-1]
            body = json.loads(text)
            self.schema.validate(body)
            self.assertEqual((headers["webhook-id"], body["id"]), (case["id"], case["id"]))
            self.assertLess(abs(int(headers["webhook-timestamp"]) - time.time()), 60)
            self.assertEqual(body["timestamp"], "2026-01-05T10:11:12.123Z")
            self.assertEqual(headers["content-type"], "application/json")
            self.assertEqual(body["data"].get("test", False), case["is_test"])
            if case["measures"]:
                self.assertEqual(body["type"], "measure.potential_status")
                self.assertEqual(body["data"]["kind"], case["measures"][0]["kind"])
                self.assertEqual(body["data"]["measure"], json.loads(case["measures"][0]["measure_json"]))
                self.assertEqual(body["data"]["records"][0], {"number": "INC0041000", "url": "https://acme.example/incident?id=0&x=1"})
        for wrong in ({}, {"type": "measure.potential_status"}, body | {"version": 2}, body | {"more": 1}):
            self.assertFalse(self.schema.is_valid(wrong))

    def test_what_an_answer_means(self):
        later = dt.datetime.now(dt.timezone.utc) + dt.timedelta(seconds=120)
        for status, headers, delivery, wait in ((200, {}, "arrived", None), (202, {}, "arrived", None), (400, {}, "dead", None), (404, {}, "dead", None), (410, {}, "disabled", None),
                                                (429, {"Retry-After": "77"}, "retry", (77, 77)), (429, {}, "retry", None), (503, {"Retry-After": email.utils.format_datetime(later, usegmt=True)}, "retry", (60, 121)),
                                                (500, {}, "retry", None), (302, {"Location": self.receiver.url + "/moved"}, "retry", None), (301, {"Location": "http://127.0.0.1:1/"}, "retry", None)):
            with self.subTest(status=status, headers=headers):
                self.receiver.requests.clear()
                self.receiver.answers = [(status, headers, b"<b>no</b>\r\n\x1b[31m" + b"z" * 5000)]
                said = self.webhook(self.receiver.url)
                self.assertEqual(said["delivery"], delivery)
                self.assertEqual(len(self.receiver.requests), 1, "a redirect is not followed, nothing is repeated by itself")
                if wait is None:
                    self.assertIsNone(said["retry_after"])
                else:
                    self.assertTrue(wait[0] <= said["retry_after"] <= wait[1], said)
                if delivery != "arrived":
                    self.assertIn(str(status), said["words"])
                    self.assertLess(len(said["words"]), 300)
                    self.assertTrue(said["words"].isprintable())

    def test_an_address_that_the_receiver_quotes_is_not_told(self):
        for url in ("/hooks/T0123/SECRETPATH", "/hooks?sig=SECRETPATH", "/hooks/%53ECRETPATH", "/hooks;key=SECRETPATH#a"):
            for quoted in ("Cannot POST " + url, "no hook of the key SECRETPATH"):
                with self.subTest(url=url, quoted=quoted):
                    self.receiver.answers = [(404, {}, quoted.encode())]
                    said = self.webhook(self.receiver.url.removesuffix("/hook") + url)
                    self.assertRegex(said["words"], r"answered 404: .*\(hidden\)")
                    self.assertNotIn("ECRETPATH", said["words"])

    def test_ten_seconds_are_enough(self):
        self.receiver.delay = 30
        started = time.monotonic()
        said = self.webhook(self.receiver.url)
        self.assertEqual(said["delivery"], "retry")
        self.assertRegex(said["words"], "timed out")
        self.assertLess(time.monotonic() - started, 25)
        self.assertEqual(self.webhook(f"http://127.0.0.1:{free_port()}/")["delivery"], "retry")

    def test_private_addresses(self):
        for host in ["10.255.255.1", "169.254.169.254", "[::ffff:192.168.0.1]", "[fd00:ec2::254]", "0x0a000001", "167772161"]:
            said = self.webhook(f"https://{host}/latest/")
            self.assertEqual(said["delivery"], "retry")
            self.assertRegex(said["words"], "is a private address.*allow_private", host)
        self.assertEqual(self.webhook(self.receiver.url.replace("127.0.0.1", "localhost"))["delivery"], "arrived")
        # Behind a proxy, what is connected to is the proxy; this one is on this machine.
        said = self.webhook("http://hooks.acme.example/", env={"http_proxy": self.receiver.url.removesuffix("/hook")}, allow_http="true")
        self.assertEqual(said["delivery"], "arrived")

    def test_slack(self):
        self.assertEqual(self.webhook(self.receiver.url, notices.notice([notices.measure(name="<!channel> & *friends*", programme="p" * 5000)]), format="slack")["delivery"], "arrived")
        message = json.loads(self.receiver.requests[-1][2])
        self.assertIn("&lt;!channel&gt; &amp;", message["text"])
        self.assertLessEqual(len(message["blocks"]), 50)
        for block in message["blocks"]:
            self.assertIn(block["type"], ("header", "section", "context"))
            self.assertLessEqual(len(block["text"]["text"]), 150 if block["type"] == "header" else 3000)
            self.assertTrue(block["text"]["text"])
        text = "\n".join(block["text"]["text"] for block in message["blocks"] if block["type"] == "section")
        self.assertIn("<https://acme.example/incident?id=0&amp;x=1|INC0041000>", text)
        self.assertNotIn("<!channel>", text)
        for wanted in ("ITSM-014", "21 %", "15,900 EUR"):
            self.assertIn(wanted, text)

    def test_teams(self):
        self.assertEqual(self.webhook(self.receiver.url, notices.notice([notices.measure(name="[x](https://evil.example)")]), format="teams")["delivery"], "arrived")
        message = json.loads(self.receiver.requests[-1][2])
        self.assertEqual(message["type"], "message")
        attachment, = message["attachments"]
        self.assertEqual(attachment["contentType"], "application/vnd.microsoft.card.adaptive")
        card = attachment["content"]
        self.assertEqual((card["type"], card["version"]), ("AdaptiveCard", "1.4"))
        text = "\n".join(block["text"] for block in card["body"] if block["type"] == "TextBlock")
        self.assertIn("[INC0041000](https://acme.example/incident?id=0&x=1)", text)
        self.assertNotIn("[x](https://evil", text)
        for wanted in ("ITSM", "21 %", "15,900 EUR"):
            self.assertIn(wanted, text)


class Alertmanager(Sending):
    @classmethod
    def setUpClass(cls):
        home = pathlib.Path(tempfile.mkdtemp(prefix="baselined-am-"))
        cls.addClassCleanup(shutil.rmtree, home, ignore_errors=True)
        (home / "am.yml").write_text("route: { receiver: nobody }\nreceivers: [ { name: nobody } ]\n", encoding="utf-8")
        port = free_port()
        cls.url = f"http://127.0.0.1:{port}"
        process = subprocess.Popen(["prometheus-alertmanager", f"--config.file={home}/am.yml", f"--storage.path={home}/data", f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(process.wait)
        cls.addClassCleanup(process.kill)
        wait_for(port)

    def tell(self, *measures, sources=(), **more):
        said = self.webhook(f"{self.url}/api/v2/alerts", notices.notice(measures, sources, **more), format="alertmanager")
        self.assertEqual(said["delivery"], "arrived", said)

    def firing(self, matcher):
        time.sleep(0.1)  # an alert that ends now is still active within this instant
        done = subprocess.run(["amtool", f"--alertmanager.url={self.url}", "alert", "query", "-o", "json", matcher], capture_output=True, text=True, check=True)
        return sorted((alert["labels"]["alertname"], alert["labels"]["severity"]) for alert in json.loads(done.stdout))

    def test_an_alert_fires_changes_and_ends(self):
        name, what = "MeasurePotentialStatus", 'measure="ITSM-014"'
        self.tell(notices.measure())
        self.assertEqual(self.firing(what), [(name, "warning")])
        self.tell(notices.measure("off_track"))
        self.assertEqual(self.firing(what), [(name, "critical")])
        self.tell(notices.measure("reminder", potential_status="off_track"))
        self.assertEqual(self.firing(what), [(name, "critical")])
        self.tell(notices.measure("unknown"))
        self.assertEqual(self.firing(what), [(name, "info")])
        self.tell(notices.measure("resolved"))
        self.assertEqual(self.firing(what), [])
        self.tell(notices.measure("relapse"))
        self.assertEqual(self.firing(what), [(name, "warning")])

    def test_it_lasts_without_being_sent_again(self):
        self.tell(notices.measure(number=77))
        with urllib.request.urlopen(f"{self.url}/api/v2/alerts?filter=measure%3D%22ITSM-077%22") as answer:
            alert, = json.load(answer)
        self.assertGreater(dt.datetime.fromisoformat(alert["endsAt"].replace("Z", "+00:00")) - dt.datetime.now(dt.timezone.utc), dt.timedelta(days=300))
        self.assertIn("21 %", alert["annotations"]["description"])
        self.assertIn("ITSM-077", alert["annotations"]["summary"])

    def test_sources_and_tests(self):
        self.tell(sources=[notices.source()])
        self.assertEqual(self.firing('source="helpdesk"'), [("SourceSilent", "warning")])
        self.tell(sources=[notices.source("source_back")])
        self.assertEqual(self.firing('source="helpdesk"'), [])
        self.tell(notices.measure("test", 99), is_test=True)
        self.assertEqual(self.firing('measure="ITSM-099"'), [("BaselinedTest", "info")])


class Program(Receiving):
    """A weakening measure of real figures, told by the program itself."""

    MAIN = """timezone: UTC
store: store.db
measures: [measures.yaml]
sources: { exports: { type: files, path: inbox, streams: { changes: { match: "*.csv", mapping: changes.yaml } } } }
alerts:
  from: baselined@acme.example
  smtp: { url: "%s" }
  webhooks: { ops: { url: "%s", secret: "%s" } }
  routes: [ { to: [owner, ops] } ]
"""
    MEASURE = """measures:
  - id: CHG-1
    name: Fewer failed changes – Zürich
    owner: { name: Zoë Ruiz, email: zoe@acme.example }
    indicator: change_failure_rate
    baseline: { from: 2025-01-01, to: 2025-12-31 }
    target: { change: -30%, from: 2026-01-01, ramp: 3, by: 2026-12-31 }
    unit_value: { amount: 850, currency: EUR }
"""

    def test_what_the_program_sends_is_what_is_documented(self):
        seen = []

        class Handler:
            async def handle_DATA(self, server, session, envelope):
                seen.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
                await asyncio.sleep(3)  # a scanner takes its time; the webhook does not wait for it
                seen.append(time.monotonic())
                return "250 OK"
        controller = Controller(Handler(), hostname="127.0.0.1", port=free_port())
        controller.start()
        self.addCleanup(controller.stop)
        (self.folder / "baselined.yaml").write_text(self.MAIN % (f"smtp://127.0.0.1:{controller.port}", self.receiver.url, SECRETS[0]), encoding="utf-8")
        (self.folder / "measures.yaml").write_text(self.MEASURE, encoding="utf-8")
        (self.folder / "changes.yaml").write_text("kind: change\nid: id\nnumber: id\nfields: { ended_at: ended, outcome: outcome }\n", encoding="utf-8")
        rows = [f"C{month}-{i},{2025 + month // 12}-{month % 12 + 1:02}-{i % 28 + 1:02} 10:00:00,{'failed' if i % 10 < 3 else 'successful'}" for month in range(22) for i in range(100)]
        (self.folder / "inbox" / "a.csv").write_text("id,ended,outcome\n" + "\n".join(rows) + "\n", encoding="utf-8")
        arrived = []
        whole = self.receiver.RequestHandlerClass.do_POST
        self.receiver.RequestHandlerClass = type("Noting", (self.receiver.RequestHandlerClass,), {"do_POST": lambda handler: (arrived.append(time.monotonic()), whole(handler))[1]})
        done = subprocess.run([PROGRAM, "once", "--now", "2026-11-10T00:00:00Z", "--config", str(self.folder / "baselined.yaml")], capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        (_, headers, text), = self.receiver.requests
        body = json.loads(text)
        self.schema.validate(body)
        self.assertIn(body["data"]["kind"], ("weakening", "off_track"))
        self.assertEqual(body["data"]["measure"]["id"], "CHG-1")
        self.assertTrue(all(record["number"].startswith("C21-") for record in body["data"]["records"]), body["data"]["records"])
        self.assertEqual(node("verify.js", json.dumps({"secret": SECRETS[0], "headers": headers, "body": text}).encode()), {"standardwebhooks": "verified", "svix": "verified"})
        mail, answered = seen
        self.assertLess(arrived[0], answered, "the webhook waited for the mail server")
        self.assertIn("Fewer failed changes – Zürich (CHG-1)", mail["Subject"])
        self.assertEqual(mail["To"].addresses[0].display_name, "Zoë Ruiz")
        lines = mail.get_body(("plain",)).get_content().splitlines()
        self.assertRegex(lines[1], r"^Chance to deliver: \d+ %\. Delivering -?\d+ % of the planned reduction")
        self.assertRegex(lines[2], r"^Money at risk: [\d,]+ EUR .*Tickets of 2026-10: C21-")
        self.assertLess(abs(mail["Date"].datetime - dt.datetime.now(dt.timezone.utc)), dt.timedelta(minutes=5), "the Date is the real clock's")


if __name__ == "__main__":
    unittest.main()
