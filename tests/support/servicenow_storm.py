"""A year of a service desk on a simulated ServiceNow instance, told again and again by a seed; then a storm: everything that happens to
real instances, while they are read. And the indicators that its rows make, computed from the instance itself in plain Python."""
import datetime as dt
import random
import time

import oracle
from servicenow import stamp

UTC = dt.timezone.utc
DAY = 86_400
NOW = int(time.time())
START = NOW - 400 * DAY
FAULTS = ("429", "429-reset", "429-bare", "503-html", "500", "500-wait", "reset", "cut", "cut-json", "html", "trickle", "spent-unix")
TABLES = ("incident", "problem", "change_request", "task_sla")
EMPTY = dict.fromkeys(("business_service", "cmdb_ci", "assignment_group", "assigned_to", "problem_id", "caused_by", "parent_incident", "category", "subcategory", "closed_at", "short_description",
                       "fix_at", "resolution_code", "approval_set", "start_date", "end_date", "work_start", "closed_at", "risk", "unauthorized", "type", "task", "sla", "escalation", "reassignment_count", "reopen_count", "priority"), "")


def parse(text):
    return dt.datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC) if text else None


class Storm:
    def __init__(self, instance, seed, count):
        self.instance, self.rng, self.number = instance, random.Random(seed), 0
        self.count, self.anonymous_for, self.anonymous_how = count, 0, True  # requests
        self.keys = {table: [] for table in TABLES}
        instance.references = {("incident", "business_service"): "cmdb_ci_service", ("incident", "cmdb_ci"): "cmdb_ci", ("task_sla", "task"): "incident"}
        for name in ("vpn", "mail", "erp"):
            instance.put("cmdb_ci_service", {"sys_id": f"svc-{name}", "name": name, "sys_updated_on": stamp(START)})
        for number in range(9):
            instance.put("cmdb_ci", {"sys_id": f"ci-{number}", "name": f"machine {number}", "sys_updated_on": stamp(START)})
        for _ in range(count):
            self.add_incident(self.rng.randrange(START, NOW - 40 * DAY))
        for _ in range(count // 10):
            self.add_problem(self.rng.randrange(START, NOW - 40 * DAY))
            self.add_change(self.rng.randrange(START, NOW - 40 * DAY))
        for _ in range(count // 3):
            self.add_sla(self.rng.randrange(START, NOW - 40 * DAY))
        burst = stamp(NOW - 20 * DAY)  # a bulk edit: thousands of rows in one second
        for sys_id in self.rng.sample(self.keys["incident"], count // 4):
            self.touch("incident", sys_id, burst)
        instance.put("sys_audit_delete", {"sys_id": "d", "tablename": "kb_knowledge", "documentkey": "x", "sys_created_on": stamp(START), "sys_updated_on": stamp(START)})

    def new_id(self, table):
        self.number += 1
        sys_id = f"{self.rng.getrandbits(128):032x}" if self.number % 60 else f"legacy-{self.number}"
        self.keys[table].append(sys_id)
        return sys_id

    def put(self, table, updated, **row):
        sys_id = self.new_id(table)
        self.instance.put(table, {**EMPTY, "sys_id": sys_id, "number": f"{table[:3].upper()}{self.number:07d}", "sys_updated_on": stamp(updated), "sys_created_on": stamp(updated), "sys_mod_count": "0", **row})

    def touch(self, table, sys_id, at, **changes):
        row = self.instance.tables[table].get(sys_id)
        if row and at > row["sys_updated_on"]:  # a row's own time never goes back
            self.instance.put(table, {"sys_id": sys_id, "sys_updated_on": at, "sys_mod_count": str(int(row["sys_mod_count"]) + 1), **changes})

    def add_incident(self, opened, updated=None):
        rng = self.rng
        resolved = opened + rng.randrange(60, 30 * DAY) if rng.random() < 0.8 else None
        resolved = None if resolved and resolved > NOW else resolved
        changes = self.keys["change_request"]
        self.put("incident", updated or (resolved or opened) + rng.randrange(DAY), state=("6" if resolved else "2") if rng.random() < 0.95 else "8", opened_at=stamp(opened), resolved_at=stamp(resolved) if resolved else "",
                 business_service=f"svc-{rng.choice(('vpn', 'mail', 'erp'))}", cmdb_ci=f"ci-{rng.randrange(9)}", category=rng.choice(("network", "software")), reopen_count=rng.choice(("", "0", "1")),
                 caused_by=rng.choice(changes) if changes and rng.random() < 0.05 else "", priority=str(rng.randint(1, 5)))

    def add_problem(self, opened):
        self.put("problem", opened, state=self.rng.choice(("101", "103", "107")), opened_at=stamp(opened), resolved_at="" if self.rng.random() < 0.3 else stamp(opened + self.rng.randrange(60 * DAY)))

    def add_change(self, ended):
        self.put("change_request", ended + 60, type="normal", state="3", close_code=self.rng.choice(("successful", "successful", "successful_issues", "unsuccessful")), opened_at=stamp(ended - DAY), work_end=stamp(ended))

    def add_sla(self, ended):
        """The flag lags: the times say it."""
        planned = ended + self.rng.choice((-3600, 0, 3600))
        self.put("task_sla", ended + 60, task=self.rng.choice(self.keys["incident"]), stage=self.rng.choice(("completed", "completed", "cancelled")), has_breached="false" if self.rng.random() < 0.5 else ("true" if planned < ended else "false"),
                 start_time=stamp(ended - DAY), end_time=stamp(ended), planned_end_time=stamp(planned))

    # What happens while the instance is read

    def happen(self, instance):
        with instance.lock:
            instance.is_anonymous = self.anonymous_for > 0 and self.anonymous_how
            self.anonymous_for = max(0, self.anonymous_for - 1)
            for _ in range(self.rng.choice((0, 1, 3))):
                self.one_event()

    def one_event(self):
        now, rng = int(self.instance.clock()), self.rng
        table = rng.choice(TABLES)
        sys_id = rng.choice(self.keys[table])
        event = rng.random()
        if event < 0.5:
            self.touch(table, sys_id, stamp(now), priority=str(rng.randint(1, 5)), state=rng.choice(("1", "6")) if table == "incident" else self.instance.tables[table].get(sys_id, {}).get("state", ""))
        elif event < 0.6 and table == "incident":  # opened again: an old month changes
            self.touch(table, sys_id, stamp(now), resolved_at="", state="2")
        elif event < 0.65 and table == "incident":  # a cause that is found out late
            self.touch(table, sys_id, stamp(now), caused_by=rng.choice(self.keys["change_request"]))
        elif event < 0.75 and sys_id in self.instance.tables[table]:
            audited = rng.random() < 0.5
            self.instance.delete(table, sys_id, audited)
            for sla in [i for i, row in self.instance.tables["task_sla"].items() if row["task"] == sys_id]:
                self.instance.delete("task_sla", sla, audited)  # an instance takes a task's SLAs with it
        elif event < 0.85:
            self.add_incident(now - rng.randrange(60 * DAY), now)
        elif event < 0.9:  # committed long after its time
            self.touch(table, sys_id, stamp(now - rng.choice((30, 600, 7200))))
        elif event < 0.92:
            for burst in rng.sample(self.keys["incident"], min(500, len(self.keys["incident"]))):
                self.touch("incident", burst, stamp(now - 2))
        elif event < 0.94:
            self.instance.tokens.clear()
        elif event < 0.945:  # the session is lost: 200 and nothing to see, for some requests
            self.anonymous_for, self.anonymous_how = rng.choice((1, 2, 5, 30)), rng.choice((True, "counts"))
        else:
            self.instance.fail(rng.choice(FAULTS), 1)

    def trouble(self, turn):
        """One kind of trouble for the whole of a reading."""
        instance, rng = self.instance, self.rng
        instance.on_request = self.happen
        instance.hidden_ids = set(rng.sample(self.keys["incident"], len(self.keys["incident"]) // 10)) if turn == 1 else set()
        # In pages that are small for the table, and no smaller: each costs this simulator a look at all of its rows.
        few, more = max(37, self.count // 40), max(60, self.count // 25)
        instance.most_rows = rng.choice((None, few))
        instance.cancel_above, instance.cancel_status = rng.choice(((None, 200), (more, 200), (more, 500)))
        instance.is_version_1 = rng.random() < 0.3
        # A right that is lost drops conditions, of one table in one reading; the others go on.
        instance.stripped = {(rng.choice(TABLES), rng.choice(("sys_updated_on", "sys_id", "task.sys_updated_on")))} if turn in (0, 2) else set()
        instance.sends_date, instance.omits_walks = rng.random() < 0.8, rng.random() < 0.5
        instance.says_login = rng.random() < 0.7

    def calm(self):
        instance = self.instance
        with instance.lock:
            instance.on_request, instance.faults, instance.hidden_ids = None, [], set()
            instance.most_rows = instance.cancel_above = None
            instance.stripped, instance.sends_date, instance.is_anonymous = set(), True, False

    # What the program has to say in the end

    def indicators(self, zone):
        visible = {table: list(self.instance.visible(table).values()) for table in TABLES}
        services = {key: row["name"] for key, row in self.instance.tables["cmdb_ci_service"].items()}
        incidents = [{"id": r["sys_id"], "opened": parse(r["opened_at"]), "resolved": parse(r["resolved_at"]), "service": services[r["business_service"]], "ci": r["cmdb_ci"], "category": r["category"],
                      "reopened": float(r["reopen_count"] or 0) > 0} for r in visible["incident"] if r["state"] != "8"]
        blamed = {r["caused_by"] for r in visible["incident"] if r["state"] != "8"} - {""}
        changes = [{"ended": parse(r["work_end"]), "failed": r["close_code"] == "unsuccessful" or r["sys_id"] in blamed or r["number"] in blamed} for r in visible["change_request"]]
        priorities = {r["sys_id"]: r["priority"] for r in visible["incident"]}
        slas = [{"ended": parse(r["end_time"]), "priority": priorities[r["task"]], "breached": r["end_time"] > r["planned_end_time"] or r["has_breached"] == "true"} for r in visible["task_sla"] if r["stage"] == "completed"]
        problems = [{"opened": parse(r["opened_at"]), "resolved": parse(r["resolved_at"])} for r in visible["problem"]]
        labels = sorted(oracle.grouped(incidents, "opened", "month", zone))
        months = [label for label in labels if oracle.period_ends([label], "month", zone)[label] <= dt.datetime.now(UTC)]
        again = oracle.recurring(incidents, ("service", "ci", "category"), dt.timedelta(days=30))
        return {"incident_volume": {label: len(cell) for label, cell in oracle.grouped(incidents, "opened", "month", zone).items()},
                "incident_recurrence_rate": oracle.shares(incidents, "opened", "month", zone, lambda r: r["id"] in again),
                "mean_time_to_restore": oracle.statistics(incidents, "month", zone, lambda spans: sum(spans) / len(spans)),
                "reopen_rate": oracle.shares(incidents, "resolved", "month", zone, lambda r: r["reopened"]),
                "incident_backlog": oracle.backlog(incidents, months, "month", zone),
                "problem_backlog": oracle.backlog(problems, months, "month", zone),
                "change_failure_rate": oracle.shares(changes, "ended", "month", zone, lambda r: r["failed"]),
                "sla_breach_rate": oracle.shares(slas, "ended", "month", zone, lambda r: r["breached"]),
                "sla_breach_rate --where priority=1": oracle.shares([r for r in slas if r["priority"] == "1"], "ended", "month", zone, lambda r: r["breached"])}
