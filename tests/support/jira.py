"""A Jira site, Cloud or Data Center, as its REST search behaves: an index that lags, tokens that run out into empty
answers, keys that move, SLA fields in four states."""
import base64
import datetime as dt
import json
import re
import time
import urllib.parse
from email.utils import formatdate

from nasty_http import NastyServer

SITE_ZONE = dt.timezone(dt.timedelta(hours=11))  # timestamps carry it; users and accounts live elsewhere


def jira_time(millis):
    moment = dt.datetime.fromtimestamp(millis / 1000, SITE_ZONE)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{millis % 1000:03d}" + moment.strftime("%z")


def sla_date(millis):
    return {"epochMillis": millis, "iso8601": "", "jira": jira_time(millis), "friendly": "some day"}


class Jira(NastyServer):
    FIELDS = [{"id": "summary", "name": "Summary", "schema": {"type": "string"}},
              {"id": "customfield_10010", "name": "Planned end", "schema": {"type": "datetime", "custom": "x"}},
              {"id": "customfield_10020", "name": "Zeit bis Lösung", "schema": {"type": "sd-servicelevelagreement", "custom": "com.atlassian.servicedesk:sd-sla-field"}},
              {"id": "customfield_10021", "name": "Time to first response", "schema": {"custom": "com.atlassian.servicedesk:sd-sla-field"}}]

    def __init__(self, flavour="cloud"):
        self.flavour, self.issues, self.hidden = flavour, {}, set()
        self.index_lag_ms, self.cap, self.shrink = 0, 1000, False
        self.anonymous, self.repeat_token, self.captcha = False, False, False
        self.user, self.password = "bot@acme.com", "token"
        self.on_request = None
        super().__init__()

    def put(self, issue_id, project, updated_ms, **fields):
        with self.lock:
            old = self.issues.get(issue_id, {"fields": {}})
            self.issues[issue_id] = {"id": issue_id, "key": fields.pop("key", old.get("key", f"{project}-{issue_id}")), "project": project,
                                     "updated": updated_ms, "fields": {**old["fields"], **fields}}

    def visible(self):
        return {i: r for i, r in self.issues.items() if i not in self.hidden}

    def answer(self, method, path, headers, body):
        url = urllib.parse.urlsplit(path)
        if self.on_request:
            self.on_request(self)
        date = {"Date": formatdate(usegmt=True), "X-Seraph-LoginReason": "OK"}
        if url.path == "/rest/api/2/serverInfo":
            return 200, {}, {"deploymentType": "Cloud" if self.flavour == "cloud" else "Server", "version": "9.12.0"}
        if self.captcha:
            return 403, {"X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE; login-url=..."}, {"errorMessages": [], "errors": {}}
        given = headers.get("Authorization", "")
        good = given == "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode() or given == f"Bearer {self.password}"
        if not good:
            return 401, {}, {"errorMessages": ["Client must be authenticated to access this resource."], "errors": {}}
        if self.anonymous:  # an expired token: 200, and nothing in it
            date["X-Seraph-LoginReason"] = "AUTHENTICATED_FAILED"
        if url.path.endswith("/myself"):
            return 200, date, {"accountId": "5b1", "name": "bot", "timeZone": "America/New_York"}
        if url.path.endswith("/field"):
            return 200, date, self.FIELDS
        if url.path == "/rest/api/3/search/jql" and self.flavour == "cloud":
            return self.search(json.loads(body), date)
        if url.path == "/rest/api/2/search":
            if self.flavour == "cloud":
                return 410, date, {"errorMessages": ["Die angeforderte API wurde entfernt."], "errors": {}}
            return self.search(json.loads(body), date)
        return 404, date, {"errorMessages": ["null for uri"], "errors": {}}

    def search(self, query, date):
        jql = query["jql"]
        if not re.search(r"project|updated|id in|key in", jql.split("ORDER BY")[0]):
            return 400, date, {"errorMessages": ["Unbounded JQL queries are not allowed here. Please add a search restriction to your query."], "errors": {}}
        with self.lock:
            found = [] if self.anonymous else self.select(jql)
        most = min(query.get("maxResults", 50), self.cap)
        if self.shrink:
            most = min(most, 37)
        if self.flavour != "cloud":
            start = query.get("startAt", 0)
            if start >= 10_000:
                return 500, date, {"errorMessages": ["index too deep"], "errors": {}}
            return 200, date, {"startAt": start, "maxResults": most, "total": len(found), "issues": [self.shown(i, query) for i in found[start: start + most]]}
        start = int(query.get("nextPageToken", "0").split(":")[-1])
        answer = {"issues": [self.shown(i, query) for i in found[start: start + most]], "isLast": start + most >= len(found)}
        if not answer["isLast"]:
            answer["nextPageToken"] = "t:0" if self.repeat_token else f"t:{start + most}"
        return 200, date, answer

    def select(self, jql):
        where, _, order = jql.partition(" ORDER BY ")
        newest = time.time() * 1000 - self.index_lag_ms
        found = []
        project = re.findall(r"project = \"?(\w+)", where)
        since = re.search(r"updated >= (\d+)", where)
        ids = re.search(r"\bid in \(([^)]*)\)", where)
        for issue in self.issues.values():
            if issue["id"] in self.hidden or issue["updated"] > newest:
                continue
            if project and issue["project"] not in project:
                continue
            if since and issue["updated"] < int(since[1]):
                continue
            if ids and issue["id"] not in ids[1].split(","):
                continue
            found.append(issue)
        found.sort(key=lambda issue: (issue["updated"], issue["key"]), reverse="DESC" in order)
        return found

    def shown(self, issue, query):
        fields = {**issue["fields"], "updated": jira_time(issue["updated"])}
        asked = list(fields) if "*all" in query.get("fields", []) else query.get("fields", ["id"])
        return {"id": issue["id"], "key": issue["key"], "self": "x", "expand": "y", "fields": {f: fields.get(f) for f in asked if f in fields or f.startswith("customfield")}}
