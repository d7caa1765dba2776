"""What the Celery worker under test does. QUEUE_TYPE says which kind of queue it takes its tasks from."""
import os
import time

from celery import Celery
from kombu import Exchange, Queue

kind = os.environ["QUEUE_TYPE"]
app = Celery("work", broker=os.environ["AMQP_URL"], backend="rpc://")
app.conf.update(
    task_queues=[Queue("celery", Exchange("celery", "topic"), routing_key="celery", queue_arguments={"x-queue-type": kind})],
    task_default_exchange_type="topic",
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"confirm_publish": True},
    result_expires=600,
)


@app.task
def add(a, b):
    return a + b


@app.task
def when():
    return time.time()


@app.task(bind=True, max_retries=3)
def third_time_lucky(self):
    if self.request.retries < 2:
        raise self.retry(countdown=1)  # whole seconds: Celery refuses less where the broker delays
    return self.request.retries


@app.task
def fail():
    raise ValueError("on purpose")


@app.task(bind=True)
def die_once(self, marker):
    """Ends its process in the middle of the first delivery: acks_late gives the task to another one."""
    if not os.path.exists(marker):
        open(marker, "w").close()
        os._exit(9)
    return self.request.delivery_info["redelivered"]
