"""What stands between the program and a source: nginx with TLS, HTTP/2, gzip and brotli; a forward proxy that wants a login; an
authority that issues certificates, good and expired."""
import base64
import datetime as dt
import ipaddress
import pathlib
import select
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

MODULES = pathlib.Path("/usr/lib/nginx/modules")
DAY = dt.timedelta(days=1)


class Authority:
    """A certification authority of the test's own."""

    def __init__(self, folder):
        self.folder, self.key = folder, rsa.generate_private_key(65537, 2048)
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test authority")])
        self.write("ca", self.key, self.build(self.name, self.key, x509.BasicConstraints(True, None), 2))

    def build(self, subject, key, extension, days):
        now = dt.datetime.utcnow()
        builder = x509.CertificateBuilder().issuer_name(self.name).subject_name(subject).public_key(key.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - 9 * DAY).not_valid_after(now + days * DAY).add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(self.key, hashes.SHA256())

    def write(self, name, key, certificate):
        (self.folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (self.folder / f"{name}.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))

    def issue(self, name, address="127.0.0.1", days=2):
        key = rsa.generate_private_key(65537, 2048)
        try:
            names = x509.IPAddress(ipaddress.ip_address(address))
        except ValueError:
            names = x509.DNSName(address)
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self.write(name, key, self.build(subject, key, x509.SubjectAlternativeName([names]), days))
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"


class Nginx:
    """Debian's nginx before `upstream`; `lines` tells of each answer: protocol, status, coding."""
    CONF = """{modules}
pid {folder}/nginx.pid; error_log {folder}/nginx.err; daemon off; worker_processes 1;
events {{}}
http {{
    log_format lines '$server_protocol $status $sent_http_content_encoding';
    access_log {folder}/nginx.log lines;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3; uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any;
    {http}
    server {{
        listen 127.0.0.1:{port} ssl{http2};
        ssl_certificate {certificate}; ssl_certificate_key {key};
        location / {{ proxy_pass {upstream}; proxy_set_header Accept-Encoding ""; proxy_buffers 64 64k; {location} }}
    }}
}}
"""

    def __init__(self, folder, upstream, certificate, key, http2=True, brotli=True, http="", location=""):
        self.folder = pathlib.Path(folder)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"https://127.0.0.1:{self.port}"
        modules = f"load_module {MODULES}/ngx_http_brotli_filter_module.so;" if brotli else ""
        http += " brotli on; brotli_types *; brotli_min_length 1;" if brotli else ""
        (self.folder / "nginx.conf").write_text(self.CONF.format(modules=modules, folder=self.folder, http=http, port=self.port, http2=" http2" if http2 else "",
                                                                 certificate=certificate, key=key, upstream=upstream, location=location), encoding="utf-8")
        self.process = subprocess.Popen(["/usr/sbin/nginx", "-c", str(self.folder / "nginx.conf"), "-p", str(self.folder)], stderr=subprocess.DEVNULL)
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    break
            time.sleep(0.05)

    def lines(self):
        return {line for line in (self.folder / "nginx.log").read_text(encoding="utf-8").splitlines() if not line.startswith(" ")}

    def stop(self):
        self.process.terminate()
        self.process.wait()


class ForwardProxy:
    """Takes absolute URLs and CONNECT; with `login` ("user:password") only from those who know it. `met` is what was asked of it."""

    def __init__(self, login=None):
        self.login, self.met = login, []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def is_allowed(self):
                owner.met.append(f"{self.command} {self.path}")
                wanted = owner.login and "Basic " + base64.b64encode(owner.login.encode()).decode()
                if not wanted or self.headers.get("Proxy-Authorization") == wanted:
                    return True
                self.send_response(407)
                self.send_header("Proxy-Authenticate", 'Basic realm="x"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return False

            def do_CONNECT(self):
                if self.is_allowed():
                    host, _, port = self.path.partition(":")
                    with socket.create_connection((host, int(port))) as other:
                        self.send_response(200)
                        self.end_headers()
                        self.pass_on(other)
                self.close_connection = True

            def do_GET(self):
                if not self.is_allowed():
                    return
                host, _, path = self.path.removeprefix("http://").partition("/")
                address, _, port = host.partition(":")
                with socket.create_connection((address, int(port))) as other:
                    lines = [f"{self.command} /{path} HTTP/1.1", "Connection: close"] + [f"{k}: {v}" for k, v in self.headers.items() if not k.lower().startswith(("proxy-", "connection"))]
                    body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                    other.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
                    while data := other.recv(65536):
                        self.wfile.write(data)
                self.close_connection = True
            do_POST = do_GET

            def pass_on(self, other):
                pair = [self.connection, other]
                while True:
                    for ready in select.select(pair, [], [], 30)[0]:
                        data = ready.recv(65536)
                        if not data:
                            return
                        pair[1 - pair.index(ready)].sendall(data)

        class Quiet(ThreadingHTTPServer):
            def handle_error(self, *_):
                pass  # a client that went away

        self.httpd = Quiet(("127.0.0.1", 0), Handler)
        self.httpd.daemon_threads = True
        self.address = f"127.0.0.1:{self.httpd.server_address[1]}"
        threading.Thread(target=self.httpd.serve_forever, daemon=True).start()

    def stop(self):
        self.httpd.shutdown()
        self.httpd.server_close()
