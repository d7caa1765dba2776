"""python-consul2 against the registry at CONSUL_HTTP_ADDR."""
import os
import threading
from urllib.parse import urlsplit

import consul

address = urlsplit(os.environ["CONSUL_HTTP_ADDR"])
client = consul.Consul(host=address.hostname, port=address.port)

client.agent.service.register("api", service_id="api-1", address="127.0.0.1", port=5000, tags=["blue"], check=consul.Check.ttl("30s"))
index, instances = client.health.service("api", passing=True)
assert instances == [], instances
woken = []
waiter = threading.Thread(target=lambda: woken.append(client.health.service("api", passing=True, index=index, wait="20s")))
waiter.start()
client.agent.check.ttl_pass("service:api-1")
waiter.join(15)
assert woken and woken[0][1][0]["Service"]["ID"] == "api-1", woken
assert int(woken[0][0]) > int(index)
print("a blocking query wakes on the first heartbeat")

assert client.kv.put("k/1", "one", flags=7)
index, entry = client.kv.get("k/1")
assert entry["Value"] == b"one" and entry["Flags"] == 7, entry
assert client.kv.put("k/2", "two", cas=0)
assert not client.kv.put("k/2", "zwei", cas=0)
assert client.kv.get("k/", keys=True)[1] == ["k/1", "k/2"]
index, missing = client.kv.get("k/none")
assert missing is None and int(index) >= 1
assert client.kv.delete("k/", recurse=True)
print("key/value")

assert sorted(client.catalog.services()[1]) == ["api", "consul"]
assert client.agent.self()["Config"]["Datacenter"] == "dc1"
client.agent.service.deregister("api-1")
assert client.catalog.service("api")[1] == []
print("deregistered")
