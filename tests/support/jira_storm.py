"""A year of a service desk on a simulated Jira site, told again and again by a seed; then a storm: everything that happens to real sites,
while they are read. And the indicators that its issues make, computed from the site itself in plain Python."""
import datetime as dt
import random
import time

import oracle
from jira import jira_time, sla_date

UTC = dt.timezone.utc
DAY = 86_400_000
NOW = int(time.time()) * 1000
START = NOW - 400 * DAY
PROJECTS = ("OPS", "NET", "APP")
FAULTS = ("429", "429-reset", "429-iso", "429-past", "429-html", "503-html", "500", "500-wait", "reset", "cut", "cut-json", "html", "trickle", "spent-iso", "spent-after")


def in_time(millis):
    return dt.datetime.fromtimestamp(millis / 1000, UTC)


class Storm:
    def __init__(self, site, seed, count):
        self.site, self.rng, self.next_id = site, random.Random(seed), 10_000
        for _ in range(count):
            self.add(self.rng.randrange(START, START + 330 * DAY))
        burst = START + 100 * DAY
        for _ in range(count // 20):  # a bulk edit: thousands in one second, many in one instant
            issue = self.any()
            self.site.touch(issue["id"], max(issue["updated"], burst + self.rng.choice((0, 0, 0, self.rng.randrange(1000)))))

    def any(self):
        return self.site.issues[str(self.rng.randrange(10_000, self.next_id))]

    def add(self, opened):
        rng, issue_id = self.rng, str(self.next_id)
        self.next_id += 1
        resolved = opened + rng.randrange(60_000, 30 * DAY) if rng.random() < 0.8 else None
        if resolved and resolved > NOW - DAY:
            resolved = None
        cycles = []
        for number in range(rng.choice((0, 1, 1, 2))):
            begin = opened + number * DAY
            if begin > NOW - DAY:
                break
            cycles.append({"startTime": sla_date(begin), "stopTime": sla_date(begin + rng.randrange(DAY)), "breachTime": sla_date(begin + DAY // 2), "breached": rng.random() < 0.2})
        self.site.put(issue_id, rng.choice(PROJECTS), min(int(time.time() * 1000), (resolved or opened) + rng.randrange(DAY)), summary=f"No {issue_id}", created=jira_time(opened),
                      resolutiondate=resolved and jira_time(resolved), status={"name": "Offen", "statusCategory": {"key": "done" if resolved else rng.choice(("new", "indeterminate"))}},
                      priority={"id": str(rng.randint(1, 5))}, components=[{"name": rng.choice(("vpn", "mail", "erp"))}], issuetype={"name": "Incident"}, assignee=None, labels=[],
                      issuelinks=[], customfield_10020={"id": "7", "name": "Zeit bis Lösung", "completedCycles": cycles} if cycles else None, customfield_10021=None)

    # What happens while the site is read

    def happen(self, site):
        with site.lock:
            for _ in range(self.rng.choice((0, 1, 3))):
                self.one_event()

    def one_event(self):
        now = int(time.time() * 1000)
        issue_id = str(self.rng.randrange(10_000, self.next_id))
        if issue_id not in self.site.issues:
            return
        event = self.rng.random()
        if event < 0.5:
            self.reopen_or_resolve(issue_id, now)
        elif event < 0.65:
            self.site.move(issue_id, self.rng.choice(PROJECTS + ("OTHER",)), now)
        elif event < 0.75:
            self.site.delete(issue_id)
        elif event < 0.85:
            self.add(now - self.rng.randrange(DAY))
        elif event < 0.95:  # found by searches long after its time
            self.site.touch(issue_id, self.site.issues[issue_id]["updated"] + 1000)
        else:
            self.site.fail(self.rng.choice(FAULTS), 1)

    def reopen_or_resolve(self, issue_id, now):
        is_open = self.site.issues[issue_id]["fields"]["resolutiondate"] is None
        self.site.touch(issue_id, now, resolutiondate=jira_time(now) if is_open else None, status={"name": "x", "statusCategory": {"key": "done" if is_open else "new"}})

    def calm(self):
        """Nothing more happens, and the index has caught up."""
        with self.site.lock:
            self.site.on_request, self.site.faults = None, []
            self.site.index_lag_s = 0
            self.site.pending = [(0, issue_id) for _, issue_id in self.site.pending]

    # What the program has to say in the end

    def records(self):
        """By the shipped mapping's words: an issue without a resolution is open."""
        found = []
        for issue in self.site.visible().values():
            if issue["project"] in PROJECTS:
                fields = issue["fields"]
                found.append({"id": issue["id"], "opened": self.parse(fields["created"]), "resolved": self.parse(fields["resolutiondate"]),
                              "service": fields["components"][0]["name"], "category": "Incident", "ci": None,
                              "cycles": (fields["customfield_10020"] or {"completedCycles": []})["completedCycles"]})
        return found

    @staticmethod
    def parse(text):
        return text and dt.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").astimezone(UTC)

    def indicators(self, zone):
        records = self.records()
        labels = sorted(oracle.grouped(records, "opened", "month", zone))
        cycles = [{"ended": in_time(c["stopTime"]["epochMillis"]), "breached": c["breached"]} for r in records for c in r["cycles"]]
        # A month that has not ended is counted as of the program's own instant.
        months = [label for label in labels if oracle.period_ends([label], "month", zone)[label] <= dt.datetime.now(UTC)]
        return {"incident_volume": {label: len(cell) for label, cell in oracle.grouped(records, "opened", "month", zone).items()},
                "mean_time_to_restore": oracle.statistics(records, "month", zone, lambda spans: sum(spans) / len(spans)),
                "median_time_to_restore": oracle.statistics(records, "month", zone, lambda spans: oracle.percentile(spans, 50)),
                "again": oracle.shares(records, "opened", "month", zone, lambda r, again=oracle.recurring(records, ("service", "category"), dt.timedelta(hours=2)): r["id"] in again),
                "incident_backlog": oracle.backlog(records, months, "month", zone),
                "sla_breach_rate": oracle.shares(cycles, "ended", "month", zone, lambda c: c["breached"])}
