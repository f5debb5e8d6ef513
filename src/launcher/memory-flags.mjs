/**
 * How the daemon's heap grows. A Node that is left alone lets it grow to the largest that seems to
 * pay (128 MB for young objects, then old ones to several times what is alive), which is right for
 * one big program and wrong for a daemon beside each database. Measured with `bench -- sink`: half
 * the memory for a tenth of the processor. The first line of tidemark.mjs has them too, for a Node
 * that is new enough to run it itself.
 */
export const MEMORY_FLAGS = ['--max-semi-space-size=8', '--heap-growing-percent=50'];
