import { setTimeout as sleep } from 'node:timers/promises'
import rdkafka, { type LibrdKafkaError } from 'node-rdkafka'
import { Unavailable } from '../errors.js'

export const { CODES } = rdkafka

/** A call of node-rdkafka that answers by callback, as a promise. Rejects with its LibrdKafkaError. */
export const answerOf = <Value = unknown>(
  call: (callback: (error: LibrdKafkaError | null, value: Value) => void) => void
): Promise<Value> => new Promise((resolve, reject) => call((error, value) => (error ? reject(error) : resolve(value))))

export const codeOf = (error: unknown): number | undefined => (error as Partial<LibrdKafkaError> | null)?.code

const PATIENCE_MS = 30_000
const RETRY_MS = 50

/**
 * A question to the admin client, asked again while Kafka says that this may help: kafkajs gives up when a coordinator is moving.
 * Rejects with Unavailable after half a minute.
 */
export const patiently = async <Answer>(ask: () => Promise<Answer>): Promise<Answer> => {
  for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
    try {
      return await ask()
    } catch (error) {
      if (!(error as { retriable?: boolean }).retriable) throw error
      if (waitedMs >= PATIENCE_MS)
        throw new Unavailable(`Kafka does not answer: ${(error as Error).message}. Try again later.`, { cause: error })
      await sleep(RETRY_MS)
    }
  }
}
