// The bits of a stale marker, for all parts of the simulation: values are bigint there.
import { STALE_HIGH, STALE_LOW } from '../../src/engine/model/sample.ts';

export const STALE_BITS = (BigInt(STALE_HIGH) << 32n) | BigInt(STALE_LOW);
