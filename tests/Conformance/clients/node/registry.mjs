// npm consul against the registry at CONSUL_HTTP_ADDR.
import assert from 'node:assert/strict';
import Consul from 'consul';

const { hostname, port } = new URL(process.env.CONSUL_HTTP_ADDR);
const consul = new Consul({ host: hostname, port: Number(port) });

assert.match(await consul.status.leader(), /:\d+$/);

await consul.agent.service.register({
  id: 'web:1', name: 'web', address: '127.0.0.1', port: 81, tags: ['v1'], meta: { 'quintet-route-0': '/web/{**rest}' }, check: { ttl: '30s' },
});
assert.equal((await consul.agent.services())['web:1'].Port, 81);
let instances = await consul.health.service({ service: 'web' });
assert.deepEqual(instances[0].Checks.map((c) => c.CheckID), ['serfHealth', 'service:web:1']);
assert.equal(instances[0].Checks[1].Status, 'critical');
assert.deepEqual(await consul.health.service({ service: 'web', passing: true }), []);
console.log('registered, critical until the first heartbeat');

const watch = consul.watch({ method: consul.health.service, options: { service: 'web', passing: true, wait: '10s' }, backoffFactor: 100 });
const passing = new Promise((resolve, reject) => {
  watch.on('change', (data) => data.length === 1 && resolve(data));
  watch.on('error', reject);
});
await consul.agent.check.pass({ id: 'service:web:1', note: 'fine' });
assert.equal((await passing)[0].Service.Meta['quintet-route-0'], '/web/{**rest}');
watch.end();
console.log('a watch wakes on the heartbeat');

await consul.agent.service.maintenance({ id: 'web:1', enable: true, reason: 'inspection' });
assert.deepEqual(await consul.health.service({ service: 'web', passing: true }), []);
await consul.agent.service.maintenance({ id: 'web:1', enable: false });
console.log('maintenance takes it out and back in');

assert.equal(await consul.kv.set('team/a b/ключ', 'value'), true);
assert.equal((await consul.kv.get('team/a b/ключ')).Value, 'value');
assert.equal(await consul.kv.set({ key: 'team/cas', value: '1', cas: '0' }), true);
// This client gives undefined where the answer is false.
assert.ok(!(await consul.kv.set({ key: 'team/cas', value: '2', cas: '0' })));
assert.equal((await consul.kv.get('team/cas')).Value, '1');
assert.deepEqual(await consul.kv.keys('team/'), ['team/a b/ключ', 'team/cas']);
assert.equal((await consul.kv.get({ key: 'team/', recurse: true })).length, 2);
await consul.kv.del({ key: 'team/', recurse: true });
assert.equal(await consul.kv.get('team/cas'), undefined);
console.log('key/value');

await consul.agent.service.deregister('web:1');
assert.deepEqual(Object.keys(await consul.catalog.service.list()), ['consul']);
console.log('deregistered');
