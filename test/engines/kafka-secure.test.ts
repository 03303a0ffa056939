import { inspect } from 'node:util'
import kafkajs from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Refused, Unavailable } from '../../infra/errors.js'
import { KafkaLog, type KafkaLogOptions } from '../../infra/kafka/log.js'
import { type Cluster, USERS } from '../../infra/local/kafka.js'
import { caughtUp, contents } from './counted.js'
import { kafkaForTest } from './kafka.js'

/** TLS, SCRAM and ACLs, as seen by both clients: kafkajs asks for topics, node-rdkafka for all else. */
let kafka: Cluster
beforeAll(async () => {
  kafka = await kafkaForTest({ secure: true })
})
afterAll(() => kafka.close())

const open = ({ username, password }: { username: string; password: string }, options: Partial<KafkaLogOptions> = {}): Promise<KafkaLog> =>
  KafkaLog.open({
    brokers: kafka.brokers,
    partitions: 2,
    tls: { ca: kafka.certificate },
    sasl: { mechanism: 'SCRAM-SHA-512', username, password },
    ...options
  })

test('who has the certificate and the password appends, processes and reads', async () => {
  const log = await open(USERS.admin)
  await log.create(['in', 'out'])
  await log.append('in', [{ key: 'k', value: Buffer.from('1') }])
  const run = log.process('copy', ['in'], {
    batch: (_task, records) => ({ outputs: records.map(({ key, value }) => ({ topic: 'out', key, value })), states: new Map() })
  })
  await caughtUp(log, 'copy', 'in')
  await expect.poll(async () => (await contents(log, 'out')).map(({ value }) => String(value)), { timeout: 10_000 }).toEqual(['1'])
  await run.stop()
  await log.close()
})

test('a wrong password is told as such, and not repeated', async () => {
  const wrong = open({ ...USERS.admin, password: 'guess-me-not' })
  await expect(wrong).rejects.toThrow(Refused)
  await expect(wrong).rejects.toThrow(/user and password/)
  await wrong.catch((error) => expect(inspect(error, { depth: 9 })).not.toContain('guess-me-not'))
})

test('a certificate that nobody vouches for, and no TLS at all', async () => {
  await expect(open(USERS.admin, { tls: {} })).rejects.toThrow(/certificate/)
  await expect(open(USERS.admin, { tls: undefined })).rejects.toThrow(Unavailable)
})

test('a user without rights is told which are needed', async () => {
  const admin = await open(USERS.admin)
  await admin.create(['known'])
  const log = await open(USERS.other)
  const record = { key: 'k', value: null }
  await expect(log.create(['unknown'])).rejects.toThrow(/Create on the cluster/)
  await expect(log.append('known', [record])).rejects.toThrow(/ACL Describe/)
  await allow('known', kafkajs.AclOperationTypes.DESCRIBE)
  await expect(log.append('known', [record])).rejects.toThrow(/ACLs Describe and Write on "known", and start it again/)
  // Who may write nothing at all is refused before the first record; who may write elsewhere, at this one.
  await allow('elsewhere', kafkajs.AclOperationTypes.WRITE)
  const writer = await open(USERS.other)
  await expect(writer.append('known', [record])).rejects.toThrow(/authorization failed. Give the user of the settings the ACLs/)
  await writer.close()
  await allow('known', kafkajs.AclOperationTypes.READ)
  await expect(log.process('stranger', ['known'], { batch: () => ({ outputs: [], states: new Map() }) }).ended).rejects.toThrow(/stranger/)
  await log.close()
  await admin.close()
})

const allow = async (topic: string, operation: number): Promise<void> => {
  const admin = new kafkajs.Kafka({
    brokers: [...kafka.brokers],
    ssl: { ca: [kafka.certificate] },
    sasl: { mechanism: 'scram-sha-512', ...USERS.admin },
    logLevel: kafkajs.logLevel.NOTHING
  }).admin()
  await admin.connect()
  const acl = { principal: `User:${USERS.other.username}`, host: '*', operation, permissionType: kafkajs.AclPermissionTypes.ALLOW }
  const resource = {
    resourceType: kafkajs.AclResourceTypes.TOPIC,
    resourceName: topic,
    resourcePatternType: kafkajs.ResourcePatternTypes.LITERAL
  }
  await admin.createAcls({ acl: [{ ...resource, ...acl }] })
  await admin.disconnect()
}
