"""A measure's statuses, forecast and money from its figures, a second time: method.md's words in plain Python (the filter is method.py's)."""
import math

import method

MONTHS = {"day": 1 / 30.436875, "week": 7 / 30.436875, "month": 1, "quarter": 3}
Z80 = 1.2816


def rule_of(form):
    return {"share": "share", "count": "count", "backlog": "count", "ratio": "count"}.get(form, "measurement")


class Promise:
    """`baseline` and `track` are lists of (value, numerator, denominator) a period; the track holds settled periods only."""

    def __init__(self, form, better, length, reported, baseline, track, target, ramp, last):
        self.form, self.rule, self.higher = form, rule_of(form), better == "higher"
        self.reported, self.track, self.ramp, self.last = reported, track, ramp, last
        self.mirror = (lambda x: 1 - x) if self.rule == "share" else (lambda x: 1 / x)
        self.own = self.mirror if self.higher else (lambda x: x)
        pairs = [self.pair(*p) for p in baseline]
        pairs = [p for p in pairs if p is not None]
        self.mean_n = sum(n for _, n in pairs) / len(pairs)
        self.base = method.baseline(self.rule, [y for y, _ in pairs], [n for _, n in pairs])
        self.target = target
        self.reduction = 1 - self.own(target) / self.own(reported)
        self.steps = method.follow(self.rule, self.base, self.reduction, ramp, last, MONTHS[length], [(*(self.pair(*p) or (0, 0)), 1.0) for p in track])

    def pair(self, value, numerator, denominator):
        """y of n, as the filter takes it; None without a value."""
        if self.rule == "measurement":
            return None if value is None or value <= 0 else (self.own(value), denominator if denominator is not None else 1)
        n = 1 if self.form in ("count", "backlog") else denominator
        if not n:
            return None
        return (n - numerator if self.higher else numerator, n)

    def measurability(self):
        r, p = self.reduction, self.base["level"]
        if self.rule == "measurement":
            return math.log(1 - r) ** 2 / self.base["v"]
        return self.mean_n * p * r * r / (self.base["phi"] * (1 if self.rule == "count" else 1 - p))

    def statuses(self):
        """One a settled period."""
        state, values, statuses = "on_track", 0, []
        for step, figure in zip(self.steps, self.track):
            values += self.pair(*figure) is not None
            if values < 3 or self.measurability() < 0.25:
                statuses.append("unknown")
                continue
            if step["p_deliver"] >= 0.5:
                state = "on_track"
            elif step["p_deliver"] <= 0.2 or state != "on_track":
                state = "off_track" if step["level"] + Z80 * math.sqrt(step["variance"] + step["vb"]) < 0.8 else "weakening"
            statuses.append(state)
        return statuses

    def noise(self, m, n):
        m = max(m, 0.3 / n)
        return self.base["phi"] * (min(m, 0.95) * (1 - min(m, 0.95)) if self.rule == "share" else m) / n

    def forecast(self):
        """value, low, high at the target date"""
        step, p0, r = self.steps[-1], self.base["level"], self.reduction
        if self.rule == "measurement":
            value = p0 * (1 - r) ** step["level"]
            half = Z80 * math.sqrt(math.log(1 - r) ** 2 * step["variance"] + self.base["v"])
            ends = value * math.exp(-half), value * math.exp(half)
        else:
            value = p0 - p0 * r * step["level"]
            n = [self.pair(*p)[1] for p in self.track if self.pair(*p)][-1]
            half = Z80 * math.sqrt((p0 * r) ** 2 * step["variance"] + self.noise(value, n))
            ends = value - half, value + half
        return (self.own(value), *sorted(map(self.own, ends)))

    def planned(self, t):
        return self.own(self.own(self.reported) * (1 - self.reduction * min(1, t / self.ramp)))

    def limits(self, n):
        p, reach = self.base["level"], math.exp(3 * math.sqrt(self.base["v"]))
        if self.rule == "measurement":
            return sorted(map(self.own, (p / reach, p * reach)))
        reach = 3 * math.sqrt(self.base["phi"] * (p * (1 - p) if self.rule == "share" else p) / n)
        return sorted(map(self.own, (max(0, p - reach), min(1, p + reach) if self.rule == "share" else p + reach)))

    def saving(self, c):
        sign = -1 if self.higher else 1
        figures = [(t, p[0], 1 if self.form in ("count", "backlog") else p[2]) for t, p in enumerate(self.track, 1) if self.pair(*p)]
        gap = {t: abs(self.reported - self.planned(t)) for t in range(1, max(self.last, len(self.track)) + 1)}
        actual = sum(sign * (self.reported - r) * n * c for _, r, n in figures)
        recent = [1 if self.form in ("count", "backlog") else p[2] or 0 for p in self.track][-12:]
        ahead = sum(gap[t] * self.steps[-1]["level"] * sum(recent) / len(recent) * c for t in range(len(self.track) + 1, self.last + 1))
        total = sum(n for _, _, n in figures)
        if self.rule == "measurement":
            noise = sum(n * n * r * r * self.base["v"] for _, r, n in figures) + total ** 2 * self.own(self.base["level"]) ** 2 * self.base["vb"]
        else:
            noise = sum(self.base["phi"] * n * r * (1 if self.rule == "count" else 1 - r) for _, r, n in figures) + total ** 2 * self.base["vb"]
        return {"target": sum(gap[t] * self.mean_n * c for t in range(1, self.last + 1)), "expected": sum(gap[t] * n * c for t, _, n in figures),
                "forecast": actual + ahead, "actual": actual, "actual_se": c * math.sqrt(noise), "confirmed": 0}
