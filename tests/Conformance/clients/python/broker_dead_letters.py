"""pika against the broker at AMQP_URL: two queues are each other's dead-letter target, and every message is rejected three times before it is
taken. Each arrives once, and its x-death tells the way.
"""
import os

import pika

MESSAGES, ROUNDS = 200, 3
connection = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"]))
channel = connection.channel()
for queue, other in (("ping", "pong"), ("pong", "ping")):
    channel.queue_declare(queue, durable=True, arguments={"x-dead-letter-exchange": "", "x-dead-letter-routing-key": other})

taken = []


def on_message(channel, method, properties, body):
    deaths = sum(death["count"] for death in (properties.headers or {}).get("x-death", []))
    if deaths < ROUNDS:
        channel.basic_reject(method.delivery_tag, requeue=False)
        return
    assert properties.headers["x-first-death-queue"] == "ping", properties.headers
    taken.append(body)
    channel.basic_ack(method.delivery_tag)
    if len(taken) == MESSAGES:
        channel.stop_consuming()


channel.basic_consume("ping", on_message)
channel.basic_consume("pong", on_message)
for number in range(MESSAGES):
    channel.basic_publish("", "ping", str(number).encode(), pika.BasicProperties(delivery_mode=2))
channel.start_consuming()
assert sorted(taken) == sorted(str(number).encode() for number in range(MESSAGES))
for queue in ("ping", "pong"):
    assert channel.queue_declare(queue, passive=True).method.message_count == 0
connection.close()
print("each dead letter arrived once")
