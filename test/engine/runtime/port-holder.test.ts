// Who listens on a port: this very process while it listens, and nobody afterwards. Only Linux can
// tell.
import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { portHolder } from '../../../src/engine/runtime/port-holder.ts';

const skip = process.platform === 'linux' ? false : 'only Linux tells it';

test('the holder of a port is found, and a free port has none', { skip }, async () => {
  for (const host of ['127.0.0.1', '::1']) {
    const server = createServer();
    server.listen(0, host);
    const listening = await Promise.race([
      once(server, 'listening').then(() => true),
      once(server, 'error').then(() => false),
    ]);
    // A machine without IPv6 has no ::1.
    if (!listening && host === '::1') continue;
    const { port } = server.address() as AddressInfo;
    const holder = portHolder(port);
    assert.equal(holder?.pid, process.pid);
    assert.match(holder.command, /^node/);
    server.close();
    await once(server, 'close');
    assert.equal(portHolder(port), undefined);
  }
});
