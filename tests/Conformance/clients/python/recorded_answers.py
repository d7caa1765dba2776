"""Replays recorded_answers/cases.jsonl, what RabbitMQ 4.0.5 answered, against the broker at AMQP_URL, frame by frame.

Only pika's codec is used, so that a case may break the protocol. Cases run side by side, each with object names of its own, on a broker that nobody
used before. A case that differs must stand in recorded_answers/deliberate.txt with what is said instead, and one that stands there must still differ so.
Arguments name cases to run alone.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import socket
import struct
import sys
import time
import urllib.parse

from pika import data, frame, spec

FOLDER = pathlib.Path(__file__).with_suffix("")
BROKER = urllib.parse.urlsplit(os.environ["AMQP_URL"])
AT_ONCE = 16
NAMES = b"things"  # begins every name in the file; replaced by six other letters of three decimal digits each, so that lengths stay the same
LETTERS = "ghijklmnopqrstuvwxyz"
WATCHING = 9  # a channel that no case uses
PATIENCE = 15  # seconds for an answer that must come, on a busy machine
METHODS = {method.NAME: method for method in spec.methods.values()}
FIXED = {"b": ">b", "B": ">B", "s": ">h", "u": ">H", "I": ">i", "i": ">I", "l": ">q", "L": ">Q", "f": ">f", "d": ">d", "T": ">Q"}
VOLATILE = (
    (re.compile(r"\bamq\.(gen|ctag)-[\w-]{22}"), r"amq.\1-*"),
    (re.compile(r"amq\.rabbitmq\.reply-to\.(?!made-up)[\w+/=.-]+"), "amq.rabbitmq.reply-to.*"),
    (re.compile(r"^T:\d{9,}"), "T:*"),
)
OWN = ("version", "platform", "product", "copyright", "information", "cluster_name")


class Differs(Exception):
    pass


def written(value):
    """A field value from its form in the file, 'kind:text', on the wire."""
    if isinstance(value, dict):
        body = b"".join(bytes([len(key.encode())]) + key.encode() + written(item) for key, item in value.items())
        return b"F" + struct.pack(">I", len(body)) + body
    if isinstance(value, list):
        body = b"".join(map(written, value))
        return b"A" + struct.pack(">I", len(body)) + body
    kind, text = value.split(":", 1)
    if kind == "V":
        return b"V"
    if kind == "t":
        return b"t" + bytes([text == "true"])
    if kind in FIXED:
        return kind.encode() + struct.pack(FIXED[kind], float(text) if kind in "fd" else int(text))
    return kind.encode() + struct.pack(">I", len(text.encode())) + text.encode()


def encode_value(pieces, value):
    pieces.append(written(value))
    return len(pieces[-1])


def decode_value(octets, at):
    kind, at = chr(octets[at]), at + 1
    if kind == "F":
        return data.decode_table(octets, at)
    if kind == "V":
        return "V:", at
    if kind == "t":
        return ("t:true" if octets[at] else "t:false"), at + 1
    if kind in FIXED:
        return f"{kind}:{struct.unpack_from(FIXED[kind], octets, at)[0]}", at + struct.calcsize(FIXED[kind])
    end = at + 4 + struct.unpack_from(">I", octets, at)[0]
    if kind != "A":
        return f"{kind}:{octets[at + 4:end].decode('utf-8', 'replace')}", end
    items, at = [], at + 4
    while at < end:
        item, at = decode_value(octets, at)
        items.append(item)
    return items, at


data.encode_value, data.decode_value = encode_value, decode_value


def shown(thing):
    return {name: value.decode("utf-8", "replace") if isinstance(value, bytes) else value for name, value in vars(thing).items() if value is not None}


class Peer:
    """One connection of a case."""

    def __init__(self):
        self.socket = socket.create_connection((BROKER.hostname, BROKER.port), PATIENCE)
        self.octets, self.content, self.over = b"", {}, False

    def put(self, octets):
        try:
            self.socket.settimeout(PATIENCE)
            self.socket.sendall(octets)
        except OSError:
            pass  # the broker has hung up: what it said before is still to be read

    def method(self, name, channel=1, fields=None, props=None, body=None):
        method = METHODS[name]()
        for field, value in (fields or {}).items():
            setattr(method, field, value)
        octets = [frame.Method(channel, method).marshal()]
        if name == "Basic.Publish":
            body = b"z" * body if isinstance(body, int) else body.encode()
            octets.append(frame.Header(channel, len(body), spec.BasicProperties(**(props or {}))).marshal())
            octets += [frame.Body(channel, body[at:at + 131064]).marshal() for at in range(0, len(body), 131064)]
        self.put(b"".join(octets))

    def open(self, vhost="/", channel_max=2047, frame_max=131072, heartbeat=0):
        self.put(b"AMQP\0\0\x09\x01")
        capabilities = {"publisher_confirms", "consumer_cancel_notify", "authentication_failure_close", "basic.nack", "exchange_exchange_bindings",
                        "connection.blocked"}
        self.expect("Connection.Start")
        start = {"client_properties": {"capabilities": dict.fromkeys(sorted(capabilities), "t:true")}, "mechanism": "PLAIN", "locale": "en_US"}
        self.method("Connection.StartOk", 0, {**start, "response": f"\0{BROKER.username}\0{BROKER.password}"})
        self.expect("Connection.Tune")
        self.method("Connection.TuneOk", 0, {"channel_max": channel_max, "frame_max": frame_max, "heartbeat": heartbeat})
        self.method("Connection.Open", 0, {"virtual_host": vhost})
        self.expect("Connection.OpenOk")
        self.method("Channel.Open")
        self.expect("Channel.OpenOk")

    def expect(self, name):
        got = self.next(PATIENCE)
        if not got or got["recv"] != name:
            raise Differs(f"{name} was due, not {got}")

    def more(self, until):
        """Whether more octets came before the time."""
        left = until - time.monotonic()
        if left <= 0:
            return False
        self.socket.settimeout(left)
        try:
            octets = self.socket.recv(1 << 16)
        except TimeoutError:
            return False
        except OSError:
            octets = b""
        self.over = not octets
        self.octets += octets
        return True

    def next(self, wait):
        """What the broker says next, a message whole; nothing after so many seconds of silence. Closes are answered."""
        until = time.monotonic() + wait
        while True:
            if self.octets.startswith(b"AMQP"):
                if len(self.octets) >= 8:
                    header, self.octets = self.octets[:8], self.octets[8:]
                    return {"recv": "protocol header", "octets": list(header[4:])}
            elif len(self.octets) >= 7:
                kind, channel, size = struct.unpack_from(">BHI", self.octets)
                if len(self.octets) >= size + 8:
                    payload, self.octets = self.octets[7:7 + size], self.octets[size + 8:]
                    got = self.read(kind, channel, payload)
                    if got:
                        return got
                    continue
            if self.over:
                return {"recv": "end of stream"}
            if not self.more(until):
                return None

    def read(self, kind, channel, payload):
        if kind == spec.FRAME_HEARTBEAT:
            return {"recv": "heartbeat"}
        if kind == spec.FRAME_METHOD:
            number = struct.unpack_from(">I", payload)[0]
            if number not in spec.methods:
                return {"recv": f"method {number >> 16}.{number & 0xFFFF}"}
            method = spec.methods[number]().decode(payload, 4)
            got = {"recv": method.NAME, **shown(method)}
            if channel > 1:
                got["channel"] = channel
            if method.NAME in ("Basic.Deliver", "Basic.GetOk", "Basic.Return"):
                self.content[channel] = got
                return None
            if method.NAME.endswith(".Close"):
                self.method(method.NAME + "Ok", channel)
                self.over |= method.NAME == "Connection.Close"
            return got
        got = self.content[channel]
        if kind == spec.FRAME_HEADER:
            got["left"], got["body"] = struct.unpack_from(">Q", payload, 4)[0], ""
            got["props"] = shown(spec.BasicProperties().decode(payload[12:]))
        else:
            got["left"] -= len(payload)
            got["body"] += payload.decode("utf-8", "replace")
        return None if got["left"] else {key: value for key, value in self.content.pop(channel).items() if key != "left"}

    def end(self):
        if not self.over:
            self.method("Connection.Close", 0, {"reply_code": 200, "reply_text": "", "class_id": 0, "method_id": 0})
            while (got := self.next(2)) and got["recv"] not in ("Connection.CloseOk", "end of stream"):
                pass
        self.socket.close()


class Replay:
    def __init__(self, number, line):
        self.prefix = "t" + "".join(LETTERS[number // len(LETTERS) ** place % len(LETTERS)] for place in range(5))
        own = self.prefix.encode()
        for form in (bytes.decode, bytes.hex, lambda name: ",".join(map(str, name))):
            line = line.replace(form(NAMES), form(own))
        self.line = json.loads(line)
        self.name = self.line["case"].replace(self.prefix, NAMES.decode())
        self.peers, self.since, self.reply_to = {}, 0.0, ""

    def run(self):
        try:
            script = self.line["script"]
            for at, step in enumerate(script):
                if "pause" in step:
                    self.settle(script[at + 1:])
                else:
                    self.take(dict(step))
        except Differs as differs:
            return str(differs)
        finally:
            for peer in self.peers.values():
                peer.socket.close()
        return None

    def take(self, step):
        peer = self.peers.get(step.pop("on", "a"))
        kind = next(iter(step))
        value = step.pop(kind)
        match kind:
            case "connect" | "open":
                self.peers[value] = peer = Peer()
                if kind == "open":
                    peer.open(**step)
                self.since = time.monotonic()
            case "octets":
                peer.put(bytes.fromhex(value))
            case "send":
                fields = {key: self.reply_to if field == "amq.rabbitmq.reply-to.*" else field for key, field in step.pop("fields", {}).items()}
                peer.method(value, fields=fields, **step)
            case "skip":
                peer.next(PATIENCE)
            case "answer":
                self.same(value, self.heard(peer, PATIENCE))
            case "frames":
                self.frames(peer, value, step["quiet"])
            case "seconds":
                took = time.monotonic() - self.since
                if not value - 0.6 <= took <= value + 2:
                    raise Differs(f"it took {took:.1f} s, not {value}")
            case "beats":
                self.beats(peer, value)
            case "returns":
                self.returns(peer, value, **step)
            case "end":
                self.peers.pop(value).end()
            case _:
                raise ValueError(f"no step {kind}")

    def settle(self, rest):
        """Where the recording paused until a queue was what the next answer shows: asks for it, beside the case, until it is that."""
        if "send" not in rest[0]:
            return  # another pause, or 'returns', which waits by itself
        ask, due = rest[0], rest[1]["answer"]
        if due["recv"] == "Basic.GetOk":
            ready = due["message_count"] + 1
        else:
            ready = 0 if due["recv"] == "Basic.GetEmpty" else due.get("message_count")
        late = time.monotonic() + PATIENCE
        while self.ready(self.peers[ask.get("on", "a")], ask["fields"]["queue"]) != ready and time.monotonic() < late:
            pass  # each question is answered in its time

    def ready(self, peer, queue):
        """How many messages wait in a queue; None when there is no such queue. A channel of its own, which that closes."""
        peer.method("Channel.Open", WATCHING)
        self.same({"recv": "Channel.OpenOk", "channel_id": "", "channel": WATCHING}, self.heard(peer, PATIENCE))
        peer.method("Queue.Declare", WATCHING, {"queue": queue, "passive": True})
        got = self.heard(peer, PATIENCE)
        if got["recv"] == "Queue.DeclareOk":
            peer.method("Channel.Close", WATCHING, {"reply_code": 200, "reply_text": "", "class_id": 0, "method_id": 0})
            self.same({"recv": "Channel.CloseOk", "channel": WATCHING}, self.heard(peer, PATIENCE))
        return got.get("message_count")

    def heard(self, peer, wait):
        got = peer.next(wait)
        if got and "*" not in got.get("props", {}).get("reply_to", "*"):
            self.reply_to = got["props"]["reply_to"]
        return got or {"recv": "nothing"}

    def frames(self, peer, due, quiet):
        for frame_due in due:
            self.same(frame_due, self.heard(peer, PATIENCE))
        if not peer.over:
            self.same({"recv": "nothing"}, self.heard(peer, quiet))

    def same(self, due, got):
        got = self.masked(got)
        if got != due:
            raise Differs("".join(f"\n  {who} {json.dumps(said, ensure_ascii=False)}" for who, said in (("RabbitMQ", due), ("    here", got))))

    def masked(self, got):
        if isinstance(got, dict):
            return {key: "S:*" if key in OWN and str(value).startswith("S:") else self.masked(value) for key, value in got.items()}
        if isinstance(got, list):
            return [self.masked(value) for value in got]
        for pattern, instead in VOLATILE if isinstance(got, str) else ():
            got = pattern.sub(instead, got)
        return got

    def beats(self, peer, due):
        """A mute client's heartbeats, until it is cut off. The time between beats is the broker's; a busy machine may shift one."""
        seen = 0
        while (got := self.heard(peer, PATIENCE))["recv"] == "heartbeat":
            seen += 1
        self.same({"recv": "end of stream"}, got)
        if abs(seen - due) > 1:
            raise Differs(f"{seen} heartbeats, not {due}")

    def returns(self, peer, how, times, last=None):
        """Gives a message back until it is gone; `times` is how often the recording got it, or where it stopped counting."""
        seen, got = 0, None
        queue = f"{self.prefix}.q"
        ceiling = 31 if how == "consume" else 30
        late = time.monotonic() + PATIENCE
        while seen < ceiling:
            if how == "get":
                peer.method("Basic.Get", fields={"queue": queue})
            after = self.heard(peer, 1 if how == "consume" and times < ceiling and seen >= times else PATIENCE)
            if how == "get" and after["recv"] == "Basic.GetEmpty" and seen < times and time.monotonic() < late:
                continue  # a returned message is in the queue again a moment later
            if after["recv"] not in ("Basic.GetOk", "Basic.Deliver"):
                break
            seen, got = seen + 1, after
            peer.method("Basic.Reject" if how == "consume" else "Basic.Nack", fields={"delivery_tag": got["delivery_tag"], "requeue": True})
        if seen != times:
            raise Differs(f"{seen} deliveries, not {times}")
        if last:
            self.same(last, {**got, "delivery_tag": "-"})


def deliberate():
    """What the broker says at the first difference, by case."""
    lines = (FOLDER / "deliberate.txt").read_text("utf-8").splitlines()
    return {case: said for case, said, _ in (line.split(" | ") for line in lines if not line.startswith("#"))}


def verdict(case, differs, said):
    if differs is None:
        return f"{case}: stands in deliberate.txt, but RabbitMQ's answer came" if said else None
    return None if said and said in differs.rpartition("here ")[2] else f"{case}: {differs}"


def main():
    replays = [Replay(number, line) for number, line in enumerate((FOLDER / "cases.jsonl").read_text("utf-8").splitlines())]
    listed, begun = deliberate(), time.monotonic()
    wrong = [f"{case}: stands in deliberate.txt, but is no case" for case in listed.keys() - {replay.name for replay in replays}]
    chosen = [replay for replay in replays if not sys.argv[1:] or replay.name in sys.argv[1:]]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(Replay.run, chosen))
    wrong += filter(None, (verdict(replay.name, differs, listed.get(replay.name)) for replay, differs in zip(chosen, outcomes)))
    print(*wrong, sep="\n")
    print(f"{len(chosen)} cases, {outcomes.count(None)} answered as recorded, {len(wrong)} wrong, {time.monotonic() - begun:.0f} s")
    return 1 if wrong or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
