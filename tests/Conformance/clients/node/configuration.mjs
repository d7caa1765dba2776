// npm cloud-config-client against the configuration server at CONFIG_SERVER_URL.
import assert from 'node:assert/strict';
import client from 'cloud-config-client';

const endpoint = process.env.CONFIG_SERVER_URL;
const auth = { user: 'shop', pass: process.env.CONFIG_SERVER_TOKEN };

const config = await client.load({ endpoint, name: 'shop', profiles: ['default'], auth });
assert.equal(config.get('greeting.text'), 'hello');
assert.equal(config.get('list[1]'), 'two');
assert.equal(config.get('shared'), 'from application');
console.log('default profile');

const eu = await client.load({ endpoint, name: 'shop', profiles: ['dev', 'eu'], label: 'main', auth });
assert.equal(eu.get('greeting.text'), 'hallo');
assert.equal(eu.get('shared'), 'from application');
console.log('the last profile wins');

await assert.rejects(client.load({ endpoint, name: 'shop', profiles: ['default'], label: 'no/such/branch', auth }));
await assert.rejects(client.load({ endpoint, name: 'shop', profiles: ['default'], auth: { user: 'shop', pass: 'wrong' } }));
await assert.rejects(client.load({ endpoint, name: 'other', profiles: ['default'], auth }));
console.log('an unknown label, a wrong token and another application are refused');
