// Where things lie, by the rules of XDG: defaults under HOME, and variables that count only when
// they are absolute.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  contextsFile,
  dataFolder,
  logFile,
  stateFolder,
} from '../../../src/engine/daemons/folders.ts';

it('defaults under HOME, variables when absolute', () => {
  const home = { HOME: '/home/a' };
  assert.equal(stateFolder(home), '/home/a/.local/state/mon');
  assert.equal(dataFolder(home, false), '/home/a/.local/state/mon/data');
  assert.equal(dataFolder(home, true), '/home/a/.local/state/mon/demo');
  assert.equal(contextsFile(home), '/home/a/.config/mon/config.yaml');
  assert.equal(logFile('/d'), '/d/mon.log');
  const set = { ...home, XDG_STATE_HOME: '/s', XDG_CONFIG_HOME: '/c' };
  assert.equal(stateFolder(set), '/s/mon');
  assert.equal(contextsFile(set), '/c/mon/config.yaml');
  assert.equal(stateFolder({ ...home, XDG_STATE_HOME: 's' }), '/home/a/.local/state/mon');
  assert.equal(stateFolder({ ...home, XDG_STATE_HOME: '' }), '/home/a/.local/state/mon');
});
