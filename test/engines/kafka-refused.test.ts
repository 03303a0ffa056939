import { connect, createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { KafkaLog } from '../../infra/kafka/log.js'
import { freePorts } from '../../infra/local/engine.js'
import type { Cluster } from '../../infra/local/kafka.js'
import { contents } from './counted.js'
import { kafkaForTest } from './kafka.js'

/**
 * A broker that refuses the first batch of a partition, as one does that is not its leader yet, and takes the second, which is on its
 * way. Between it and the client stands a line that damages the first batch: the broker refuses that, and the client sends it again.
 */
const PRODUCE = 0
const RECORDS = 8
const RECORD_BYTES = 600_000

let kafka: Cluster
/** Whose next batch is damaged; null: nobody's. */
let victim: string | null = null
const sockets = new Set<Socket>()
const line = createServer()
beforeAll(async () => {
  const [port, controllerPort, linePort] = await freePorts(3)
  line.on('connection', (client) => {
    const broker = connect(port, '127.0.0.1')
    let bytes = Buffer.alloc(0)
    client.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk])
      while (bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE()) {
        const request = bytes.subarray(0, 4 + bytes.readInt32BE())
        bytes = bytes.subarray(request.length)
        if (victim !== null && request.readInt16BE(4) === PRODUCE && request.includes(victim)) {
          victim = null
          request[request.length - 1000] ^= 1
        }
        broker.write(request)
      }
    })
    broker.on('data', (chunk) => client.write(chunk))
    for (const [one, other] of [
      [client, broker],
      [broker, client]
    ]) {
      sockets.add(one)
      one.on('error', () => {})
      one.once('close', () => other.destroy())
    }
  })
  await new Promise<void>((resolve) => line.listen(linePort, '127.0.0.1', resolve))
  kafka = await kafkaForTest({
    properties: {
      'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
      listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${linePort}`
    }
  })
  kafka = { ...kafka, brokers: [`127.0.0.1:${linePort}`] }
})
afterAll(async () => {
  await kafka.close()
  for (const socket of sockets) socket.destroy()
  line.close()
})

const records = Array.from({ length: RECORDS }, (_, i) => ({ key: String(i), value: Buffer.alloc(RECORD_BYTES, i + 1), partition: 0 }))

test('every acknowledged record is stored, in order, when the first batch of a partition is refused', async () => {
  const log = await KafkaLog.open({ brokers: kafka.brokers, partitions: 1 })
  await log.create(['fresh'])
  victim = 'fresh'
  const positions = await log.append('fresh', records)
  expect(victim).toBe(null)
  expect(positions.map(({ offset }) => offset)).toEqual(records.map((_, i) => i))
  expect((await contents(log, 'fresh')).map(({ key }) => key)).toEqual(records.map(({ key }) => key))
  await log.close()
})
