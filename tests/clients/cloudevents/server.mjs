// A server of our own for one test run, on a free port, with fresh data.
import { spawn, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
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
  const [line] = await new Promise((resolve, reject) => {
    createInterface({ input: server.stdout }).once('line', (first) => resolve([first]));
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
