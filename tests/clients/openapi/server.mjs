// A server of the leadlight binary on a data directory of its own, with a sandbox in place of Salesforce.
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const binary =
  process.env.LEADLIGHT_BINARY ?? fileURLToPath(new URL('../../../build/release/bin/leadlight', import.meta.url));

/// Runs a verb until its first line says where it listens.
async function listen(...words) {
  const child = spawn(binary, words, { stdio: ['ignore', 'pipe', 'ignore'] });
  for await (const line of createInterface({ input: child.stdout }))
    return { child, url: `http://${JSON.parse(line).listening}`, first: JSON.parse(line) };
  throw new Error(`leadlight ${words[0]} ended before it listened`);
}

async function end({ child }) {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

/// What runs: its address, the keys of `init`, its version, and how to end it.
export async function startServer() {
  const directory = await mkdtemp(join(tmpdir(), 'leadlight-openapi.'));
  const running = [];
  const stop = async () => {
    for (const each of running.reverse()) await end(each);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const data = join(directory, 'data');
    const made = await promisify(execFile)(binary, ['init', '--data', data, '--demo', '--json']);
    running.push(await listen('sandbox', '--listen', '127.0.0.1:0'));
    const sandbox = running[0].url;
    running.push(await listen('serve', '--data', data, '--listen', '127.0.0.1:0', '--sandbox', sandbox));
    const { url, first } = running[1];
    return { url, sandbox, version: first.version, keys: JSON.parse(made.stdout).tokens, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
