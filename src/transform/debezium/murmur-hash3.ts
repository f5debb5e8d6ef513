/** Words of 64 bits as unsigned bigints. */
interface State {
  h1: bigint;
  h2: bigint;
  c1: bigint;
  c2: bigint;
}

const MASK = 0xffff_ffff_ffff_ffffn;
const C1 = 0x87c3_7b91_1142_53d5n;
const C2 = 0x4cf5_ad43_2745_937fn;
const SEED = 9001n;

/** Upper 32 bits of Infinispan's MurmurHash3 (x64), which Debezium uses, with its seed. */
export function murmurOfBytes(bytes: Uint8Array): number {
  const state = {
    h1: 0x9368_e53c_2f6a_f274n ^ SEED,
    h2: 0x586d_cd20_8f7c_d3fdn ^ SEED,
    c1: C1,
    c2: C2,
  };
  const tail = bytes.length & ~15;
  for (let at = 0; at < tail; at += 16) {
    mix(state, block(bytes, at), block(bytes, at + 8));
  }
  let [k1, k2] = [0n, 0n];
  for (let i = bytes.length - 1; i >= tail; i--) {
    // Bytes are signed in Java, and their sign reaches into the bytes above.
    const signed = BigInt.asIntN(8, BigInt(bytes[i] as number)) << BigInt(((i - tail) % 8) * 8);
    if (i - tail >= 8) k2 ^= BigInt.asUintN(64, signed);
    else k1 ^= BigInt.asUintN(64, signed);
  }
  if (bytes.length > tail) mix(state, k1, k2);
  return finish(state, bytes.length);
}

/** The same of a number that Java has hashed already. */
export function murmurOfInt(value: number): number {
  const state = { h1: 0x9368e53c2f6ad15dn, h2: 0x586dcd208f7cf0d4n, c1: C1, c2: C2 };
  let k1 = 0n;
  for (let i = 3; i >= 0; i--) {
    k1 ^= BigInt.asUintN(64, BigInt((value << (24 - i * 8)) >> 24) << BigInt(i * 8));
  }
  mix(state, k1, 0n);
  return finish(state, 4);
}

function block(bytes: Uint8Array, at: number): bigint {
  let word = 0n;
  for (let i = 7; i >= 0; i--) word = (word << 8n) | BigInt(bytes[at + i] as number);
  return word;
}

function rotated(word: bigint, by: bigint): bigint {
  return ((word << by) | (word >> (64n - by))) & MASK;
}

function mix(state: State, k1: bigint, k2: bigint): void {
  state.h1 ^= (rotated((k1 * state.c1) & MASK, 23n) * state.c2) & MASK;
  state.h1 = (state.h1 + state.h2) & MASK;
  state.h2 = rotated(state.h2, 41n);
  state.h2 ^= (rotated((k2 * state.c2) & MASK, 23n) * state.c1) & MASK;
  state.h2 = (state.h2 + state.h1) & MASK;
  state.h1 = (state.h1 * 3n + 1_390_208_809n) & MASK;
  state.h2 = (state.h2 * 3n + 944_331_445n) & MASK;
  state.c1 = (state.c1 * 5n + 2_071_795_100n) & MASK;
  state.c2 = (state.c2 * 5n + 1_808_688_022n) & MASK;
}

function finish(state: State, length: number): number {
  state.h2 ^= BigInt(length);
  state.h1 = (state.h1 + state.h2) & MASK;
  state.h2 = (state.h2 + state.h1) & MASK;
  const h1 = (finalMix(state.h1) + finalMix(state.h2)) & MASK;
  return Number(BigInt.asIntN(32, h1 >> 32n));
}

function finalMix(word: bigint): bigint {
  let k = word ^ (word >> 33n);
  k = (k * 0xff51_afd7_ed55_8ccdn) & MASK;
  k ^= k >> 33n;
  k = (k * 0xc4ce_b9fe_1a85_ec53n) & MASK;
  return k ^ (k >> 33n);
}
