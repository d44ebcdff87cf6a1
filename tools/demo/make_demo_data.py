#!/usr/bin/env python3
"""Makes data/events.csv, the demo's stream of real events, from the Online Retail data set.

    tools/demo/make_demo_data.py [events.csv.gz]

Without an argument it reads ../shared/data/online-retail/events.csv.gz beside this checkout: one row per invoice of one
customer (customer_id, ts, country, event, lines, units, amount_gbp). data/README.md says where that comes from and what
the demo makes of it. The output is a function of the input alone: no clock, no randomness.
"""
import collections
import csv
import datetime
import gzip
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[1].parent / "shared" / "data" / "online-retail" / "events.csv.gz"
TARGET = HERE / "data" / "events.csv"

LEADS = 60
# Events before the cut are the demo's history, events from it on are its live stream.
CUT = datetime.datetime(2011, 11, 9)
WINDOW = datetime.timedelta(days=90)

# Invoice size (number of lines) to a type of the starter model: the bigger the purchase, the stronger the engagement.
PURCHASES = [
    (2, "page_viewed"),
    (6, "email_clicked"),
    (17, "pricing_viewed"),
    (29, "webinar_attended"),
    (49, "trial_started"),
]
BIGGEST = "demo_requested"
RETURN = "email_opened"


def event_type(row):
    if row["event"] == "return":
        return RETURN
    lines = int(row["lines"])
    return next((name for most, name in PURCHASES if lines <= most), BIGGEST)


def read(source):
    """customer -> [(offset from the cut in seconds, type)], from 90 days before the cut to the end of the data."""
    customers = collections.defaultdict(list)
    with gzip.open(source, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            at = datetime.datetime.fromisoformat(row["ts"])
            if at > CUT - WINDOW:
                customers[row["customer_id"]].append((int((at - CUT).total_seconds()), event_type(row)))
    return customers


def richest(customers):
    """The customers with the longest stories that go on after the cut."""
    going_on = [name for name, events in customers.items() if events[0][0] < 0 <= events[-1][0]]
    return sorted(going_on, key=lambda name: (-len(customers[name]), name))[:LEADS]


def main():
    source = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else SOURCE
    if not source.exists():
        sys.exit(f"{source} is missing: give the path of events.csv.gz")
    customers = read(source)
    # Numbered by order of customer id, so that a lead's number says nothing about its score.
    rows = []
    for number, name in enumerate(sorted(richest(customers)), start=1):
        rows += [(offset, number, kind) for offset, kind in customers[name]]
    rows.sort()
    with open(TARGET, "w", encoding="utf-8", newline="\n") as file:
        file.write("lead,seconds,type\n")
        for offset, number, kind in rows:
            file.write(f"{number},{offset},{kind}\n")
    past = sum(1 for offset, _, _ in rows if offset < 0)
    live = len(rows) - past
    print(f"{TARGET.name}: {LEADS} leads, {past} events of history, {live} live, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
