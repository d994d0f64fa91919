// Amazon's EC2 query service for tests: DescribeInstances in pages with filters, and
// DescribeAvailabilityZones. It checks the signature by its own reading of the rules, over the
// bytes that came. Easy to get wrong: what is signed is what was sent, header by header.
import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { Outage } from './discovery-room.ts';

export interface FakeInstance {
  readonly id: string;
  readonly ip?: string;
  readonly zone: string;
  readonly state?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** Further XML of the instance. */
  readonly more?: string;
}

const SECRET = 'EXAMPLEKEY';

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

function instanceXml({ id, ip, zone, state, tags = {}, more = '' }: FakeInstance): string {
  const items = Object.entries(tags).map(([key, value]) => {
    return `<item><key>${escaped(key)}</key><value>${escaped(value)}</value></item>`;
  });
  return `<item><reservationId>r-1</reservationId><ownerId>4711</ownerId><groupSet/>
    <instancesSet><item><instanceId>${id}</instanceId><imageId>ami-1</imageId>
    <instanceState><code>16</code><name>${state ?? 'running'}</name></instanceState>
    ${ip === undefined ? '' : `<privateIpAddress>${ip}</privateIpAddress>`}
    <instanceType>m5.large</instanceType><placement><availabilityZone>${zone}</availabilityZone>
    <tenancy>default</tenancy></placement><tagSet>${items.join('')}</tagSet>${more}</item>
    </instancesSet></item>`;
}

export class FakeEc2 {
  pageMax = 1000;
  instances: FakeInstance[] = [];
  readonly bodies: string[] = [];
  readonly outage: Outage;

  constructor() {
    this.outage = new Outage(createServer((request, reply) => void this.#answer(request, reply)));
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.outage.port}`;
  }

  async #answer(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request as AsyncIterable<Uint8Array>) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString('utf8');
    this.bodies.push(body);
    if (!signatureHolds(request, body)) {
      const error = '<Error><Code>SignatureDoesNotMatch</Code><Message>no &lt;match&gt;</Message>';
      reply.writeHead(403).end(`<Response><Errors>${error}</Error></Errors></Response>`);
      return;
    }
    const form = new URLSearchParams(body);
    const isZones = form.get('Action') === 'DescribeAvailabilityZones';
    reply.writeHead(200, { 'Content-Type': 'text/xml' });
    reply.end(`<?xml version="1.0"?>\n${isZones ? zones() : this.#page(form)}`);
  }

  #page(form: URLSearchParams): string {
    let found = this.instances;
    if (form.get('Filter.1.Name') === 'instance-state-name') {
      const states = [form.get('Filter.1.Value.1'), form.get('Filter.1.Value.2')];
      found = found.filter(({ state }) => states.includes(state ?? 'running'));
    }
    const from = Number(form.get('NextToken') ?? 0);
    const to = from + this.pageMax;
    const token = to < found.length ? `<nextToken>${to}</nextToken>` : '';
    const items = found.slice(from, to).map(instanceXml).join('');
    const set = `<reservationSet>${items}</reservationSet>`;
    return `<DescribeInstancesResponse xmlns="http://x">${set}${token}</DescribeInstancesResponse>`;
  }
}

function zones(): string {
  const item = '<item><zoneName>eu-1a</zoneName><zoneId>euz1</zoneId></item>';
  return `<DescribeAvailabilityZonesResponse><availabilityZoneInfo>${item}</availabilityZoneInfo>
    </DescribeAvailabilityZonesResponse>`;
}

function signatureHolds(request: IncomingMessage, body: string): boolean {
  const pattern = /Credential=AKID\/(\d{8})\/(eu-1)\/(ec2)\/aws4_request, SignedHeaders=([^,]+), /;
  const found = pattern.exec(request.headers.authorization ?? '');
  if (found === null) return false;
  const [, day, region, service, names] = found;
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
  const hmac = (key: string | Buffer, text: string): Buffer =>
    createHmac('sha256', key).update(text).digest();
  const headers = names.split(';').map((name) => `${name}:${String(request.headers[name])}\n`);
  const canonical = `POST\n/\n\n${headers.join('')}\n${names}\n${hash(body)}`;
  const scope = `${day}/${region}/${service}/aws4_request`;
  const words = `AWS4-HMAC-SHA256\n${String(request.headers['x-amz-date'])}\n${scope}\n`;
  const key = hmac(hmac(hmac(hmac(`AWS4${SECRET}`, day), region), service), 'aws4_request');
  const signature = hmac(key, words + hash(canonical)).toString('hex');
  return (request.headers.authorization ?? '').endsWith(`Signature=${signature}`);
}
