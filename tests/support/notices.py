"""Notices as the outbox keeps them, made up: what tests deliver and look at."""
import json

KINDS = ("weakening", "off_track", "reminder", "resolved", "unknown", "definition_changed", "relapse", "silence_ends", "digest", "test")
NAME = "Root-cause fixes for recurring VPN incidents"


def chart():
    months = [f"2025-{m:02}" for m in range(1, 13)] + [f"2026-{m:02}" for m in range(1, 13)]
    periods = []
    for i, label in enumerate(months):
        period = {"label": label, "baseline": i < 12, "settled": i < 22, "lower": 0.24, "upper": 0.40}
        if i < 23:
            period["value"] = 0.31 + 0.02 * ((i * 7) % 5 - 2) / 2 - (0.05 if 12 <= i < 18 else 0.01 if i >= 18 else 0)
        if i >= 12:
            period["expected"] = 0.32 - 0.103 * min(1, (i - 11) / 3)
        if i >= 22:
            period |= {"forecast": 0.29, "forecast_low": 0.26, "forecast_high": 0.32}
        periods.append(period)
    return {"periods": periods, "baseline": 0.32, "target": 0.217, "unit": "ratio"}


STATUS = {"resolved": "on_track", "off_track": "off_track", "unknown": "unknown", "definition_changed": "unknown", "test": "on_track", "digest": "on_track"}
WHY = {"weakening": "it turned weakening", "off_track": "it turned from weakening to off track", "reminder": "weakening since 3 May 2026; told 7 days ago",
       "resolved": "it is on track again after 64 days", "unknown": "it was on track; the source helpdesk has been silent since 2 November 2026",
       "definition_changed": "the mapping of `category` changed on 3 November 2026", "relapse": "closed on 4 June 2026, weakening since 3 November 2026",
       "silence_ends": "the silence until 30 Nov 2026 (Dana Ruiz: maintenance) ends tomorrow", "digest": "", "test": "somebody asked for a test"}


def shown(ident, status):
    """A measure as `status --json` shows it."""
    return {
        "id": ident, "name": NAME, "owner": {"name": "Dana Ruiz", "email": "dana.ruiz@acme.example"}, "stage": {"doi": 4, "name": "implemented"},
        "implementation_status": "on_track", "potential_status": status, "indicator": "incident_recurrence_rate", "definition": "incident_recurrence_rate@1",
        "unit": "ratio", "better": "lower",
        "baseline": {"value": 0.31, "numerator": 372, "denominator": 1200, "from": "2025-01-01", "to": "2025-12-31", "frozen_at": "2026-01-08T00:00:00Z", "digest": "ab12"},
        "target": {"value": 0.217, "change": -0.3, "by": "2026-12-31"}, "actual": {"value": 0.28, "numerator": 28, "denominator": 100, "period": "2026-10", "settled": True},
        "realised": 0.57, "drift": -0.03, "p_deliver": 0.21, "forecast": {"value": 0.26, "low": 0.23, "high": 0.29, "at": "2026-12-31"},
        "saving": {"currency": "EUR", "target": 31000, "expected": 20100, "forecast": 15100, "actual": 11800, "actual_se": 2100, "confirmed": 0},
        "reasons": [{"code": "realisation_low", "text": "..."}], "data": {"fresh": True, "last_read_at": "2026-11-08T00:00:00Z", "last_record_at": None}}


def measure(kind="weakening", number=14, **other):
    known = kind not in ("unknown", "definition_changed")
    ident = f"ITSM-{number:03}"
    made = {
        "kind": kind, "why": WHY[kind], "id": ident, "name": NAME if number == 14 else f"{NAME}, part {number}",
        "programme": "Service stability 2026", "owner": "Dana Ruiz", "potential_status": STATUS.get(kind, "weakening"), "implementation_status": "on_track",
        "indicator_title": "Incident recurrence rate", "unit": "ratio",
        "reasons": [{"code": "realisation_low", "text": "Delivering 57 % of the planned reduction."}, {"code": "evidence_overdue", "text": "The evidence \"RCA report\" was due on 31 Mar 2026 and is not there."}],
        "tickets": [{"number": f"INC00{41000 + i}", "url": f"https://acme.example/incident?id={i}&x=1", "title": "VPN <drops> again"} for i in range(14)],
        "currency": "EUR", "chart": chart(),
        "measure_json": json.dumps(shown(ident, STATUS.get(kind, "weakening"))),
    }
    if known:
        made |= {"p_deliver": 0.21, "money_at_risk": 15900.4,
                 "sentence": "Delivering 57 % of the planned reduction, drifting -3 points a month; 21 % chance that at least 80 % of the expected saving stands by 31 Dec 2026."}
    if kind == "resolved":
        made |= {"p_deliver": 0.62, "money_at_risk": 2100.0, "reasons": [],
                 "sentence": "Delivering 91 % of the planned reduction, drifting +1 points a month; 62 % chance that at least 80 % of the expected saving stands by 31 Dec 2026."}
    return made | other


def source(kind="source_silent", **other):
    text = "no complete reading since 2 November 2026, 08:15: answered 401" if kind == "source_silent" else "silent for 3 hours; everything since was read"
    return {"kind": kind, "name": "helpdesk", "text": text, "measures": ["ITSM-014", "ITSM-015"]} | other


def notice(measures=(), sources=(), remarks=(), ident="msg_2gZ0bQxA", is_test=False):
    return {"id": ident, "created_at": 1_767_607_872_123, "is_test": is_test, "measures": list(measures), "sources": list(sources), "remarks": list(remarks)}
