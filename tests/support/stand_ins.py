"""What stands in for the sites of docs/howto while its commands are run: each page names addresses, and a comment
`<!-- now: NAME -->` lets something happen there."""
import datetime as dt
import http.server
import os
import threading

from fronts import Authority
from jira import Jira, jira_time
from pages import ROOT, blocks, snippet_file, translate
from post_office import PASSWORD, Postfix, free_port
from servicenow import ServiceNow, stamp

START = int(dt.datetime(2026, 1, 5, 8, tzinfo=dt.timezone.utc).timestamp())
DAY = 86_400


def credentials(folder, **secrets):
    place = folder / "credentials"
    place.mkdir(exist_ok=True)
    for name, secret in secrets.items():
        (place / name).write_text(secret + "\n", encoding="utf-8")
    return {"CREDENTIALS_DIRECTORY": str(place)}


class Nothing:
    """For a page that names no site."""
    environment, addresses = {}, {}

    def __init__(self, folder):
        pass

    def stop(self):
        pass


class ServiceNowSite:
    """An instance with a few incidents; the client's secret is good."""

    def __init__(self, folder):
        self.environment = credentials(folder, snow="client-secret")
        self.site = ServiceNow()
        self.addresses = {"https://acme.service-now.com": self.site.url}
        self.site.references = {("incident", "business_service"): "cmdb_ci_service"}
        self.site.tables = {"problem": {}, "change_request": {}, "task_sla": {}}
        self.site.put("cmdb_ci_service", {"sys_id": "5e1f00aa", "name": "vpn", "sys_updated_on": stamp(START)})
        columns = ("closed_at", "cmdb_ci", "subcategory", "assignment_group", "assigned_to", "problem_id", "caused_by", "parent_incident", "reopen_count")
        for number in range(1, 41):
            opened = START + number * DAY
            self.site.put("incident", {**dict.fromkeys(columns, ""), "sys_id": f"{number:032x}", "number": f"INC{number:07d}", "sys_updated_on": stamp(opened + 7_200),
                                       "sys_created_on": stamp(opened), "sys_mod_count": "1", "state": "7", "priority": "3", "opened_at": stamp(opened), "resolved_at": stamp(opened + 3_600),
                                       "business_service": "5e1f00aa", "category": "network", "reassignment_count": "0", "escalation": "0", "short_description": "no connection"})

    def happen(self, what):
        if what == "the account may not read two fields":
            self.site.hidden_fields |= {("incident", "opened_at"), ("incident", "category")}
        elif what == "the account may read again":
            self.site.hidden_fields.clear()
        elif what == "the account may not read the table":
            self.site.unreadable_tables.add("incident")
        else:
            raise ValueError(what)

    def stop(self):
        self.site.stop()


class JiraSites:
    """A site in the cloud and one of Data Center, with the same issues."""

    def __init__(self, folder):
        self.environment = credentials(folder, jira="token")
        self.cloud, self.data_center = Jira("cloud"), Jira("data_center")
        self.addresses = {"https://acme.atlassian.net": self.cloud.url, "https://jira.acme.com": self.data_center.url}
        self.cloud.fields += [{"id": f"customfield_1005{at}", "name": name, "schema": {"type": "x", "custom": "x"}} for at, name in enumerate(
            ("Change type", "Planned start", "Actual start", "Actual end"))]
        for site in (self.cloud, self.data_center):
            for number in range(1, 41):
                opened = (START + number * DAY) * 1000
                site.put(str(10_000 + number), "OPS", opened + 7_200_000, key=f"OPS-{number}", summary="no connection", created=jira_time(opened), resolutiondate=jira_time(opened + 3_600_000),
                         status={"name": "Done", "statusCategory": {"key": "done"}}, priority={"id": "3"}, components=[{"name": "vpn"}], issuetype={"name": "Incident"}, assignee=None,
                         labels=[], issuelinks=[])

        self.cloud.put("20001", "CHG", START * 1000, key="CHG-1", summary="a new router", created=jira_time(START * 1000), resolutiondate=None, resolution=None,
                       status={"name": "Open", "statusCategory": {"key": "new"}}, issuetype={"name": "Change"}, components=[], assignee=None, labels=[], issuelinks=[])

    def happen(self, what):
        if what == "the token has expired":
            self.cloud.anonymous = True
        elif what == "there is a new token":
            self.cloud.anonymous = False
        elif what == "Planned start is called Begin":
            next(field for field in self.cloud.fields if field["name"] == "Planned start")["name"] = "Begin"
        elif what == "the account has to solve a captcha":
            self.data_center.captcha = True
        else:
            raise ValueError(what)

    def stop(self):
        self.cloud.stop()
        self.data_center.stop()


class MailServer:
    """Postfix, with a certificate of an authority of its own."""

    def __init__(self, folder):
        self.environment = credentials(folder, smtp=PASSWORD)
        home = folder / "postfix"
        home.mkdir()
        os.chmod(folder, 0o755)
        authority = Authority(folder)
        self.server = Postfix(home, authority)
        (folder / "work" / "our-ca.pem").write_bytes((authority.folder / "ca.pem").read_bytes())
        self.addresses = {"mail.acme.com:587": f"127.0.0.1:{self.server.ports['login']}", "mail.acme.com:465": f"127.0.0.1:{self.server.ports['smtps']}",
                          "mail.acme.com:2525": "127.0.0.1:1", "mail.acme.com port 2525": "127.0.0.1 port 1"}

    def stop(self):
        self.server.stop()


STAND_INS = {"servicenow.md": ServiceNowSite, "jira.md": JiraSites, "smtp.md": MailServer}


# Of pages of a machine that has the package (tests/installed): `machine` is it.

class ServiceNowService(ServiceNowSite):
    """The instance that the README's service reads."""
    CONFIGURATION = """store: /var/lib/baselined/baselined.db
sources:
  acme:
    type: servicenow
    url: {url}
    auth: {{ oauth2: {{ grant: client_credentials, client_id: baselined, client_secret: "${{credential:snow}}" }} }}
    since: 2024-12-01
    streams:
      incident: {{ mapping: servicenow/incident }}
"""

    def __init__(self, folder, machine):
        super().__init__(folder)
        self.machine = machine
        machine.path("snow-secret").write_text("client-secret\n", encoding="utf-8")

    def happen(self, what):
        assert what == "the configuration names acme"
        self.machine.path("/etc/baselined/baselined.yaml").write_text(self.CONFIGURATION.format(url=self.site.url), encoding="utf-8")


class LocalMail:
    """A mail server on the machine, which takes mails for everybody in a domain of its own."""

    def __init__(self, folder, machine):
        self.machine = machine
        home = folder / "postfix"
        home.mkdir()
        os.chmod(folder, 0o755)
        self.server = Postfix(home, Authority(folder))
        self.addresses = {"localhost:25": f"127.0.0.1:{self.server.ports['plain']}", "@example.com": "@acme.example"}

    def happen(self, what):
        if what == "the exports stand still":
            self.machine.must("find /srv/exports -type f -exec touch -d '1 minute ago' {} +")
        elif what == "Dana Ruiz has a mail about ITSM-014":
            mail, = self.server.mails()
            head = mail.decode().partition("\n\n")[0]
            assert "Delivered-To: dana.ruiz@acme.example" in head and "(ITSM-014)" in head, head
        else:
            raise ValueError(what)

    def stop(self):
        self.server.stop()


class Watch:
    """The tutorial's service, and who is called while it is ready."""

    def __init__(self, folder, machine):
        watch = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                watch.called.append(self.path)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.machine, self.called = machine, []
        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addresses = {"https://watch.example.org/": f"http://127.0.0.1:{self.server.server_address[1]}/", "127.0.0.1:8787": f"127.0.0.1:{free_port()}"}

    def happen(self, what):
        if what == "the tutorial's configuration is in force":
            self.machine.must("apt-get install -y -qq --no-install-recommends curl; cp -a /usr/share/baselined/samples/inbox /srv/exports")
            at_home = {"store: baselined.db": "store: /var/lib/baselined/baselined.db", "path: inbox": "path: /srv/exports"}
            for block in blocks(ROOT / "docs/tutorial.md"):
                if name := snippet_file(block):
                    self.machine.path(f"/etc/baselined/{name}").write_text(translate(block.text, at_home), encoding="utf-8")
            self.machine.must("systemctl reload baselined")
            self.machine.wait(lambda: ": ok" in self.machine.run("baselined sources"), "read")
        elif what == "the watch was called":
            self.machine.wait(lambda: self.called, what)
            assert set(self.called) == {"/UUID"}, self.called
        else:
            raise ValueError(what)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


INSTALLED = {"README.md": ServiceNowService, "tutorial.md": LocalMail, "operations.md": Watch}
