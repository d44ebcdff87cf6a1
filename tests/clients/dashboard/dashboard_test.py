"""Goal: the dashboard and the alerts show what the server tells, all of it and nothing else. Method: the names in
docs/dashboards/ are compared, both ways, with /metrics of a running server that has had some traffic.

    dashboard_test.py PATH/TO/leadlight
"""

import json
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from leadlight_process import Leadlight, ask, wait_for  # noqa: E402

DASHBOARDS = pathlib.Path(__file__).resolve().parents[3] / "docs" / "dashboards"
NAME = re.compile(r"\bleadlight_[a-z0-9_]+")
SUFFIXES = ("_bucket", "_sum", "_count")


def family(name, histograms):
    """A histogram's series are named after it, with a suffix."""
    for suffix in SUFFIXES:
        if name.removesuffix(suffix) in histograms:
            return name.removesuffix(suffix)
    return name


class Dashboard(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dashboard = json.loads((DASHBOARDS / "leadlight.json").read_text())
        cls.alerts = (DASHBOARDS / "alerts.yml").read_text()
        with Leadlight(BINARY) as leadlight:
            event = {"email": "ada.holloway@example.com", "type": "demo_requested"}
            assert leadlight.ask("/v1/events", "POST", "events", event).status == 202
            text = wait_for(lambda: cls.metrics_after_a_writeback(leadlight))
        types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
        cls.told = {name for name in types if name.startswith("leadlight_")}
        cls.histograms = {name for name, kind in types.items() if kind == "histogram"}
        cls.counters = {name for name, kind in types.items() if kind == "counter"}
        cls.labels = {}
        for name, labels in re.findall(r"^(leadlight_[a-z0-9_]+)\{([^}]*)\}", text, re.M):
            cls.labels.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))

    @staticmethod
    def metrics_after_a_writeback(leadlight):
        text = ask(leadlight.url + "/metrics").body
        return 'outcome="written"} 1' in text and text

    def expressions(self):
        return [target["expr"] for panel in self.dashboard["panels"] for target in panel.get("targets", [])]

    def shown(self):
        return {family(name, self.histograms) for expression in self.expressions() for name in NAME.findall(expression)}

    def test_every_metric_on_the_dashboard_is_told(self):
        self.assertEqual(self.shown() - self.told, set())

    def test_every_metric_told_is_on_the_dashboard(self):
        self.assertEqual(self.told - self.shown(), set())

    def test_counters_are_shown_as_rates(self):
        for expression in self.expressions():
            for name in NAME.findall(expression):
                if name in self.counters or name.removesuffix("_bucket") in self.histograms:
                    self.assertRegex(expression, r"rate\(" + name + r"\b", expression)

    def test_labels_that_are_used_exist(self):
        for expression in [*self.expressions(), *re.findall(r"expr: (.*)", self.alerts)]:
            for name, selector in re.findall(r"(leadlight_[a-z0-9_]+)\{([^}]*)\}", expression):
                used = set(re.findall(r'(\w+)=~?"', selector)) - {"instance"}
                self.assertLessEqual(used, self.labels.get(name, set()), expression)

    def test_rows_and_panels_are_sound(self):
        panels = self.dashboard["panels"]
        rows = [panel["title"] for panel in panels if panel["type"] == "row"]
        for row in ("Door", "Records", "Writebacks", "Targets", "Memory", "Storage"):
            self.assertIn(row, rows)
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
        taken = set()
        for panel in panels:
            place = panel["gridPos"]
            self.assertLessEqual(place["x"] + place["w"], 24, panel["title"])
            cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                     for y in range(place["y"], place["y"] + place["h"])}
            self.assertFalse(cells & taken, panel["title"])
            taken |= cells

    def test_alerts_name_what_is_told(self):
        names = {family(name, self.histograms) for expression in re.findall(r"expr: (.*)", self.alerts)
                 for name in NAME.findall(expression)}
        self.assertTrue(names)
        self.assertLessEqual(names, self.told)

    def test_every_alert_says_what_to_do(self):
        alerts = self.alerts.split("- alert: ")[1:]
        for alert in alerts:
            self.assertRegex(alert, r"(?s)^[A-Za-z]+\n\s+expr: .*severity: (page|office_hours|ticket) ")
            self.assertRegex(alert, r"(?s)summary: \".*action: \"")
        guide = (DASHBOARDS.parent / "guides" / "operations.md").read_text()
        for alert in alerts:
            self.assertIn(f"`{alert.split()[0]}`", guide)


if __name__ == "__main__":
    BINARY = sys.argv.pop(1)
    unittest.main()
