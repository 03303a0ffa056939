import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { accepts, type Engine, freePorts, startJava } from './engine.js'
import { fetchJars } from './jars.js'
import { nodeKeys } from './keys.js'

const VERSION = '5.0.9'
export const DATA_CENTER = 'datacenter1'

export interface CassandraNode extends Engine {
  /** `127.0.0.1:port`. */
  readonly address: string
  /** PEM to trust, when it is secure. */
  readonly certificate: string
}

export interface CassandraOptions {
  /** Default 512m. */
  heap?: string
  /** Port for CQL. Default: one that is free. */
  port?: number
  /** Added to cassandra.yaml; keys that are there already are replaced. */
  settings?: Readonly<Record<string, unknown>>
  /** Tables are made ten times as fast, and are gone when the node is killed. */
  forgetful?: boolean
  /** TLS and passwords; the first login is cassandra, cassandra. */
  secure?: boolean
}

/** One node of Apache Cassandra on loopback, data in `folder`. Some 600 MB of memory, ready in a few seconds. */
export const startCassandra = async (
  folder: string,
  { heap = '512m', port, settings = {}, forgetful = false, secure = false }: CassandraOptions = {}
): Promise<CassandraNode> => {
  const jars = await fetchJars(`cassandra-${VERSION}`, [{ coordinates: `org.apache.cassandra:cassandra-all:${VERSION}` }])
  const [free, storagePort, tlsStoragePort] = await freePorts(3)
  const cqlPort = port ?? free
  await mkdir(folder, { recursive: true })
  const [yaml, logging] = [join(folder, 'cassandra.yaml'), join(folder, 'logback.xml')]
  const security = secure ? await securityOf(folder) : null
  const all = { ...nodeSettings(folder, cqlPort, storagePort, tlsStoragePort), ...security?.settings, ...settings }
  await writeFile(yaml, JSON.stringify(all)) // JSON is YAML
  await writeFile(logging, LOGGING)
  const engine = await startJava({
    name: 'cassandra',
    jars,
    mainClass: 'org.apache.cassandra.service.CassandraDaemon',
    jvm: [
      `-Xmx${heap}`,
      '-Xms256m',
      ...JVM,
      ...OPENED,
      ...properties({ ...ALONE, 'cassandra.unsafesystem': forgetful, 'cassandra.config': `file://${yaml}`, ...foldersOf(folder, logging) })
    ],
    folder,
    answers: () => accepts(cqlPort)
  })
  return { ...engine, address: `127.0.0.1:${cqlPort}`, certificate: security?.certificate ?? '' }
}

const nodeSettings = (folder: string, port: number, storagePort: number, tlsStoragePort: number) => ({
  cluster_name: 'local',
  num_tokens: 4,
  partitioner: 'org.apache.cassandra.dht.Murmur3Partitioner',
  endpoint_snitch: 'SimpleSnitch',
  seed_provider: [{ class_name: 'org.apache.cassandra.locator.SimpleSeedProvider', parameters: [{ seeds: `127.0.0.1:${storagePort}` }] }],
  listen_address: '127.0.0.1',
  rpc_address: '127.0.0.1',
  native_transport_port: port,
  storage_port: storagePort,
  ssl_storage_port: tlsStoragePort,
  data_file_directories: [join(folder, 'data')],
  commitlog_directory: join(folder, 'commitlog'),
  hints_directory: join(folder, 'hints'),
  saved_caches_directory: join(folder, 'saved_caches'),
  cdc_raw_directory: join(folder, 'cdc_raw'),
  // The default, periodic, acknowledges first and writes 100 ms later: a node that is killed loses what it said it had.
  commitlog_sync: 'batch',
  commitlog_segment_size: '16MiB',
  commitlog_total_space: '512MiB',
  // Direct I/O needs a disk that aligns; a test folder may lie anywhere.
  commitlog_disk_access_mode: 'legacy',
  disk_failure_policy: 'stop',
  commit_failure_policy: 'stop',
  memtable_allocation_type: 'heap_buffers',
  memtable: { configurations: { trie: { class_name: 'TrieMemtable' }, default: { inherits: 'trie' } } },
  sstable: { selected_format: 'bti' },
  storage_compatibility_mode: 'NONE',
  concurrent_reads: 8,
  concurrent_writes: 16,
  concurrent_compactors: 1,
  auto_snapshot: false,
  hinted_handoff_enabled: false
})

const securityOf = async (folder: string) => {
  const { store, password, certificate } = await nodeKeys(folder)
  return {
    certificate,
    settings: {
      authenticator: 'PasswordAuthenticator',
      authorizer: 'CassandraAuthorizer',
      role_manager: 'CassandraRoleManager',
      client_encryption_options: {
        enabled: true,
        optional: false,
        keystore: store,
        keystore_password: password,
        store_type: 'PKCS12',
        require_client_auth: false
      }
    }
  }
}

const JVM = ['-XX:+UseSerialGC', '-Xss512k', '-XX:MaxDirectMemorySize=256m', '-XX:-UsePerfData', '-XX:+ExitOnOutOfMemoryError']

/** A node without neighbours has nobody to wait for. */
const ALONE = {
  'cassandra-foreground': 'yes',
  'cassandra.jmx.local.port': 0,
  'cassandra.ring_delay_ms': 0,
  'cassandra.skip_wait_for_gossip_to_settle': 0,
  'cassandra.superuser_setup_delay_ms': 0,
  'cassandra.shutdown_announce_in_ms': 0,
  'cassandra.load_ring_state': false,
  'cassandra.consistent.rangemovement': false,
  'jdk.attach.allowAttachSelf': true,
  'io.netty.tryReflectionSetAccessible': true
}

const foldersOf = (folder: string, logging: string) => ({
  'cassandra.storagedir': folder,
  'cassandra.logdir': folder,
  'logback.configurationFile': logging,
  'java.io.tmpdir': folder
})

const properties = (all: Readonly<Record<string, unknown>>): string[] => Object.entries(all).map(([name, value]) => `-D${name}=${value}`)

/** Parts of the JDK that Cassandra 5 reaches into on Java 17, by module. */
const EXPORTED = {
  'java.base': ['jdk.internal.misc', 'java.lang.ref', 'jdk.internal.ref', 'jdk.internal.reflect', 'sun.nio.ch'],
  'java.management.rmi': ['com.sun.jmx.remote.internal.rmi'],
  'java.rmi': ['sun.rmi.registry', 'sun.rmi.server', 'sun.rmi.transport.tcp'],
  'java.sql': ['java.sql'],
  'jdk.unsupported': ['sun.misc'],
  'jdk.compiler': ['com.sun.tools.javac.api']
}
const REACHED = {
  'java.base': [
    'java.lang.module',
    'java.net',
    'jdk.internal.loader',
    'jdk.internal.ref',
    'jdk.internal.reflect',
    'jdk.internal.math',
    'jdk.internal.module',
    'jdk.internal.util.jar',
    'java.io',
    'java.lang',
    'java.lang.ref',
    'java.lang.reflect',
    'java.math',
    'java.nio',
    'java.nio.charset',
    'java.nio.file.spi',
    'java.util',
    'java.util.concurrent',
    'java.util.concurrent.atomic',
    'sun.nio.ch'
  ],
  'java.rmi': ['sun.rmi.transport.tcp'],
  'jdk.compiler': ['com.sun.tools.javac'],
  'jdk.management': ['com.sun.management.internal']
}
const flags = (flag: string, modules: Readonly<Record<string, readonly string[]>>): string[] =>
  Object.entries(modules).flatMap(([name, packages]) => packages.map((each) => `--add-${flag}=${name}/${each}=ALL-UNNAMED`))
const OPENED = [...flags('exports', EXPORTED), ...flags('opens', REACHED)]

const LOGGING = `<configuration>
  <appender name="console" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d{ISO8601} %-5level %logger{0} - %msg%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="console"/></root>
</configuration>
`
