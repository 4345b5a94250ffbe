"""What stands in for the sites of docs/howto while its commands are run: each page names addresses, and a comment
`<!-- now: NAME -->` lets something happen there."""
import datetime as dt
import os

from fronts import Authority
from jira import Jira, jira_time
from post_office import PASSWORD, Postfix
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
