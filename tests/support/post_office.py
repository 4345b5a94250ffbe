"""Mail servers of a test's own: Postfix with TLS, logins and greylisting; smtp-sink for plain refusals."""
import base64
import os
import pathlib
import pwd
import socket
import socketserver
import subprocess
import threading
import time

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = mail.acme.example
mydestination =
local_recipient_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
virtual_mailbox_domains = acme.example
virtual_mailbox_base = {folder}/boxes
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
smtpd_tls_cert_file = {folder}/server.pem
smtpd_tls_key_file = {folder}/server.key
smtpd_tls_security_level = may
smtpd_tls_loglevel = 1
smtpd_relay_restrictions = reject_unauth_destination
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{logins}
"""
SERVICES = """
{plain} inet n - n - - smtpd
{login} inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt -o smtpd_sasl_auth_enable=yes -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
{smtps} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
{greylisted} inet n - n - - smtpd
  -o smtpd_recipient_restrictions=check_policy_service,inet:127.0.0.1:{policy}
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""
USER, PASSWORD = "baselined", "s3cret pass"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"nothing listens on {port}")


class Greylist(socketserver.ThreadingTCPServer):
    """Postfix's policy protocol: who comes for the first time is asked to come again."""
    daemon_threads = allow_reuse_address = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.known = set()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            asked = {}
            for raw in self.rfile:
                name, _, value = raw.decode().strip().partition("=")
                if name:
                    asked[name] = value
                    continue
                who = (asked.get("sender"), asked.get("recipient"))
                action = "OK" if who in self.server.known else "DEFER Greylisted, come again"
                self.server.known.add(who)
                self.wfile.write(f"action={action}\n\n".encode())
                asked = {}


class Logins(socketserver.ThreadingTCPServer):
    """Dovecot's authentication protocol, as far as Postfix needs it: one user may log in."""
    daemon_threads = allow_reuse_address = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            self.wfile.write(b"VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t00000000000000000000000000000000\nDONE\n")
            for raw in self.rfile:
                words = raw.decode().rstrip("\n").split("\t")
                if words[0] == "AUTH" and not words[-1].startswith("resp="):
                    self.wfile.write(f"CONT\t{words[1]}\t\n".encode())
                    continue
                if words[0] not in ("AUTH", "CONT"):
                    continue
                response = words[-1].removeprefix("resp=")
                is_known = base64.b64decode(response).decode().split("\0")[1:] == [USER, PASSWORD]
                self.wfile.write(f"{'OK' if is_known else 'FAIL'}\t{words[1]}\tuser={USER}\n".encode())


class Postfix:
    """Runs in `folder`, which is another user's too; the certificate is of `authority` (see fronts.py)."""

    def __init__(self, folder, authority):
        self.folder = folder
        self.greylist, self.logins = Greylist(), Logins()
        self.ports = {name: free_port() for name in ("plain", "login", "smtps", "greylisted")}
        certificate, key = authority.issue("server")
        (folder / "server.pem").write_bytes(certificate.read_bytes())
        (folder / "server.key").write_bytes(key.read_bytes())
        nobody, postfix = pwd.getpwnam("nobody"), pwd.getpwnam("postfix")
        for name in ("etc", "spool", "data", "boxes"):
            (folder / name).mkdir()
        os.chown(folder / "boxes", nobody.pw_uid, nobody.pw_gid)
        os.chown(folder / "data", postfix.pw_uid, postfix.pw_gid)
        (folder / "etc/main.cf").write_text(MAIN.format(folder=folder, logins=self.logins.server_address[1], uid=nobody.pw_uid, gid=nobody.pw_gid), encoding="utf-8")
        (folder / "etc/master.cf").write_text(SERVICES.format(policy=self.greylist.server_address[1], **{k: f"127.0.0.1:{v}" for k, v in self.ports.items()}), encoding="utf-8")
        self.command("start")
        for port in self.ports.values():
            wait_for(port)

    def command(self, *words):
        done = subprocess.run(["postfix", "-c", str(self.folder / "etc"), *words], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"postfix {words}: {done.stdout}{done.stderr}{self.log()}")

    def stop(self):
        self.command("stop")
        for server in (self.greylist, self.logins):
            server.shutdown()
            server.server_close()

    def log(self):
        path = self.folder / "log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def mails(self, least=1, seconds=10):
        """What has arrived, oldest first, once there are so many."""
        end = time.monotonic() + seconds
        while True:
            found = sorted((self.folder / "boxes").glob("all/new/*"), key=lambda path: path.stat().st_mtime_ns)
            if len(found) >= least or time.monotonic() > end:
                return [path.read_bytes() for path in found]
            time.sleep(0.05)

    def empty(self):
        for path in (self.folder / "boxes").glob("all/new/*"):
            path.unlink()


class Sink:
    """smtp-sink with flags: what it refuses, drops or delays."""

    def __init__(self, *flags):
        self.port = free_port()
        self.process = subprocess.Popen(["/usr/sbin/smtp-sink", "-u", "nobody", *flags, f"127.0.0.1:{self.port}", "50"], stderr=subprocess.DEVNULL, cwd="/")
        wait_for(self.port)

    def stop(self):
        self.process.kill()
        self.process.wait()
