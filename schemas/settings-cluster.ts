import { z } from 'zod'
import { Secret } from './secret.js'

/**
 * Cluster mode: where Kafka and Cassandra are. Without these blocks everything runs embedded, in one process.
 *
 *   kafka:
 *     brokers: ['kafka-1:9092', 'kafka-2:9092', 'kafka-3:9092']
 *     partitions: 24                        # of every topic; fixed once they are made
 *     replicas: 3
 *     sessionSeconds: 30                    # one that died and is back before goes on with its own; then the others have it
 *     tls: { ca: /etc/wattledger/ca.pem }   # or {}: what the system trusts
 *     login: { user: wattledger, password: { env: KAFKA_PASSWORD } }
 *   cassandra:
 *     nodes: ['cassandra-1:9042']
 *     dataCenter: datacenter1
 *     keyspace: wattledger
 *     replicas: 3
 *     login: { user: wattledger, password: { file: /run/secrets/cassandra } }
 *   schemaRegistry: { url: 'http://registry:8081' }   # absent: ids of our own, in the topic schemas.ids
 */
const Node = z
  .string()
  .regex(/^(\[[0-9a-fA-F:.]+\]|[\w.-]+):\d{1,5}$/)
  .meta({ expected: 'a host and port such as kafka-1:9092', mend: "Write 'host:port'." })

const Tls = z
  .strictObject({
    ca: z.string().min(1).optional().meta({ expected: 'a PEM file', description: 'Authority to trust; absent: those of the system.' })
  })
  .meta({ expected: '{} or { ca: FILE }' })

const User = z.string().min(1).max(200).meta({ expected: 'a user name' })

const Replicas = z.int().min(1).max(9).default(1).meta({ expected: 'a whole number from 1 to 9', description: 'Copies of everything.' })

export const Kafka = z.strictObject({
  brokers: z.array(Node).min(1).meta({ expected: 'a list of brokers', description: 'Some of the brokers; the others are found.' }),
  partitions: z
    .int()
    .min(1)
    .max(1024)
    .default(24)
    .meta({ expected: 'a whole number from 1 to 1024', description: 'Partitions of every topic; fixed once they are made.' }),
  replicas: Replicas,
  sessionSeconds: z.int().min(6).max(300).optional().meta({
    expected: 'a whole number of seconds from 6 to 300',
    description: 'So long a process that died keeps its partitions, if brokers allow it (group.min.session.timeout.ms); absent: 30.'
  }),
  tls: Tls.optional(),
  login: z
    .strictObject({
      user: User,
      password: Secret,
      mechanism: z
        .enum(['SCRAM-SHA-512', 'SCRAM-SHA-256', 'PLAIN'])
        .default('SCRAM-SHA-512')
        .meta({ expected: 'SCRAM-SHA-512, SCRAM-SHA-256 or PLAIN' })
    })
    .optional()
})

export const Cassandra = z.strictObject({
  nodes: z.array(Node).min(1).meta({ expected: 'a list of nodes', description: 'Some of the nodes; the others are found.' }),
  dataCenter: z
    .string()
    .min(1)
    .default('datacenter1')
    .meta({ expected: 'the name of a data centre', description: 'The data centre this process runs in.' }),
  keyspace: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,47}$/)
    .default('wattledger')
    .meta({ expected: 'lower-case letters, digits and underscores', description: 'Made when it is missing.' }),
  replicas: Replicas,
  tls: Tls.optional(),
  login: z.strictObject({ user: User, password: Secret }).optional()
})

export const SchemaRegistry = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .meta({ expected: 'an address such as http://registry:8081', description: 'A registry that speaks the Confluent REST API.' }),
  login: z.strictObject({ user: User, password: Secret }).optional()
})
