"""Runs tests of ceph/s3-tests and writes the outcome of each to a file, one JSON object a line.

Usage: run_suite.py OUTCOMES [arguments of pytest]
"""

import json
import os
import signal
import sys

# Where Debian installs its python3-* packages. Behind the interpreter's own, so that these only
# serve for what it lacks.
DEBIAN_PACKAGES = "/usr/lib/python3/dist-packages"
# Seconds for one test with its set-up and clean-up; the suite itself waits up to 60 for locks.
TEST_TIMEOUT = 240

if os.path.isdir(DEBIAN_PACKAGES):
    sys.path.append(DEBIAN_PACKAGES)
# botocore would sign with it where it is installed, and it refuses by itself some of the requests
# that the suite wants the server to refuse.
sys.modules["awscrt"] = None

import pytest  # noqa: E402


class Outcomes:
    def __init__(self, path):
        self.file = open(path, "w", encoding="utf-8")
        self.current = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        def stop(_signal, _frame):
            raise TimeoutError(f"the test took more than {TEST_TIMEOUT} seconds")

        signal.signal(signal.SIGALRM, stop)
        signal.alarm(TEST_TIMEOUT)
        try:
            return (yield)
        finally:
            signal.alarm(0)

    def pytest_runtest_logreport(self, report):
        """Called for set-up, call and clean-up of a test: the first that fails tells."""
        if report.failed and self.current.get("outcome") != "failed":
            crash = getattr(report.longrepr, "reprcrash", None)
            message = crash.message if crash else str(report.longrepr)
            where = "" if report.when == "call" else f"{report.when}: "
            self.current = {"outcome": "failed", "message": where + message}
        elif report.skipped and not self.current:
            self.current = {"outcome": "skipped", "message": str(report.longrepr)}

    def pytest_runtest_logfinish(self, nodeid):
        test = {"name": nodeid.rsplit("/", 1)[-1], "outcome": "passed", **self.current}
        self.file.write(json.dumps(test) + "\n")
        self.file.flush()
        self.current = {}


sys.exit(pytest.main(sys.argv[2:], plugins=[Outcomes(sys.argv[1])]))
