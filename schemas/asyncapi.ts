import { type RecordName, SCHEMAS } from './generated.js'
import { BACKFILL, FACTS, READINGS, type TopicFacts, Topics } from './topics.js'
import { UNFOLDING } from './unfolding.js'

/** What differs from one deployment to the next; what is absent is not said. */
export interface Deployment {
  /** Producers: each has a topic of readings and one of its past. */
  sources?: readonly string[]
  /** Of every topic. */
  partitions?: number
  /** Version of the program. */
  version: string
}

const AVRO = 'application/vnd.apache.avro+json;version=1.9.0'
/** A zero byte, the schema id (4 bytes, big-endian), an Avro body. */
const FRAMED = 'application/vnd.confluent.avro'
const KAFKA_BINDING = '0.5.0'

const INTRODUCTION = `What Wattledger keeps in Apache Kafka, for programs that read it there. docs/topics.md says how to keep a sum right.

Values of contract topics are Avro in Confluent framing: a zero byte, the schema id (4 bytes, big-endian), the body. GET /schemas/ids/{id}
of the ledger, or the schema registry that is configured, has the schema of an id. Read with isolation.level=read_committed.

Readings, Intervals and Slots hold many rows, as columns: arrays of long after the field \`rows\`. \`x-columns\` of their messages says how
row i of a column is read, columns in that order: the entry is number i, or the last one where the column is shorter, or \`empty\` where it
has none; to it are added the figures \`plus\` of the same row and \`before\` of the row before (0 in the first row), and \`minus\` is taken
from it. An entry equal to \`alone\`, and every entry where the field \`aloneIf\` of the record is above 0, is the figure itself.

\`x-contract: false\` marks what is internal: it may be something else in the next version.`

/** The AsyncAPI 3 document of the topics, made from the schemas and the facts in topics.ts, so that it cannot say anything else. */
export const asyncApi = ({ sources, partitions, version }: Deployment) => {
  const topics = Object.keys(Topics) as (keyof typeof Topics)[]
  const described: [id: string, channel: ReturnType<typeof channelOf>][] = [
    ['readings', channelOf('readings.{source}', READINGS, partitions, sourceOf(sources))],
    ['backfill', channelOf('backfill.{source}', BACKFILL, partitions, sourceOf(sources))],
    ...topics.map((id): [string, ReturnType<typeof channelOf>] => [id, channelOf(Topics[id], FACTS[id], partitions)])
  ]
  return {
    asyncapi: '3.0.0',
    info: { title: 'Wattledger topics', version, description: INTRODUCTION },
    defaultContentType: FRAMED,
    channels: Object.fromEntries(described),
    operations: Object.fromEntries(
      described.map(([id, channel]) => [
        `${id}.sent`,
        { action: 'send', title: channel.title, channel: { $ref: `#/channels/${id}` }, summary: channel.summary }
      ])
    ),
    components: {
      messages: Object.fromEntries(
        [...new Set(described.map(([, { messages }]) => Object.keys(messages)[0]))].map((name) => [name, messageOf(name)])
      )
    }
  }
}

const JSON_MESSAGE = 'Json'

const sourceOf = (sources: readonly string[] | undefined) => ({
  source: { description: 'Name of the producer.', ...(sources && { enum: [...sources] }) }
})

const channelOf = (address: string, facts: TopicFacts, partitions?: number, parameters?: ReturnType<typeof sourceOf>) => ({
  address,
  title: address,
  summary: facts.doc,
  description: `Key: ${facts.key}. ${facts.keeps === 'all' ? 'Every record is kept.' : 'Only the last record of each key is kept.'}`,
  ...(parameters && { parameters }),
  messages: { [facts.record ?? JSON_MESSAGE]: { $ref: `#/components/messages/${facts.record ?? JSON_MESSAGE}` } },
  bindings: {
    kafka: {
      ...(partitions && { partitions }),
      topicConfiguration:
        facts.keeps === 'all'
          ? { 'cleanup.policy': ['delete'], 'retention.ms': -1, 'retention.bytes': -1 }
          : { 'cleanup.policy': ['compact'] },
      bindingVersion: KAFKA_BINDING
    }
  },
  'x-contract': facts.contract
})

const isRecord = (name: string): name is RecordName => name in SCHEMAS

const messageOf = (name: string) => {
  if (!isRecord(name)) return { name, contentType: 'application/json', payload: { type: 'object' } }
  const schema = JSON.parse(SCHEMAS[name])
  return {
    name,
    contentType: FRAMED,
    summary: schema.doc as string,
    payload: { schemaFormat: AVRO, schema },
    bindings: {
      kafka: { key: { type: 'string' }, schemaIdLocation: 'payload', schemaIdPayloadEncoding: 'confluent', bindingVersion: KAFKA_BINDING }
    },
    ...(name in UNFOLDING && { 'x-columns': UNFOLDING[name as keyof typeof UNFOLDING] })
  }
}
