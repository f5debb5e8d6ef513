import v8 from 'node:v8';

const GROWTH = '--heap-growing-percent=30';

/**
 * How the daemon's heap grows. A Node that is left alone lets it grow to the largest that seems to
 * pay (to several times what is alive, young objects to 128 MB), which is right for one big
 * program and wrong for a daemon beside each database. Old objects are few, since what is under
 * way dies young (`runtime/sink-batches`): little room to grow costs no time. A young space of
 * half the size costs a search sink 40 % more CPU and saves 25 MB.
 */
export const MEMORY_FLAGS = ['--max-semi-space-size=32', GROWTH];

/** The same for a Node that runs already, whose largest young space stands: it grows no further. */
export function keepHeapSmall() {
  v8.setFlagsFromString('--semi-space-growth-factor=1');
  v8.setFlagsFromString(GROWTH);
}
