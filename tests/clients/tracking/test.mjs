// Goal: whoever tracks events today changes the host name and nothing else. Method: the unmodified clients of Segment,
// RudderStack and PostHog send to a running server through a proxy that answers 429 and 503 in its place, before or
// after passing the request on; afterwards every lead's timeline holds exactly what was tracked.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Analytics } from '@segment/analytics-node';
import RudderAnalytics from '@rudderstack/rudder-sdk-node';
import { PostHog } from 'posthog-node';

import { startProxy, startServer } from './server.mjs';

let server;
let proxy;
before(async () => {
  server = await startServer();
  proxy = await startProxy(server.url);
});
after(async () => {
  await proxy?.stop();
  await server?.stop();
});

async function get(path) {
  const answer = await fetch(server.url + path, { headers: { authorization: `Bearer ${server.keys.admin}` } });
  return answer.status === 404 ? null : answer.json();
}

/** The lead's events, oldest first, as [type, event id]. */
async function timeline(who) {
  const answer = await get(`/v1/leads/${encodeURIComponent(who)}/timeline?limit=10000`);
  return (answer?.events ?? []).map(({ type, event_id }) => [type, event_id]).reverse();
}

const types = (events) => events.map(([type]) => type).sort();

const busy = { status: 503 };
const lost = { status: 503, after: true };
const slow = { status: 429, headers: { 'retry-after': '1' } };

function segment(more = {}) {
  return new Analytics({ writeKey: server.keys.events, host: proxy.url, flushAt: 5, flushInterval: 500, ...more });
}

test('analytics-node: batches, refused and lost answers, each event once', async () => {
  proxy.misbehave([busy, slow, lost, lost]);
  const analytics = segment();
  const failures = [];
  analytics.on('error', (error) => failures.push(error));
  for (let i = 0; i < 23; ++i)
    analytics.track({ userId: 'jo@acme.com', event: 'Demo Requested', messageId: `m-${i}`, properties: { i } });
  analytics.page({ userId: 'jo@acme.com', name: 'Pricing', messageId: 'm-page' });
  analytics.screen({ userId: 'jo@acme.com', name: 'Start', messageId: 'm-screen' });
  await analytics.closeAndFlush({ timeout: 60_000 });
  assert.deepEqual(failures, []);
  const events = await timeline('jo@acme.com');
  assert.equal(events.length, 25);
  assert.equal(new Set(events.map(([, id]) => id)).size, 25);
  assert.equal(types(events).filter((type) => type === 'demo_requested').length, 23);
  assert.ok(types(events).includes('page_viewed') && types(events).includes('screen_viewed'));
  assert.equal(proxy.seen.filter(({ fault }) => fault === 503).length, 3);
  assert.equal(proxy.seen.filter(({ fault }) => fault === 429).length, 1);
  assert.equal(proxy.seen.filter(({ fault, answered }) => fault && answered === 200).length, 2);
  assert.equal(proxy.seen.length, 5 + 4, 'five batches, and each fault once more');
  assert.ok(proxy.seen.every(({ path }) => path === '/v1/batch'));
});

test('analytics-node: a wrong key is refused', async () => {
  proxy.misbehave([]);
  const analytics = segment({ writeKey: 'wrong', maxRetries: 0 });
  const failures = [];
  analytics.on('error', (error) => failures.push(error));
  analytics.track({ userId: 'nobody@acme.com', event: 'x' });
  await analytics.closeAndFlush({ timeout: 60_000 });
  assert.deepEqual(
    proxy.seen.map(({ answered }) => answered),
    [401]
  );
  assert.equal(failures.length, 1);
  assert.deepEqual(await timeline('nobody@acme.com'), []);
});

test('analytics-node: over its rate, with the retries that the guide asks for, nothing is lost', async () => {
  const made = await fetch(`${server.url}/v1/admin/tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.keys.admin}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'slow', scopes: ['events'], rate: 2 }),
  });
  assert.equal(made.status, 201);
  proxy.misbehave([]);
  const analytics = segment({ writeKey: (await made.json()).key, flushAt: 1, maxRetries: 10 });
  for (let i = 0; i < 5; ++i)
    analytics.track({ userId: 'slow@acme.com', event: 'Page Viewed', messageId: `slow-${i}` });
  await analytics.closeAndFlush({ timeout: 60_000 });
  assert.equal((await timeline('slow@acme.com')).length, 5);
  assert.ok(proxy.seen.some(({ answered }) => answered === 429), 'the rate was never reached');
});

test('analytics-node: what an anonymous visitor did belongs to the lead, identified before or after', async () => {
  const expected = ['page_viewed', 'pricing_viewed', 'trial_started'];
  const steps = (email, visitor, user) => [
    (a) => a.page({ anonymousId: visitor, name: 'Home' }),
    (a) => a.track({ anonymousId: visitor, event: 'Pricing Viewed' }),
    (a) => a.identify({ userId: user, anonymousId: visitor, traits: { email, firstName: 'Kim' } }),
    (a) => a.track({ userId: user, event: 'Trial Started' }),
  ];
  const orders = [
    [0, 1, 2, 3],
    [2, 0, 1, 3],
    [3, 2, 1, 0],
    [3, 1, 0, 2],
  ];
  for (const [number, order] of orders.entries()) {
    const email = `kim${number}@acme.com`;
    const all = steps(email, `visitor-${number}`, `user-${number}`);
    proxy.misbehave([lost]);
    for (const step of order) {
      const analytics = segment({ flushAt: 1 });
      all[step](analytics);
      await analytics.closeAndFlush({ timeout: 60_000 });
    }
    assert.deepEqual(types(await timeline(email)), expected, `order ${order}`);
    assert.deepEqual(types(await timeline(`user:user-${number}`)), expected, 'the user id leads to the same lead');
    assert.deepEqual(types(await timeline(`anonymous:visitor-${number}`)), expected, 'and so does the visitor');
  }
});

test('analytics-node: alias joins ids, in a loop too', async () => {
  proxy.misbehave([]);
  const analytics = segment();
  analytics.track({ userId: 'old', event: 'Form Submitted' });
  analytics.alias({ previousId: 'old', userId: 'new' });
  analytics.alias({ previousId: 'new', userId: 'old' });
  analytics.track({ userId: 'new', event: 'Webinar Attended' });
  analytics.identify({ userId: 'new', traits: { email: 'lee@acme.com' } });
  analytics.group({ userId: 'new', groupId: 'acme', traits: { name: 'Acme', industry: 'Tools' } });
  await analytics.closeAndFlush({ timeout: 60_000 });
  for (const who of ['lee@acme.com', 'user:old', 'user:new'])
    assert.deepEqual(types(await timeline(who)), ['form_submitted', 'webinar_attended'], who);
});

test('rudder-sdk-node: gzip, retried, each event once', async () => {
  proxy.misbehave([busy, lost]);
  const rudder = new RudderAnalytics(server.keys.events, {
    dataPlaneUrl: proxy.url,
    flushAt: 5,
    flushInterval: 200,
    gzip: true,
  });
  for (let i = 0; i < 10; ++i)
    rudder.track({ userId: 'ru', event: 'emailClicked', context: { traits: { email: 'ru@acme.com' } } });
  rudder.identify({ userId: 'ru', traits: { email: 'ru@acme.com', title: 'CTO' } });
  const end = Date.now() + 30_000;
  let events = [];
  while (events.length < 10 && Date.now() < end) {
    await rudder.flush().catch(() => {});
    events = await timeline('ru@acme.com');
  }
  assert.equal(events.length, 10);
  assert.deepEqual(new Set(types(events)), new Set(['email_clicked']));
  assert.equal(new Set(events.map(([, id]) => id)).size, 10);
  assert.ok(proxy.seen.length > 0 && proxy.seen.every(({ path }) => path === '/v1/batch'));
  assert.ok(proxy.seen.every(({ headers }) => headers['content-encoding'] === 'gzip'));
});

test('posthog-node: its batches, each event once, ids joined', async () => {
  proxy.misbehave([lost]);
  const posthog = new PostHog(server.keys.events, { host: proxy.url, flushAt: 4, fetchRetryDelay: 50 });
  for (let i = 0; i < 6; ++i) posthog.capture({ distinctId: 'ph', event: 'email opened', properties: { i } });
  posthog.capture({ distinctId: 'visitor-ph', event: '$pageview', properties: { $current_url: '/pricing' } });
  posthog.identify({ distinctId: 'ph', properties: { email: 'ph@acme.com' } });
  posthog.alias({ distinctId: 'ph', alias: 'visitor-ph' });
  posthog.groupIdentify({ groupType: 'company', groupKey: 'acme', properties: { name: 'Acme' } });
  await posthog.shutdown();
  const events = await timeline('ph@acme.com');
  assert.deepEqual(types(events), [...Array(6).fill('email_opened'), 'page_viewed']);
  assert.ok(proxy.seen.every(({ path }) => path.startsWith('/batch')));
  assert.equal(proxy.seen.filter(({ fault, answered }) => fault && answered === 200).length, 1);
});

test('calls that are wrong are answered 200, and counted', async () => {
  const metric = async () =>
    Number(/calls_rejected_total{client="segment"} (\d+)/.exec(await (await fetch(`${server.url}/metrics`)).text())[1]);
  const before = await metric();
  const answer = await fetch(`${server.url}/v1/batch`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: JSON.stringify({ writeKey: server.keys.events, batch: [{ type: 'track', event: 'x' }, { type: 'none' }] }),
  });
  assert.equal(answer.status, 200);
  assert.deepEqual(await answer.json(), { success: true });
  assert.equal((await metric()) - before, 2);
});
