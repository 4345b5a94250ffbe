#!/usr/bin/env python3
"""The yardstick for `once`: plain csv and sqlite3, 20 of the columns under the same key, two indexes. usage: yardstick.py CSV DATABASE"""
import csv
import sqlite3
import sys

database = sqlite3.connect(sys.argv[2])
with open(sys.argv[1], newline="", encoding="utf-8") as file:
    reader = csv.reader(file)
    names = next(reader)[:20]
    database.execute("CREATE TABLE incident (" + ", ".join(f"{n} TEXT" for n in names) + ", PRIMARY KEY(number))")
    database.execute("CREATE INDEX by_service ON incident(business_service, opened_at)")
    database.execute("CREATE INDEX by_resolved ON incident(resolved_at)")
    insert = "INSERT OR REPLACE INTO incident VALUES (" + ",".join("?" * 20) + ")"
    database.executemany(insert, (row[:20] for row in reader))
database.commit()
