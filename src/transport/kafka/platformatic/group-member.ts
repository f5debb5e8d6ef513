import { heartbeatV4, joinGroupV7, leaveGroupV4, syncGroupV5 } from '@platformatic/kafka';
import { Backoff } from '../../../foundation/backoff.ts';
import { systemClock } from '../../../foundation/clock.ts';
import { TidemarkError, toTidemarkError } from '../../../foundation/errors.ts';
import { Lifecycle } from '../../../foundation/lifecycle.ts';
import type { TopicPartition } from '../../transport.ts';
import { decodeAssignment, encodeSubscription } from '../consumer-protocol.ts';
import { COOPERATIVE_STICKY } from '../cooperative-assignment.ts';
import type { KafkaConsumerOptions } from '../kafka-client.ts';
import { isRetriableKafkaError, kafkaErrorName } from '../kafka-error-names.ts';
import { kafkaError } from '../kafka-errors.ts';
import { partitionsWithout } from '../topic-partitions.ts';
import type { BrokerConnections } from './broker-connections.ts';
import { GroupLeadership } from './group-leadership.ts';

const PROTOCOL_TYPE = 'consumer';
const NO_GENERATION = -1;
/** The coordinator answers a join when the others have joined, or their time is over. */
const JOIN_MARGIN_MS = 5000;
/** The group does not know this member, or no longer in this round. */
const THROWN_OUT = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID']);

/** What a member is for. */
export interface MemberHooks {
  /** Partitions come; resolves when they can be read. */
  readonly assigned: (partitions: readonly TopicPartition[]) => Promise<void>;
  /** Partitions go; resolves when they may be somebody else's. */
  readonly revoked: (partitions: readonly TopicPartition[]) => Promise<void>;
  readonly lost: (partitions: readonly TopicPartition[]) => void;
  /** Something changed for whoever waits. */
  readonly changed: () => void;
}

type JoinAnswer = ReturnType<typeof joinGroupV7.parseResponse>;
type GroupOptions = KafkaConsumerOptions & { readonly group: string };

/** How long a connection may be silent: as long as a rebalance. */
export function memberTimeoutMs({ rebalanceTimeoutMs }: KafkaConsumerOptions): number {
  return rebalanceTimeoutMs + JOIN_MARGIN_MS;
}

/**
 * A member of a consumer group, with cooperative rebalances: what it keeps it reads on with. The
 * library's consumer has no hook that is awaited before partitions are given up, which is when a
 * sink has to apply and commit what it has read.
 *
 * Invariant: partitions in `owned` are nobody else's, unless the group has thrown us out: they
 * leave it only after `revoked` has resolved (or its time is over), and only then do we join again.
 */
export class GroupMember {
  readonly #brokers: BrokerConnections;
  readonly #aside: BrokerConnections;
  readonly #options: GroupOptions;
  readonly #hooks: MemberHooks;
  readonly #lifecycle = new Lifecycle();
  readonly #leadership: GroupLeadership;
  #topics: readonly string[] = [];
  #owned: TopicPartition[] = [];
  #memberId = '';
  #generation = NO_GENERATION;
  /** A round has to begin, or begin again. */
  #wanted = false;
  #round: Promise<void> | null = null;
  /** A JoinGroup is out: the coordinator takes it for a heartbeat. */
  #joining = false;
  #failure: TidemarkError | null = null;
  #agreements = 0;
  #revoking = false;
  #waiting: ((agreed: boolean) => void)[] = [];

  /** `aside` is for what may not wait behind a join. */
  constructor(
    brokers: BrokerConnections,
    aside: BrokerConnections,
    options: GroupOptions,
    hooks: MemberHooks,
  ) {
    this.#brokers = brokers;
    this.#leadership = new GroupLeadership(brokers);
    this.#aside = aside;
    this.#options = options;
    this.#hooks = hooks;
    this.#lifecycle.every(options.heartbeatIntervalMs, () => {
      void this.#heartbeat();
    });
  }

  get owned(): readonly TopicPartition[] {
    return this.#owned;
  }

  get generation(): number {
    return this.#generation;
  }

  get memberId(): string {
    return this.#memberId;
  }

  /** The round under way; null when the group is quiet. */
  get round(): Promise<void> | null {
    return this.#round;
  }

  /** How often the group has agreed on an assignment while this member was in it. */
  get agreements(): number {
    return this.#agreements;
  }

  /**
   * Resolves at the next agreement; false when none is to come before something else happens: the
   * group is quiet, or waits for this member to give partitions up.
   */
  async untilAgreed(): Promise<boolean> {
    if (this.#round === null || this.#revoking) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#waiting.push(resolve);
    return promise;
  }

  #tellWaiting(agreed: boolean): void {
    for (const resolve of this.#waiting.splice(0)) resolve(agreed);
  }

  /** What keeps the member out of the group, once. */
  takeFailure(): TidemarkError | null {
    const failure = this.#failure;
    this.#failure = null;
    return failure;
  }

  /** Resolves when the round is over that these topics bring. */
  async subscribe(topics: readonly string[]): Promise<void> {
    this.#topics = topics;
    this.rejoin();
    while (this.#round !== null && this.#failure === null) {
      await this.#round;
    }
    const failure = this.takeFailure();
    if (failure !== null) throw failure;
  }

  /** A round is wanted; it begins at once unless one is under way, which then goes on into it. */
  rejoin(): void {
    this.#wanted = true;
    if (this.#round !== null || this.#lifecycle.signal.aborted) return;
    this.#round = this.#rounds().finally(() => {
      this.#round = null;
      this.#tellWaiting(false);
      this.#hooks.changed();
    });
  }

  async #rounds(): Promise<void> {
    const backoff = new Backoff({ initialMs: 50, maxMs: 2000 });
    const { signal } = this.#lifecycle;
    while (this.#wanted && !signal.aborted) {
      this.#wanted = false;
      try {
        await this.#joinOnce();
      } catch (thrown) {
        if (signal.aborted) return;
        this.#wanted = true;
        const error = toTidemarkError(thrown, 'KAFKA_BROKER');
        if (error.retry === 'stop' || backoff.attempt > 6) {
          this.#failure = error;
          this.#hooks.changed();
        }
        if (error.retry === 'stop') return;
        this.#brokers.forgetCoordinator({ group: this.#options.group });
        await systemClock.sleep(backoff.nextDelayMs(), signal);
      }
    }
  }

  async #joinOnce(): Promise<void> {
    const answer = await this.#join();
    if (answer === null) return;
    const assigned = await this.#sync(answer);
    if (assigned === null) return;
    await this.#settle(assigned);
  }

  /** Null: the round has to begin again. */
  async #join(): Promise<JoinAnswer | null> {
    const { group, sessionTimeoutMs, rebalanceTimeoutMs } = this.#options;
    const metadata = encodeSubscription({
      topics: this.#topics,
      owned: this.#owned,
      generation: this.#generation,
    });
    this.#joining = true;
    try {
      const answer = await this.#brokers.ask(
        joinGroupV7,
        await this.#brokers.coordinator({ group }),
        group,
        sessionTimeoutMs,
        rebalanceTimeoutMs,
        this.#memberId,
        null,
        PROTOCOL_TYPE,
        [{ name: COOPERATIVE_STICKY, metadata }],
      );
      const error = kafkaErrorName(answer.errorCode);
      if (error === 'MEMBER_ID_REQUIRED') {
        this.#memberId = answer.memberId;
        this.#wanted = true;
        return null;
      }
      if (error === 'NONE') {
        this.#memberId = answer.memberId;
        this.#generation = answer.generationId;
        return answer;
      }
      this.#refused(error);
      return null;
    } finally {
      this.#joining = false;
    }
  }

  /** Throws what does not pass by joining again. */
  #refused(error: string): void {
    this.#wanted = true;
    if (THROWN_OUT.has(error)) {
      this.#forget();
      return;
    }
    if (error === 'REBALANCE_IN_PROGRESS') return;
    const { group } = this.#options;
    if (isRetriableKafkaError(error)) this.#brokers.forgetCoordinator({ group });
    if (error === 'INCONSISTENT_GROUP_PROTOCOL') throw inconsistent(group);
    throw kafkaError(error, this.#brokers.request('READ', `Group:${group}`));
  }

  /** The group went on without us. */
  #forget(): void {
    const lost = this.#owned;
    this.#owned = [];
    this.#memberId = '';
    this.#generation = NO_GENERATION;
    this.#leadership.resign();
    this.#tellWaiting(false);
    if (lost.length > 0) this.#hooks.lost(lost);
    this.#hooks.changed();
  }

  /** What the group gives to this member; null: the round has to begin again. */
  async #sync(joined: JoinAnswer): Promise<TopicPartition[] | null> {
    const { group } = this.#options;
    const leads = joined.leader === joined.memberId;
    const assignments = leads ? await this.#leadership.assign(joined.members) : [];
    if (!leads) this.#leadership.resign();
    const answer = await this.#brokers.ask(
      syncGroupV5,
      await this.#brokers.coordinator({ group }),
      group,
      joined.generationId,
      joined.memberId,
      null,
      PROTOCOL_TYPE,
      joined.protocolName ?? COOPERATIVE_STICKY,
      assignments,
    );
    const error = kafkaErrorName(answer.errorCode);
    if (error !== 'NONE') {
      this.#refused(error);
      return null;
    }
    this.#agreements++;
    this.#tellWaiting(true);
    return decodeAssignment(answer.assignment);
  }

  /** Gives up what goes, takes what comes; after giving up the group has to meet once more. */
  async #settle(assigned: readonly TopicPartition[]): Promise<void> {
    const revoked = partitionsWithout(this.#owned, assigned);
    if (revoked.length > 0) {
      this.#revoking = true;
      try {
        await this.#bounded(this.#hooks.revoked(revoked));
      } finally {
        this.#revoking = false;
      }
      this.#owned = partitionsWithout(this.#owned, revoked);
      this.#wanted = true;
    }
    const added = partitionsWithout(assigned, this.#owned);
    const { generation } = this;
    if (added.length === 0 || generation === NO_GENERATION) return;
    this.#owned = [...this.#owned, ...added];
    try {
      await this.#hooks.assigned(added);
    } catch (error) {
      // The next round brings them again.
      this.#owned = partitionsWithout(this.#owned, added);
      throw error;
    }
  }

  async #bounded(work: Promise<void>): Promise<void> {
    const over = new AbortController();
    const { rebalanceTimeoutMs } = this.#options;
    await Promise.race([work, systemClock.sleep(rebalanceTimeoutMs, over.signal)]);
    over.abort();
  }

  async #heartbeat(): Promise<void> {
    if (this.#joining || this.#memberId === '' || this.#generation === NO_GENERATION) return;
    const { group } = this.#options;
    const { memberId, generation } = this;
    try {
      const connection = await this.#brokers.coordinator({ group });
      const answer = await this.#brokers.ask(heartbeatV4, connection, group, generation, memberId);
      if (generation !== this.#generation || this.#joining) return;
      this.#onHeartbeat(kafkaErrorName(answer.errorCode));
      if (this.#round === null && (await this.#leadership.outdated())) this.rejoin();
    } catch {
      // The broker is away; the coordinator is looked for by the next one.
      this.#brokers.forgetCoordinator({ group });
    }
  }

  #onHeartbeat(error: string): void {
    if (error === 'NONE') return;
    if (THROWN_OUT.has(error)) this.#forget();
    else if (error !== 'REBALANCE_IN_PROGRESS') {
      this.#brokers.forgetCoordinator({ group: this.#options.group });
      return;
    }
    this.rejoin();
  }

  /** Leaves, so that the others need not wait until the session times out. */
  async close(): Promise<void> {
    await this.#lifecycle.dispose();
    const { group } = this.#options;
    const { memberId } = this;
    if (memberId === '') return;
    try {
      const connection = await this.#aside.coordinator({ group });
      await this.#aside.ask(leaveGroupV4, connection, group, [
        { memberId, groupInstanceId: null, reason: null },
      ]);
    } catch {
      // Nobody to tell: the session will time out.
    }
  }
}

function inconsistent(group: string): TidemarkError {
  return new TidemarkError(
    'KAFKA_REBALANCE',
    `Members of group ${group} assign partitions in another way than ${COOPERATIVE_STICKY}.`,
    { cure: 'Stop the other members of the group, or give this sink a group of its own.' },
  );
}
