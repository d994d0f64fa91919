// A second implementation of S3 for tests: the npm package s3rver, which is no part of the project
// and stands in a folder of its own. Install it with
//   npm install --prefix ~/.cache/mon-s3rver s3rver@3.7.1
// or name another folder in MON_S3RVER. Easy to get wrong: it ends with the test, however that
// ends, so nothing of it may be detached.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { S3Settings } from '../../src/engine/cold/s3-objects.ts';
import { freePort } from './mon-process.ts';

const FOLDER = process.env['MON_S3RVER'] ?? join(homedir(), '.cache', 'mon-s3rver');
const PROGRAM = join(FOLDER, 'node_modules', 's3rver', 'bin', 's3rver.js');
const BUCKET = 'archive';
const START_MS_MAX = 20_000;

/** For a test's `skip`. */
export function skipWithoutS3(): string | false {
  return existsSync(PROGRAM) ? false : 'needs s3rver';
}

export interface RealS3 {
  readonly settings: S3Settings;
  /** Where it keeps the bucket. */
  readonly folder: string;
  close(): Promise<void>;
}

export async function startS3(): Promise<RealS3> {
  const folder = await mkdtemp(join(tmpdir(), 'mon-s3rver-'));
  const port = await freePort();
  const place = ['-a', '127.0.0.1', '-p', String(port), '-d', folder];
  const child = spawn(process.execPath, [PROGRAM, ...place, '--configure-bucket', BUCKET, '-s'], {
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const endpoint = `http://127.0.0.1:${port}`;
  const deadline = performance.now() + START_MS_MAX;
  for (;;) {
    const there = await fetch(endpoint).then(
      () => true,
      () => false,
    );
    if (there) break;
    if (performance.now() > deadline) throw new Error('s3rver did not start');
    await pause(50);
  }
  return {
    settings: {
      ...{ bucket: BUCKET, region: 'us-east-1', endpoint, pathStyle: true },
      ...{ accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
    },
    folder: join(folder, BUCKET),
    async close() {
      child.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
