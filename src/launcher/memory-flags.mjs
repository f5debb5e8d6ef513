import v8 from 'node:v8';

const GROWTH = '--heap-growing-percent=100';

/**
 * How the daemon's heap grows. A Node that is left alone lets it grow to the largest that seems to
 * pay (to several times what is alive, young objects to 128 MB), which is right for one big
 * program and wrong for a daemon beside each database. Measured with `bench -- sink`: 280 MB
 * instead of 400, as fast; with 8 and 80 it was 229, and a sixth slower.
 */
export const MEMORY_FLAGS = ['--max-semi-space-size=32', GROWTH];

/** The same for a Node that runs already, whose largest young space stands: it grows no further. */
export function keepHeapSmall() {
  v8.setFlagsFromString('--semi-space-growth-factor=1');
  v8.setFlagsFromString(GROWTH);
}
