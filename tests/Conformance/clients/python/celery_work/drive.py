"""A real Celery worker runs real tasks from the broker at AMQP_URL. Any failed assertion ends with exit code 1."""
import os
import subprocess
import sys
import tempfile
import time

from celery import chain, group

from work import add, app, die_once, fail, kind, third_time_lucky, when

LIMIT = 60


def told_by(worker_log):
    worker_log.seek(0)
    return worker_log.read().decode(errors="replace")


def start(folder, log):
    command = [sys.executable, "-m", "celery", "-A", "work", "worker", "--concurrency", "2", "--loglevel", "info", "--hostname", "tested@here"]
    return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=os.path.dirname(os.path.abspath(__file__)))


def check(folder):
    assert add.delay(2, 3).get(timeout=LIMIT) == 5
    print("a task runs and its result comes back")

    assert sorted(group(add.s(i, i) for i in range(100))().get(timeout=LIMIT)) == [2 * i for i in range(100)]
    assert chain(add.s(1, 2), add.s(3), add.s(4))().get(timeout=LIMIT) == 10
    print("groups and chains end")

    asked = time.time()
    done = when.apply_async(countdown=2).get(timeout=LIMIT)
    assert done - asked >= 1.9, f"ran after {done - asked} s instead of 2"
    print("a countdown is kept")

    assert third_time_lucky.delay().get(timeout=LIMIT) == 2
    print("retries are counted")

    try:
        fail.delay().get(timeout=LIMIT)
        raise AssertionError("the failure was not reported")
    except ValueError as fault:
        assert str(fault) == "on purpose", fault
    print("a failure comes back as what it was")

    assert die_once.delay(os.path.join(folder, "died")).get(timeout=LIMIT) is True
    print("a task whose process dies runs again")

    assert app.control.ping(timeout=5) == [{"tested@here": {"ok": "pong"}}]
    print("remote control answers")

    with app.connection_for_write() as connection:
        left = connection.channel().queue_declare("celery", passive=True)
        assert left.message_count == 0, left
    print(f"nothing is left in the {kind} queue")


with tempfile.TemporaryDirectory() as folder, open(os.path.join(folder, "worker.log"), "w+b") as log:
    worker = start(folder, log)
    try:
        check(folder)
        worker.terminate()
        assert worker.wait(LIMIT) == 0, worker.returncode
        print("the worker ends warmly")
    except BaseException:
        print(told_by(log))
        raise
    finally:
        worker.kill()
        worker.wait()
