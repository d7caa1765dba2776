"""pika against the broker at AMQP_URL: a stream behind a topic exchange, three confirming publishers, and six consumers that begin somewhere and
read at their own pace while it grows. Each finds every message from its beginning on, once, in the order of its publisher, and all of them the same
message at the same offset. The seed is printed; give it as the first argument to repeat a run.
"""
import os
import random
import sys
import threading

import pika

PUBLISHERS, EACH = 3, 300
STARTS = ["first", "first", 0, 100, "1h", "last"]
parameters = pika.URLParameters(os.environ["AMQP_URL"])
seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.randrange(2**31)
print("seed", seed)
seen, faults = [{} for _ in STARTS], []


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
        channel.basic_publish("amq.topic", f"event.{publisher}", f"{publisher}/{number}".encode(), mandatory=True)
    connection.close()


@guarded
def consume(reader, start):
    connection = pika.BlockingConnection(parameters)
    channel = connection.channel()
    channel.basic_qos(prefetch_count=random.Random(seed + reader).choice([1, 7, 50, 1000]))
    for method, properties, body in channel.consume("stream", arguments={"x-stream-offset": start}, inactivity_timeout=30):
        if method is None:
            raise TimeoutError(f"nothing came behind {max(seen[reader], default=-1)}")
        offset = properties.headers["x-stream-offset"]
        if offset in seen[reader]:
            raise AssertionError(f"offset {offset} came twice")
        seen[reader][offset] = body.decode()
        channel.basic_ack(method.delivery_tag)
        if offset == PUBLISHERS * EACH - 1:
            break
    connection.close()


connection = pika.BlockingConnection(parameters)
channel = connection.channel()
channel.queue_declare("stream", durable=True, arguments={"x-queue-type": "stream", "x-stream-max-segment-size-bytes": 20_000})
channel.queue_bind("stream", "amq.topic", "#")
workers = [threading.Thread(target=publish, args=(publisher,)) for publisher in range(PUBLISHERS)]
workers += [threading.Thread(target=consume, args=reader) for reader in enumerate(STARTS)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
if faults:
    sys.exit("\n".join(faults))

whole = seen[0]
assert sorted(whole) == list(range(PUBLISHERS * EACH)), "the first reader has gaps"
assert len(set(whole.values())) == len(whole), "a message has two offsets"
for reader, start in enumerate(STARTS):
    offsets = sorted(seen[reader])
    assert offsets == list(range(offsets[0], PUBLISHERS * EACH)), f"reader {reader} from {start} has gaps"
    assert list(seen[reader]) == offsets, f"reader {reader} got them out of order"
    assert all(whole[offset] == body for offset, body in seen[reader].items()), f"reader {reader} got others than the first"
for publisher in range(PUBLISHERS):
    numbers = [int(body.split("/")[1]) for _, body in sorted(whole.items()) if body.startswith(f"{publisher}/")]
    assert numbers == list(range(EACH)), f"publisher {publisher} is out of order"
assert channel.queue_declare("stream", passive=True).method.message_count == PUBLISHERS * EACH
connection.close()
print("ok")
