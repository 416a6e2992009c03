"""A function that asks AWS's Lambda extension over plain HTTP, as AWS's documentation shows: no SDK. The port and the
token come from the environment; a line of JSON an answer."""
import json
import os
import urllib.error
import urllib.parse
import urllib.request

port = os.environ["PARAMETERS_SECRETS_EXTENSION_HTTP_PORT"]
headers = {"X-Aws-Parameters-Secrets-Token": os.environ["AWS_SESSION_TOKEN"]}


def ask(path, **query):
    url = f"http://localhost:{port}{path}?{urllib.parse.urlencode(query)}"
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return {"status": error.code, "body": error.read().decode()}


parameters = "/systemsmanager/parameters/get"
for answer in [
    ask("/secretsmanager/get", secretId="app/db")["SecretString"],
    ask(parameters, name="/app/key")["Parameter"],
    ask(parameters, name="/app/hidden", withDecryption="true")["Parameter"]["Value"],
    ask(parameters, name="/app/key", version=1)["Parameter"]["Value"],
    ask(parameters, name="/app/key", label="blue")["Parameter"]["Value"],
    ask(parameters, name="/app/none"),
]:
    print(json.dumps(answer))
