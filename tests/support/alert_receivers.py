"""Those who are told: an SMTP server (aiosmtpd) and a web server, each answering as a script says."""
import email
import email.policy
import http.server
import json
import socket
import threading
import time

from aiosmtpd.controller import Controller


class KernelChosenPort(Controller):
    def port_of_server(self):
        return self.server.sockets[0].getsockname()[1]

    def _trigger_server(self):
        # aiosmtpd's own start-up probe would go to port 0.
        with socket.create_connection(("127.0.0.1", self.port_of_server()), 5) as probe:
            probe.recv(100)


class MailSink:
    """Keeps every mail that it accepted. `answers` holds replies to RCPT or DATA, taken one after the other; None accepts."""

    def __init__(self):
        self.mails, self.answers, self.refused, self.tried = [], [], {}, []
        self.lock = threading.Lock()
        self.controller = KernelChosenPort(self, hostname="127.0.0.1", port=0)
        self.controller.start()
        self.port = self.controller.port_of_server()

    def stop(self):
        self.controller.stop(no_assert=True)

    async def handle_RCPT(self, server, session, envelope, address, options):
        with self.lock:
            self.tried.append(address)
            answer = self.refused.get(address) or (self.answers.pop(0) if self.answers else None)
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        with self.lock:
            self.mails.append((envelope.rcpt_tos[0], message))
        return "250 OK"

    def text_of(self, index=-1):
        return self.mails[index][1].get_body(("plain",)).get_content()

    def subjects(self):
        return [(to, mail["Subject"]) for to, mail in self.mails]


class Hooks:
    """Keeps every request. `answers` holds (status, headers), taken one after the other; then 204."""

    def __init__(self):
        hooks = self
        self.bodies, self.ids, self.paths, self.answers, self.arrived = [], [], [], [], []
        self.lock = threading.Lock()
        self.in_flight, self.most_in_flight, self.delay = 0, 0, 0

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with hooks.lock:
                    hooks.in_flight += 1
                    hooks.most_in_flight = max(hooks.most_in_flight, hooks.in_flight)
                    status, headers = hooks.answers.pop(0) if hooks.answers else (204, {})
                    hooks.paths.append(self.path)
                    hooks.ids.append(self.headers["webhook-id"])
                    hooks.bodies.append(json.loads(body))
                    if status < 300:
                        hooks.arrived.append(self.headers["webhook-id"])
                time.sleep(hooks.delay)
                with hooks.lock:
                    hooks.in_flight -= 1
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, request, client_address):
                pass  # a sender that was killed

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def kinds(self):
        return [(b["data"]["measure"]["id"], b["data"]["kind"]) if "measure" in b.get("data", {}) else b["type"] for b in self.bodies]
