"""pika against the broker at AMQP_URL. Any failed assertion ends with exit code 1."""
import os

import pika

parameters = pika.URLParameters(os.environ["AMQP_URL"])
connection = pika.BlockingConnection(parameters)
channel = connection.channel()
channel.confirm_delivery()

for kind in ("direct", "fanout", "topic"):
    channel.exchange_declare(f"pika.{kind}", kind, durable=True)
    queue = channel.queue_declare("", exclusive=True).method.queue
    assert queue.startswith("amq.gen-"), queue
    channel.queue_bind(queue, f"pika.{kind}", "red.green")
    channel.basic_publish(f"pika.{kind}", "red.green", kind.encode(), pika.BasicProperties(delivery_mode=2), mandatory=True)
    method, _, body = channel.basic_get(queue, auto_ack=True)
    assert body == kind.encode(), body
print("direct, fanout and topic exchanges route")

try:
    channel.basic_publish("pika.direct", "nobody", b"", mandatory=True)
    raise AssertionError("an unroutable message was taken")
except pika.exceptions.UnroutableError as fault:
    assert fault.messages[0].method.reply_code == 312
print("unroutable is returned")

channel.queue_declare("pika.quorum", durable=True, arguments={"x-queue-type": "quorum", "x-delivery-limit": 2})
channel.basic_publish("", "pika.quorum", b"poison", pika.BasicProperties(delivery_mode=2))
deliveries = 0
while True:
    method, properties, _ = channel.basic_get("pika.quorum")
    if method is None:
        break
    deliveries += 1
    assert (properties.headers or {}).get("x-delivery-count", 0) == deliveries - 1, properties.headers
    channel.basic_nack(method.delivery_tag, requeue=True)
assert deliveries == 3, deliveries
print("a quorum queue gives up after its delivery limit")

full = channel.queue_declare("pika.full", durable=True, arguments={"x-max-length": 1, "x-overflow": "reject-publish"}).method.queue
channel.basic_publish("", full, b"first")
try:
    channel.basic_publish("", full, b"second")
    raise AssertionError("the full queue took a second message")
except pika.exceptions.NackError:
    pass
print("a full queue refuses with a nack")

try:
    channel.queue_declare("pika.full", durable=False)
    raise AssertionError("another declaration of the same queue was taken")
except pika.exceptions.ChannelClosedByBroker as fault:
    assert fault.reply_code == 406, fault
    assert "inequivalent arg 'durable' for queue 'pika.full' in vhost '/'" in fault.reply_text, fault.reply_text
print("inequivalent arguments close the channel with 406")

channel = connection.channel()
channel.queue_delete("pika.full")
channel.queue_delete("pika.quorum")
connection.close()

parameters.credentials = pika.PlainCredentials("guest", "wrong")
try:
    pika.BlockingConnection(parameters)
    raise AssertionError("a wrong password was taken")
except pika.exceptions.ProbableAuthenticationError:
    pass
print("a wrong password is refused")
