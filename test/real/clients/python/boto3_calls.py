"""Calls boto3: a call a line on stdin, its answer a line on stdout, as call-client.ts has it."""
import base64
import datetime
import json
import sys

import boto3
from botocore import xform_name
from botocore.exceptions import ClientError


def as_json(value):
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    return base64.b64encode(value).decode()


def with_bytes(shape, value):
    """The input as boto3 takes it: bytes where the model has a blob."""
    if shape.type_name == "blob":
        return base64.b64decode(value)
    if shape.type_name == "structure":
        return {name: with_bytes(shape.members[name], member) for name, member in value.items()}
    if shape.type_name == "list":
        return [with_bytes(shape.member, item) for item in value]
    return value


def send(asked):
    keys = asked["keys"]
    client = boto3.client(
        asked["service"],
        region_name=asked["region"],
        aws_access_key_id=keys["accessKeyId"],
        aws_secret_access_key=keys["secretAccessKey"],
        aws_session_token=keys.get("sessionToken"),
    )
    model = client.meta.service_model
    if asked["operation"] not in model.operation_names:
        return {"unknown": True}
    shape = model.operation_model(asked["operation"]).input_shape
    try:
        output = getattr(client, xform_name(asked["operation"]))(**with_bytes(shape, asked["input"]))
    except ClientError as refused:
        error = refused.response["Error"]
        return {"error": {"code": error["Code"], "type": type(refused).__name__, "message": error["Message"]}}
    del output["ResponseMetadata"]
    return {"output": output}


if len(sys.argv) > 1:
    print(boto3.__version__)
    sys.exit()
for line in sys.stdin:
    print(json.dumps(send(json.loads(line)), default=as_json), flush=True)
