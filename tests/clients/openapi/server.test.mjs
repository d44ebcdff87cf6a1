// Goal: a running server does what net/openapi.json says. Method: every operation of the file is asked without a key,
// with a key of every scope, over its rate, and as its examples show; each answer must be one that the file describes,
// with its headers and its schema.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { answerPointer, checker, document, examplesOf, operations, text } from './document.mjs';
import { startServer } from './server.mjs';

const scopes = document.components.schemas.Scope.enum;
const guarded = operations.filter((operation) => operation.scopes.length > 0);

let server;
/// Values for names in paths, when they are known; else the examples are used.
const known = { name: 'salesforce-demo' };

/// The request of an operation as the file's examples show it; `options`: with the optional parameters of the query.
function requestOf({ method, path, parameters, body }, { key, options = false }) {
  const value = (parameter) => encodeURIComponent(known[parameter.name] ?? parameter.example);
  const query = parameters
    // What goes on for ever is asked to end.
    .filter((p) => p.in === 'query' && p.example !== undefined && (options || p.name === 'once'))
    .map((p) => `${p.name}=${value(p)}`)
    .join('&');
  const named = path.replace(/{([^}]+)}/g, (_, name) => value(parameters.find((p) => p.name === name)));
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  const request = { method, headers };
  if (body) {
    const [type, media] = Object.entries(body.content)[0];
    headers['Content-Type'] = type;
    const [example] = examplesOf(media);
    // No test may call the world outside.
    request.body = (typeof example === 'string' ? example : JSON.stringify(example))
      .replace('https://example.my.salesforce.com', server.sandbox)
      .replace('"target":"crm"', `"target":"${known.name}"`);
  }
  return [server.url + named + (query && `?${query}`), request];
}

/// Asks, and fails when the answer is not one that the file describes.
async function ask(operation, how) {
  const answer = await fetch(...requestOf(operation, how));
  const content = await answer.text();
  const what = `${operation.id}: ${answer.status} ${content.slice(0, 300)}`;
  const type = (answer.headers.get('content-type') ?? '').split(';')[0];
  const pointer = answerPointer(operation, answer.status, type);
  assert.ok(pointer, `${what} (${type}) is not described`);
  const value = type.endsWith('json') ? JSON.parse(content) : content;
  assert.equal(checker(pointer)(value), null, what);
  for (const name of Object.keys(operation.responses[answer.status].headers)) {
    assert.ok(answer.headers.has(name), `${what}: the header ${name} is missing`);
  }
  if (type === 'application/problem+json') assert.equal(value.status, answer.status, what);
  return { status: answer.status, value };
}

async function makeKey(changes) {
  const creation = operations.find(({ id }) => id === 'createToken');
  const [url, request] = requestOf(creation, { key: server.keys.admin });
  const answer = await fetch(url, { ...request, body: JSON.stringify({ name: 'test', rate: null, ...changes }) });
  assert.equal(answer.status, 201);
  return (await answer.json()).key;
}

describe('the server, asked by net/openapi.json', () => {
  const keys = {};

  before(async () => {
    server = await startServer();
    for (const scope of scopes) keys[scope] = await makeKey({ scopes: [scope] });
  });
  after(() => server?.stop());

  it('serves the file, and is of its version', async () => {
    const answer = await fetch(`${server.url}/openapi.json`);
    assert.ok((await answer.text()) === text, 'the binary holds another document than the file');
    assert.equal(document.info.version, server.version);
    const held = { 'If-None-Match': answer.headers.get('etag') };
    const again = await fetch(`${server.url}/openapi.json`, { headers: held });
    assert.equal(again.status, 304);
    assert.equal(await again.text(), '');
  });

  it('answers where no key is needed', async () => {
    for (const operation of operations.filter((each) => each.scopes.length === 0))
      assert.equal((await ask(operation, {})).status, 200, operation.id);
  });

  for (const operation of guarded) {
    it(`refuses ${operation.method} ${operation.path} without a key`, async () => {
      assert.equal((await ask(operation, {})).status, 401);
      assert.equal((await ask(operation, { key: `hg_v2_${'0'.repeat(36)}` })).status, 401);
    });
  }

  for (const operation of guarded) {
    it(`refuses ${operation.method} ${operation.path} to keys of other scopes`, async () => {
      for (const scope of scopes.filter((each) => each !== 'admin' && !operation.scopes.includes(each)))
        assert.equal((await ask(operation, { key: keys[scope] })).status, 403, scope);
    });
  }

  // In this order, so that there is something to look at, and nothing is taken away too soon.
  const methods = ['PUT', 'POST', 'GET', 'DELETE'];
  const ordered = methods.flatMap((method) => guarded.filter((each) => each.method === method));
  for (const operation of ordered) {
    it(`lets ${operation.scopes.join(' or ')} do ${operation.method} ${operation.path}`, async () => {
      if (operation.path.includes('{request_id}')) {
        const trigger = operations.find(({ id }) => id === 'triggerLiveScoring');
        known.request_id = (await ask(trigger, { key: keys.hg })).value.request_id;
      }
      if (operation.path.includes('{id}')) {
        const list = operations.find(({ id }) => id === 'listTokens');
        known.id = (await ask(list, { key: server.keys.admin })).value.tokens.find(({ name }) => name === 'website').id;
      }
      const bare = await ask(operation, { key: keys[operation.scopes[0]] });
      assert.ok(bare.status < 300, `${operation.id}: ${bare.status}`);
      // A target that is there already, or is no longer there, is the doing of the request before.
      const fine = (status) => status < 300 || [404, 409].includes(status);
      for (const scope of scopes.filter((each) => each === 'admin' || operation.scopes.includes(each)))
        assert.ok(fine((await ask(operation, { key: keys[scope] })).status), `${operation.id}: ${scope}`);
      const optional = await ask(operation, { key: keys.admin, options: true });
      assert.ok(fine(optional.status) || optional.status === 410, `${operation.id}: ${optional.status}`);
    });
  }

  it('tells what is wrong with a body in a problem document', async () => {
    for (const operation of guarded.filter(({ body }) => body)) {
      const [url, request] = requestOf(operation, { key: server.keys.admin });
      const answer = await fetch(url, { ...request, body: '{"a":' });
      const type = answer.headers.get('content-type');
      assert.equal(answer.status, 400, operation.id);
      assert.equal(checker(answerPointer(operation, 400, type))(await answer.json()), null, operation.id);
    }
  });

  // Last: what gets through in a slow second is done.
  it('refuses each operation over the rate of the key', async () => {
    const slow = await makeKey({ scopes: ['admin'], rate: 1 });
    for (const operation of guarded) {
      let status = 0;
      for (let asked = 0; asked < 5 && status !== 429; ++asked) ({ status } = await ask(operation, { key: slow }));
      assert.equal(status, 429, operation.id);
    }
  });
});
