// Where Apache Kafka's jars lie: $XDG_CACHE_HOME/mon-test/kafka-VERSION, outside the project, put
// there once by Maven from Maven Central. Easy to get wrong: two tests may begin at once, so the
// download goes into a folder of its own and is moved into place when it is whole.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const KAFKA_VERSION = '4.1.1';
const DOWNLOAD_MS_MAX = 5 * 60_000;

export function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'mon-test');
}

function has(program: string, argument: string): boolean {
  return spawnSync(program, [argument], { stdio: 'ignore' }).status === 0;
}

/** Why no Kafka can be started here, or undefined. Downloads nothing. */
export function lacksKafka(): string | undefined {
  if (!has('java', '-version')) return 'needs kafka (java is not installed)';
  if (existsSync(jarsFolder()) || has('mvn', '-version')) return undefined;
  return 'needs kafka (mvn is not installed, and the jars are not in the cache)';
}

function jarsFolder(): string {
  // The name says what is inside: another list of jars is another folder.
  return join(cacheFolder(), `kafka-${KAFKA_VERSION}-mirror`);
}

/** The folder with all jars, downloaded if need be. @throws Error with what Maven said. */
export function kafkaJars(): string {
  const folder = jarsFolder();
  if (existsSync(folder)) return folder;
  mkdirSync(cacheFolder(), { recursive: true });
  const fresh = mkdtempSync(join(cacheFolder(), 'download-'));
  // Compiled, this file lies in dist/test/kafka; the pom stays where its source is.
  const pom = ['pom.xml', '../../../test/kafka/pom.xml']
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(path));
  const goal = ['-q', '-B', 'dependency:copy-dependencies', '-DincludeScope=runtime'];
  const args = ['-f', String(pom), ...goal, `-DoutputDirectory=${fresh}`];
  const done = spawnSync('mvn', args, { encoding: 'utf8', timeout: DOWNLOAD_MS_MAX });
  if (done.status !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    throw new Error(`mvn could not fetch Apache Kafka: ${done.stdout}${done.stderr}`);
  }
  try {
    renameSync(fresh, folder);
  } catch (thrown) {
    rmSync(fresh, { recursive: true, force: true });
    if (!existsSync(folder)) throw thrown;
  }
  return folder;
}
