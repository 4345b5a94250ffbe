#!/usr/bin/env python3
"""The method written down a second time, in plain Python from its description, to hold the program against.

usage: method.py > tests/golden/method/filter.json
"""
import json
import math
import random


def baseline(kind, ys, ns):
    pairs = [(y, n) for y, n in zip(ys, ns) if n > 0]
    if kind == "measurement":
        logs = [math.log(y) for y, _ in pairs]
        m = len(logs)
        mean = sum(logs) / m
        moving = sum(abs(b - a) for a, b in zip(logs, logs[1:])) / (m - 1) / 1.128
        spread = math.sqrt(sum((x - mean) ** 2 for x in logs) / (m - 1))
        v = max(moving, spread) ** 2
        return {"level": math.exp(mean), "phi": 1.0, "v": v, "vb": v / m}
    total_y, total_n = sum(y for y, _ in pairs), sum(n for _, n in pairs)
    m = len(pairs)
    p0 = (total_y + 0.5) / (total_n + 1) if kind == "share" else (total_y + 0.5) / total_n
    p = max(total_y / total_n, 0.5 / total_n)
    z = [(y / n - p) / math.sqrt((p * (1 - p) if kind == "share" else p) / n) for y, n in pairs]
    a = sum((d - c) ** 2 for c, d in zip(z, z[1:])) / 2
    phi = max(1, (max(a, sum(x * x for x in z)) + 9) / (m + 5))
    return {"level": p0, "phi": phi, "v": 0.0, "vb": phi * (p0 * (1 - p0) if kind == "share" else p0) / total_n}


def follow(kind, base, reduction, ramp, last, months, periods):
    rho = 0.95 ** months
    theta, b, p11, p12, p22 = 1.0, 0.0, 0.09, 0.0, (0.03 * months) ** 2
    steps = []
    for t, (y, n, c) in enumerate(periods, 1):
        theta, b = theta + rho * b, rho * b
        p11, p12, p22 = (p11 + 2 * rho * p12 + rho * rho * p22 + 0.0025 * months, rho * p12 + rho * rho * p22,
                         rho * rho * p22 + 0.0004 * months ** 3)
        g = min(1, t / ramp)
        if n > 0:
            if kind == "measurement":
                d = -math.log(1 - reduction * g)
                v, e = base["v"], math.log(base["level"]) - math.log(y) - d * theta
            else:
                d = base["level"] * reduction * g
                mean = max(base["level"] - d * theta, 0.3 / n)
                if kind == "share":
                    mean = min(mean, 0.95)
                v = base["phi"] * (mean * (1 - mean) if kind == "share" else mean) / (n * c)
                e = base["level"] - y / (c * n) - d * theta
            s = d * d * p11 + v
            k1, k2 = d * p11 / s, d * p12 / s
            theta, b = theta + k1 * e, b + k2 * e
            p22, p12, p11 = p22 - k2 * d * p12, p12 * (1 - k1 * d), p11 * (1 - k1 * d)
        h = max(0, last - t)
        f = rho * (1 - rho ** h) / (1 - rho)
        level, variance = theta + f * b, p11 + 2 * f * p12 + f * f * p22
        if kind == "measurement":
            vb = base["vb"] / math.log(1 - reduction) ** 2
        else:
            vb = base["vb"] / base["level"] ** 2 * ((1 - reduction * min(max(theta, 0), 1.2)) / reduction) ** 2
        p = 0.5 * math.erfc(-(level - 0.8) / math.sqrt(variance + vb) / math.sqrt(2))
        steps.append({"y": y, "n": n, "c": c, "theta": theta, "b": b, "p11": p11, "p12": p12, "p22": p22, "level": level,
                      "variance": variance, "vb": vb, "p_deliver": p})
    return steps


def main():
    rng = random.Random(7)
    cases = []
    for name, kind, months in [("share", "share", 1), ("share by week", "share", 7 / 30.436875), ("count", "count", 1),
                               ("count by quarter", "count", 3), ("measurement", "measurement", 1),
                               ("measurement by day", "measurement", 1 / 30.436875)]:
        if kind == "share":
            ns = [rng.randint(40, 160) for _ in range(12)]
            ys = [sum(rng.random() < 0.25 for _ in range(n)) for n in ns]
            periods = [(sum(rng.random() < 0.18 + 0.004 * i for _ in range(90)), 90, 1.0) for i in range(20)]
            periods[6] = (0, 0, 1.0)
            periods[19] = (periods[19][0], 90, 0.7)
        elif kind == "count":
            ns, ys = [1] * 12, [rng.randint(15, 40) for _ in range(12)]
            periods = [(rng.randint(10, 30), 1, 1.0) for _ in range(20)]
        else:
            ns, ys = [50] * 12, [rng.lognormvariate(2, 0.2) for _ in range(12)]
            periods = [(rng.lognormvariate(1.8, 0.2), 50, 1.0) for _ in range(20)]
            periods[3] = (0, 0, 1.0)
        base = baseline(kind, ys, ns)
        cases.append({"name": name, "kind": kind, "months": months, "reduction": 0.3, "ramp": 3, "last": 24, "baseline_y": ys,
                      "baseline_n": ns, "baseline": base, "steps": follow(kind, base, 0.3, 3, 24, months, periods)})
    print(json.dumps(cases, indent=1))


if __name__ == "__main__":
    main()
