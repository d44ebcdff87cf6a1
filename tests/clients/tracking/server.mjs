// A server of our own for one test run, on a free port, with fresh data; and a proxy before it that misbehaves on
// demand.
import { spawn, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request as forward } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const built = new URL('../../../build/release/bin/leadlight', import.meta.url).pathname;
const binary = process.env.LEADLIGHT_BINARY ?? built;

export async function startServer() {
  const work = mkdtempSync(join(process.env.TMPDIR ?? tmpdir(), 'leadlight-client.'));
  const data = join(work, 'data');
  const { tokens } = JSON.parse(execFileSync(binary, ['init', '--data', data, '--json'], { encoding: 'utf8' }));
  const server = spawn(binary, ['serve', '--data', data, '--listen', '127.0.0.1:0'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const line = await new Promise((resolve, reject) => {
    createInterface({ input: server.stdout }).once('line', resolve);
    server.once('exit', (status) => reject(new Error(`the server ended with ${status}`)));
  });
  return {
    url: `http://${JSON.parse(line).listening}`,
    keys: tokens,
    async stop() {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGTERM');
      await ended;
      rmSync(work, { recursive: true, force: true });
    },
  };
}

function read(stream) {
  return new Promise((resolve, reject) => {
    const pieces = [];
    stream.on('data', (piece) => pieces.push(piece));
    stream.once('end', () => resolve(Buffer.concat(pieces)));
    stream.once('error', reject);
  });
}

/**
 * A proxy before `target`. `faults` are used up one a request: { status, headers?, after? } is answered instead of the
 * server's own answer; with `after` the request is passed on all the same, as when an answer gets lost.
 */
export async function startProxy(target) {
  const seen = [];
  let faults = [];
  const pass = (incoming, body) =>
    new Promise((resolve, reject) => {
      const outgoing = forward(
        target + incoming.url,
        { method: incoming.method, headers: incoming.headers },
        async (answer) => resolve({ status: answer.statusCode, headers: answer.headers, body: await read(answer) })
      );
      outgoing.once('error', reject);
      outgoing.end(body);
    });
  const proxy = createServer(async (incoming, answer) => {
    const body = await read(incoming);
    const fault = faults.shift();
    const entry = { path: incoming.url, headers: incoming.headers };
    seen.push(entry);
    if (!fault || fault.after) {
      const own = await pass(incoming, body);
      entry.answered = own.status;
      if (!fault) return answer.writeHead(own.status, own.headers).end(own.body);
    }
    entry.fault = fault.status;
    answer.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers }).end('{"success":false}');
  });
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${proxy.address().port}`,
    /** What came in since the last `misbehave`. */
    seen,
    misbehave(next) {
      seen.length = 0;
      faults = next;
    },
    stop() {
      const closed = new Promise((resolve) => proxy.close(resolve));
      proxy.closeAllConnections();
      return closed;
    },
  };
}
