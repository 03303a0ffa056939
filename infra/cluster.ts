import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Settings } from '../schemas/settings.js'
import { Topics } from '../schemas/topics.js'
import { Wire } from '../schemas/wire.js'
import { openArchive } from './archive.js'
import { patience } from './patience.js'
import { openSchemaCache } from './schema-registry/cache.js'
import { confluentSchemaIds } from './schema-registry/confluent.js'
import { topicSchemaIds } from './schema-registry/topic.js'
import { readSecret } from './secret.js'
import type { Storage } from './storage.js'

type Cluster = Pick<Settings, 'schemaRegistry'> & { kafka: NonNullable<Settings['kafka']>; cassandra: NonNullable<Settings['cassandra']> }

const tlsOf = (tls: { ca?: string } | undefined): { ca?: string } | undefined =>
  tls && (tls.ca === undefined ? {} : { ca: readFileSync(tls.ca, 'utf8') })

/**
 * Kafka and Cassandra of the settings. `slot`: number of this process among those of its kind, the same after a restart. Rejects with
 * Unavailable when one of them is away, and Refused when they say no: both say what to do.
 */
export const openCluster = async ({ kafka, cassandra, schemaRegistry }: Cluster, folder: string, slot: number): Promise<Storage> => {
  // Only here: whoever runs embedded needs neither the clients nor a compiler.
  const [{ KafkaLog }, { openCassandra }] = await Promise.all([import('./kafka/log.js'), import('./cassandra/open.js')])
  const log = await KafkaLog.open({
    brokers: kafka.brokers,
    partitions: kafka.partitions,
    replication: kafka.replicas,
    tls: tlsOf(kafka.tls),
    sasl: kafka.login && {
      mechanism: kafka.login.mechanism,
      username: kafka.login.user,
      password: readSecret(kafka.login.password, 'kafka.login.password')
    },
    slot,
    sessionTimeoutMs: kafka.sessionSeconds && kafka.sessionSeconds * 1000
  })
  try {
    await log.create([Topics.schemas])
    const ids = schemaRegistry
      ? confluentSchemaIds({
          url: schemaRegistry.url,
          credentials: schemaRegistry.login && {
            user: schemaRegistry.login.user,
            password: readSecret(schemaRegistry.login.password, 'schemaRegistry.login.password')
          },
          cache: openSchemaCache(join(folder, 'schemas.json'))
        })
      : await topicSchemaIds(log)
    const wire = await Wire.open(ids)
    const store = await openCassandra(
      {
        contactPoints: cassandra.nodes,
        dataCenter: cassandra.dataCenter,
        keyspace: cassandra.keyspace,
        replicas: cassandra.replicas,
        tls: tlsOf(cassandra.tls),
        login: cassandra.login && { user: cassandra.login.user, password: readSecret(cassandra.login.password, 'cassandra.login.password') }
      },
      wire
    )
    const engines = [patience('Kafka', () => log.ends([Topics.schemas])), patience('Cassandra', () => store.counts('rejects'))]
    const trouble = async () => {
      const said = (await Promise.all(engines.map((ask) => ask()))).filter((each) => each !== null)
      return said.length === 0 ? null : said.join(' ')
    }
    const archive = await openArchive(folder, { shared: true })
    const close = async () => {
      await log.close()
      await store.close()
      await archive.close()
    }
    return { log, store, wire, archive, shared: true, retire: async () => false, trouble, close }
  } catch (error) {
    await log.close()
    throw error
  }
}
