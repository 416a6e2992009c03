"""What hvac reads through an agent that speaks as Vault does: VAULT_ADDR and VAULT_TOKEN say where and as whom. A line
of JSON a question: its name and the answer, or the name of the error that hvac raises."""
import json

import hvac

client = hvac.Client()
kv = client.secrets.kv.v2


def read(path, client=client, **options):
    answer = client.secrets.kv.v2.read_secret_version(path=path, raise_on_deleted_version=True, **options)["data"]
    return [answer["data"], sorted(answer["metadata"])]


def number_of(path):
    return kv.read_secret_version(path=path, raise_on_deleted_version=True)["data"]["metadata"]["version"]


questions = {
    "authenticated": client.is_authenticated,
    "initialized": client.sys.is_initialized,
    "sealed": client.sys.is_sealed,
    "health": lambda: client.sys.read_health_status().status_code,
    "current": lambda: read("app/db"),
    "odd name": lambda: read("app/a+c"),
    "text": lambda: read("app/text"),
    "this version": lambda: read("app/db", version=number_of("app/db")),
    "absent": lambda: read("nope"),
    "absent version": lambda: read("app/db", version=7),
    "other mount": lambda: read("app/db", mount_point="other"),
    "list": lambda: kv.list_secrets(path=""),
    "write": lambda: kv.create_or_update_secret(path="app/db", secret={"a": "b"}),
    "wrong token": lambda: read("app/db", client=hvac.Client(token="wrong")),
    "namespace": lambda: read("app/db", client=hvac.Client(namespace="team")),
}
for name, ask in questions.items():
    try:
        answer = ask()
    except hvac.exceptions.VaultError as error:
        answer = {"raised": type(error).__name__}
    print(json.dumps([name, answer]))
