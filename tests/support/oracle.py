"""Indicators computed a second time, in plain Python, from the contract's words: to hold the program against."""
import csv
import datetime as dt
import io
import lzma
import zoneinfo

UTC = dt.timezone.utc


def read_rows(path):
    opened = lzma.open(path, "rt", encoding="utf-8", newline="") if str(path).endswith(".xz") else open(path, encoding="utf-8", newline="")
    with opened as file:
        return list(csv.DictReader(file))


def parse(text, form, zone):
    """A wall clock's reading to UTC: the first of two, the offset before a gap (fold=0 gives both)."""
    if text in ("", "?"):
        return None
    return dt.datetime.strptime(text, form).replace(tzinfo=zone, fold=0).astimezone(UTC)


def newest(rows, key, updated):
    """By `updated`, then by the order of reading."""
    best = {}
    for row in rows:
        known = best.get(row[key])
        if known is None or updated(row) >= updated(known):
            best[row[key]] = row
    return list(best.values())


def start_of(day, zone):
    return dt.datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def period_of(when, length, zone):
    day = when.astimezone(zone).date()
    if length == "week":
        year, week, _ = day.isocalendar()
        return f"{year:04}-W{week:02}"
    return f"{day.year:04}-{day.month:02}"


def period_ends(labels, length, zone):
    ends = {}
    for label in labels:
        if length == "week":
            first = dt.date.fromisocalendar(int(label[:4]), int(label[6:]), 1) + dt.timedelta(7)
        else:
            year, month = int(label[:4]), int(label[5:])
            first = dt.date(year + month // 12, month % 12 + 1, 1)
        ends[label] = start_of(first, zone)
    return ends


def percentile(values, p):
    ordered = sorted(values)
    rank = p / 100 * (len(ordered) - 1)
    low = int(rank)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (rank - low) * (ordered[high] - ordered[low])


def hours(record):
    return (record["resolved"] - record["opened"]) / dt.timedelta(hours=1)


def grouped(records, at, length, zone):
    cells = {}
    for record in records:
        if record[at] is not None:
            cells.setdefault(period_of(record[at], length, zone), []).append(record)
    return cells


def recurring(records, by, within):
    """Ids of the records that another one with the same fields precedes, at the same instant by the smaller id."""
    groups, found = {}, set()
    for record in records:
        if record["opened"] is not None and all(record[f] is not None for f in by):
            groups.setdefault(tuple(record[f] for f in by), []).append(record)
    for group in groups.values():
        group.sort(key=lambda r: (r["opened"], int(r["id"]) if r["id"].isdigit() else 0, r["id"]))
        for before, record in zip(group, group[1:]):
            if record["opened"] - before["opened"] <= within:
                found.add(record["id"])
    return found


def shares(records, at, length, zone, test):
    return {label: sum(map(test, cell)) / len(cell) for label, cell in grouped(records, at, length, zone).items()}


def statistics(records, length, zone, statistic):
    spans = [r for r in records if r["opened"] is not None and r["resolved"] is not None]
    return {label: statistic([hours(r) for r in cell]) for label, cell in grouped(spans, "resolved", length, zone).items()}


def backlog(records, labels, length, zone):
    ends = period_ends(labels, length, zone)
    return {label: sum(1 for r in records if r["opened"] is not None and r["opened"] < end and (r["resolved"] is None or max(r["resolved"], r["opened"]) >= end))
            for label, end in ends.items()}
