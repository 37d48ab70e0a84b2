"""What the Python suites share: where the server is, and checks that are printed and end the run when they fail."""
import os
import sys
import time
import traceback

HOST = os.environ["PGHOST"]
PORT = int(os.environ["PGPORT"])
USER = os.environ["PGUSER"]
PASSWORD = os.environ["PGPASSWORD"]
DATABASE = os.environ["PGDATABASE"]
CA_FILE = os.environ["PGSSLROOTCERT"]
# libpq and asyncpg read these by themselves: the suites say what they want, connection by connection.
for name in ("PGSSLMODE", "PGSSLROOTCERT", "PGCHANNELBINDING"):
    os.environ.pop(name, None)


def equal(actual, expected):
    if actual != expected:
        raise AssertionError(f"expected {expected!r}, got {actual!r}")


def true(condition, text):
    if not condition:
        raise AssertionError(text)


def passed(name, since):
    print(f"ok {name} ({(time.monotonic() - since) * 1000:.0f} ms)", flush=True)


def failed(name):
    print(f"FAILED {name}", flush=True)
    traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1)


def run(checks):
    for check in checks:
        since = time.monotonic()
        try:
            check()
        except BaseException:
            failed(check.__name__)
        passed(check.__name__, since)


async def run_async(checks):
    for check in checks:
        since = time.monotonic()
        try:
            await check()
        except BaseException:
            failed(check.__name__)
        passed(check.__name__, since)
