import { createHash } from 'node:crypto'
import type { RecordName } from '../../schemas/generated.js'
import { Topics } from '../../schemas/topics.js'
import { NotARecord, type SchemaIds } from '../../schemas/wire.js'
import { readAll } from '../compacted.js'
import { Refused } from '../errors.js'
import type { Log } from '../log.js'

/** Above the ids that registries hand out, so that nobody takes one for the other. */
const OWN_IDS = 0x40000000

/**
 * Schema ids without a registry: made from the schema itself, so that processes which start together agree without asking anybody;
 * the texts are kept in a compacted topic, for whoever reads the records later.
 */
export const topicSchemaIds = async (log: Log): Promise<SchemaIds> => {
  const known = new Map<number, { name: RecordName; schema: string }>()
  const read = async () => {
    for await (const { key, value } of readAll(log, Topics.schemas))
      if (value !== null) known.set(Number(key), JSON.parse(value.toString()) as { name: RecordName; schema: string })
  }
  await read()
  return {
    register: async (name, schema) => {
      const id = ownId(name, schema)
      const other = known.get(id)
      if (other && (other.name !== name || other.schema !== schema))
        throw new Refused(`Two schemas have the id ${id}: ${other.name} and ${name}. Use a schema registry.`)
      if (!other) await log.append(Topics.schemas, [{ key: String(id), value: Buffer.from(JSON.stringify({ name, schema })) }])
      known.set(id, { name, schema })
      return id
    },
    lookup: async (id) => {
      // Another process may have begun with a newer program since.
      if (!known.has(id)) await read()
      const found = known.get(id)
      if (!found) throw new NotARecord(`No schema has id ${id} in the topic ${Topics.schemas}: the record comes from another platform.`)
      return found
    }
  }
}

/** 30 bits of the schema's SHA-256. */
const ownId = (name: string, schema: string): number => {
  const digest = createHash('sha256').update(name).update('\0').update(schema).digest()
  return OWN_IDS + (digest.readUInt32BE(0) & 0x3fffffff)
}
