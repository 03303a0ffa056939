import { afterAll, beforeAll, expect, test } from 'vitest'
import { KafkaLog } from '../../infra/kafka/log.js'
import type { Cluster } from '../../infra/local/kafka.js'
import { topicSchemaIds } from '../../infra/schema-registry/topic.js'
import { Mail } from '../../schemas/settings-outlets.js'
import { allTopics, Topics } from '../../schemas/topics.js'
import { Wire } from '../../schemas/wire.js'
import { runMailSink } from '../../sinks/mail/sink.js'
import type { Outlet } from '../../sinks/outbox/run.js'
import { alert } from '../sinks/influx/samples.js'
import { type MailServer, mailServer } from '../sinks/mail/server.js'
import { until } from '../whole/child.js'
import { kafkaForTest } from './kafka.js'

/** Mail on Kafka: what waits for a recipient goes to whichever process has them next. */
let kafka: Cluster
let server: MailServer
const logs: KafkaLog[] = []
beforeAll(async () => {
  kafka = await kafkaForTest()
  server = await mailServer()
})
afterAll(async () => {
  for (const log of logs) await log.close()
  await server.close()
  await kafka.close()
})

const open = async (slot: number): Promise<{ log: KafkaLog; wire: Wire }> => {
  const log = await KafkaLog.open({ brokers: [...kafka.brokers], partitions: 4, replication: 1, slot, sessionTimeoutMs: 6000 })
  logs.push(log)
  await log.create(allTopics([]))
  return { log, wire: await Wire.open(await topicSchemaIds(log)) }
}
const stop = async ({ processings }: Outlet) => {
  for (const processing of processings) await processing.stop()
}

test('while the mail server is away one process takes over from another: each recipient has each alert once, in digests', async () => {
  const names = ['anna', 'bo', 'cleo', 'dana']
  const recipients = names.map((name) => ({ name, to: [`${name}@example.org`], delayMinutes: 0 }))
  const settings = Mail.parse({ host: '127.0.0.1', port: server.port, tls: 'none', from: 'a@example.org', recipients })
  const { log, wire } = await open(0)
  const begin = (rooms: { log: KafkaLog; wire: Wire }) =>
    runMailSink(settings, { ...rooms, password: () => '', now: Date.now, pace: { firstMs: 500, longestMs: 2000 } })
  const tell = (home: number) => {
    const value = wire.encode('Alert', alert({ subject: `HOME${home}!`, since: Date.now(), expires: Date.now() + 60_000, rev: home }))
    return log.append(Topics.alerts, [{ key: `HOME${home}!`, value }])
  }
  server.judge(() => ({ code: 451, message: 'later' }))
  const first = begin({ log, wire })
  for (let home = 0; home < 10; home++) await tell(home)
  await until(async () => expect(first.trouble()).not.toBeNull(), 60_000)
  const second = begin(await open(1))
  for (let home = 10; home < 20; home++) await tell(home)
  await stop(first)
  await until(async () => expect(second.trouble()).not.toBeNull(), 60_000)
  server.judge(() => null)
  await until(async () => {
    for (const name of names) {
      const mails = server.received.filter(({ to }) => to[0] === `${name}@example.org`)
      const text = mails.map((mail) => mail.text).join()
      for (let home = 0; home < 20; home++) expect([name, home, text.split(`HOME${home}!`).length - 1]).toEqual([name, home, 1])
      expect(mails.length).toBeLessThan(5)
    }
  }, 90_000)
  await stop(second)
}, 240_000)
