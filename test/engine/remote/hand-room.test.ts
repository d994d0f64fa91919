// The memory in which records cross to a shard: what is laid there is taken as it was, a slot is
// used again only when it was freed, and what does not fit is refused, not cut.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HAND_SLOT_BYTES, HAND_SLOTS } from '../../../src/engine/limits.ts';
import type { Delivery } from '../../../src/engine/ports.ts';
import { HandRoom, takeHanded } from '../../../src/engine/remote/hand-room.ts';
import type { Handed } from '../../../src/engine/remote/hand-room.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import type { Random } from '../../../src/engine/runtime/random.ts';
import { below, randomBytes } from '../../support/random-labels.ts';

const HEAD_BYTES = 32;

function deliveries(random: Random): Delivery[] {
  return Array.from({ length: below(random, 40) }, () => ({
    partition: below(random, 1024),
    // Offsets pass 32 bits.
    offset: below(random, 2 ** 50),
    definitionsOnly: random() < 0.3,
    bytes: randomBytes(random, below(random, random() < 0.02 ? 20_000 : 200)),
  }));
}

/** A copy, since what is taken are views of a slot that is used again. */
function taken(room: HandRoom, handed: Handed): Delivery[] {
  return takeHanded(room.memory, handed).map((one) => ({ ...one, bytes: one.bytes.slice() }));
}

test('what is laid is taken, whatever order slots are freed in', () => {
  const seed = 20261121;
  const random = seededRandom(seed);
  const room = new HandRoom();
  const open: { handed: Handed; sent: Delivery[] }[] = [];
  let refused = 0;
  for (let round = 0; round < 3000; round++) {
    const sent = deliveries(random);
    const handed = room.lay(sent);
    if (handed !== undefined) open.push({ handed, sent });
    else refused++;
    if (random() < 0.55 && open.length > 0) {
      const [one] = open.splice(below(random, open.length), 1);
      assert.deepEqual(taken(room, one.handed), one.sent, `seed ${seed} round ${round}`);
      room.free(one.handed.slot);
    }
    assert.ok(open.length <= HAND_SLOTS);
  }
  assert.ok(refused > 100);
});

test('a full slot is taken whole, a byte more is refused, and so is one slot too many', () => {
  const room = new HandRoom();
  const of = (bytes: number): Delivery[] => [
    { partition: 3, offset: 7, definitionsOnly: false, bytes: new Uint8Array(bytes).fill(9) },
  ];
  const full = room.lay(of(HAND_SLOT_BYTES - HEAD_BYTES));
  assert.ok(full);
  assert.deepEqual(taken(room, full), of(HAND_SLOT_BYTES - HEAD_BYTES));
  assert.equal(room.lay(of(HAND_SLOT_BYTES - HEAD_BYTES + 1)), undefined);
  for (let i = 1; i < HAND_SLOTS; i++) assert.ok(room.lay(of(1)));
  assert.equal(room.lay(of(1)), undefined, 'all slots are taken');
  room.free(full.slot);
  assert.equal(room.lay(of(1))?.slot, full.slot);
});
