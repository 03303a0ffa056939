import type avro from 'avsc'
import { foldIntervals, foldReadings, foldSlots, unfoldIntervals, unfoldReadings, unfoldSlots } from './blocks.js'
import {
  type Alert,
  type Installation,
  type InstallationPower,
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

/** Records by name, as the code sees them: block columns unfolded. */
export interface Records {
  Readings: Readings
  Intervals: Intervals
  Slots: Slots
  Suspect: Suspect
  Reject: Reject
  Point: Point
  Installation: Installation
  InstallationPower: InstallationPower
  Alert: Alert
}

/** Who hands out schema ids: a table in the data folder (embedded) or a Confluent-compatible registry (cluster). */
export interface SchemaIds {
  /** The id of a schema text under a record's name, made if it is new. */
  register(name: RecordName, schema: string): Promise<number>
  /** The record name and schema text of an id; rejects when nobody knows it. */
  lookup(id: number): Promise<{ name: RecordName; schema: string }>
}

/** A record of a schema id this process has not seen yet; `learn` it, then decode again. */
export class UnknownSchema extends Error {
  constructor(readonly id: number) {
    super(`The record was written with schema id ${id}, which this process has not looked up yet.`)
  }
}

export class NotARecord extends Error {}

const MAGIC = 0
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
    return reader.read(bytes.subarray(HEADER_BYTES)) as Records[Name]
  } catch (cause) {
    throw new NotARecord(`Expected a framed ${name}, found ${bytes.length} bytes that do not read as one.`, { cause })
  }
}

/** Encodes and decodes records: a zero byte, the schema id (4 bytes, big-endian), the Avro body (Confluent framing). */
export class Wire {
  readonly #types = new Map<RecordName, avro.Type>()
  readonly #ids = new Map<RecordName, number>()
  readonly #readers = new Map<number, Reader>()
  #scratch = Buffer.allocUnsafeSlow(256 * 1024)

  private constructor(private readonly registry: SchemaIds) {}

  /** Registers this program's schemas; everything after is synchronous. */
  static async open(registry: SchemaIds): Promise<Wire> {
    const wire = new Wire(registry)
    for (const name of Object.keys(SCHEMAS) as RecordName[]) {
      const id = await registry.register(name, SCHEMAS[name])
      const type = typeOf(SCHEMAS[name])
      wire.#types.set(name, type)
      wire.#ids.set(name, id)
      wire.#readers.set(id, { name, read: (body) => type.fromBuffer(body) })
    }
    return wire
  }

  encode<Name extends RecordName>(name: Name, record: Records[Name]): Buffer {
    const type = this.#types.get(name)!
    const fold = FOLD[name] as ((record: Records[Name]) => Records[Name]) | undefined
    const body = fold ? fold(record) : record
    let end = type.encode(body, this.#scratch, HEADER_BYTES)
    if (end < 0) {
      // avsc answers with how much is missing, negated.
      this.#scratch = Buffer.allocUnsafeSlow((this.#scratch.length - end) * 2)
      end = type.encode(body, this.#scratch, HEADER_BYTES)
    }
    this.#scratch[0] = MAGIC
    this.#scratch.writeUInt32BE(this.#ids.get(name)!, 1)
    return Buffer.from(this.#scratch.subarray(0, end))
  }

  /** Throws UnknownSchema (learn it and call again) or NotARecord (the bytes are not of this kind). */
  decode<Name extends RecordName>(name: Name, bytes: Buffer): Records[Name] {
    if (bytes.length < HEADER_BYTES || bytes[0] !== MAGIC)
      throw new NotARecord(`Expected a framed ${name}, found ${bytes.length} other bytes.`)
    const id = bytes.readUInt32BE(1)
    const reader = this.#readers.get(id)
    if (!reader) throw new UnknownSchema(id)
    if (reader.name !== name) throw new NotARecord(`Expected a ${name}, found a ${reader.name}.`)
    const record = bodyOf(name, reader, bytes)
    const unfold = UNFOLD[name] as ((record: Records[Name]) => Records[Name]) | undefined
    return unfold ? unfold(record) : record
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
      if (!entry) throw new Error(`No schema has id ${id}.`)
      return entry
    }
  }
}
