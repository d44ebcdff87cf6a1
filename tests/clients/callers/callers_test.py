"""Goal: the callers that the guides describe reach the door exactly as they send. Method: the bytes that a Salesforce
Flow's HTTP callout, an Apex callout and a Marketo webhook put on the wire, played to the real server over a socket;
what they are answered is judged as the caller judges it, and the score must arrive on the sandbox's Lead.

    callers_test.py PATH/TO/leadlight
"""

import json
import re
import socket
import sys
import unittest
import urllib.parse

sys.path.insert(0, str(__import__("pathlib").Path(__file__).resolve().parents[2] / "support"))
from leadlight_process import Leadlight, wait_for  # noqa: E402

ROUTE = "/data-api/v2/scoring/behavioral/live"
GUIDES = __import__("pathlib").Path(__file__).resolve().parents[3] / "docs" / "guides"
PACKAGE = GUIDES.parents[1] / "integrations" / "salesforce" / "force-app" / "main" / "default"


def exchange(url, head, body):
    """Sends the bytes as they are, and reads one answer: status line, headers, body."""
    place = urllib.parse.urlsplit(url)
    with socket.create_connection((place.hostname, place.port), timeout=20) as connection:
        lines = [f"{name}: {value}" for name, value in head[1:]]
        text = "\r\n".join([head[0], f"Host: {place.netloc}", *lines, f"Content-Length: {len(body)}"]) + "\r\n\r\n"
        connection.sendall(text.encode() + body)
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(65536) or sys.exit("the connection ended before an answer came")
        answer_head, _, rest = received.partition(b"\r\n\r\n")
        status, *headers = answer_head.decode().split("\r\n")
        named = {name.lower(): value for name, value in (line.split(": ", 1) for line in headers)}
        while len(rest) < int(named.get("content-length", 0)):
            rest += connection.recv(65536)
        return status, named, rest.decode()


def marketo_template():
    """The template as docs/guides/marketo.md prints it."""
    text = (GUIDES / "marketo.md").read_text()
    return re.search(r"```json\n(\{\"email\": \{\{lead.*?)\n```", text, re.S).group(1)


def marketo_form_template():
    text = (GUIDES / "marketo.md").read_text()
    return re.search(r"```text\n(email=\{\{lead.*?)\n```", text, re.S).group(1)


def rendered(template, email, encoding):
    """As Marketo renders: with JSON encoding it brings the quotes itself, with Form/Url it encodes the value alone."""
    value = json.dumps(email) if encoding == "JSON" else urllib.parse.quote_plus(email)
    return template.replace("{{lead.Email Address}}", value)


class Callers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.leadlight = Leadlight(BINARY)
        cls.key = cls.leadlight.keys["hg"]

    @classmethod
    def tearDownClass(cls):
        cls.leadlight.__exit__()

    def active(self, email):
        """Gives the lead something to be scored for."""
        answer = self.leadlight.ask("/v1/events", "POST", "events", {"email": email, "type": "demo_requested"})
        self.assertEqual(answer.status, 202, answer.body)

    def send(self, headers, body):
        return exchange(self.leadlight.url, [f"POST {ROUTE} HTTP/1.1", *headers], body)

    def accepted(self, status, headers, body, email, source):
        self.assertEqual(status, "HTTP/1.1 202 Accepted")
        self.assertEqual(headers["content-type"].split(";")[0], "application/json")
        value = json.loads(body)
        self.assertEqual(value["status"], "accepted")
        self.assertEqual(value["email"], email)
        self.assertEqual(value["source"], source)
        # Flat texts alone: Flow's structure inference and Marketo's mappings take nothing else.
        self.assertTrue(all(isinstance(item, str) for item in value.values()), value)
        self.assertTrue(all(re.fullmatch("[A-Za-z_]+", name) for name in value), value)

    def scored(self, email):
        lead = wait_for(lambda: self.leadlight.leads()[email]["HG_Likelihood_to_Buy_Score__c"] is not None
                        and self.leadlight.leads()[email])
        self.assertGreater(lead["HG_Likelihood_to_Buy_Score__c"], 0)
        self.assertIn(lead["HG_Likelihood_to_Buy_Segment__c"], ["very high", "high", "medium", "low"])

    def test_flow_http_callout(self):
        email = "ada.holloway@example.com"
        self.active(email)
        headers = [("User-Agent", "SFDC-Callout/60.0"), ("Authorization", f"Bearer {self.key}"),
                   ("SFDC_STACK_DEPTH", "1"), ("Content-Type", "application/json"), ("Accept", "application/json"),
                   ("Accept-Encoding", "gzip"), ("Cache-Control", "no-cache"), ("Connection", "keep-alive")]
        answer = self.send(headers, json.dumps({"email": email, "source": "salesforce"}).encode())
        self.accepted(*answer, email, "salesforce")
        self.scored(email)

    def test_the_wizards_sample_needs_no_lead(self):
        body = b'{"email":"test@example.com","source":"salesforce"}'
        answer = self.send([("Authorization", f"Bearer {self.key}"), ("Content-Type", "application/json")], body)
        self.accepted(*answer, "test@example.com", "salesforce")

    def test_flow_without_the_custom_header_gets_401(self):
        status, _, body = self.send([("Content-Type", "application/json")], b'{"email":"a@example.com"}')
        self.assertEqual(status, "HTTP/1.1 401 Unauthorized")
        self.assertEqual(json.loads(body)["errors"][0]["detail"], "Invalid or missing API key")

    def test_flow_without_the_email_guard_gets_400(self):
        headers = [("Authorization", f"Bearer {self.key}"), ("Content-Type", "application/json")]
        for blank in (b'{"email":"","source":"salesforce"}', b'{"email":null,"source":"salesforce"}',
                      b'{"source":"salesforce"}'):
            status, _, body = self.send(headers, blank)
            self.assertEqual(status, "HTTP/1.1 400 Bad Request")
            self.assertEqual(json.loads(body)["errors"][0]["source"], {"pointer": "/email"})

    def test_apex_callout(self):
        apex = (PACKAGE / "classes" / "LeadlightLiveScoring.cls").read_text()
        endpoint = re.search(r"'callout:HG_Insights_API(/[^']*)'", apex).group(1)
        self.assertEqual(endpoint, ROUTE)
        self.assertIn("request.setMethod('POST')", apex)
        content_type = re.search(r"setHeader\('Content-Type', '([^']*)'\)", apex).group(1)
        source = re.search(r"'source' => '([a-z]+)'", apex).group(1)
        email = "hana.novak@example.org"
        self.active(email)
        headers = [("User-Agent", "SFDC-Callout/60.0"), ("Authorization", f"Bearer {self.key}"),
                   ("Content-Type", content_type), ("Accept", "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"),
                   ("Connection", "keep-alive")]
        # A map's order is Apex's own affair.
        for value in ({"email": email, "source": source}, {"source": source, "email": email}):
            self.accepted(*self.send(headers, json.dumps(value, separators=(",", ":")).encode()), email, source)
        self.scored(email)

    def test_a_burst_of_200_callouts_is_taken_whole(self):
        headers = [("Authorization", f"Bearer {self.key}"), ("Content-Type", "application/json"),
                   ("Connection", "close")]
        for number in range(200):
            email = f"burst{number}@example.com"
            answer = self.send(headers, json.dumps({"email": email, "source": "salesforce"}).encode())
            self.accepted(*answer, email, "salesforce")

    def marketo(self, content_type, body):
        headers = [("Authorization", f"Bearer {self.key}")]
        if content_type:
            headers.append(("Content-Type", content_type))
        return self.send(headers, body.encode())

    def test_marketo_template_with_json_encoding(self):
        email = "fiona.o'brien@example.com"
        self.active(email)
        body = rendered(marketo_template(), email, "JSON")
        self.assertEqual(json.loads(body), {"email": email, "source": "marketo"})
        self.accepted(*self.marketo("application/json", body), email, "marketo")
        self.scored(email)

    def test_marketo_answers_are_never_empty(self):
        for body in ('{"email": "", "source": "marketo"}', '{"email": ""a@b.co"", "source": "marketo"}', "", "{"):
            status, headers, text = self.marketo("application/json", body)
            self.assertEqual(status, "HTTP/1.1 400 Bad Request", body)
            self.assertTrue(json.loads(text)["errors"][0]["detail"])

    def test_marketo_template_with_line_breaks(self):
        for line_break in ("\n", "\r\n"):
            body = rendered(marketo_template(), "ben.ortiz@example.com", "JSON").replace(", ", "," + line_break + "  ")
            answer = self.marketo("application/json", line_break + body + line_break)
            self.accepted(*answer, "ben.ortiz@example.com", "marketo")

    def test_marketo_template_with_form_encoding(self):
        email = "ben+news@example.com"
        for line_break in ("", "\n", "\r\n"):
            body = rendered(marketo_form_template(), email, "Form").replace("&", "&" + line_break)
            answer = self.marketo("application/x-www-form-urlencoded", body + line_break)
            self.accepted(*answer, email, "marketo")

    def test_marketo_without_a_content_type(self):
        email = "ben.ortiz@example.com"
        self.accepted(*self.marketo(None, rendered(marketo_template(), email, "JSON")), email, "marketo")


if __name__ == "__main__":
    BINARY = sys.argv.pop(1)
    unittest.main()
