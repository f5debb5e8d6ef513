import v8 from 'node:v8';

/**
 * How the daemon's heap grows. A Node that is left alone lets it grow to the largest that seems to
 * pay (128 MB for young objects, then old ones to several times what is alive), which is right for
 * one big program and wrong for a daemon beside each database. Measured with `bench -- sink`: half
 * the memory, for more work of the collector.
 */
export const MEMORY_FLAGS = ['--max-semi-space-size=8', '--heap-growing-percent=50'];

/** The same for a Node that runs already, whose largest young space stands: it grows no further. */
export function keepHeapSmall() {
  v8.setFlagsFromString('--semi-space-growth-factor=1');
  v8.setFlagsFromString('--heap-growing-percent=50');
}
