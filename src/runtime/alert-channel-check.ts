import type { PipelineConfig } from '../config/pipeline-config.ts';
import type { Clock } from '../foundation/clock.ts';
import { TidemarkError, toTidemarkError } from '../foundation/errors.ts';
import { openAlertChannel } from './compose-alerts.ts';

/**
 * Whether alerts would reach their channels; nobody gets one. What a channel has to say comes as
 * it would when an alert is lost on it, at the time when nobody needs it yet.
 */
export async function checkAlertChannels(
  { name: pipeline, alerts, file }: PipelineConfig,
  clock: Clock,
): Promise<readonly TidemarkError[]> {
  const silent = { info: ignore, warn: ignore, error: ignore };
  const around = { pipeline, clock, logger: silent, transport: null };
  const found = await Promise.all(
    alerts.channels.map(async (config) => {
      // A topic is looked at with all others of the log.
      if (config.type === 'topic') return [];
      const timeoutMs = config.options.optionalNumber('timeout') ?? AT_ONCE;
      const limit = new AbortController();
      const cancel = clock.after(timeoutMs, () => {
        limit.abort(new TidemarkError('ALERT_CHANNEL', `no answer within ${timeoutMs} ms`));
      });
      try {
        await openAlertChannel(config, around).probe(limit.signal);
        return [];
      } catch (thrown) {
        const { message } = toTidemarkError(thrown, 'ALERT_CHANNEL');
        const cure = `Mend it, then try it: tidemark alerts test ${file} ${config.name}`;
        const text = `alerts would not reach the channel ${config.name}: ${message}`;
        return [new TidemarkError('ALERT_CHANNEL', text, { cause: thrown, cure })];
      } finally {
        cancel();
      }
    }),
  );
  return found.flat();
}

/** The log has no limit of its own. */
const AT_ONCE = 10_000;

function ignore(): void {
  // `check` says itself what it finds.
}
