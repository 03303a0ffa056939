import type { EventEmitter } from 'node:events'
import kafkajs, { type Admin } from 'kafkajs'
import rdkafka, {
  type ConsumerGlobalConfig,
  type KafkaConsumer,
  type LibrdKafkaError,
  type Producer,
  type TopicPartition
} from 'node-rdkafka'
import { Refused, Unavailable } from '../errors.js'
import { answerOf, CODES, codeOf } from './calls.js'

const { ERRORS } = CODES

/** How to reach a Kafka cluster, and as whom. */
export interface KafkaAccess {
  /** `host:port`. */
  brokers: readonly string[]
  /** TLS; `ca` is PEM, and absent the system's authorities count. */
  tls?: { ca?: string }
  sasl?: { mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'; username: string; password: string }
}

/** Of a member of a consumer group. */
export interface Membership {
  group: string
  /** The same after a restart, so that a member that died and comes back in time keeps its partitions and moves no states. */
  instance: string
  /** A member that is silent for this long has lost its partitions. */
  sessionTimeoutMs: number
  onRebalance(error: LibrdKafkaError | undefined, partitions: TopicPartition[]): void
}

/** A transaction is open only while it is written, never while anything is computed. Others wait this long behind a dead writer's. */
export const TRANSACTION_TIMEOUT_MS = 10_000
/** How long an append may take to be stored, over restarts of brokers. */
const DELIVERY_TIMEOUT_MS = 60_000
/** A member hears of it this late when others come and go. */
const HEARTBEAT_MS = 1_000
const CONNECT_TIMEOUT_MS = 10_000
const CLIENT_ID = 'wattledger'

/** Every Kafka client there is, and all their settings: the one place to look for what is asked of a cluster. */
export class Clients {
  constructor(private readonly access: KafkaAccess) {}

  /** Topics, their settings, what groups have committed. */
  async admin(): Promise<Admin> {
    const { brokers, tls, sasl } = this.access
    const admin = new kafkajs.Kafka({
      clientId: CLIENT_ID,
      brokers: [...brokers],
      logLevel: kafkajs.logLevel.NOTHING,
      ...(tls ? { ssl: tls.ca === undefined ? true : { ca: [tls.ca] } } : {}),
      ...(sasl ? { sasl: { ...sasl, mechanism: sasl.mechanism.toLowerCase() as 'plain' } } : {})
    }).admin()
    await admin.connect().catch((error) => {
      throw unreachable(brokers, error)
    })
    return admin
  }

  /** Reads partitions it is told, as no member of any group. `outOfRange`: what to do about an offset that is not there. */
  reader(outOfRange: 'error' | 'earliest'): Promise<KafkaConsumer> {
    return this.#connected(
      new rdkafka.KafkaConsumer({ ...this.#consumer(), 'group.id': `${CLIENT_ID}-reader` }, { 'auto.offset.reset': outOfRange })
    )
  }

  member({ group, instance, sessionTimeoutMs, onRebalance }: Membership): Promise<KafkaConsumer> {
    const settings: ConsumerGlobalConfig = {
      ...this.#consumer(),
      'group.id': group,
      'group.instance.id': instance,
      'partition.assignment.strategy': 'cooperative-sticky',
      'session.timeout.ms': sessionTimeoutMs,
      'heartbeat.interval.ms': Math.min(HEARTBEAT_MS, Math.floor(sessionTimeoutMs / 3)),
      'max.poll.interval.ms': Math.max(300_000, sessionTimeoutMs),
      rebalance_cb: onRebalance as ConsumerGlobalConfig['rebalance_cb']
    }
    // Where a group has been is known; an offset that is not there is a topic made anew, never a reason to skip.
    return this.#connected(new rdkafka.KafkaConsumer(settings, { 'auto.offset.reset': 'error' }))
  }

  /** Acknowledges when all in-sync replicas have a record, in the order of each partition. */
  appender(): Promise<Producer> {
    return this.#connected(
      new rdkafka.Producer({ ...this.#producer(), 'linger.ms': 1, dr_cb: true }, { 'message.timeout.ms': DELIVERY_TIMEOUT_MS })
    )
  }

  transactional(id: string): Promise<Producer> {
    return this.#connected(
      new rdkafka.Producer({
        ...this.#producer(),
        'linger.ms': 5,
        'transactional.id': id,
        'transaction.timeout.ms': TRANSACTION_TIMEOUT_MS
      })
    )
  }

  #common() {
    const { brokers, tls, sasl } = this.access
    return {
      'metadata.broker.list': brokers.join(','),
      'client.id': CLIENT_ID,
      'security.protocol': ['plaintext', 'ssl', 'sasl_plaintext', 'sasl_ssl'][(sasl ? 2 : 0) + (tls ? 1 : 0)] as 'plaintext',
      'socket.keepalive.enable': true,
      // Its log goes to stderr by itself; what matters comes as errors.
      log_level: 0,
      ...(tls?.ca === undefined ? {} : { 'ssl.ca.pem': tls.ca }),
      ...(sasl ? { 'sasl.mechanisms': sasl.mechanism, 'sasl.username': sasl.username, 'sasl.password': sasl.password } : {})
    }
  }

  #consumer() {
    return {
      ...this.#common(),
      'isolation.level': 'read_committed' as const,
      'enable.auto.commit': false,
      'enable.auto.offset.store': false,
      'enable.partition.eof': true,
      'allow.auto.create.topics': false,
      // The default of 1000 leaves the consumer idle for most of a backlog.
      'fetch.queue.backoff.ms': 5,
      'fetch.error.backoff.ms': 50,
      // A broker with nothing new holds an answer back for this long, and with it the news that a partition is at its end.
      'fetch.wait.max.ms': 50,
      'queued.max.messages.kbytes': 4096
    }
  }

  #producer() {
    return {
      ...this.#common(),
      'enable.idempotence': true,
      acks: -1,
      // A broker takes any first batch of a partition that it knows nothing of. When one is refused (no leader yet) and the next, on its
      // way already, is taken, librdkafka believes that the refused one was stored as well: it is acknowledged, and lost.
      'max.in.flight.requests.per.connection': 1,
      // As Java and kafkajs; the default agrees with them on one key in fourteen.
      partitioner: 'murmur2_random' as const,
      'compression.codec': 'lz4' as const,
      'queue.buffering.max.kbytes': 65_536,
      'retry.backoff.ms': 20
    }
  }

  async #connected<Client extends KafkaConsumer | Producer>(client: Client): Promise<Client> {
    // Without a listener node-rdkafka's notices of lost connections would end the process; it connects again by itself.
    const events: EventEmitter = client
    events.on('event.error', () => {})
    await answerOf((done) => client.connect({ allTopics: false, timeout: CONNECT_TIMEOUT_MS }, done)).catch((error) => {
      throw unreachable(this.access.brokers, error)
    })
    return client
  }
}

/** Of kafkajs and of librdkafka. */
const isLogin = (cause: Error): boolean =>
  cause.name === 'KafkaJSSASLAuthenticationError' ||
  [ERRORS.ERR_SASL_AUTHENTICATION_FAILED, ERRORS.ERR__AUTHENTICATION].includes(codeOf(cause) ?? 0)

const unreachable = (brokers: readonly string[], cause: Error): Error =>
  isLogin(cause)
    ? new Refused(`Kafka at ${brokers.join(', ')} refuses the login: ${cause.message}. Check user and password in the settings.`, { cause })
    : new Unavailable(
        `Kafka does not answer at ${brokers.join(', ')}: ${cause.message}. Check that a broker runs there, and the TLS settings.`,
        { cause }
      )
