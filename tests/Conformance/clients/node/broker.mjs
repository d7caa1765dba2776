// amqplib against the broker at AMQP_URL. Prints one line a step; any failed assertion ends with a stack and exit code 1.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import amqp from 'amqplib';

const connection = await amqp.connect(process.env.AMQP_URL);
connection.on('error', () => {});

const channel = await connection.createConfirmChannel();
await channel.assertExchange('conformance', 'topic', { durable: true });
const { queue } = await channel.assertQueue('conformance.node', { durable: true, arguments: { 'x-queue-type': 'quorum' } });
await channel.bindQueue(queue, 'conformance', 'a.*.c');
for (let i = 0; i < 200; i++) channel.publish('conformance', 'a.b.c', Buffer.from(`message ${i}`), { persistent: true, headers: { number: i } });
await channel.waitForConfirms();
assert.equal((await channel.checkQueue(queue)).messageCount, 200);
console.log('published 200 with confirms');

await channel.prefetch(10);
const bodies = [];
await new Promise((resolve, reject) => {
  let inHand = 0;
  channel.consume(queue, (message) => {
    try {
      assert.ok(++inHand <= 10, 'more than the prefetch in hand');
      bodies.push(message.content.toString());
      setImmediate(() => {
        inHand--;
        channel.ack(message);
        if (bodies.length === 200) resolve();
      });
    } catch (fault) {
      reject(fault);
    }
  });
});
assert.deepEqual(bodies, Array.from({ length: 200 }, (_, i) => `message ${i}`));
console.log('consumed 200 in order, never more than the prefetch');

const returned = once(channel, 'return');
channel.publish('conformance', 'nobody.listens', Buffer.from('lost?'), { mandatory: true });
const [message] = await returned;
assert.equal(message.fields.replyCode, 312);
assert.equal(message.fields.replyText, 'NO_ROUTE');
await channel.waitForConfirms();
console.log('an unroutable mandatory message is returned, then confirmed');

const doomed = await connection.createChannel();
doomed.on('error', () => {});
await assert.rejects(doomed.checkQueue('there.is.no.such.queue'), (fault) => {
  assert.equal(fault.code, 404);
  assert.match(fault.message, /NOT_FOUND - no queue 'there\.is\.no\.such\.queue' in vhost '\/'/);
  return true;
});
await channel.checkQueue(queue);
console.log('a missing queue closes its channel with 404 and nothing else');

const dead = await connection.createChannel();
await dead.assertQueue('conformance.dead');
await dead.assertQueue('conformance.source', { deadLetterExchange: '', deadLetterRoutingKey: 'conformance.dead', messageTtl: 50 });
dead.sendToQueue('conformance.source', Buffer.from('expires'));
const expired = await new Promise((resolve) => dead.consume('conformance.dead', resolve, { noAck: true }));
assert.equal(expired.content.toString(), 'expires');
assert.equal(expired.properties.headers['x-death'][0].reason, 'expired');
assert.equal(expired.properties.headers['x-first-death-queue'], 'conformance.source');
console.log('an expired message is dead-lettered with x-death');

const get = await connection.createChannel();
await get.assertQueue('conformance.get', { exclusive: true });
get.sendToQueue('conformance.get', Buffer.from('one'));
let got = false;
while (!got) got = await get.get('conformance.get');
assert.equal(got.fields.redelivered, false);
get.nack(got, false, true);
got = false;
while (!got) got = await get.get('conformance.get');
assert.equal(got.fields.redelivered, true);
get.ack(got);
console.log('get, requeue and redelivered');

await channel.deleteQueue(queue);
await connection.close();

const wrong = new URL(process.env.AMQP_URL);
wrong.password = 'wrong';
await assert.rejects(amqp.connect(wrong.href), /403|ACCESS[-_]REFUSED/i);
console.log('a wrong password is refused');
