"""Calls the AWS CLI: a call a line on stdin, its answer a line on stdout, as call-client.ts has it. Each runs the
CLI's own main function, in one process: to start the CLI takes longer than the call."""
import base64
import contextlib
import io
import json
import os
import re
import sys
import tempfile

import awscli
from awscli.clidriver import create_clidriver
from botocore import xform_name

names = {"accessKeyId": "AWS_ACCESS_KEY_ID", "secretAccessKey": "AWS_SECRET_ACCESS_KEY"}


def send(asked):
    keys = asked["keys"]
    for key, name in {**names, "sessionToken": "AWS_SESSION_TOKEN"}.items():
        os.environ.pop(name, None)
        if keys.get(key):
            os.environ[name] = keys[key]
    driver = create_clidriver()
    model = driver.session.get_service_model(asked["service"])
    if asked["operation"] not in model.operation_names:
        return {"unknown": True}
    members = model.operation_model(asked["operation"]).input_shape.members
    text = {name: value for name, value in asked["input"].items() if members[name].type_name != "blob"}
    command = [asked["service"], xform_name(asked["operation"], "-"), "--cli-input-json", json.dumps(text)]
    with tempfile.TemporaryDirectory() as folder:
        for name in asked["input"].keys() - text.keys():
            path = os.path.join(folder, name)
            with open(path, "wb") as file:
                file.write(base64.b64decode(asked["input"][name]))
            command += ["--" + xform_name(name, "-"), "fileb://" + path]
        return run(driver, [*command, "--no-paginate", "--region", asked["region"], "--output", "json"])


def run(driver, command):
    said, complained = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complained):
        code = driver.main(command)
    if code == 0:
        return {"output": json.loads(said.getvalue() or "{}")}
    refused = re.search(r"An error occurred \((\w+)\) when calling the \w+ operation: (.*)", complained.getvalue())
    if not refused:
        raise RuntimeError(f"the CLI ended with {code}: {complained.getvalue()}")
    return {"error": {"code": refused[1], "type": refused[1], "message": refused[2]}}


if len(sys.argv) > 1:
    print(awscli.__version__)
    sys.exit()
answers = sys.stdout
for line in sys.stdin:
    print(json.dumps(send(json.loads(line))), file=answers, flush=True)
