"""An HTTP server on loopback that can misbehave: what both simulators stand on. Plain Python."""
import gzip
import json
import socket
import ssl
import struct
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Journal:
    """What was asked, and what a polite client would not have done."""
    on_its_way_s = 0.25  # a request may have been on its way when another one was told

    def __init__(self):
        self.lock = threading.Lock()
        self.requests, self.violations = [], []
        self.in_flight = self.most_in_flight = 0
        self.told_at = self.wait_until = 0.0

    def tell_to_wait(self, until):
        with self.lock:
            self.told_at, self.wait_until = time.time(), until

    def begin(self, line):
        with self.lock:
            self.requests.append((time.time(), line))
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
            if self.told_at + self.on_its_way_s < time.time() < self.wait_until:
                self.violations.append(f"asked while told to wait {self.wait_until - time.time():.2f} s more: {line}")

    def end(self):
        with self.lock:
            self.in_flight -= 1


class NastyServer:
    """Subclasses answer(method, path, query, headers, body) -> (status, headers, body object or bytes).

    `faults` is a list of (predicate(method, path), kind, times): the next matching requests go wrong that way."""

    clock = staticmethod(time.time)  # the server's own, which may be wrong
    busy_s = 1                       # what one that is busy asks for
    SPENT = ("spent-unix", "spent-iso", "spent-after")

    def __init__(self):
        self.journal, self.faults, self.lock = Journal(), [], threading.RLock()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                owner.serve(self, "GET")

            def do_POST(self):
                owner.serve(self, "POST")

        class Quiet(ThreadingHTTPServer):
            def handle_error(self, *_):
                pass  # a client that went away

        self.httpd = Quiet(("127.0.0.1", 0), Handler)
        self.httpd.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.httpd.server_address[1]}"
        threading.Thread(target=self.httpd.serve_forever, daemon=True).start()

    def use_tls(self, certificate, key, client_ca=None, host="127.0.0.1"):
        """From now on with TLS; with `client_ca` only for clients that show a certificate of that authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        if client_ca:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(client_ca)
        self.httpd.socket = context.wrap_socket(self.httpd.socket, server_side=True)
        self.url = f"https://{host}:{self.httpd.server_address[1]}"

    def stop(self):
        self.httpd.shutdown()
        self.httpd.server_close()

    def fail(self, kind, times=1, match=lambda method, path: True):
        with self.lock:
            self.faults.append([match, kind, times])

    def take_fault(self, method, path):
        with self.lock:
            for fault in self.faults:
                if fault[2] > 0 and fault[0](method, path):
                    fault[2] -= 1
                    return fault[1]
        return None

    def serve(self, handler, method):
        length = int(handler.headers.get("Content-Length") or 0)
        body = handler.rfile.read(length) if length else b""
        self.journal.begin(f"{method} {handler.path[:2000]}")
        try:
            fault = self.take_fault(method, handler.path)
            if fault in ("429", "429-reset", "429-bare", "429-iso", "429-past", "429-html", "503-html", "500", "500-wait", "403-wait", "reset", "html"):
                return self.refuse(handler, fault)
            status, headers, answer = self.answer(method, handler.path, handler.headers, body)
            if fault in self.SPENT:
                headers = {**headers, "Date": formatdate(self.clock(), usegmt=True), **self.spent(fault)}
            payload = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            now = time.time()
            self.send(handler, status, headers, payload, fault)
            if fault in self.SPENT:
                self.journal.tell_to_wait(int(now) + self.busy_s)
        except (BrokenPipeError, ConnectionResetError):
            pass
        finally:
            self.journal.end()

    def spent(self, fault):
        """An answer as good as any, and the last one before the limit is reset."""
        reset = int(self.clock()) + self.busy_s + 1
        return {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": "0",
                **({"X-RateLimit-Reset": str(reset)} if fault == "spent-unix" else
                   {"X-RateLimit-Reset": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(reset))} if fault == "spent-iso" else
                   {"Retry-After": str(self.busy_s + 1)})}

    def refuse(self, handler, fault):
        if fault == "reset":
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.connection.close()
            handler.close_connection = True
            return
        headers, body, status = {"Content-Type": "application/json"}, b'{"error":{"message":"busy","detail":""},"status":"failure"}', 429
        if fault == "429":
            headers["Retry-After"] = str(self.busy_s)
        elif fault == "429-reset":
            headers["X-RateLimit-Reset"] = str(int(self.clock()) + self.busy_s + 1)
        elif fault == "429-iso":
            headers["X-RateLimit-Reset"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(self.clock()) + self.busy_s + 1))
        elif fault == "429-past":
            headers["Retry-After"] = "Mon, 05 Jan 2026 10:11:12 GMT"
        elif fault == "429-html":
            headers, body = {"Content-Type": "text/html", "Retry-After": str(self.busy_s), "x-ratelimit-remaining": "0"}, b"<html>Rate limit exceeded.</html>"
        elif fault == "503-html":
            status, headers, body = 503, {"Content-Type": "text/html", "Retry-After": str(self.busy_s)}, b"<html>maintenance</html>"
        elif fault in ("500-wait", "403-wait"):
            status, headers["Retry-After"] = int(fault[:3]), str(self.busy_s)
        elif fault == "500":
            status, body = 500, b'{"error":{"message":"oops","detail":"again"},"status":"failure"}'
        elif fault == "html":
            status, headers, body = 200, {"Content-Type": "text/html"}, b"<html><body>Your instance is hibernating</body></html>"
        now = time.time()
        self.send(handler, status, headers, body, None)
        # Nobody knows before it is sent; a simulator of many rows may take a while to come to that.
        if fault in ("429", "429-html", "503-html", "500-wait", "403-wait"):
            self.journal.tell_to_wait(now + self.busy_s)
        elif fault in ("429-reset", "429-iso"):
            self.journal.tell_to_wait(int(now) + self.busy_s + 1)

    def send(self, handler, status, headers, payload, fault):
        if "gzip" in handler.headers.get("Accept-Encoding", "") and len(payload) > 500 and fault != "cut-json":
            payload = gzip.compress(payload, 1)
            headers = {**headers, "Content-Encoding": "gzip"}
        if fault == "cut-json":  # a whole body by its length, JSON that ends in the middle
            payload = payload[: len(payload) // 2]
        handler.send_response_only(status)
        for name, value in {"Content-Type": "application/json", "Date": formatdate(self.clock(), usegmt=True), **headers}.items():
            if value is not None:
                handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(payload)))
        handler.end_headers()
        if fault == "cut":  # fewer bytes than announced
            handler.wfile.write(payload[: len(payload) // 2])
            handler.wfile.flush()
            handler.connection.shutdown(socket.SHUT_RDWR)
            handler.close_connection = True
            return
        if fault == "trickle":
            for at in range(0, len(payload), max(1, len(payload) // 5)):
                handler.wfile.write(payload[at: at + max(1, len(payload) // 5)])
                handler.wfile.flush()
                time.sleep(0.1)
            return
        handler.wfile.write(payload)
