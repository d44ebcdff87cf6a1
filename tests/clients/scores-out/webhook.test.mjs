// A receiver that uses the official library of Standard Webhooks: what arrives is signed as it wants, a repetition is
// known by its id, and a secret can be replaced without a call that does not verify.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Webhook } from 'standardwebhooks';

import { verify } from './verify.mjs';
import { Server, until } from './server.mjs';

const calls = [];
const answers = []; // statuses to be given first
let receiver;
let server;

before(async () => {
  receiver = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (piece) => (body += piece));
    request.on('end', () => {
      const status = answers.shift() ?? 204;
      calls.push({ headers: request.headers, body, status });
      response.writeHead(status).end();
    });
  });
  await new Promise((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${receiver.address().port}`;
  server = new Server({ LEADLIGHT_OUTBOUND_ALLOWED_BASES: base });
  server.hook = `${base}/hook`;
  await server.start();
});
after(async () => {
  await server?.remove();
  receiver?.close();
});

const scored = (email) => calls.filter(({ body }) => JSON.parse(body).data.email === email);
const newSecret = () => `whsec_${randomBytes(32).toString('base64')}`;

function verifies(secret, { headers, body }) {
  const event = new Webhook(secret).verify(body, headers);
  assert.ok(verify(secret, headers, body), 'the code of docs/guides/webhooks.md says no');
  assert.ok(!verify(newSecret(), headers, body));
  assert.ok(!verify(secret, headers, `${body} `));
  return event;
}

test('a target is made, shows its secret once, and is checked with a ping', async () => {
  const made = server.verb('target', 'add', 'webhook', 'hook', '--url', server.hook);
  assert.match(made.secret, /^whsec_/);
  server.secret = made.secret;
  await until(() => calls.length > 0, 'the ping');
  const ping = verifies(server.secret, calls[0]);
  assert.equal(ping.type, 'ping');
  assert.deepEqual(ping.data, { target: 'hook' });
  assert.ok(!JSON.stringify(server.verb('target', 'list')).includes('whsec_'));
});

test('a score arrives, signed', async () => {
  await server.send('ada@example.com');
  const [call] = await until(() => scored('ada@example.com').length > 0 && scored('ada@example.com'), 'the event');
  const event = verifies(server.secret, call);
  assert.equal(event.type, 'lead.scored');
  assert.equal(event.data.model.id, 'starter');
  assert.equal(event.data.previous_score, null);
  const { body } = await server.call('GET', '/v1/leads/ada@example.com');
  assert.equal(event.data.segment, body.segment);
  assert.deepEqual(event.data.signals, body.signals);
});

test('what is not taken comes again under the same id; what is refused becomes a dead letter', async () => {
  answers.push(503);
  await server.send('grace@example.com');
  const [first, second] = await until(
    () => scored('grace@example.com').length > 1 && scored('grace@example.com'),
    'the repetition'
  );
  assert.equal(first.headers['webhook-id'], second.headers['webhook-id']);
  verifies(server.secret, second);
  answers.push(422);
  await server.send('edsger@example.com');
  const { dead_letters } = await until(async () => {
    const { body } = await server.call('GET', '/v1/admin/dead-letters?target=hook');
    return body.dead_letters.length > 0 && body;
  }, 'the dead letter');
  assert.equal(dead_letters[0].email, 'edsger@example.com');
  assert.equal(dead_letters[0].code, 'HTTP_422');
});

test('a secret is replaced while both verify', async () => {
  const next = newSecret();
  const [nextFile, oldFile] = ['next', 'old'].map((name) => join(server.work, name));
  writeFileSync(nextFile, next);
  writeFileSync(oldFile, server.secret);
  const replace = ['target', 'add', 'webhook', 'hook', '--replace', '--url', server.hook, '--secret-file', nextFile];
  server.verb(...replace, '--previous-secret-file', oldFile);
  await server.send('barbara@example.com');
  const [call] = await until(() => scored('barbara@example.com').length > 0 && scored('barbara@example.com'), 'both');
  verifies(next, call);
  verifies(server.secret, call);
  server.verb(...replace);
  await server.send('frances@example.com');
  const [last] = await until(() => scored('frances@example.com').length > 0 && scored('frances@example.com'), 'one');
  verifies(next, last);
  assert.throws(() => new Webhook(server.secret).verify(last.body, last.headers));
});

test('an address inside is refused', async () => {
  const inside = ['http://127.0.0.1:1/', 'https://169.254.169.254/latest/', 'https://localhost/', 'https://0x7f.1/'];
  for (const url of inside) {
    const secrets = { secret: newSecret() };
    const { status, body } = await server.call('POST', '/v1/admin/targets', {
      kind: 'webhook',
      name: 'inside',
      options: { url },
      secrets,
    });
    assert.equal(status, 400, url);
    assert.equal(body.field, 'url');
  }
});
