"""A plugin of pytest for suites that know a broker at the default port only: that port means the one under test."""
import os
import socket

DEFAULT = 5672
UNDER_TEST = int(os.environ["AMQP_PORT"])


def _redirected(method):
    def connect(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[1] == DEFAULT:
            address = (address[0], UNDER_TEST, *address[2:])
        return method(self, address)

    return connect


socket.socket.connect = _redirected(socket.socket.connect)
socket.socket.connect_ex = _redirected(socket.socket.connect_ex)
