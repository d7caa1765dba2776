"""pika and py-amqp over TLS: the server's certificate is checked, and EXTERNAL takes the user from the client's own."""
import os
import ssl

import amqp
import pika

PORT = int(os.environ["TLS_PORT"])
FOLDER = os.environ["CERTIFICATES"]


def context(with_client_certificate):
    made = ssl.create_default_context(cafile=os.path.join(FOLDER, "ca.pem"))
    if with_client_certificate:
        made.load_cert_chain(os.path.join(FOLDER, "client.pem"), os.path.join(FOLDER, "client-key.pem"))
    return made


def with_pika(credentials, tls):
    parameters = pika.ConnectionParameters(
        "localhost", PORT, credentials=credentials, ssl_options=pika.SSLOptions(tls, "localhost"))
    with pika.BlockingConnection(parameters) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        queue = channel.queue_declare("", exclusive=True).method.queue
        for size in (0, 1, 300_000):
            channel.basic_publish("", queue, b"x" * size, mandatory=True)
            _, _, body = channel.basic_get(queue, auto_ack=True)
            assert len(body) == size, len(body)


def with_py_amqp(with_client_certificate, **login):
    tls = {"ca_certs": os.path.join(FOLDER, "ca.pem"), "cert_reqs": ssl.CERT_REQUIRED, "server_hostname": "localhost"}
    if with_client_certificate:
        tls |= {"certfile": os.path.join(FOLDER, "client.pem"), "keyfile": os.path.join(FOLDER, "client-key.pem")}
    with amqp.Connection(f"localhost:{PORT}", ssl=tls, confirm_publish=True, **login) as connection:
        channel = connection.channel()
        queue = channel.queue_declare("", exclusive=True).queue
        channel.basic_publish_confirm(amqp.Message(b"y" * 200_000), routing_key=queue)
        assert len(channel.basic_get(queue, no_ack=True).body) == 200_000


with_pika(pika.PlainCredentials("guest", "guest"), context(False))
with_pika(pika.credentials.ExternalCredentials(), context(True))
with_py_amqp(False, userid="guest", password="guest", login_method="PLAIN")  # it would try EXTERNAL first
with_py_amqp(True, login_method="EXTERNAL")

try:
    with_pika(pika.credentials.ExternalCredentials(), context(False))
    raise SystemExit("EXTERNAL was taken without a certificate")
except (pika.exceptions.AMQPConnectionError, ssl.SSLError):
    pass

try:
    with_pika(pika.PlainCredentials("guest", "guest"), ssl.create_default_context())
    raise SystemExit("the server's certificate was taken without its authority")
except (pika.exceptions.AMQPConnectionError, ssl.SSLError):
    pass
