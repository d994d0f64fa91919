// Prices that a plan computes with: machines by the month, disks by the gigabyte. The defaults are
// what the design documents pay, told for each where it is from; a YAML file replaces any of them.
// Easy to get wrong: a price list is somebody's contract, so nothing here is the price of
// anything.
import { ConfigFile, Section } from '../config-reader.ts';

const GB = 1e9;
const GIB = 1024 ** 3;

/** A kind of machine. */
export interface NodePrice {
  readonly name: string;
  readonly cores: number;
  readonly memoryBytes: number;
  /** Disk that comes with it. */
  readonly diskBytes: number;
  /** Bytes a second, each way. */
  readonly networkBytes: number;
  /** A month. */
  readonly month: number;
}

export type NodeRole = 'store' | 'compute' | 'kafka' | 'cache';

export interface Prices {
  readonly currency: string;
  readonly nodes: Readonly<Record<NodeRole, NodePrice>>;
  /** A gigabyte (10^9 bytes) a month. */
  readonly ssd: number;
  readonly hdd: number;
  readonly object: number;
  /** A gigabyte from one zone into another. */
  readonly transfer: number;
  /** Where each price is from. */
  readonly source: string;
}

const TEN_GBIT = 1.25e9;

/** What the documents pay: 001 for machines, 000 for disks. */
export const DEFAULT_PRICES: Prices = {
  currency: '$',
  nodes: {
    store: {
      name: 'r5.4xlarge',
      ...{ cores: 16, memoryBytes: 128 * GIB, diskBytes: 0, networkBytes: TEN_GBIT },
      // 001: $80,000 for 100, of which 500 GB of SSD at 000's $0.10 are $50.
      month: 750,
    },
    compute: {
      name: 'c5.2xlarge',
      ...{ cores: 8, memoryBytes: 16 * GIB, diskBytes: 0, networkBytes: TEN_GBIT },
      // 001: $6,000 for 20.
      month: 300,
    },
    kafka: {
      name: 'i3.2xlarge',
      ...{ cores: 8, memoryBytes: 61 * GIB, diskBytes: 1900 * GB, networkBytes: TEN_GBIT },
      // 001: $10,000 for 12.
      month: 10_000 / 12,
    },
    cache: {
      name: 'r5.xlarge',
      ...{ cores: 4, memoryBytes: 32 * GIB, diskBytes: 0, networkBytes: TEN_GBIT },
      // 001: $2,000 for 5.
      month: 400,
    },
  },
  ...{ ssd: 0.1, hdd: 0.02, object: 0.004, transfer: 0.01 },
  source:
    "machines at document 001's prices, disks and objects at document 000's; $0.01 a GB between " +
    'zones is assumed, no document tells it',
};

const NODE_FIELDS = ['name', 'cores', 'memory', 'disk', 'network', 'month'];
const FIELDS = ['currency', 'nodes', 'ssd', 'hdd', 'object', 'transfer'];

/** Prices of a YAML file over the defaults. @throws UserError with the place of a mistake. */
export function parsePrices(text: string, path: string): Prices {
  const file = new ConfigFile(text, path);
  const section = new Section(file, file.root, 'the prices', FIELDS);
  const nodes = section.section('nodes', ['store', 'compute', 'kafka', 'cache']);
  const { nodes: own, ssd, hdd, object, transfer, currency } = DEFAULT_PRICES;
  return {
    currency: section.text('currency') ?? currency,
    nodes: {
      store: node(nodes, 'store', own.store),
      compute: node(nodes, 'compute', own.compute),
      kafka: node(nodes, 'kafka', own.kafka),
      cache: node(nodes, 'cache', own.cache),
    },
    ssd: price(section, 'ssd') ?? ssd,
    hdd: price(section, 'hdd') ?? hdd,
    object: price(section, 'object') ?? object,
    transfer: price(section, 'transfer') ?? transfer,
    source: `${path}; what it does not tell: ${DEFAULT_PRICES.source}`,
  };
}

function node(nodes: Section, role: NodeRole, own: NodePrice): NodePrice {
  const section = nodes.section(role, NODE_FIELDS);
  const cores = section.integer('cores', 1, 4096) ?? own.cores;
  const memoryBytes = section.bytes('memory') ?? own.memoryBytes;
  const networkBytes = section.bytes('network') ?? own.networkBytes;
  if (memoryBytes < GIB) section.fail('memory', 'memory must be 1GiB or more');
  if (networkBytes < 1e6) section.fail('network', 'network is bytes a second, 1MB or more');
  return {
    ...{ name: section.text('name') ?? own.name, cores, memoryBytes, networkBytes },
    diskBytes: section.bytes('disk') ?? own.diskBytes,
    month: price(section, 'month') ?? own.month,
  };
}

function price(section: Section, name: string): number | undefined {
  const text = section.text(name);
  if (text === undefined) return undefined;
  const value = /^\d{1,12}(?:\.\d{1,9})?$/.test(text) ? Number(text) : NaN;
  return Number.isNaN(value) ? section.fail(name, `${name} must be a price`, 'as in 0.02') : value;
}
