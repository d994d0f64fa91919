// A server of scrape targets for tests. Easy to get wrong: what a path answers may change while mon
// scrapes it, so pages are looked up at each request.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Page = string | ((request: IncomingMessage, response: ServerResponse) => void);

export interface TargetServer {
  /** HOST:PORT. */
  readonly address: string;
  /** Pages by path; one that is missing is 404. */
  readonly pages: Map<string, Page>;
  close(): Promise<void>;
}

export async function startTargets(pages: Readonly<Record<string, Page>>): Promise<TargetServer> {
  const all = new Map(Object.entries(pages));
  const server = createServer((request, response) => {
    const page = all.get(request.url ?? '');
    if (page === undefined) response.writeHead(404).end();
    else if (typeof page === 'string') response.end(page);
    else page(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    pages: all,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
