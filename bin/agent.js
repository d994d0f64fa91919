// Goes on as `mon agent` in the process that the command line has left to it: only what an agent
// needs is loaded. Not for people: what to do stands in the environment.
import module from 'node:module';
import process from 'node:process';

module.enableCompileCache();
const asked = process.env.MON_AGENT_ASKED ?? '';
delete process.env.MON_AGENT_ASKED;
const host = {
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  on: (event, listener) => process.on(event, listener),
  leave: (code) => process.exit(code),
};
import('../dist/src/cli/agent-main.js').then((loaded) => loaded.agentMain(host, asked));
