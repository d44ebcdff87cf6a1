// The official SDK against the running server over a socket: what it sends is taken as it stands, and counted once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { CloudEvent, HTTP, Mode, emitterFor } from 'cloudevents';

import { startServer } from './server.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(async () => server?.stop());

async function post({ headers, body }) {
  const answer = await fetch(`${server.url}/v1/events`, {
    method: 'POST',
    headers: { ...headers, authorization: `Bearer ${server.keys.events}` },
    body: typeof body === 'string' || body === undefined ? body : JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, body: JSON.parse(text) };
}

async function timeline(email) {
  const answer = await fetch(`${server.url}/v1/leads/${encodeURIComponent(email)}/timeline`, {
    headers: { authorization: `Bearer ${server.keys.admin}` },
  });
  assert.equal(answer.status, 200);
  return (await answer.json()).events;
}

const event = (id, more = {}) =>
  new CloudEvent({
    id,
    source: '/shop/%C3%A4?of=1',
    type: 'com.acme.DemoRequested',
    time: new Date(Date.now() - 60_000).toISOString(),
    datacontenttype: 'application/json',
    data: { email: 'ann@example.com', plan: 'pro' },
    tenant: 't1',
    label: 'grüße "an" alle',
    ...more,
  });

test('binary mode', async () => {
  const answer = await post(HTTP.binary(event('1')));
  assert.equal(answer.status, 202, JSON.stringify(answer.body));
  assert.equal(answer.body.accepted, 1);
  const [seen] = await timeline('ann@example.com');
  assert.equal(seen.type, 'demo_requested');
  assert.equal(seen.event_id, '1');
});

test('the same event in structured mode is a duplicate, the same id of another source is not', async () => {
  const repeated = await post(HTTP.structured(event('1')));
  assert.equal(repeated.status, 202, JSON.stringify(repeated.body));
  assert.equal(repeated.body.duplicates, 1);
  const other = await post(HTTP.structured(event('1', { source: '/web' })));
  assert.equal(other.body.accepted, 1, JSON.stringify(other.body));
});

test('batched mode keeps what is valid and names what is not', async () => {
  const events = [
    event('2'),
    event('3', { data: { plan: 'pro' } }),
    event('4', { data: undefined, subject: 'bo@example.com' }),
  ];
  const answer = await post({
    headers: { 'content-type': 'application/cloudevents-batch+json' },
    body: JSON.stringify(events),
  });
  assert.equal(answer.status, 202, JSON.stringify(answer.body));
  assert.equal(answer.body.accepted, 2);
  assert.deepEqual(
    answer.body.rejected.map(({ index, field }) => [index, field]),
    [[1, 'data.email']],
  );
  assert.equal((await timeline('bo@example.com')).length, 1);
});

test('an empty batch is taken', async () => {
  const answer = await post({ headers: { 'content-type': 'application/cloudevents-batch+json' }, body: '[]' });
  assert.equal(answer.status, 202);
  assert.equal(answer.body.accepted, 0);
});

test("the SDK's own emitter is satisfied with the answers", async () => {
  const emit = emitterFor(post, { mode: Mode.STRUCTURED });
  const answer = await emit(event('5'));
  assert.equal(answer.body.accepted, 1, JSON.stringify(answer.body));
});

test('a format that is not JSON is answered 415', async () => {
  const answer = await post({ headers: { 'content-type': 'application/cloudevents+avro' }, body: 'x' });
  assert.equal(answer.status, 415);
});
