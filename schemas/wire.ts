import type avro from 'avsc'
import { foldIntervals, foldReadings, foldSlots, unfoldIntervals, unfoldReadings, unfoldSlots } from './blocks.js'
import {
  type Alert,
  type AlertCommand,
  type Installation,
  type Intervals,
  type Point,
  type Readings,
  type RecordName,
  type Reject,
  SCHEMAS,
  type Slots,
  type Suspect
} from './generated.js'
import { typeOf } from './longs.js'
import { Slab } from './slab.js'

/** Records by name, as the code sees them: block columns unfolded. */
export interface Records {
  Readings: Readings
  Intervals: Intervals
  Slots: Slots
  Suspect: Suspect
  Reject: Reject
  Point: Point
  Installation: Installation
  Alert: Alert
  AlertCommand: AlertCommand
}

/** Who hands out schema ids: a table in the data folder (embedded) or a Confluent-compatible registry (cluster). */
export interface SchemaIds {
  /** The id of a schema text under a record's name, made if it is new. */
  register(name: RecordName, schema: string): Promise<number>
  /** The record name and schema text of an id; rejects with NotARecord when nobody knows it, with anything else when nobody can be asked. */
  lookup(id: number): Promise<{ name: RecordName; schema: string }>
}

/** A record of a schema id this process has not seen yet; `learn` it, then decode again. */
export class UnknownSchema extends Error {
  constructor(readonly id: number) {
    super(`The record was written with schema id ${id}, which this process has not looked up yet.`)
  }
}

/** These bytes are no such record and never will be, whoever reads them and however often. */
export class NotARecord extends Error {}

const MAGIC = 0
/** Columns repeat their last entry, so a few damaged bytes can claim to be rows without end. */
const MOST_ROWS = 1_000_000
const HEADER_BYTES = 5

const FOLD: { [Name in RecordName]?: (record: Records[Name]) => Records[Name] } = {
  Readings: foldReadings,
  Intervals: foldIntervals,
  Slots: foldSlots
}
const UNFOLD: { [Name in RecordName]?: (record: Records[Name]) => Records[Name] } = {
  Readings: unfoldReadings,
  Intervals: unfoldIntervals,
  Slots: unfoldSlots
}

interface Reader {
  name: RecordName
  read(body: Buffer): unknown
}

const bodyOf = <Name extends RecordName>(name: Name, reader: Reader, bytes: Buffer): Records[Name] => {
  try {
    const record = reader.read(bytes.subarray(HEADER_BYTES)) as Records[Name]
    const unfold = UNFOLD[name] as ((record: Records[Name]) => Records[Name]) | undefined
    if (!unfold) return record
    if ((record as { rows: number }).rows > MOST_ROWS) throw new RangeError('It claims more rows than any block has.')
    return unfold(record)
  } catch (cause) {
    throw new NotARecord(`Expected a framed ${name}, found ${bytes.length} bytes that do not read as one.`, { cause })
  }
}

/** Encodes and decodes records: a zero byte, the schema id (4 bytes, big-endian), the Avro body (Confluent framing). */
export class Wire {
  readonly #types = new Map<RecordName, avro.Type>()
  readonly #heads = new Map<RecordName, Buffer>()
  readonly #readers = new Map<number, Reader>()
  readonly #slab = new Slab()

  private constructor(private readonly registry: SchemaIds) {}

  /** Registers this program's schemas; everything after is synchronous. */
  static async open(registry: SchemaIds): Promise<Wire> {
    const wire = new Wire(registry)
    for (const name of Object.keys(SCHEMAS) as RecordName[]) {
      const id = await registry.register(name, SCHEMAS[name])
      const type = typeOf(SCHEMAS[name])
      wire.#types.set(name, type)
      const head = Buffer.alloc(HEADER_BYTES, MAGIC)
      head.writeUInt32BE(id, 1)
      wire.#heads.set(name, head)
      wire.#readers.set(id, { name, read: (body) => type.fromBuffer(body) })
    }
    return wire
  }

  encode<Name extends RecordName>(name: Name, record: Records[Name]): Buffer {
    const fold = FOLD[name] as ((record: Records[Name]) => Records[Name]) | undefined
    return this.encodeFolded(name, fold ? fold(record) : record)
  }

  /** Of a record whose columns are folded already. */
  encodeFolded<Name extends RecordName>(name: Name, record: Records[Name]): Buffer {
    return this.#slab.encode(this.#types.get(name)!, record, this.#heads.get(name)!)
  }

  /** Throws UnknownSchema (learn it and call again) or NotARecord (the bytes are not of this kind). */
  decode<Name extends RecordName>(name: Name, bytes: Buffer): Records[Name] {
    if (bytes.length < HEADER_BYTES || bytes[0] !== MAGIC)
      throw new NotARecord(`Expected a framed ${name}, found ${bytes.length} other bytes.`)
    const id = bytes.readUInt32BE(1)
    const reader = this.#readers.get(id)
    if (!reader) throw new UnknownSchema(id)
    if (reader.name !== name) throw new NotARecord(`Expected a ${name}, found a ${reader.name}.`)
    return bodyOf(name, reader, bytes)
  }

  /** The schema text of an id; rejects as `SchemaIds.lookup` does. */
  async schemaOf(id: number): Promise<string> {
    return (await this.registry.lookup(id)).schema
  }

  /** Looks an id up and builds the resolver from its schema to this program's. */
  async learn(id: number): Promise<void> {
    const { name, schema } = await this.registry.lookup(id)
    const type = this.#types.get(name)
    if (!type) throw new NotARecord(`Schema id ${id} is of a record "${name}" this program does not know.`)
    const resolver = type.createResolver(typeOf(schema))
    this.#readers.set(id, { name, read: (body) => type.fromBuffer(body, resolver) })
  }
}

/** Schema ids kept in memory: for tests and for tools that read nothing stored. */
export const memorySchemaIds = (): SchemaIds => {
  const known: { name: RecordName; schema: string }[] = []
  return {
    async register(name, schema) {
      const found = known.findIndex((entry) => entry.name === name && entry.schema === schema)
      return found >= 0 ? found + 1 : known.push({ name, schema })
    },
    async lookup(id) {
      const entry = known[id - 1]
      if (!entry) throw new NotARecord(`No schema has id ${id}.`)
      return entry
    }
  }
}
