// A call to a role goes to whichever process can answer it: past one that is away, past one that
// waits for its turn, and not twice where that would do something twice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterDirectory } from '../../../src/engine/daemons/cluster-directory.ts';
import { RoleLink } from '../../../src/engine/daemons/role-link.ts';
import { MonError } from '../../../src/engine/errors.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';

type Answer = () => unknown;

const away = (): never => {
  throw new MonError('MON_SERVER_UNREACHABLE', 'nobody there');
};

/** Members by address; `connects: false` cannot even be reached. */
function directoryOf(
  members: Map<string, { readonly active?: boolean; answer: Answer; connects?: boolean }>,
) {
  return {
    members: () =>
      [...members].map(([address, { active }]) => ({ facts: { address, active }, name: address })),
    link: (address: string) => {
      const one = members.get(address);
      return {
        facts: async () => (one?.connects === false ? away() : undefined),
        call: async () => one?.answer(),
      };
    },
  } as unknown as ClusterDirectory;
}

const of = (members: Parameters<typeof directoryOf>[0], patienceMs = 0): RoleLink =>
  new RoleLink({ directory: directoryOf(members), role: 'notify', clock: systemClock, patienceMs });

test('who is away or waits for its turn is passed over', async () => {
  const lost = (): never => {
    throw new MonError('MON_PLACEMENT_LOST', 'another process notifies');
  };
  const members = new Map([
    ['a', { answer: away }],
    ['b', { active: false, answer: () => 'b waits' }],
    ['c', { answer: lost }],
    ['d', { answer: () => 'd' }],
  ]);
  const link = of(members);
  assert.deepEqual(link.addresses(), ['a', 'c', 'd']);
  for (let i = 0; i < 4; i++) assert.equal(await link.to('desk').call('status', []), 'd');
});

test('a failure of the question itself is told at once', async () => {
  const bad = (): never => {
    throw new MonError('MON_NOT_FOUND', 'no such silence');
  };
  const link = of(new Map([['a', { answer: bad }]]), 5000);
  await assert.rejects(link.to('desk').call('expire', ['x']), { code: 'MON_NOT_FOUND' });
});

test('a call whose fate is not known is not made again', async () => {
  let asked = 0;
  const breaks = (): never => {
    asked++;
    throw new MonError('MON_SERVER_UNREACHABLE', 'the connection broke');
  };
  const members = new Map<string, { answer: Answer; connects?: boolean }>([
    ['a', { answer: () => 'never asked', connects: false }],
    ['b', { answer: breaks }],
  ]);
  const link = of(members, 300);
  await assert.rejects(link.to('desk', true).call('silence', []), /connection broke/);
  assert.equal(asked, 1);
});

test('a role that nobody has is waited for, and then named', async () => {
  const members = new Map<string, { answer: Answer }>();
  const link = of(members, 2000);
  const asked = link.to('desk').call('status', []);
  setTimeout(() => members.set('a', { answer: () => 'late' }), 50);
  assert.equal(await asked, 'late');
  await assert.rejects(of(new Map()).to('desk').call('status', []), /role notify/);
});
