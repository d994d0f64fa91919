// Where mon keeps things on this machine, by the rules of XDG: state (data, logs) and
// configuration. Pure: the environment is handed in. Easy to get wrong: XDG says that a relative
// path in one of these variables counts as not set.
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** `$XDG_STATE_HOME/mon`, by default `~/.local/state/mon`. */
export function stateFolder(env: Environment): string {
  return join(xdg(env, 'XDG_STATE_HOME', '.local/state'), 'mon');
}

/** Where `mon up` keeps its data; the demo has a folder of its own, and so has a cluster. */
export function dataFolder(env: Environment, demo: boolean, cluster = false): string {
  const name = demo ? 'demo' : 'data';
  return join(stateFolder(env), cluster ? `${name}-cluster` : name);
}

/** What the processes of a cluster write: one file each. */
export function roleLogFile(dataDir: string, member: string): string {
  return join(dataDir, 'logs', `${member}.log`);
}

/** What the supervisor of a cluster tells of its processes: `mon status` reads it. */
export function rolesFile(dataDir: string): string {
  return join(dataDir, 'roles.json');
}

/** What a detached server writes: `mon logs` reads it. */
export function logFile(dataDir: string): string {
  return join(dataDir, 'mon.log');
}

/** The contexts of the command line: `$XDG_CONFIG_HOME/mon/config.yaml`. */
export function contextsFile(env: Environment): string {
  return join(xdg(env, 'XDG_CONFIG_HOME', '.config'), 'mon', 'config.yaml');
}

/** The scrape configuration that `mon up` takes when no `--config` is given and it is there. */
export function defaultConfigFile(env: Environment): string {
  return join(xdg(env, 'XDG_CONFIG_HOME', '.config'), 'mon', 'prometheus.yml');
}

/** Dashboards of one's own: `$XDG_CONFIG_HOME/mon/dashboards`. */
export function dashboardsFolder(env: Environment): string {
  return join(xdg(env, 'XDG_CONFIG_HOME', '.config'), 'mon', 'dashboards');
}

function xdg(env: Environment, name: string, fallback: string): string {
  const set = env[name];
  if (set !== undefined && isAbsolute(set)) return set;
  const home = env['HOME'];
  return join(home === undefined || home === '' ? homedir() : home, fallback);
}
