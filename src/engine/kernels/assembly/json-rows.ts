// Points of a JSON answer, a row of floats at a call: `[1435781430.781,"0.25"],…` as Prometheus
// prints them, with an exponent below 1e-6 and from 1e21 on. The times of a grid are spelled once
// for all its rows. Behind kernels/json-rows.ts; easy to get wrong: the exponent has two digits.
import { digits, power, shortest } from './json-float';

/** A spelled time: its length, then `[seconds,"`. */
const TIME_BYTES: usize = 32;

const ascii: usize = memory.data(24);

/** Writes the digits of a number so that they end before `end`; answers where they begin. */
function backwards(value: u64, end: usize): usize {
  let at = end;
  let rest = value;
  while (rest >= 1000000000) {
    const high = rest / 100000000;
    let part = <u32>(rest - high * 100000000);
    for (let i = 0; i < 8; i++) {
      const next = part / 10;
      store<u8>(--at, <u8>(48 + part - next * 10));
      part = next;
    }
    rest = high;
  }
  let part = <u32>rest;
  do {
    const next = part / 10;
    store<u8>(--at, <u8>(48 + part - next * 10));
    part = next;
  } while (part != 0);
  return at;
}

/** Writes a whole number; answers its end. */
function integer(value: u64, to: usize): usize {
  const from = backwards(value, ascii + 24);
  return copied(from, ascii + 24, to);
}

// @ts-ignore: decorator
@inline
function copied(from: usize, end: usize, to: usize): usize {
  let at = to;
  for (let i = from; i < end; i++) store<u8>(at++, load<u8>(i));
  return at;
}

// @ts-ignore: decorator
@inline
function zeros(count: i32, to: usize): usize {
  for (let i = 0; i < count; i++) store<u8>(to + i, 48);
  return to + count;
}

function withExponent(from: usize, exponent: i32, to: usize): usize {
  let at = to;
  store<u8>(at++, load<u8>(from));
  if (from + 1 < ascii + 24) {
    store<u8>(at++, 46);
    at = copied(from + 1, ascii + 24, at);
  }
  store<u8>(at++, 101);
  store<u8>(at++, exponent < 0 ? 45 : 43);
  const size = abs(exponent);
  if (size < 10) store<u8>(at++, 48);
  return integer(size, at);
}

/** Writes a float without quotes; answers its end. */
function float(value: f64, to: usize): usize {
  let at = to;
  if (value != value) {
    store<u32>(at, 0x004e614e);
    return at + 3;
  }
  const bits = reinterpret<u64>(value);
  const whole = abs(value);
  if (bits >> 63 != 0) store<u8>(at++, 45);
  if (whole == Infinity) {
    if (value > 0) store<u8>(at++, 43);
    store<u32>(at, 0x00666e49);
    return at + 3;
  }
  if (whole < 9007199254740992 && whole == trunc(whole)) return integer(<u64>whole, at);
  shortest(bits & 0x7fffffffffffffff);
  const from = backwards(digits, ascii + 24);
  const count = <i32>(ascii + 24 - from);
  const point = count + power;
  if (point < -5 || point > 21) return withExponent(from, point - 1, at);
  if (point <= 0) {
    store<u16>(at, 0x2e30);
    at = zeros(-point, at + 2);
    return copied(from, ascii + 24, at);
  }
  if (point >= count) return zeros(point - count, copied(from, ascii + 24, at));
  at = copied(from, from + point, at);
  store<u8>(at++, 46);
  return copied(from + point, ascii + 24, at);
}

/** Spells `count` times from `first` ms on, `step` apart. */
export function jsonTimes(first: f64, step: f64, count: u32, to: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const entry = to + (<usize>i) * TIME_BYTES;
    const ms = first + <f64>i * step;
    let at = entry + 1;
    store<u8>(at++, 91);
    if (ms < 0) store<u8>(at++, 45);
    const size = <u64>abs(ms);
    const seconds = size / 1000;
    at = integer(seconds, at);
    const rest = <u32>(size - seconds * 1000);
    if (rest != 0) {
      store<u8>(at++, 46);
      if (rest < 100) store<u8>(at++, 48);
      if (rest < 10) store<u8>(at++, 48);
      at = integer(rest, at);
    }
    store<u16>(at, 0x222c);
    store<u8>(entry, <u8>(at + 2 - entry - 1));
  }
}

let times: usize = 0;
let target: usize = 0;

/** Names the spelled times of the next points, and where their text goes. */
export function jsonPlaces(timesAt: usize, to: usize): void {
  times = timesAt;
  target = to;
}

/** Writes the points of a row whose mark is set, a comma between two; answers the text's bytes. */
export function jsonPoints(values: usize, marks: usize, count: u32): u32 {
  let at = target;
  for (let i: u32 = 0; i < count; i++) {
    if (load<u8>(marks + i) == 0) continue;
    if (at != target) store<u8>(at++, 44);
    const entry = times + (<usize>i) * TIME_BYTES;
    store<u64>(at, load<u64>(entry, 1));
    store<u64>(at, load<u64>(entry, 9), 8);
    store<u64>(at, load<u64>(entry, 17), 16);
    at = float(load<f64>(values + ((<usize>i) << 3)), at + <usize>load<u8>(entry));
    store<u16>(at, 0x5d22);
    at += 2;
  }
  return <u32>(at - target);
}
