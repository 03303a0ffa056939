import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Secret } from '../schemas/secret.js'
import type { Settings } from '../schemas/settings.js'
import { Topics } from '../schemas/topics.js'
import { Wire } from '../schemas/wire.js'
import { openArchive } from './archive.js'
import { Refused } from './errors.js'
import { openSchemaCache } from './schema-registry/cache.js'
import { confluentSchemaIds } from './schema-registry/confluent.js'
import { topicSchemaIds } from './schema-registry/topic.js'
import type { Storage } from './storage.js'

type Cluster = Pick<Settings, 'schemaRegistry'> & { kafka: NonNullable<Settings['kafka']>; cassandra: NonNullable<Settings['cassandra']> }

const secretOf = (secret: Secret, what: string): string => {
  if ('file' in secret) {
    try {
      return readFileSync(secret.file, 'utf8').trim()
    } catch {
      throw new Refused(`${what}: the file ${secret.file}, where the settings say it is, cannot be read.`)
    }
  }
  const value = process.env[secret.env]
  if (value === undefined) throw new Refused(`${what}: the environment has no ${secret.env}, where the settings say it is.`)
  return value
}

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
      password: secretOf(kafka.login.password, 'kafka.login.password')
    },
    slot
  })
  try {
    await log.create([Topics.schemas])
    const ids = schemaRegistry
      ? confluentSchemaIds({
          url: schemaRegistry.url,
          credentials: schemaRegistry.login && {
            user: schemaRegistry.login.user,
            password: secretOf(schemaRegistry.login.password, 'schemaRegistry.login.password')
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
        login: cassandra.login && { user: cassandra.login.user, password: secretOf(cassandra.login.password, 'cassandra.login.password') }
      },
      wire
    )
    const trouble = async () => {
      const asked = [log.ends([Topics.schemas]), store.counts('rejects')]
      const failed = (await Promise.allSettled(asked)).find((each) => each.status === 'rejected')
      return failed ? String((failed.reason as Error).message) : null
    }
    const close = async () => {
      await log.close()
      await store.close()
    }
    return { log, store, wire, archive: await openArchive(folder), retire: async () => false, trouble, close }
  } catch (error) {
    await log.close()
    throw error
  }
}
