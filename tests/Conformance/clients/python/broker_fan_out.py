"""pika against the broker at AMQP_URL: twelve queues behind a fanout, four confirming publishers, and on each queue somebody who takes
messages and gives them back at random, singly, in groups, or by closing the channel. In the end each queue holds each message once, in the
order of its publisher. The seed is printed; give it as the first argument to repeat a run.
"""
import os
import random
import sys
import threading

import pika

QUEUES, PUBLISHERS, EACH = 12, 4, 150
parameters = pika.URLParameters(os.environ["AMQP_URL"])
seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.randrange(2**31)
print("seed", seed)
published = threading.Event()
faults = []


def guarded(work):
    def run(*arguments):
        try:
            work(*arguments)
        except BaseException as fault:  # told in the main thread, which ends with it
            faults.append(f"{work.__name__}{arguments}: {fault!r}")

    return run


@guarded
def publish(publisher):
    connection = pika.BlockingConnection(parameters)
    channel = connection.channel()
    channel.confirm_delivery()
    for number in range(EACH):
        properties = pika.BasicProperties(delivery_mode=2 if number % 3 else 1)
        channel.basic_publish("amq.fanout", "", f"{publisher}/{number}".encode(), properties, mandatory=True)
    connection.close()


@guarded
def give_back(queue):
    chance = random.Random(seed + queue)
    connection = pika.BlockingConnection(parameters)
    while not published.is_set():
        channel = connection.channel()
        for _ in range(chance.randrange(1, 20)):
            method, _, _ = channel.basic_get(f"q{queue}")
            if method is None:
                break
            if chance.randrange(3) == 0:
                channel.basic_nack(method.delivery_tag, multiple=chance.randrange(2) == 0, requeue=True)
        channel.close()
    connection.close()


connection = pika.BlockingConnection(parameters)
channel = connection.channel()
for queue in range(QUEUES):
    quorum = {"x-queue-type": "quorum", "x-delivery-limit": -1}
    channel.queue_declare(f"q{queue}", durable=True, arguments=quorum if queue % 2 else {})
    channel.queue_bind(f"q{queue}", "amq.fanout", "")

returning = [threading.Thread(target=give_back, args=(queue,)) for queue in range(QUEUES)]
publishing = [threading.Thread(target=publish, args=(publisher,)) for publisher in range(PUBLISHERS)]
for thread in returning + publishing:
    thread.start()
for thread in publishing:
    thread.join()
published.set()
for thread in returning:
    thread.join()
assert not faults, faults

for queue in range(QUEUES):
    bodies = []
    while True:
        method, _, body = channel.basic_get(f"q{queue}", auto_ack=True)
        if method is None:
            break
        bodies.append(body.decode())
    for publisher in range(PUBLISHERS):
        got = [body for body in bodies if body.startswith(f"{publisher}/")]
        assert got == [f"{publisher}/{number}" for number in range(EACH)], (queue, publisher, got)
connection.close()
print("each message once in each queue, in order")
