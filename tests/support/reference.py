"""Conditions and indicators a second time, from the contract's words and in the plainest way: every record is compared with every
other one, nothing is kept from one period to the next. Records are dicts with `source`, `kind`, `id` and their fields; None is empty."""
import datetime as dt
import re

import oracle

CLOCK = {"h": 1, "d": 24}


def span(text):
    return dt.timedelta(hours=int(text[:-1]) * CLOCK[text[-1]])


def smaller(one, other):
    if one.isdigit() and other.isdigit():
        return int(one) < int(other)
    return one < other


class Reference:
    def __init__(self, records, zone, indicators, now):
        self.records, self.zone, self.indicators, self.now = records, zone, indicators, now

    # Conditions

    def holds(self, condition, record, where=None, at=None):
        return all(self.entry(key, value, record, where, at) for key, value in condition.items())

    def entry(self, key, value, record, where, at):
        if key in ("any", "all"):
            return {"any": any, "all": all}[key](self.holds(c, record, where, at) for c in value)
        if key == "not":
            return not self.holds(value, record, where, at)
        if key == "recurs":
            return self.recurs(record, value, where, at)
        if key == "named_by":
            return any(r["kind"] == value["kind"] and r["source"] == record["source"] and r["state"] != "cancelled" and r[value["in"]] is not None and r[value["in"]] in (record["number"], record["id"]) for r in self.records)
        if key == "followed_by":
            return self.followed(record, value, at)
        tests = value if isinstance(value, dict) else {"is": value}
        return all(self.test(name, operand, record[key]) for name, operand in tests.items())

    @staticmethod
    def test(name, operand, value):
        operands = operand if isinstance(operand, list) else [operand]
        if name == "empty":
            return (value is None) == operand
        if name == "not":
            return not (value is not None and value in operands)
        if value is None:
            return False
        if name == "is":
            return value in operands
        if name == "matches":
            return re.search(operand, value) is not None
        return {"above": value > operand, "at_least": value >= operand, "below": value < operand, "at_most": value <= operand, "before": value < operand, "after": value > operand}[name] if not isinstance(operand, str) else False

    def recurs(self, record, how, where, at):
        mine = record[at]
        if mine is None or any(record[f] is None for f in how["by"]):
            return False
        for other in self.records:
            if other is record or other["kind"] != record["kind"] or other["source"] != record["source"] or not self.holds(where, other):
                continue
            theirs = other[at]
            if theirs is None or any(other[f] != record[f] for f in how["by"]):
                continue
            comes_first = theirs < mine or (theirs == mine and smaller(other["id"], record["id"]))
            if comes_first and mine - theirs <= span(how["within"]):
                return True
        return False

    def followed(self, record, how, at):
        mine = record[at]
        if mine is None or any(record[f] is None for f in how["same"]):
            return False
        return any(o is not record and o["kind"] == how["kind"] and o["source"] == record["source"] and o["opened_at"] is not None and dt.timedelta(0) < o["opened_at"] - mine <= span(how["within"]) and all(o[f] == record[f] for f in how["same"]) for o in self.records)

    # Indicators

    def figure(self, name, begin, end, scope):
        """value, numerator, denominator of one period"""
        definition = self.indicators[name]
        where, at = definition.get("where", {}), definition.get("at")
        mine = [r for r in self.records if r["kind"] == definition["kind"] and all(r[f] in values for f, values in scope.items()) and self.holds(where, r, where, at)]
        if "backlog" in definition or "age" in definition:
            return self.open_ones(definition, mine, end)
        if "uptime" in definition:
            return self.uptime(definition["uptime"], mine, begin, end)
        placed = [r for r in mine if r[at] is not None and begin <= r[at] < end]
        if "count" in definition:
            return len(placed), len(placed), None
        if "share" in definition:
            hits = sum(self.holds(definition["share"], r, where, at) for r in placed)
            return hits / len(placed) if placed else None, hits, len(placed)
        if "ratio" in definition:
            below = self.figure(definition["ratio"]["over"], begin, end, scope)[0]
            return len(placed) / below if below else None, len(placed), below
        return self.amounts(definition, placed)

    def amounts(self, definition, placed):
        form = next(f for f in ("sum", "mean", "median", "percentile") if f in definition)
        of = definition[form]["of"] if form == "percentile" else definition[form]
        values = [v for v in (self.amount(of, definition.get("unit"), r) for r in placed) if v is not None]
        if form == "sum":
            return sum(values), sum(values), None
        if not values:
            return None, 0 if form == "mean" else None, 0
        if form == "mean":
            is_days = definition.get("unit") == "days" and not isinstance(of, str)
            return sum(values) / len(values), sum(values) * (24 if is_days else 1), len(values)  # the sum in hours
        return oracle.percentile(values, definition[form]["p"] if form == "percentile" else 50), None, len(values)

    @staticmethod
    def amount(of, unit, record):
        if isinstance(of, str):
            return record[of]
        if record[of["from"]] is None or record[of["to"]] is None:
            return None
        value = (record[of["to"]] - record[of["from"]]) / dt.timedelta(hours=24 if unit == "days" else 1)
        return max(value, of["at_least"]) if "at_least" in of else value

    def open_ones(self, definition, mine, end):
        of, moment = definition.get("backlog") or definition["age"], min(end, self.now)
        begun = [r for r in mine if r[of["from"]] is not None and r[of["from"]] < end]
        still = [r for r in begun if r[of["to"]] is None or r[of["to"]] >= end]
        if "backlog" in definition:
            return len(still), len(still), None
        ages = [(moment - r[of["from"]]) / dt.timedelta(hours=24 if definition.get("unit") == "days" else 1) for r in still]
        return sum(ages) / len(ages) if ages else None, None, None

    def uptime(self, of, mine, begin, end):
        spans = sorted((max(r[of["from"]], begin), min(r[of["to"]] or self.now, end)) for r in mine if r[of["from"]] is not None)
        down, covered = dt.timedelta(0), begin
        for first, last in spans:
            if last > max(first, covered):
                down += last - max(first, covered)
                covered = last
        return 1 - down / (end - begin), None, None
