import type { RecordName } from '../../schemas/generated.js'
import { NotARecord, type SchemaIds, Wire } from '../../schemas/wire.js'
import type { Environment } from './env.js'

/** Schema ids 1, 2, 3 ... in the data folder, so that records of older programs stay readable. A row: the record's name, a zero byte, the schema. */
export const lmdbSchemaIds = (env: Environment): SchemaIds => {
  const table = env.table('schemas')
  const keyOf = (id: number): Buffer => {
    const key = Buffer.allocUnsafe(4)
    key.writeUInt32BE(id)
    return key
  }
  const rowOf = (name: string, schema: string): Buffer => Buffer.from(`${name}\0${schema}`)
  return {
    register(name, schema) {
      const row = rowOf(name, schema)
      for (const { key, value } of table.getRange()) if (value.equals(row)) return Promise.resolve(key.readUInt32BE(0))
      return env.write(() => {
        const id = table.getCount() + 1
        table.put(keyOf(id), row)
        return id
      })
    },
    async lookup(id) {
      const row = table.get(keyOf(id))
      if (!row) throw new NotARecord(`No schema has id ${id} in ${env.folder}: the record is damaged or comes from another folder.`)
      const zero = row.indexOf(0)
      return { name: row.toString('utf8', 0, zero) as RecordName, schema: row.toString('utf8', zero + 1) }
    }
  }
}

/** The wire of a data folder, able to read every schema the folder ever held. */
export const openWire = async (env: Environment): Promise<Wire> => {
  const ids = lmdbSchemaIds(env)
  const own = new Set<number>()
  const register: SchemaIds['register'] = async (name, schema) => {
    const id = await ids.register(name, schema)
    own.add(id)
    return id
  }
  const wire = await Wire.open({ ...ids, register })
  const known = env.table('schemas').getCount()
  for (let id = 1; id <= known; id++) if (!own.has(id)) await wire.learn(id)
  return wire
}
