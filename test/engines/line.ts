import { connect, createServer, type Socket } from 'node:net'
import { freePorts } from '../../infra/local/engine.js'
import type { Cluster } from '../../infra/local/kafka.js'
import { kafkaForTest } from './kafka.js'

/** What befalls the words between clients and a broker. */
export interface Tap {
  /** May change a request. `api`: its number in Kafka's protocol. */
  request?(api: number, bytes: Buffer): void
  /** False: the answer to this request is lost, and the connection with it. */
  answer?(api: number, request: Buffer): boolean
}

const HEAD_BYTES = 4

/** Whole messages of a stream: a length of four bytes, and as many more. */
const messages = (take: (message: Buffer) => void) => {
  let bytes = Buffer.alloc(0)
  return (chunk: Buffer): void => {
    bytes = Buffer.concat([bytes, chunk])
    while (bytes.length >= HEAD_BYTES && bytes.length >= HEAD_BYTES + bytes.readInt32BE()) {
      const message = bytes.subarray(0, HEAD_BYTES + bytes.readInt32BE())
      bytes = bytes.subarray(message.length)
      take(message)
    }
  }
}

/** A broker whose clients, all of them, reach it over a line that is tapped. */
export const kafkaOnLine = async (tap: Tap): Promise<Cluster> => {
  const [port, controllerPort, linePort] = await freePorts(3)
  const sockets = new Set<Socket>()
  const line = createServer((client) => {
    const broker = connect(port, '127.0.0.1')
    /** By correlation id; an answer has nothing else to tell what was asked. */
    const asked = new Map<number, Buffer>()
    client.on(
      'data',
      messages((request) => {
        tap.request?.(request.readInt16BE(4), request)
        if (tap.answer) asked.set(request.readInt32BE(8), request)
        broker.write(request)
      })
    )
    broker.on(
      'data',
      messages((answer) => {
        const request = asked.get(answer.readInt32BE(4))
        asked.delete(answer.readInt32BE(4))
        if (request && tap.answer?.(request.readInt16BE(4), request) === false) client.destroy()
        else client.write(answer)
      })
    )
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
  const kafka = await kafkaForTest({
    properties: {
      'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
      listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${linePort}`
    }
  })
  const close = async () => {
    await kafka.close()
    for (const socket of sockets) socket.destroy()
    line.close()
  }
  return { ...kafka, brokers: [`127.0.0.1:${linePort}`], close }
}
