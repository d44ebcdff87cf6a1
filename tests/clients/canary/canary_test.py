"""Goal: no personal data and no secret in anything an operator keeps or shows around: log, metrics, doctor, answers of
the administration that name no lead. Method: made-up addresses and secrets go through events, triggers, refusals, dead
letters, a CRM that repeats values in its errors, and restarts, in both forms of the log at level debug; then every
artefact is searched for them.

    canary_test.py PATH/TO/leadlight
"""

import json
import pathlib
import re
import sys
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from leadlight_process import Leadlight, ask, wait_for  # noqa: E402

LIVE = "/data-api/v2/scoring/behavioral/live"
LOCAL = "canary.quetzal"
REFUSED = f"{LOCAL}.refused@canary-bird.example"
WRITTEN = f"{LOCAL}.written@canary-bird.example"
SECRET = "canary-consumer-secret-7f3a9"
WRONG_KEY = "hg_v2_CanaryWrongKey000000000000000000000000"
PROPERTY = "canary-property-value"


def fault(leadlight, **what):
    answer = ask(leadlight.sandbox + "/_faults", "POST", body={"target": "salesforce", **what})
    assert answer.status < 300, answer.body


def email_id(leadlight, email):
    return leadlight.leads()[email]["Id"]


def put_lead(leadlight, email):
    records = {"records": [{"LastName": "Quetzal", "Company": "Canary", "Email": email}]}
    assert ask(leadlight.sandbox + "/_state/salesforce/Lead", "POST", body=records).status == 200


def live(leadlight, email, key="hg", **headers):
    return leadlight.ask(LIVE, "POST", key, {"email": email, "source": "salesforce"}, headers)


def make_trouble(leadlight):
    """Everything that may leave a trace, good and bad."""
    for email in (REFUSED, WRITTEN):
        put_lead(leadlight, email)
    # The value is repeated in the refusal, as Salesforce does.
    fault(leadlight, method="PATCH", fail_records={REFUSED: "FIELD_CUSTOM_VALIDATION_EXCEPTION"})
    for email in (REFUSED, WRITTEN):
        event = {"email": email, "type": "demo_requested", "properties": {"note": PROPERTY}}
        assert leadlight.ask("/v1/events", "POST", "events", event).status == 202
        assert live(leadlight, email).status == 202
    wait_for(lambda: leadlight.leads()[WRITTEN]["HG_Likelihood_to_Buy_Score__c"])
    wait_for(lambda: leadlight.ask("/v1/admin/dead-letters").json()["dead_letters"])
    refused(leadlight)
    fault(leadlight, status=500, message=f"trigger failed for {WRITTEN}", times=2)
    assert live(leadlight, WRITTEN).status == 202
    wait_for(lambda: "trigger failed" not in ask(leadlight.sandbox + "/_faults").body)


def refused(leadlight):
    """Requests that are answered 4xx, with the canary in every part of them."""
    quoted = urllib.parse.quote(WRITTEN, safe="")
    assert live(leadlight, WRITTEN, WRONG_KEY).status == 401
    assert live(leadlight, f"{LOCAL} not an address@x").status == 400
    assert leadlight.ask(f"/v1/leads/{quoted}x").status == 404
    assert leadlight.ask(f"/v1/leads/{WRITTEN}?as_of={LOCAL}").status == 400
    assert leadlight.ask(f"/nowhere/{LOCAL}/{quoted}").status == 404
    assert leadlight.ask(f"/{LOCAL}").status == 404
    assert leadlight.ask(LIVE, "POST", "hg", body=f'{{"email": "{WRITTEN}'.encode()).status == 400
    bad = {"email": WRITTEN, "type": LOCAL * 20, "properties": {"note": PROPERTY}}
    assert leadlight.ask("/v1/events", "POST", "events", bad).status == 400
    assert leadlight.ask(f"/v1/admin/targets/{LOCAL}", "DELETE").status == 404


def add_a_target(leadlight):
    """One whose secret is a canary, and that the sandbox refuses."""
    secret = leadlight.place / "secret.txt"
    secret.write_text(SECRET + "\n")
    leadlight.run("target", "add", "salesforce", "--name", "canary", "--url", leadlight.sandbox, "--client-id", "wrong",
                  "--client-secret-file", secret, "--server", leadlight.url, environment=token(leadlight))
    secret.unlink()
    wait_for(lambda: any(target["name"] == "canary" and target["state"] == "held"
                         for target in leadlight.ask("/v1/admin/targets").json()["targets"]))


def token(leadlight):
    return {"LEADLIGHT_TOKEN": leadlight.keys["admin"]}


def doctor(leadlight, *place):
    words = [("doctor",), ("doctor", "--json"), ("doctor", "salesforce"), ("doctor", "salesforce", "--json"),
             ("doctor", "salesforce", "--target", "crm", "--write-to", WRITTEN),
             ("doctor", "salesforce", "--target", "crm", "--write-to", REFUSED, "--json")]
    runs = [leadlight.run(*each, *place, check=False, environment=token(leadlight)) for each in words]
    return "".join(run.stdout + run.stderr for run in runs)


class Canary(unittest.TestCase):
    def artefacts(self, log_format):
        """Log, metrics, doctor and lists, and the keys that may stand in none of them."""
        environment = {"LEADLIGHT_LOG_FORMAT": log_format, "LEADLIGHT_LOG_LEVEL": "debug"}
        with Leadlight(BINARY, environment=environment) as leadlight:
            targets = leadlight.ask("/v1/admin/targets").json()["targets"]
            self.assertTrue(targets)
            self.crm = targets[0]["name"]
            make_trouble(leadlight)
            add_a_target(leadlight)
            shown = {"metrics": ask(leadlight.url + "/metrics").body,
                     "openapi": ask(leadlight.url + "/openapi.json").body,
                     "targets": leadlight.ask("/v1/admin/targets").body,
                     "state": leadlight.ask("/v1/admin/state").body,
                     "tokens": leadlight.ask("/v1/admin/tokens").body,
                     "doctor": doctor(leadlight, "--server", leadlight.url)}
            name = leadlight.run("lead", "log-name", REFUSED, "--data", leadlight.data).stdout.strip()
            self.assertIn(name, leadlight.text("server.err"))
            leadlight.stop("server")
            shown["doctor --data"] = doctor(leadlight, "--data", leadlight.data)
            leadlight.url = leadlight.serve()
            self.assertEqual(live(leadlight, WRITTEN).status, 202)
            leadlight.stop("server")
            shown["log"] = leadlight.text("server.err")
            return shown, list(leadlight.keys.values())

    def check(self, shown, keys):
        for name, text in shown.items():
            for canary in (LOCAL, "canary-bird", SECRET, WRONG_KEY, PROPERTY, "Quetzal", *keys):
                self.assertNotIn(canary.lower(), text.lower(), f"{canary} in {name}")

    def test_text(self):
        shown, keys = self.artefacts("text")
        self.check(shown, keys)
        self.assertIn("a request was refused", shown["log"])

    def test_json(self):
        shown, keys = self.artefacts("json")
        self.check(shown, keys)
        lines = [json.loads(line) for line in shown["log"].splitlines()]
        for line in lines:
            self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
            self.assertIn(line["level"], ["debug", "info", "warn", "error", "critical"])
            self.assertTrue(line["message"])
        dead, = {line["lead"] for line in lines if line["message"] == "a writeback became a dead letter"}
        self.assertRegex(dead, "^lead_[0-9a-f]{16}$")
        # The same person has the same name in every line, and after a restart.
        names = [line["lead"] for line in lines if line["message"] == "a trigger came in"]
        self.assertEqual(names[0], dead)
        self.assertEqual(names[1], names[-1])
        self.assertEqual(len(set(names)), 2)
        refusals = [line for line in lines if line["message"] == "a request was refused"]
        self.assertEqual({line["status"] for line in refusals}, {400, 401, 404})
        for line in refusals:
            self.assertRegex(line["request_id"], "^req_")
            self.assertRegex(line["trace_id"], "^[0-9a-f]{32}$")
            self.assertTrue(line["route"])

    def test_a_trace_goes_from_the_trigger_to_the_crm(self):
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        with Leadlight(BINARY, "--log-format", "json", environment={"LEADLIGHT_LOG_LEVEL": "debug"}) as leadlight:
            email = "ada.holloway@example.com"
            event = {"email": email, "type": "demo_requested"}
            leadlight.ask("/v1/events", "POST", "events", event)
            answer = live(leadlight, email, traceparent=f"00-{trace}-00f067aa0ba902b7-01")
            self.assertEqual(answer.status, 202)
            version, answered, span, flags = answer.headers["traceparent"].split("-")
            self.assertEqual((version, answered, flags), ("00", trace, "01"))
            self.assertNotEqual(span, "00f067aa0ba902b7")
            wait_for(lambda: leadlight.leads()[email]["HG_Likelihood_to_Buy_Score__c"])
            lines = wait_for(lambda: [json.loads(line) for line in leadlight.text("server.err").splitlines()
                                      if "a batch was brought to its target" in line and trace in line])
            self.assertEqual(lines[0]["component"], "salesforce")
            calls = ask(leadlight.sandbox + "/_calls?target=salesforce&method=PATCH").json()["calls"]
            own = [call for call in calls if email_id(leadlight, email) in call["body"]]
            self.assertEqual([call["traceparent"].split("-")[1] for call in own], [trace])


if __name__ == "__main__":
    BINARY = sys.argv.pop(1)
    unittest.main()
