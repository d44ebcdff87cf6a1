// The npm package eventsource on GET /v1/stream: it hears of changes, and comes back by itself, with the id of what it
// heard last, when the server is killed in between.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { EventSource } from 'eventsource';

import { Server, until } from './server.mjs';

let server;
before(async () => {
  server = new Server();
  await server.start();
});
after(() => server?.remove());

const open = [];
after(() => open.forEach((source) => source.close()));

function listen(query = '') {
  const source = new EventSource(`${server.url}/v1/stream${query}`, {
    fetch: (url, init) =>
      fetch(url, { ...init, headers: { ...init.headers, Authorization: `Bearer ${server.keys.admin}` } }),
  });
  open.push(source);
  const heard = [];
  for (const type of ['ready', 'score', 'segment', 'reset'])
    source.addEventListener(type, ({ data, lastEventId }) =>
      heard.push({ event: type, id: lastEventId, ...JSON.parse(data) }));
  return { source, heard, emails: (type) => heard.filter(({ event }) => event === type).map(({ email }) => email) };
}

test('hears of a score and of its segment', async () => {
  const { source, heard } = listen();
  await until(() => heard.length === 1, 'the first event');
  assert.equal(heard[0].from, 'now');
  assert.equal((await server.send('ada@example.com')).status, 202);
  await until(() => heard.length >= 3, 'the change');
  source.close();
  const [, score, segment] = heard;
  assert.equal(score.event, 'score');
  assert.equal(score.email, 'ada@example.com');
  assert.equal(score.reason, 'event');
  assert.equal(segment.event, 'segment');
  assert.equal(segment.previous_segment, null);
  const { body } = await server.call('GET', '/v1/leads/ada@example.com');
  assert.equal(score.segment, body.segment);
  assert.ok(Math.abs(score.score - body.score) <= 1, `${score.score} is not ${body.score}`);
});

test('goes on by itself after kill -9, without a gap', async () => {
  const { source, heard, emails } = listen('?types=score');
  await until(() => heard.length === 1, 'the first event');
  await server.send('before@example.com');
  await until(() => emails('score').includes('before@example.com'), 'the first change');
  await server.end('SIGKILL');
  await server.start();
  // While it waits to come back.
  for (let i = 0; i < 20; ++i) assert.equal((await server.send(`meanwhile${i}@example.com`)).status, 202);
  await until(() => emails('score').includes('meanwhile19@example.com'), 'what it missed');
  await server.send('afterwards@example.com');
  await until(() => emails('score').includes('afterwards@example.com'), 'what came later');
  source.close();
  const wanted = ['before', ...Array.from({ length: 20 }, (_, i) => `meanwhile${i}`), 'afterwards'];
  assert.deepEqual(emails('score').sort(), wanted.map((name) => `${name}@example.com`).sort());
  assert.ok(heard.some(({ conflated }) => conflated));
  assert.ok(!heard.some(({ event }) => event === 'reset'));
});

test('is told why it may not listen', async () => {
  const { source } = listen('?types=nothing');
  const { code } = await new Promise((resolve) => source.addEventListener('error', resolve));
  source.close();
  assert.equal(code, 400);
});
