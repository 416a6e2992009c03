"""A pytest plugin: moto's tests talk to the server that TEST_SERVER_MODE_ENDPOINT names, with the keys of the
environment, and how each test ended is written to the file that MOTO_OUTCOMES names."""
import json
import os
import sys
import types

import boto3
from moto.core.config import default_user_config

# Its keys are too short for an access key of AWS's, and the store looks at keys.
default_user_config["core"]["mock_credentials"] = False

# One constant of that file is asked for; what else it imports are tests of other services.
lambda_tests = types.ModuleType("tests.test_awslambda.test_lambda")
lambda_tests._lambda_region = "us-west-2"
sys.modules[lambda_tests.__name__] = lambda_tests

plain_client = boto3.client


def client(*args, **options):
    """Where a test names moto's usual port, it means this server too."""
    if options.get("endpoint_url") == "http://localhost:5000":
        options["endpoint_url"] = os.environ["TEST_SERVER_MODE_ENDPOINT"]
    return plain_client(*args, **options)


boto3.client = client

outcomes = {}


def pytest_runtest_logreport(report):
    name = report.nodeid.removeprefix("tests/test_secretsmanager/")
    if report.failed:
        last = report.longreprtext.strip().splitlines()[-1:]
        why = [line[1:].strip() for line in report.longreprtext.splitlines() if line.startswith("E ")]
        outcomes[name] = {"outcome": "failed", "why": (why or last)[0]}
    elif report.skipped:
        outcomes[name] = {"outcome": "skipped", "why": str(report.longrepr[2])}
    elif report.when == "call":
        outcomes.setdefault(name, {"outcome": "passed"})


def pytest_sessionfinish():
    with open(os.environ["MOTO_OUTCOMES"], "w") as file:
        json.dump(outcomes, file)
