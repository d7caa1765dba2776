"""A service in Python that lives in a Quintet system with nothing but its clients' usual variables.

It answers GET /hello with a greeting from the configuration server, counts the users it has heard of
through the broker (GET /hello/users), and asks Users for one of them (GET /hello/{id}).
Needs Python 3 and pika (Debian: python3-pika).
"""
import json
import os
import signal
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pika

QUEUE = "greeter.users.user-created"
heard = {}  # event id -> user id; the same event may come twice and counts once
connected = threading.Event()


def setting(name, default):
    """One value from the configuration server, read when it is asked for: a change shows with the next request."""
    request = urllib.request.Request(
        os.environ["CONFIG_SERVER_URL"] + "/greeter/default",
        headers={"Authorization": "Bearer " + os.environ.get("CONFIG_SERVER_TOKEN", "")},
    )
    try:
        with urllib.request.urlopen(request, timeout=2) as response:
            for source in json.load(response)["propertySources"]:
                if name in source["source"]:
                    return source["source"][name]
    except OSError as fault:
        print(f"configuration server is away ({fault}); using the default", flush=True)
    return default


def listen():
    """Consumes users.user-created for ever; a lost connection is taken up again."""
    while True:
        try:
            with pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"])) as connection:
                channel = connection.channel()
                channel.exchange_declare("events", "topic", durable=True)
                channel.queue_declare(QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
                channel.queue_bind(QUEUE, "events", "users.user-created")
                channel.basic_qos(prefetch_count=20)
                channel.basic_consume(QUEUE, on_user_created)
                connected.set()
                channel.start_consuming()
        except (pika.exceptions.AMQPError, OSError) as fault:
            connected.clear()
            print(f"broker is away ({type(fault).__name__}); trying again", flush=True)
            time.sleep(1)


def on_user_created(channel, method, properties, body):
    event = json.loads(body)
    heard[event["id"]] = event["data"]["id"]
    channel.basic_ack(method.delivery_tag)


class Greeter(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/health":
            self.answer(200, {"broker": connected.is_set()})
        elif self.path == "/hello":
            self.answer(200, {"greeting": setting("greeting", "Hello"), "instance": os.environ["QUINTET_INSTANCE"]})
        elif self.path == "/hello/users":
            self.answer(200, {"heard": sorted(set(heard.values()))})
        elif self.path.startswith("/hello/"):
            self.greet(self.path.removeprefix("/hello/"))
        else:
            self.answer(404, {"error": "not found"})

    def greet(self, user):
        try:
            with urllib.request.urlopen(f"{os.environ['USERS_URL']}/users/{user}", timeout=5) as response:
                self.answer(200, {"greeting": f"{setting('greeting', 'Hello')}, {json.load(response)['name']}"})
        except urllib.error.HTTPError as fault:
            self.answer(fault.code, {"error": f"users answered {fault.code}"})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *arguments):
        pass


if __name__ == "__main__":
    threading.Thread(target=listen, daemon=True).start()
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Greeter)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()
