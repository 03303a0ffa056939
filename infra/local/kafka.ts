import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Engine, freePorts, startJava } from './engine.js'
import { fetchJars, javaPath } from './jars.js'
import { nodeKeys } from './keys.js'

const run = promisify(execFile)

const VERSION = '4.3.1'

export interface Broker extends Engine {
  /** `127.0.0.1:port`. */
  readonly address: string
}

export interface Cluster {
  /** Addresses for clients; they stay the same when brokers are stopped and started again. */
  readonly brokers: readonly string[]
  /** PEM to trust, when it is secure. */
  readonly certificate: string
  /** What runs now, by number of the broker from 0; null while it is stopped. */
  readonly nodes: readonly (Broker | null)[]
  /** Starts one that is stopped, on its data. */
  start(node: number): Promise<void>
  stop(node: number): Promise<void>
  /** SIGKILL. */
  kill(node: number): Promise<void>
  close(): Promise<void>
}

export interface ClusterOptions {
  /** 1 or 3, each broker and controller at once. Default 1. */
  size?: number
  /** Lines for server.properties of every node; they win over ours. */
  properties?: Readonly<Record<string, string | number>>
  /** Clients need TLS and one of USERS, and nobody but the administrator may do anything that no ACL allows. For one broker. */
  secure?: boolean
}

/** Who may log in to a secure broker (SCRAM-SHA-512). */
export const USERS = { admin: { username: 'admin', password: 'admin-secret' }, other: { username: 'other', password: 'other-secret' } }

/** Apache Kafka (KRaft) on loopback, data in `folder`, on ports that are free. */
export const startKafka = async (folder: string, { size = 1, properties = {}, secure = false }: ClusterOptions = {}): Promise<Cluster> => {
  const jars = await fetchKafka()
  const ports = await freePorts(size * 2)
  const security = secure ? await securityOf(folder, ports) : null
  const voters = Array.from({ length: size }, (_, i) => `${i + 1}@127.0.0.1:${ports[size + i]}`).join(',')
  const nodes: (Broker | null)[] = new Array(size).fill(null)
  const start = async (i: number): Promise<void> => {
    const settings = { ...nodeSettings(i + 1, ports[i], ports[size + i], voters, size), ...security?.settings, ...properties }
    nodes[i] = await startNode(jars, join(folder, `broker-${i + 1}`), settings, ports[i], security?.users ?? [])
  }
  const end = async (i: number, how: 'stop' | 'kill'): Promise<void> => {
    await nodes[i]?.[how]()
    nodes[i] = null
  }
  await Promise.all(nodes.map((_, i) => start(i)))
  return {
    brokers: ports.slice(0, size).map(addressOf),
    certificate: security?.certificate ?? '',
    nodes,
    start,
    stop: (i) => end(i, 'stop'),
    kill: (i) => end(i, 'kill'),
    // All at once: one after the other, the last ones would wait for a quorum that is gone.
    close: async () => void (await Promise.all(nodes.map((_, i) => end(i, 'stop'))))
  }
}

const addressOf = (port: number): string => `127.0.0.1:${port}`

const fetchKafka = (): Promise<string> =>
  fetchJars(`kafka-${VERSION}`, [
    { coordinates: `org.apache.kafka:kafka_2.13:${VERSION}`, without: ['org.apache.kafka:kafka-tools-api'] },
    // Kafka 4 speaks slf4j 1.7, hence not log4j-slf4j2-impl.
    { coordinates: 'org.apache.logging.log4j:log4j-slf4j-impl:2.25.5' },
    { coordinates: 'org.apache.logging.log4j:log4j-core:2.25.5' }
  ])

const nodeSettings = (id: number, port: number, controllerPort: number, voters: string, size: number) => {
  const inSync = size > 1 ? 2 : 1
  return {
    'process.roles': 'broker,controller',
    'node.id': id,
    'controller.quorum.voters': voters,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL',
    listeners: `PLAINTEXT://${addressOf(port)},CONTROLLER://${addressOf(controllerPort)}`,
    'advertised.listeners': `PLAINTEXT://${addressOf(port)}`,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'auto.create.topics.enable': 'false',
    'default.replication.factor': size,
    'min.insync.replicas': inSync,
    'offsets.topic.num.partitions': 4,
    'offsets.topic.replication.factor': size,
    'transaction.state.log.num.partitions': 4,
    'transaction.state.log.replication.factor': size,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': size,
    'share.coordinator.state.topic.min.isr': inSync,
    // Short, so that tests of dead members and transactions take seconds.
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1000,
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': 1000,
    'log.segment.bytes': 64 * 1024 * 1024,
    'log.cleaner.dedupe.buffer.size': 4 * 1024 * 1024
  }
}

const securityOf = async (folder: string, [port, controllerPort]: readonly number[]) => {
  await mkdir(folder, { recursive: true })
  const { store, password, certificate } = await nodeKeys(folder)
  // The broker speaks to itself as the administrator does.
  const login = Object.entries(USERS.admin).map(([key, value]) => `${key}="${value}"`)
  return {
    certificate,
    users: Object.values(USERS).map(({ username, password }) => `SCRAM-SHA-512=[name=${username},password=${password}]`),
    settings: {
      listeners: `SASL_SSL://${addressOf(port)},CONTROLLER://${addressOf(controllerPort)}`,
      'advertised.listeners': `SASL_SSL://${addressOf(port)}`,
      'inter.broker.listener.name': 'SASL_SSL',
      'sasl.enabled.mechanisms': 'SCRAM-SHA-512',
      'sasl.mechanism.inter.broker.protocol': 'SCRAM-SHA-512',
      'listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config': `org.apache.kafka.common.security.scram.ScramLoginModule required ${login.join(' ')};`,
      'ssl.keystore.type': 'PKCS12',
      'ssl.keystore.location': store,
      'ssl.keystore.password': password,
      'ssl.truststore.type': 'PKCS12',
      'ssl.truststore.location': store,
      'ssl.truststore.password': password,
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': `User:${USERS.admin.username};User:ANONYMOUS`
    }
  }
}

/** Of one deployment; any 16 bytes in base64url will do. */
const CLUSTER_ID = 'V2F0dGxlZGdlckxvY2FsMQ'
const STARTED = 'Kafka Server started'
const LOGGING = `status=error
appender.console.type=Console
appender.console.name=CONSOLE
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d{ISO8601} %p %c{1} %m%n
rootLogger.level=WARN
rootLogger.appenderRef.console.ref=CONSOLE
logger.started.name=kafka.server.KafkaRaftServer
logger.started.level=INFO
`

const startNode = async (
  jars: string,
  folder: string,
  settings: Record<string, string | number>,
  port: number,
  users: readonly string[]
): Promise<Broker> => {
  await mkdir(folder, { recursive: true })
  const [properties, logging, data] = [join(folder, 'server.properties'), join(folder, 'log4j2.properties'), join(folder, 'logs')]
  const lines = Object.entries({ ...settings, 'log.dirs': data }).map(([key, value]) => `${key}=${value}\n`)
  await writeFile(properties, lines.join(''))
  await writeFile(logging, LOGGING)
  const jvm = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', `-Dlog4j2.configurationFile=${logging}`]
  if (!existsSync(join(data, 'meta.properties'))) {
    const format = [
      'kafka.tools.StorageTool',
      'format',
      '-t',
      CLUSTER_ID,
      '-c',
      properties,
      ...users.flatMap((user) => ['--add-scram', user])
    ]
    await run(await javaPath(), ['-Xmx128m', ...jvm, '-cp', join(jars, '*'), ...format])
  }
  const engine = await startJava({
    name: 'kafka',
    jars,
    mainClass: 'kafka.Kafka',
    args: [properties],
    jvm: ['-Xms256m', '-Xmx512m', ...jvm],
    folder,
    answers: async () => (await readFile(join(folder, 'kafka.log'), 'utf8')).includes(STARTED)
  })
  return { ...engine, address: addressOf(port) }
}
