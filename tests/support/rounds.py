"""Rounds of a test whose input is drawn by chance, each from a seed that repeats it: SEED=N the first, ROUNDS=N how many."""
import datetime as dt
import json
import os
import pathlib
import random
import shutil
import subprocess
import tempfile

PROGRAM = os.environ.get("BASELINED", str(pathlib.Path(__file__).resolve().parents[2] / "build" / "dev" / "baselined"))


def rfc(when):
    return when.astimezone(dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Rounds:
    """Beside unittest.TestCase. Names `rounds`, how many by default, and `one_round(seed)`, in an empty self.folder."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="baselined-rounds-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def test_drawn_by_chance(self):
        first = int(os.environ.get("SEED", 0)) or random.SystemRandom().randrange(1, 10**6)
        for seed in range(first, first + int(os.environ.get("ROUNDS", self.rounds))):
            with self.subTest(f"SEED={seed} ROUNDS=1"):
                for path in self.folder.iterdir():
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
                self.one_round(seed)

    def run_program(self, now, *arguments):
        done = subprocess.run([PROGRAM, arguments[0], "--config", str(self.folder / "baselined.yaml"), "--now", rfc(now), *arguments[1:]], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, f"{arguments}\n{done.stderr}")
        return done.stdout

    def close(self, seen, expected, what):
        if expected is None or seen is None:
            self.assertEqual(seen, expected, what)
        else:
            self.assertLessEqual(abs(seen - expected), 1e-9 * max(1, abs(expected)), f"{what}: {seen}, not {expected}")

    def compare_figures(self, expected, series):
        """`expected`: period -> figure, by indicator; series(indicator) is what the program's `series --json` prints. What has no
        figure, or 0, may be left out on either side."""
        for indicator, figures in expected.items():
            periods = json.loads(series(indicator))["periods"]
            seen = {p["period"]: p["value"] for p in periods if p["value"] and p["period"] in figures}
            self.assertEqual(set(seen), {period for period, value in figures.items() if value}, indicator)
            for period, value in figures.items():
                self.close(seen.get(period, 0), value, f"{indicator} {period}")
