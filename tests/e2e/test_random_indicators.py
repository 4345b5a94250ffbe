#!/usr/bin/python3
"""Indicators that nobody thought of, over records that nobody tidied: drawn by chance, held against tests/support/reference.py.
SEED=N repeats one; ROUNDS=N draws more."""
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
from reference import Reference  # noqa: E402
from rounds import Rounds, rfc  # noqa: E402

UTC = dt.timezone.utc
FIRST, DAYS = dt.datetime(2026, 2, 20, tzinfo=UTC), 100
NOW = dt.datetime(2026, 7, 1, 12, tzinfo=UTC)
ZONES = ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kolkata", "Australia/Lord_Howe", "America/New_York"]
FIELDS = {
    "incident": {"text": ["service", "ci", "category", "caused_by", "state", "x_vendor"], "number": ["priority", "reopen_count", "x_cost"], "flag": ["escalated"], "time": ["opened_at", "resolved_at", "closed_at"]},
    "change": {"text": ["service", "ci", "outcome", "type"], "number": ["risk"], "flag": ["tested", "unauthorized"], "time": ["opened_at", "approved_at", "planned_end", "ended_at"]},
    "outage": {"text": ["service", "ci"], "number": [], "flag": ["planned"], "time": ["started_at", "ended_at"]},
}
CHOICES = {"service": ["vpn", "mail", "erp é"], "ci": ["a", "b", "c", "d"], "category": ["net", "app"], "state": ["new", "in_progress", "resolved", "cancelled"], "x_vendor": ["ACME", "Zeta & Co"],
           "outcome": ["successful", "successful_with_issues", "failed", "rolled_back", "cancelled"], "type": ["standard", "normal", "emergency"]}


class Draw:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def records(self):
        r, records = self.random, []
        for kind, count in (("incident", 160), ("change", 60), ("outage", 30)):
            for source in ("one", "two"):
                for number in range(count):
                    records.append(self.record(source, kind, number))
        return records

    def record(self, source, kind, number):
        r = self.random
        record = {"source": source, "kind": kind, "id": str(number + 7) if r.random() < 0.8 else f"x{number}", "number": f"{kind[:3].upper()}{number}"}
        for field in FIELDS[kind]["text"]:
            record[field] = r.choice(CHOICES[field]) if field in CHOICES else None
            if r.random() < 0.1:
                record[field] = None
        if kind == "incident":
            target = r.randrange(60)
            record["caused_by"] = r.choice([None, None, f"CHA{target}", str(target + 7)])
        for field in FIELDS[kind]["number"]:
            record[field] = None if r.random() < 0.15 else (round(r.uniform(-20, 90), 2) if field == "x_cost" else r.randrange(5))
        for field in FIELDS[kind]["flag"]:
            record[field] = r.choice([True, False, None])
        first = FIRST + dt.timedelta(hours=r.randrange(DAYS * 24) if r.random() < 0.5 else r.randrange(DAYS) * 24, minutes=r.choice([0, 0, 30, 59]))
        for position, field in enumerate(FIELDS[kind]["time"]):
            # Mostly in order, with gaps, ties and some that end before they began.
            later = dt.timedelta(hours=r.choice([0, 0.5, 3, 24, 72, 200, 700, -5])) if position else dt.timedelta(0)
            record[field] = None if r.random() < 0.12 else first + later
        return record

    # Indicators

    def scalar(self, field, kind):
        r = self.random
        if field in CHOICES:
            return r.choice(CHOICES[field])
        if field in FIELDS[kind]["flag"]:
            return r.choice([True, False])
        return r.randrange(5)

    def field_test(self, kind):
        r, fields = self.random, FIELDS[kind]
        sort = r.choice([s for s in ("text", "number", "flag", "time") if fields[s]])
        field = r.choice([f for f in fields[sort] if f != "caused_by"])
        if r.random() < 0.15:
            return {field: {"empty": r.choice([True, False])}}
        if sort == "time":
            return {field: {r.choice(["before", "after"]): FIRST + dt.timedelta(hours=r.randrange(DAYS * 24))}}
        if sort == "number" and r.random() < 0.6:
            return {field: {r.choice(["above", "at_least", "below", "at_most"]): r.randrange(4)}}
        if field in ("service", "ci", "category", "x_vendor") and r.random() < 0.2:
            return {field: {"matches": r.choice(["^v", "a", "l$", "Z.*o"])}}
        values = self.scalar(field, kind) if r.random() < 0.6 else [self.scalar(field, kind) for _ in range(2)]
        return {field: {"not": values}} if r.random() < 0.3 else {field: values}

    def condition(self, kind, relations, depth=0):
        r = self.random
        chance = r.random()
        if depth < 2 and chance < 0.25:
            return {r.choice(["any", "all"]): [self.condition(kind, relations, depth + 1) for _ in range(r.choice([1, 2, 3]))]}
        if depth < 2 and chance < 0.35:
            return {"not": self.condition(kind, relations, depth + 1)}
        if relations and chance < 0.65:
            return r.choice(relations)
        condition = {}
        for _ in range(r.choice([1, 1, 2])):
            condition.update(self.field_test(kind))
        return condition

    def relations(self, kind):
        r = self.random
        known = []
        if kind != "outage":
            known.append({"recurs": {"by": r.sample(FIELDS[kind]["text"][:2], r.choice([1, 2])), "within": r.choice(["1d", "12h", "30d", "72h"])}})
            known.append({"followed_by": {"kind": r.choice(["incident", "change"]), "same": r.sample(["service", "ci"], r.choice([1, 2])), "within": r.choice(["72h", "24h", "5d"])}})
        if kind == "change":
            known.append({"named_by": {"kind": "incident", "in": "caused_by"}})
        return known

    def indicator(self):
        r = self.random
        form = r.choice(["count", "share", "share", "sum", "mean", "median", "percentile", "backlog", "age", "ratio", "uptime"])
        kind = "outage" if form == "uptime" else r.choice(["incident", "incident", "change", "outage"])
        times = FIELDS[kind]["time"]
        definition = {"title": "Drawn", "kind": kind, "better": "lower"}
        if r.random() < 0.7:
            definition["where"] = self.condition(kind, [])
        if form not in ("backlog", "age", "uptime"):
            definition["at"] = r.choice(times)
        spans = {"from": times[0], "to": times[-1]}
        if form == "count":
            definition["count"] = "all"
        elif form == "share":
            definition["share"] = self.condition(kind, self.relations(kind))
        elif form in ("sum", "mean", "median", "percentile"):
            numbers = FIELDS[kind]["number"]
            of = r.choice(numbers) if numbers and r.random() < 0.5 else dict(spans, **({"at_least": 0} if r.random() < 0.5 else {}))
            if not isinstance(of, str):
                definition["unit"] = r.choice(["hours", "days"])
            else:
                definition["unit"] = "count"
            definition[form] = {"of": of, "p": r.choice([10, 75, 90, 99])} if form == "percentile" else of
        elif form == "ratio":
            definition["ratio"] = {"over": "below"}
        else:
            definition[form] = spans
            if form == "age":
                definition["unit"] = r.choice(["hours", "days"])
        return definition


def yaml_of(value):
    """JSON is YAML, but for times."""
    return json.dumps(value, default=rfc, ensure_ascii=False)


class RandomIndicators(Rounds, unittest.TestCase):
    rounds = 3

    def write(self, records, zone):
        main = [f"timezone: {zone}", "store: store.db", "indicators: [indicators.yaml]", "sources:"]
        for source in ("one", "two"):
            main += [f"  {source}:", "    type: files", f"    path: {source}", "    streams:"]
            (self.folder / source).mkdir()
            for kind, fields in FIELDS.items():
                main.append(f'      {kind}s: {{ match: "{kind}.csv", mapping: {kind}.yaml }}')
                columns = ["id", "number"] + sum(fields.values(), [])
                with open(self.folder / source / f"{kind}.csv", "w", encoding="utf-8", newline="") as file:
                    writer = csv.writer(file)
                    writer.writerow(columns)
                    for record in records:
                        if record["source"] == source and record["kind"] == kind:
                            writer.writerow([self.text(record[c]) for c in columns])
        (self.folder / "baselined.yaml").write_text("\n".join(main) + "\n", encoding="utf-8")
        for kind, fields in FIELDS.items():
            lines = [f"kind: {kind}", "id: id", "number: number", "fields:"]
            for sort, names in fields.items():
                kinds = {"text": "text", "flag": "boolean", "time": "timestamp"}
                lines += [f"  {n}: {{ from: {n}, as: {kinds.get(sort, 'number' if n == 'x_cost' else 'integer')} }}" for n in names]
            (self.folder / f"{kind}.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")

    @staticmethod
    def text(value):
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        return rfc(value) if isinstance(value, dt.datetime) else str(value)

    def compare(self, reference, name, length, scope, zone):
        where = sum((["--where", f"{f}={v}"] for f, values in scope.items() for v in values), [])
        periods = json.loads(self.run_program(NOW, "series", "--indicator", name, "--period", length, "--from", "2026-02-10", "--to", "2026-06-28", *where, "--json"))["periods"]
        self.assertGreater(len(periods), 1)
        for period in periods:
            begin, end = (oracle.start_of(dt.date.fromisoformat(period[k][:10]) + dt.timedelta(0), zone) for k in ("from", "to")) if len(period["from"]) == 10 else (dt.datetime.fromisoformat(period[k].replace("Z", "+00:00")) for k in ("from", "to"))
            if len(period["to"]) == 10:
                end = oracle.start_of(dt.date.fromisoformat(period["to"]) + dt.timedelta(1), zone)
            value, numerator, denominator = reference.figure(name, begin, end, scope)
            what = f"{name} {json.dumps(reference.indicators[name], default=rfc)} in {period['period']} where {scope}"
            self.close(period["value"], value, what)
            form = reference.indicators[name]
            if "uptime" not in form and "age" not in form:
                self.close(period["numerator"], numerator, what + ", numerator")
                self.close(period["denominator"], denominator, what + ", denominator")

    def one_round(self, seed):
        draw = Draw(seed)
        records = draw.records()
        zone_name = draw.random.choice(ZONES)
        self.write(records, zone_name)
        indicators = {"below": {"title": "Below", "kind": "incident", "at": "opened_at", "count": "all", "better": "lower"}}
        indicators.update({f"drawn_{i}": draw.indicator() for i in range(25)})
        text = "".join(f"  {name}: {yaml_of(definition)}\n" for name, definition in indicators.items())
        (self.folder / "indicators.yaml").write_text("indicators:\n" + text, encoding="utf-8")
        self.run_program(NOW, "once")
        zone = zoneinfo.ZoneInfo(zone_name)
        reference = Reference(records, zone, indicators, NOW)
        for name, definition in indicators.items():
            scope = {}
            if draw.random.random() < 0.5:
                scope["service"] = draw.random.sample(CHOICES["service"], draw.random.choice([1, 2]))
            if draw.random.random() < 0.2:
                scope["ci"] = [draw.random.choice(CHOICES["ci"])]
            with self.subTest(name):
                self.compare(reference, name, draw.random.choice(["week", "month", "month", "quarter"] if draw.random.random() < 0.9 else ["day"]), scope, zone)


if __name__ == "__main__":
    unittest.main()
