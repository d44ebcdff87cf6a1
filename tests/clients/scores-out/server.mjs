// A server of our own for one test run, on a free port, with fresh data; it can be killed and started again.
import { spawn, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const built = new URL('../../../build/release/bin/leadlight', import.meta.url).pathname;
export const binary = process.env.LEADLIGHT_BINARY ?? built;

export class Server {
  constructor(environment = {}) {
    this.work = mkdtempSync(join(process.env.TMPDIR ?? tmpdir(), 'leadlight-client.'));
    this.data = join(this.work, 'data');
    this.environment = { ...process.env, ...environment };
    this.listen = '127.0.0.1:0';
    const made = execFileSync(binary, ['init', '--data', this.data, '--json'], { encoding: 'utf8' });
    this.keys = JSON.parse(made).tokens;
  }

  async start() {
    this.child = spawn(binary, ['serve', '--data', this.data, '--listen', this.listen], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: this.environment,
    });
    const line = await new Promise((resolve, reject) => {
      createInterface({ input: this.child.stdout }).once('line', resolve);
      this.child.once('exit', (status) => reject(new Error(`the server ended with ${status}`)));
    });
    this.listen = JSON.parse(line).listening; // the same port the next time
    this.url = `http://${this.listen}`;
  }

  async end(signal) {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill(signal);
    await ended;
  }

  async remove() {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.end('SIGTERM');
    rmSync(this.work, { recursive: true, force: true });
  }

  async call(method, path, body, key = this.keys.admin) {
    const answer = await fetch(this.url + path, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      body: body && JSON.stringify(body),
    });
    return { status: answer.status, body: await answer.json() };
  }

  send(email, type = 'demo_requested') {
    return this.call('POST', '/v1/events', { email, type }, this.keys.events);
  }

  /// A verb of the command line, as JSON.
  verb(...words) {
    const all = [...words, '--server', this.url, '--token', this.keys.admin, '--json'];
    return JSON.parse(execFileSync(binary, all, { encoding: 'utf8', env: this.environment }));
  }
}

/// Waits until `condition` gives something.
export async function until(condition, what) {
  for (const end = Date.now() + 20_000; Date.now() < end; ) {
    const value = await condition();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${what} did not come true within 20 s`);
}
