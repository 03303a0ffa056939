import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import kafkajs, { type Admin } from 'kafkajs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Refused } from '../../infra/errors.js'
import { KafkaLog } from '../../infra/kafka/log.js'
import { freePorts } from '../../infra/local/engine.js'
import type { Cluster } from '../../infra/local/kafka.js'
import { Topics } from '../../schemas/topics.js'
import { logContract } from '../contracts/log.js'
import { kafkaForTest } from './kafka.js'

let kafka: Cluster
beforeAll(async () => {
  kafka = await kafkaForTest()
})
afterAll(() => kafka.close())

const PARTITIONS = 4
const open = (): Promise<KafkaLog> => KafkaLog.open({ brokers: kafka.brokers, partitions: PARTITIONS })

describe('the log on Kafka', () => {
  logContract(async () => {
    let log = await open()
    return {
      log,
      rebalance: (group) => log.interrupt(group),
      async reopen() {
        await log.close()
        log = await open()
        return log
      },
      close: () => log.close()
    }
  })
})

describe('what Kafka does not let pass in silence', () => {
  let log: KafkaLog
  let admin: Admin
  beforeEach(async () => {
    log = await KafkaLog.open({ brokers: kafka.brokers, partitions: PARTITIONS, sessionTimeoutMs: 1000 })
    admin = new kafkajs.Kafka({ brokers: [...kafka.brokers], logLevel: kafkajs.logLevel.NOTHING }).admin()
    await admin.connect()
  })
  afterEach(async () => {
    await log.close()
    await admin.disconnect()
  })

  const nothing = { batch: () => ({ outputs: [], states: new Map() }) }
  const folded = async (group: string, topic: string): Promise<void> => {
    await log.append(
      topic,
      Array.from({ length: 5 }, () => ({ key: 'k', value: null, partition: 0 }))
    )
    const run = log.process(group, [topic], nothing)
    await run.drained()
    await run.stop()
  }

  test('another number of partitions than the settings say', async () => {
    await log.create(['four'])
    const other = await KafkaLog.open({ brokers: kafka.brokers, partitions: 6 })
    await expect(other.create(['four'])).rejects.toThrow('has 4 partitions, and the settings ask for 6')
    await expect(other.append('four', [{ key: 'k', value: null }])).rejects.toThrow(Refused)
    await other.close()
  })

  test('a topic or partition that is not there', async () => {
    await log.create(['there'])
    await expect(log.append('ther', [{ key: 'k', value: null }])).rejects.toThrow('no topic "ther"')
    await expect(log.append('there', [{ key: 'k', value: null, partition: 4 }])).rejects.toThrow('partitions 0 to 3')
    await expect(log.process('lost', ['ther'], nothing).ended).rejects.toThrow('no topic "ther"')
    expect((await log.ends(['there'])).get('there')).toEqual([0, 0, 0, 0])
  })

  test('a record larger than a topic takes', async () => {
    await log.create(['small'])
    await expect(log.append('small', [{ key: 'k', value: randomBytes(3_000_000) }])).rejects.toThrow(Refused)
    expect((await log.append('small', [{ key: 'k', value: null }])).length).toBe(1)
  })

  test('a record larger than the broker lets its topic take', async () => {
    await log.create(['tight'])
    const configEntries = [{ name: 'max.message.bytes', value: '1000' }]
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: 'tight', configEntries }]
    })
    await expect(log.append('tight', [{ key: 'k', value: randomBytes(5000) }])).rejects.toThrow(Refused)
  })

  test('offsets that were moved by hand: they do not belong to the states any more', async () => {
    await log.create(['moved'])
    await folded('mover', 'moved')
    // Kafka refuses while the group has a member.
    const move = () => admin.setOffsets({ groupId: 'mover', topic: 'moved', partitions: [{ partition: 0, offset: '2' }] })
    await expect.poll(() => move().then(() => 'moved', String), { timeout: 20_000 }).toBe('moved')
    await expect(log.process('mover', ['moved'], nothing).ended).rejects.toThrow(
      /offset 2 of "moved", partition 0, and its changelog says 5/
    )
  })

  test('a topic that was made anew: its offsets are not those the group knows', async () => {
    await log.create(['anew'])
    await folded('reader', 'anew')
    await admin.deleteTopics({ topics: ['anew'] })
    await expect.poll(async () => (await admin.listTopics()).includes('anew')).toBe(false)
    await log.create(['anew'])
    await expect(log.process('reader', ['anew'], nothing).ended).rejects.toThrow('made anew')
  })

  test('records that retention removed before they were folded', async () => {
    await log.create(['short'])
    await folded('late', 'short')
    await log.append(
      'short',
      Array.from({ length: 5 }, () => ({ key: 'k', value: null, partition: 0 }))
    )
    // kafkajs has to know the topic first.
    await admin.fetchTopicOffsets('short')
    await admin.deleteTopicRecords({ topic: 'short', partitions: [{ partition: 0, offset: '8' }] })
    await expect(log.process('late', ['short'], nothing).ended).rejects.toThrow('retention removed what was not read')
  })

  test('compacted topics keep one value a key, all others are kept for ever', async () => {
    await log.create([Topics.producersState, Topics.registryPoints])
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [Topics.producersState, Topics.registryPoints].map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name }))
    })
    const configOf = (topic: string, name: string) =>
      resources.find(({ resourceName }) => resourceName === topic)?.configEntries.find(({ configName }) => configName === name)?.configValue
    expect(configOf(Topics.producersState, 'cleanup.policy')).toBe('compact')
    expect(configOf(Topics.registryPoints, 'cleanup.policy')).toBe('delete')
    expect(configOf(Topics.registryPoints, 'retention.ms')).toBe('-1')
  })

  test('a broker that goes away while the log is opened: nothing stays connected to it', async () => {
    const [, port] = kafka.brokers[0].split(':')
    const proxy = createServer((client) => {
      const broker = connect(Number(port), '127.0.0.1')
      client.pipe(broker).pipe(client)
      for (const each of [client, broker]) each.on('error', () => {})
      // One connection, and no other.
      proxy.close()
    }).listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    const open = KafkaLog.open({ brokers: [`127.0.0.1:${(proxy.address() as AddressInfo).port}`] })
    const closed = once(proxy, 'close')
    await expect(open).rejects.toThrow('does not answer')
    await closed
  })

  test('no broker at all', async () => {
    const [port] = await freePorts(1)
    await expect(KafkaLog.open({ brokers: [`127.0.0.1:${port}`] })).rejects.toThrow(/does not answer at 127.0.0.1/)
  })
})
