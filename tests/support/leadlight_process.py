"""Runs the program for the tests that are written in Python: a data directory, a sandbox CRM, a server."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        return json.loads(self.body)


def ask(url, method="GET", key=None, body=None, headers=None):
    """Sends bytes or a JSON value; any status is an answer."""
    sent = dict(headers or {})
    if key is not None:
        sent.setdefault("Authorization", f"Bearer {key}")
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        sent.setdefault("Content-Type", "application/json")
    request = urllib.request.Request(url, data=body, method=method, headers=sent)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return Answer(answer.status, answer.headers, answer.read().decode())
    except urllib.error.HTTPError as refusal:
        with refusal:
            return Answer(refusal.code, refusal.headers, refusal.read().decode())


def wait_for(what, seconds=20):
    """The first true value of `what()`; fails when none comes in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError(f"nothing came within {seconds} s")


class Leadlight:
    """Sandbox and server on a data directory of their own; a context that ends what it started."""

    def __init__(self, binary, *serve_options, demo=True, environment=None):
        self.binary = binary
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="leadlight-test."))
        self.data = self.place / "data"
        self.serve_options = serve_options
        self.environment = {**os.environ, **(environment or {})}
        self.running = {}
        made = self.run("init", "--data", self.data, *(["--demo"] if demo else []), "--json")
        self.keys = json.loads(made.stdout)["tokens"]
        self.sandbox = "http://" + self.start("sandbox", "sandbox", "--listen", "127.0.0.1:0")
        self.url = self.serve()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for name in list(self.running):
            self.stop(name)
        shutil.rmtree(self.place)

    def serve(self):
        address = self.start("server", "serve", "--data", self.data, "--listen", "127.0.0.1:0", "--sandbox",
                             self.sandbox, *self.serve_options)
        return "http://" + address

    def run(self, *words, check=True, environment=None):
        done = subprocess.run([self.binary, *map(str, words)], capture_output=True, text=True, timeout=120,
                              env={**self.environment, **(environment or {})})
        if check and done.returncode != 0:
            raise AssertionError(f"leadlight {words[0]} ended with {done.returncode}: {done.stderr}")
        return done

    def start(self, name, *words):
        out = open(self.place / f"{name}.out", "wb")
        err = open(self.place / f"{name}.err", "ab")
        child = subprocess.Popen([self.binary, *map(str, words)], stdout=out, stderr=err, env=self.environment)
        out.close()
        err.close()
        self.running[name] = child

        def first_line():
            assert child.poll() is None, self.text(f"{name}.err")
            line = self.text(f"{name}.out").partition("\n")
            return line[1] and json.loads(line[0])["listening"]

        return wait_for(first_line, 60)

    def stop(self, name):
        child = self.running.pop(name)
        child.terminate()
        assert child.wait(60) == 0, self.text(f"{name}.err")

    def text(self, name):
        return (self.place / name).read_text(errors="replace")

    def ask(self, path, method="GET", key="admin", body=None, headers=None):
        return ask(self.url + path, method, self.keys.get(key, key), body, headers)

    def leads(self):
        """The sandbox's Leads by address."""
        records = ask(self.sandbox + "/_state/salesforce/Lead").json()["records"]
        return {(record["Email"] or "").lower(): record for record in records}
