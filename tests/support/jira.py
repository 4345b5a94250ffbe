"""A Jira site, Cloud or Data Center, as its REST search behaves, and worse: an index that lags, tokens that run out, keys that move,
SLA fields in four states, answers for nobody. What is true stands in `issues`; searches see the index only."""
import base64
import bisect
import datetime as dt
import json
import random
import re
import time
import urllib.parse
from email.utils import formatdate

from nasty_http import NastyServer

SITE_ZONE = dt.timezone(dt.timedelta(hours=11))  # timestamps carry it; users and accounts live elsewhere
DEEPEST = 10_000
OWN_FIELDS = ("assignee", "components", "created", "creator", "description", "duedate", "fixVersions", "issuelinks", "issuetype", "labels", "parent", "priority",
              "project", "reporter", "resolution", "resolutiondate", "status", "updated")


def jira_time(millis):
    moment = dt.datetime.fromtimestamp(millis // 1000, SITE_ZONE)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{millis % 1000:03d}" + moment.strftime("%z")


def sla_date(millis):
    return {"epochMillis": millis, "iso8601": "", "jira": jira_time(millis), "friendly": "some day"}


def created_of(issue):
    return round(dt.datetime.strptime(issue["fields"]["created"], "%Y-%m-%dT%H:%M:%S.%f%z").timestamp() * 1000)


class Refused(Exception):
    """400, in the site's words."""


def negation(truth):
    return None if truth is None else not truth


def some(truths):
    return True if True in truths else None if None in truths else False


class Query:
    """The JQL that the site understands: comparisons, AND, OR, NOT and parentheses. Anything else is refused. A comparison with an empty
    field is neither true nor false (None): its negation does not find it either."""
    TOKEN = re.compile(r'\s*(?:"([^"]*)"|(>=|<|=|\(|\)|,)|([\w.-]+))')

    def __init__(self, text, understands_not=True):
        self.text, self.understands_not, self.since, self.ids, self.used = text, understands_not, 0, None, set()
        where, *order = re.split(r"\border\s+by\b", text, flags=re.I)
        where, self.is_by_creation = where.rstrip(), bool(order) and order[0].strip().lower().startswith("created")
        self.tokens, at = [], 0
        while at < len(where):
            match = self.TOKEN.match(where, at)
            if not match:
                raise Refused(f"Error in the JQL Query: The character '{where[at:].lstrip()[:1]}' is a reserved JQL character. (line 1, character {at + 1})")
            self.tokens.append(match[1] if match[1] is not None else match[2] or match[3])
            at = match.end()
        self.tests = self.alternatives() if self.tokens else (lambda issue: True)
        if self.tokens:
            raise Refused(f"Error in the JQL Query: Expecting either 'OR' or 'AND' but got '{self.tokens[0]}'.")

    def alternatives(self):
        tests = [self.conjunction()]
        while self.tokens and self.tokens[0].lower() == "or":
            self.tokens.pop(0)
            tests.append(self.conjunction())
        return tests[0] if len(tests) == 1 else lambda issue: some([t(issue) for t in tests])

    def conjunction(self):
        tests = [self.term()]
        while self.tokens and self.tokens[0].lower() == "and":
            self.tokens.pop(0)
            tests.append(self.term())
        return tests[0] if len(tests) == 1 else lambda issue: negation(some([negation(t(issue)) for t in tests]))

    def next(self):
        if not self.tokens:
            raise Refused("Error in the JQL Query: Expecting a value but got the end of the query.")
        return self.tokens.pop(0)

    def term(self):
        field = self.next().lower()
        if field == ")":
            raise Refused("Error in the JQL Query: Expecting a field name but got ')'.")
        if field == "not" and self.understands_not:
            test = self.term()
            return lambda issue: negation(test(issue))
        if field == "(":
            test = self.alternatives()
            if self.next() != ")":
                raise Refused("Error in the JQL Query: Expecting ')' before the end of the query.")
            return test
        operator = self.next().lower()
        if operator == "in":
            self.next()
            values = set()
            while (value := self.next()) != ")":
                if value != ",":
                    values.add(value)
        else:
            values = {self.next()}
        self.used.add(field)
        if field == "updated" and operator == ">=":
            value = next(iter(values))
            if not value.isdigit():
                raise AssertionError(f"a written date is of the user's zone and of minutes: {self.text}")
            self.since = int(value)
            return lambda issue: True
        if field == "updated" and operator == "<":
            return lambda issue, until=int(next(iter(values))): issue["updated"] < until
        if field == "created" and operator == ">=":
            return lambda issue, since=int(next(iter(values))): created_of(issue) >= since - since % 1000
        if field == "project" and operator in ("=", "in"):
            return lambda issue: issue["project"] in values
        if field == "issuetype" and operator in ("=", "in"):
            return lambda issue: issue["fields"].get("issuetype", {}).get("name") in values
        if field == "labels" and operator == "is" and {value.lower() for value in values} == {"empty"}:
            return lambda issue: not issue["fields"].get("labels")
        if field == "labels" and operator in ("=", "in"):
            return lambda issue: bool(values & set(issue["fields"]["labels"])) if issue["fields"].get("labels") else None
        if field == "id" and operator == "in":
            self.ids = values
            return lambda issue: issue["id"] in values or issue["key"] in values
        raise Refused(f"Field '{field}' does not exist or you do not have permission to view it.")


class Jira(NastyServer):
    def __init__(self, flavour="cloud"):
        self.fields = [{"id": "summary", "name": "Summary", "schema": {"type": "string"}},
                       {"id": "customfield_10010", "name": "Planned end", "schema": {"type": "datetime", "custom": "x"}},
                       {"id": "customfield_10020", "name": "Zeit bis Lösung", "schema": {"type": "sd-servicelevelagreement", "custom": "com.atlassian.servicedesk:sd-sla-field"}},
                       {"id": "customfield_10021", "name": "Time to first response", "schema": {"custom": "com.atlassian.servicedesk:sd-sla-field"}}]
        # Jira's own, listed whether an issue has them or not; not by every site.
        self.own_fields = [{"id": field, "name": field.capitalize(), "schema": {"system": field}} for field in OWN_FIELDS]
        self.flavour, self.issues, self.hidden, self.hidden_projects = flavour, {}, set(), set()
        self.link_types = None                                # none: the site does not show them
        self.archived_projects = set()                        # searches find nothing of them
        self.shows_projects = True                            # by their keys; they are listed all the same
        self.projects = {"OPS", "NET", "APP", "OTHER", "CHG"}
        self.index, self.order, self.pending = {}, [], []     # id -> issue as searches see it; sorted; (due, id)
        self.index_lag_s, self.hides_while_lagging = 0.0, False
        self.grain_ms = 1 if flavour == "cloud" else 1000     # to which `updated >=` is rounded down
        self.shows_newest = False                             # contents as they are now, where the index still has the issue as it was
        self.shuffles_ties = False                            # of one second in another order at each question
        self.deepest, self.counts_deeper = DEEPEST, True      # Data Center: what it pages through, and whether its totals go on past it
        self.cap, self.shrink = 1000, False
        self.anonymous, self.strips_reason, self.captcha = False, False, False
        self.tries, self.asks_captcha_after = 0, None         # of wrong logins; so many of them
        self.cloud_id, self.oauth = None, None                # behind Atlassian's gateway; what asks for tokens (OAuth)
        self.repeat_token, self.tokens_expire_after, self.last_page = False, None, "proper"
        self.tokens, self.token_uses = {}, 0
        self.user, self.password = "bot@acme.com", "token"
        self.on_request = None
        self.sends_date, self.tells_time = True, True         # in each answer; in /serverInfo
        self.distort = None                                   # what a search answers, before it is sent
        self.instead = None                                   # (method, path) -> an answer of somebody before the site, or none
        self.withheld = set()                                 # issues that Data Center refuses by their ids with 403: of a security level
        self.unable = set()                                   # issues that Cloud cannot give just now, by their ids
        self.answers_nothing_by_id = False                    # 200, and `{}`
        self.ignores_reconcile = False                        # Cloud's search does not look past its index
        self.understands_not = True                           # some clauses cannot be negated
        self.behind = set()                                   # issues that the node lacks which answers the stream's query, and others have
        self.archived = set()                                 # issues: shown by their ids, found by no search
        self.listed = 0                                       # pages that were asked for without contents
        super().__init__()

    # What a test does to the site

    def put(self, issue_id, project, updated_ms, **fields):
        with self.lock:
            old = self.issues.get(issue_id, {"fields": {}})
            self.issues[issue_id] = {"id": issue_id, "key": fields.pop("key", old.get("key", f"{project}-{issue_id}")), "project": project,
                                     "updated": updated_ms, "fields": {**old["fields"], **fields}}
            self.to_index(issue_id)

    def touch(self, issue_id, updated_ms, **fields):
        self.put(issue_id, self.issues[issue_id]["project"], updated_ms, **fields)

    def move(self, issue_id, project, updated_ms):
        self.put(issue_id, project, updated_ms, key=f"{project}-{int(issue_id) % 10_000_000}")

    def delete(self, issue_id):
        with self.lock:
            del self.issues[issue_id]
            self.to_index(issue_id)

    def visible(self):
        return {i: r for i, r in self.issues.items() if i not in self.hidden and r["project"] not in self.hidden_projects}

    # The index

    def rank(self, issue):
        """What the index sorts by: Data Center's knows seconds only."""
        unit = 1 if self.flavour == "cloud" else 1000
        project, _, number = issue["key"].rpartition("-")
        return issue["updated"] // unit, project, int(number), issue["id"]

    def to_index(self, issue_id):
        if self.index_lag_s:
            self.pending.append((time.time() + self.index_lag_s, issue_id))
            if self.hides_while_lagging:
                self.drop(issue_id)
        else:
            self.refresh(issue_id)

    def drop(self, issue_id):
        old = self.index.pop(issue_id, None)
        if old:
            del self.order[bisect.bisect_left(self.order, self.rank(old))]

    def refresh(self, issue_id):
        self.drop(issue_id)
        if issue_id in self.issues:
            self.index[issue_id] = self.issues[issue_id]
            rank = self.rank(self.issues[issue_id])
            if not self.order or self.order[-1] < rank:
                self.order.append(rank)
            else:
                bisect.insort(self.order, rank)

    def settle(self):
        now = time.time()  # one instant: what comes due between two looks at the clock would never be found again
        due = [entry for entry in self.pending if entry[0] <= now]
        if due:
            self.pending = [entry for entry in self.pending if entry[0] > now]
            for _, issue_id in due:
                self.refresh(issue_id)

    # What the client meets

    def answer(self, method, path, headers, body):
        if self.on_request:
            self.on_request(self)
        if self.instead and (answer := self.instead(method, path)):
            return answer
        if self.oauth and path == "/oauth/token":
            return self.oauth.token(dict(urllib.parse.parse_qsl(body if isinstance(body, str) else body.decode())))
        if self.cloud_id:  # which knows no other way
            if not path.startswith(f"/ex/jira/{self.cloud_id}/"):
                return 404, {}, {"code": 404, "message": "Not found"}
            path = path.removeprefix(f"/ex/jira/{self.cloud_id}")
        url = urllib.parse.urlsplit(path)
        date = {"Date": formatdate(usegmt=True) if self.sends_date else None, "X-Seraph-LoginReason": "OK", "X-RateLimit-NearLimit": "false"}
        if re.fullmatch("/rest/api/[23]/serverInfo", url.path):
            time_there = {"serverTime": jira_time(int(time.time() * 1000))} if self.tells_time else {}
            return 200, {"Date": date["Date"]}, {**time_there, "deploymentType": "Cloud" if self.flavour == "cloud" else "Server", "version": "9.12.0"}
        if self.asks_captcha_after is not None and self.tries >= self.asks_captcha_after:
            return 403, {"X-Seraph-LoginReason": "AUTHENTICATION_DENIED"}, {"errorMessages": [], "errors": {}}
        if self.captcha:
            return 403, {"X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE; login-url=..."}, {"errorMessages": [], "errors": {}}
        given = headers.get("Authorization", "")
        good = given == "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode() or given == f"Bearer {self.password}"
        if self.oauth:
            good = given.removeprefix("Bearer ") in self.oauth.valid
        if not good:
            self.tries += 1
            return 401, {}, {"errorMessages": ["Client must be authenticated to access this resource."], "errors": {}}
        if self.anonymous:  # an expired token: 200, and nothing in it
            date["X-Seraph-LoginReason"] = "AUTHENTICATED_FAILED"
        if self.strips_reason:
            del date["X-Seraph-LoginReason"]
        if url.path.endswith("/myself"):
            if self.anonymous and self.strips_reason:
                return 200, date, {"name": "", "active": False}
            return 200, date, {"accountId": "5b1", "name": "bot", "timeZone": "America/New_York"}
        if url.path.endswith("/field"):
            return 200, date, self.fields and self.fields + self.own_fields
        if url.path.endswith("/issueLinkType") and self.link_types is not None:
            return 200, date, {"issueLinkTypes": self.link_types}
        with self.lock:
            self.settle()
            try:
                return self.route(method, url, body, date)
            except Refused as words:
                return 400, date, {"errorMessages": [str(words)], "errors": {}}

    def route(self, method, url, body, date):
        is_cloud = self.flavour == "cloud"
        if is_cloud and re.fullmatch(r"/rest/api/[23]/search", url.path):
            return 410, date, {"errorMessages": ["Die angeforderte API wurde entfernt."], "errors": {}}
        if url.path == ("/rest/api/3/search/jql" if is_cloud else "/rest/api/2/search"):
            return self.search(json.loads(body), date)
        if self.answers_nothing_by_id and "/issue/" in url.path:
            return 200, date, {}
        if is_cloud and url.path == "/rest/api/3/issue/bulkfetch":
            query = json.loads(body)
            if len(query["issueIdsOrKeys"]) > 100:
                raise Refused("issueIdsOrKeys must have between 1 and 100 entries")
            asked = [] if self.anonymous else [i for i in query["issueIdsOrKeys"] if i not in self.unable]
            unable = [{"id": i, "errorMessage": "The issue cannot be loaded at the moment."} for i in query["issueIdsOrKeys"] if i in self.unable]
            return 200, date, {"issues": [self.shown(i, query) for i in map(self.visible_issue, asked) if i], "issueErrors": unable}
        live = [{"key": key, "archived": False} for key in sorted(self.projects - self.hidden_projects - self.archived_projects)]
        if is_cloud and url.path == "/rest/api/3/project/search":
            start = int(urllib.parse.parse_qs(url.query).get("startAt", ["0"])[0])
            return 200, date, {"startAt": start, "isLast": start + 2 >= len(live), "values": live[start: start + 2]}
        if not is_cloud and url.path == "/rest/api/2/project":
            return 200, date, live
        match = re.fullmatch(r"/rest/api/[23]/project/(\w+)", url.path)
        if self.shows_projects and match and match[1] in self.projects and match[1] not in self.hidden_projects:
            return 200, date, {"key": match[1], "archived": match[1] in self.archived_projects}
        match = re.fullmatch(r"/rest/api/2/issue/(\w+)", url.path)
        if match and not is_cloud and match[1] in self.withheld:
            return 403, date, {"errorMessages": ["You do not have the permission to see the specified issue."], "errors": {}}
        if match and not is_cloud and not self.anonymous and (issue := self.visible_issue(match[1])):
            return 200, date, self.shown(issue, {"fields": urllib.parse.parse_qs(url.query).get("fields", ["*all"])[0].split(",")})
        return 404, date, {"errorMessages": ["Issue does not exist or you do not have permission to see it."], "errors": {}}

    def visible_issue(self, issue_id):
        issue = self.issues.get(issue_id)
        return issue if issue and issue_id not in self.hidden and issue["project"] not in self.hidden_projects else None

    def search(self, query, date):
        jql = Query(query["jql"], self.understands_not)
        if not jql.used:
            raise Refused("Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
        if jql.ids and query.get("validateQuery", True):
            for issue_id in sorted(jql.ids):
                if not self.anonymous and not self.visible_issue(issue_id) and not any(i["key"] == issue_id for i in self.visible().values()):
                    raise Refused(f"An issue with key '{issue_id}' does not exist for field 'id'.")
        self.listed += query.get("fields") == ["updated"]
        if query.get("maxResults", 50) > 5000:
            raise Refused("The value of maxResults must be between 1 and 5000.")
        most = min(query.get("maxResults", 50), self.cap)
        if self.shrink:  # rich answers come in short pages
            most = max(7, min(most, 300 // max(1, len(query.get("fields", ["id"])))))
        if self.flavour == "cloud" and not self.anonymous:  # asked for by number, they are as they are, whatever the index says
            for issue_id in map(str, query.get("reconcileIssues", []) if not self.ignores_reconcile else []):
                self.refresh(issue_id)
        found = [] if self.anonymous else self.select(jql)
        status, date, answer = self.page_by_token(query, found, most, date) if self.flavour == "cloud" else self.page_by_offset(query, found, most, date)
        if self.distort:
            self.distort(query, answer)
        return status, date, answer

    def page_by_offset(self, query, found, most, date):
        start = query.get("startAt", 0)
        if start >= self.deepest:
            return 500, date, {"errorMessages": ["index too deep"], "errors": {}}
        most = min(most, self.deepest - start)
        total = len(found) if self.counts_deeper else min(len(found), self.deepest)
        return 200, date, {"startAt": start, "maxResults": most, "total": total, "issues": [self.shown(i, query) for i in found[start: start + most]]}

    def page_by_token(self, query, found, most, date):
        """A token means an offset into what the search finds then: issues that leave it make others slip through."""
        start = 0
        if "nextPageToken" in query:
            self.token_uses += 1
            if query["nextPageToken"] not in self.tokens or (self.tokens_expire_after and self.token_uses % self.tokens_expire_after == 0):
                raise Refused("The provided next page token is invalid or has expired.")
            start = self.tokens[query["nextPageToken"]]
        answer = {"issues": [self.shown(i, query) for i in found[start: start + most]]}
        is_last = start + most >= len(found)
        if self.last_page == "proper" or is_last and self.last_page == "with token":
            answer["isLast"] = is_last
        if not is_last or self.last_page == "with token":
            token = "again" if self.repeat_token else f"t{len(self.tokens)}"
            self.tokens[token] = start + most
            answer["nextPageToken"] = token
        return 200, date, answer

    def select(self, jql):
        if jql.ids is not None:
            found = [issue for issue in self.index.values() if issue["id"] in jql.ids or issue["key"] in jql.ids]
            found.sort(key=self.rank)
        else:
            unit = 1 if self.flavour == "cloud" else 1000
            since = jql.since - jql.since % self.grain_ms
            found = [self.index[rank[-1]] for rank in self.order[bisect.bisect_left(self.order, (since // unit,)):]]
            if self.shuffles_ties:
                found.sort(key=lambda issue: (issue["updated"] // 1000, random.random()))
            if jql.is_by_creation:
                found.sort(key=lambda issue: (created_of(issue) // 1000, issue["key"]))
        lacking = self.behind if "project" in jql.used else set()
        return [i for i in found if i["id"] not in self.hidden | lacking and i["id"] not in self.archived and i["project"] not in self.hidden_projects | self.archived_projects and jql.tests(i) is True]

    def shown(self, issue, query):
        if self.shows_newest:
            issue = self.issues.get(issue["id"], issue)
        fields = {**issue["fields"], "updated": jira_time(issue["updated"])}
        if issue["id"] in self.archived:
            fields["archiveddate"] = jira_time(issue["updated"])
        asked = list(fields) if "*all" in query.get("fields", []) else query.get("fields", ["id"])
        chosen = {f: fields.get(f) for f in asked if f in fields or f.startswith("customfield")}
        return {"id": issue["id"], "key": issue["key"], "self": "x", "expand": "y", "fields": {f: v() if callable(v) else v for f, v in chosen.items()}}
