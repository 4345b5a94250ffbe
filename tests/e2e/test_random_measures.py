#!/usr/bin/python3
"""Measures drawn by chance over records drawn by chance: baseline, statuses by period, forecast, limits and money are held against
tests/support/promise.py. SEED=N repeats one; ROUNDS=N draws more."""
import csv
import datetime as dt
import json
import pathlib
import random
import sys
import unittest
import zoneinfo

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
import oracle  # noqa: E402
from promise import Promise  # noqa: E402
from reference import Reference  # noqa: E402
from rounds import Rounds, rfc  # noqa: E402

UTC = dt.timezone.utc
SETTLE = dt.timedelta(days=7)
SPAN = {"from": "opened_at", "to": "resolved_at"}
INDICATORS = {
    "share": {"kind": "incident", "at": "opened_at", "share": {"escalated": True}},
    "count": {"kind": "incident", "at": "opened_at", "where": {"escalated": True}, "count": "all"},
    "ratio": {"kind": "incident", "at": "opened_at", "where": {"escalated": True}, "ratio": {"over": "all_incidents"}},
    "mean": {"kind": "incident", "at": "resolved_at", "mean": SPAN},
    "median": {"kind": "incident", "at": "resolved_at", "median": SPAN},
    "percentile": {"kind": "incident", "at": "resolved_at", "percentile": {"of": SPAN, "p": 90}},
    "sum": {"kind": "incident", "at": "resolved_at", "sum": SPAN},
    "backlog": {"kind": "incident", "backlog": SPAN},
}
WINDOWS = {"month": ("2024-07-01", "2025-06-30"), "quarter": ("2023-07-01", "2025-06-30"), "week": ("2025-01-02", "2025-06-29"), "day": ("2025-05-01", "2025-06-30")}
STARTS = {"month": "2025-07-01", "quarter": "2025-07-01", "week": "2025-07-02", "day": "2025-07-01"}


def after(begin, length):
    if length in ("day", "week"):
        return begin + dt.timedelta(days=1 if length == "day" else 7)
    months = begin.year * 12 + begin.month - 1 + (1 if length == "month" else 3)
    return dt.date(months // 12, months % 12 + 1, 1)


def containing(day, length):
    if length == "week":
        return day - dt.timedelta(days=day.weekday())
    return {"day": day, "month": day.replace(day=1), "quarter": dt.date(day.year, (day.month - 1) // 3 * 3 + 1, 1)}[length]


class Drawn:
    """One measure, with the world that it is measured in."""

    def __init__(self, seed):
        r = self.random = random.Random(seed)
        self.form, self.length = r.choice(list(INDICATORS)), r.choice(["day", "week", "week", "month", "month", "month", "quarter"])
        self.better = "lower" if self.form in ("count", "ratio", "backlog") else r.choice(["lower", "lower", "higher"])
        self.zone_name = r.choice(["UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland"])
        self.zone = zoneinfo.ZoneInfo(self.zone_name)
        first, last = (dt.date.fromisoformat(d) for d in WINDOWS[self.length])
        self.window, self.start = (first, last), dt.date.fromisoformat(STARTS[self.length])
        self.ramp = r.choice([1, 3, 6])
        self.periods_to_target = r.choice([2, self.ramp, 8, 20])
        self.followed = r.choice([2, 5, 12, 25])
        self.reduction, self.kept = r.choice([0.15, 0.3, 0.5]), r.choice([1.2, 1, 0.6, 0.3, 0])
        self.records = list(self.draw_records(first))

    def begins(self):
        """Of t = 1, 2 ...: the first that begins on or after the start."""
        begin = containing(self.start, self.length)
        begin = begin if begin == self.start else after(begin, self.length)
        while True:
            yield begin
            begin = after(begin, self.length)

    def draw_records(self, first):
        r, days = self.random, {"day": 1, "week": 7, "month": 30, "quarter": 91}[self.length]
        volume, level, number = r.choice([3, 15, 60]) / days, r.choice([0.1, 0.3, 0.6]), 0
        sign = -1 if self.better == "lower" else 1
        for offset in range((self.start - first).days + days * (self.followed + 2)):
            day = first + dt.timedelta(offset)
            factor = 1 + sign * self.reduction * self.kept if day >= self.start else 1
            for _ in range(int(volume) + (r.random() < volume % 1)):
                number += 1
                opened = dt.datetime(day.year, day.month, day.day, tzinfo=UTC) + dt.timedelta(seconds=r.randrange(86400))
                open_for = dt.timedelta(hours=round(r.lognormvariate(2.5, 0.8) * factor, 2))
                yield {"source": "one", "kind": "incident", "id": str(number), "number": f"I{number}", "state": "closed", "escalated": r.random() < min(level * factor, 0.97), "opened_at": opened, "resolved_at": None if r.random() < 0.02 else opened + open_for}

    def settled_begins(self, now):
        found = []
        for begin in self.begins():
            if oracle.start_of(after(begin, self.length), self.zone) + SETTLE > now:
                return found
            found.append(begin)

    def figure(self, reference, begin):
        return reference.figure("drawn", oracle.start_of(begin, self.zone), oracle.start_of(after(begin, self.length), self.zone), {})

    def baseline_begins(self):
        begin, found = containing(self.window[0], self.length), []
        while after(begin, self.length) <= self.window[1] + dt.timedelta(1):
            if begin >= self.window[0]:
                found.append(begin)
            begin = after(begin, self.length)
        return found

    def reported(self, reference, figures, begins):
        if self.form in ("median", "percentile"):
            return reference.figure("drawn", oracle.start_of(begins[0], self.zone), oracle.start_of(after(begins[-1], self.length), self.zone), {})[0]
        over = [n if n is not None else 1 for _, _, n in figures]
        return sum(y for _, y, _ in figures) / sum(over) if sum(over) else None


class RandomMeasures(Rounds, unittest.TestCase):
    rounds = 12

    def write(self, drawn, by):
        (self.folder / "inbox").mkdir()
        with open(self.folder / "inbox" / "i.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "number", "state", "escalated", "opened_at", "resolved_at"])
            for record in drawn.records:
                writer.writerow([record["id"], record["number"], record["state"], str(record["escalated"]).lower(), rfc(record["opened_at"]), rfc(record["resolved_at"]) if record["resolved_at"] else ""])
        columns = "id: id\nnumber: number\nfields: { state: state, escalated: { from: escalated, as: boolean }, opened_at: { from: opened_at, as: timestamp }, resolved_at: { from: resolved_at, as: timestamp } }\n"
        (self.folder / "m.yaml").write_text("kind: incident\n" + columns, encoding="utf-8")
        (self.folder / "baselined.yaml").write_text(f"timezone: {drawn.zone_name}\nstore: store.db\nindicators: [indicators.yaml]\nmeasures: [measures.yaml]\nsources:\n  one: {{ type: files, path: inbox, streams: {{ i: {{ match: 'i.csv', mapping: m.yaml }} }} }}\n", encoding="utf-8")
        definition = dict(INDICATORS[drawn.form], title="Drawn", better=drawn.better)
        below = {"title": "All", "kind": "incident", "at": "opened_at", "count": "all", "better": "lower"}
        (self.folder / "indicators.yaml").write_text(f"indicators:\n  drawn: {json.dumps(definition)}\n  all_incidents: {json.dumps(below)}\n", encoding="utf-8")
        measure = {"id": "M", "name": "Drawn", "indicator": "drawn", "period": drawn.length, "baseline": {"from": str(drawn.window[0]), "to": str(drawn.window[1])},
                   "target": {"change": f"{'+' if drawn.better == 'higher' else '-'}{drawn.change * 100:.10f}%", "from": str(drawn.start), "ramp": drawn.ramp, "by": str(by)}, "unit_value": {"amount": 12.5, "currency": "EUR"}}
        (self.folder / "measures.yaml").write_text(f"measures:\n  - {json.dumps(measure)}\n", encoding="utf-8")
        return {"drawn": definition, "all_incidents": below}

    def one_round(self, seed):
        drawn = Drawn(seed)
        begins = drawn.begins()
        all_begins = [next(begins) for _ in range(max(drawn.periods_to_target, drawn.followed) + 1)]
        # The end of the last followed period, plus what makes it settled, plus half of the running one.
        now = oracle.start_of(all_begins[drawn.followed], drawn.zone) + SETTLE + dt.timedelta(hours=5)
        by = after(all_begins[drawn.periods_to_target - 1], drawn.length) - dt.timedelta(1)
        drawn.change = drawn.reduction
        if drawn.form == "share" and drawn.better == "higher":
            drawn.change = 0.1
        indicators = self.write(drawn, by)
        reference = Reference(drawn.records, drawn.zone, indicators, now)
        baseline_begins = drawn.baseline_begins()
        baseline = [drawn.figure(reference, b) for b in baseline_begins]
        track = [drawn.figure(reference, b) for b in drawn.settled_begins(now)]
        reported = drawn.reported(reference, baseline, baseline_begins)
        if not reported:
            return  # nothing can be promised of it
        target = reported * (1 + (drawn.change if drawn.better == "higher" else -drawn.change))
        if drawn.form == "share" and target >= 1:
            return
        promise = Promise(drawn.form, drawn.better, drawn.length, reported, baseline, track, target, drawn.ramp, drawn.periods_to_target)
        self.run_program(now, "once")
        self.compare_status(promise, json.loads(self.run_program(now, "status", "--json"))["measures"][0])
        self.compare_replay(promise, [json.loads(line) for line in self.run_program(now, "replay", "--json").splitlines()])
        self.compare_series(promise, drawn, json.loads(self.run_program(now, "series", "M", "--from", str(drawn.start), "--json"))["periods"])

    def compare_status(self, promise, seen):
        self.close(seen["baseline"]["value"], promise.reported, "baseline")
        self.close(seen["target"]["value"], promise.target, "target")
        self.assertEqual(seen["potential_status"], promise.statuses()[-1], seen["reasons"])
        values = sum(promise.pair(*p) is not None for p in promise.track)
        if values == 0:
            return
        step = promise.steps[-1]
        for key, expected in (("realised", step["theta"]), ("drift", step["b"]), ("p_deliver", step["p_deliver"])):
            self.close(seen[key], expected, key)
        for key, expected in zip(("value", "low", "high"), promise.forecast()):
            self.close(seen["forecast"][key], expected, f"forecast {key}")
        if promise.form != "sum":
            for key, expected in promise.saving(12.5).items():
                self.close(seen["saving"][key], expected, f"saving {key}")

    def compare_replay(self, promise, lines):
        self.assertEqual([line["potential_status"] for line in lines], promise.statuses())
        begun = False
        for line, step, figure in zip(lines, promise.steps, promise.track):
            begun = begun or promise.pair(*figure) is not None
            self.close(line["value"], figure[0], "value")
            self.close(line["realised"], step["theta"] if begun else None, "realised")
            self.close(line["p_deliver"], step["p_deliver"] if begun else None, "p_deliver")

    def compare_series(self, promise, drawn, periods):
        rows = [p for p in periods if p["settled"]][-len(promise.track):]
        self.assertEqual(len(rows), len(promise.track))
        for t, (row, figure) in enumerate(zip(rows, promise.track), 1):
            self.close(row["value"], figure[0], "value")
            self.close(row["expected"], promise.planned(t), "expected")
            pair = promise.pair(*figure)
            if pair is None:
                continue
            for key, expected in zip(("lower", "upper"), promise.limits(pair[1])):
                self.close(row[key], expected, key)


if __name__ == "__main__":
    unittest.main()
