import { ByteWriter, type ColumnSource, ParquetWriter } from 'hyparquet-writer'
import { pace } from '../../infra/pace.js'
import type { Batch, Column, ColumnType } from './columns.js'

/** Rows of one row group: they are held, and encoded without a pause. */
const GROUP_ROWS = 10_000

type Stored = Exclude<ColumnType, 'decimal'>
const ELEMENT = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  instant: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
  integer: { type: 'INT64' },
  ratio: { type: 'DOUBLE' }
} as const satisfies Record<Stored, object>

const storedAs = (type: ColumnType, cell: string | number | null): unknown =>
  cell === null ? null : type === 'integer' || type === 'instant' ? BigInt(cell) : cell

/**
 * Parquet, a row group at a time. The directory of the groups stands at its end, so a file that broke off cannot be opened: some hundred
 * bytes a group and column are held for it, and nothing else.
 */
export async function* parquet<Row>(columns: readonly Column<Row>[], batches: AsyncIterable<Batch<Row>>): AsyncGenerator<Uint8Array> {
  const typed = columns.filter(({ type }) => type !== 'decimal')
  const writer = new ByteWriter()
  const file = new ParquetWriter({
    writer,
    createdBy: 'wattledger',
    schema: [
      { name: 'root', num_children: typed.length },
      ...typed.map(({ name, type }) => ({ name, repetition_type: 'OPTIONAL' as const, ...ELEMENT[type as Stored] }))
    ]
  })
  const written = (): Uint8Array => {
    const bytes = writer.getBytes().slice()
    writer.index = 0
    return bytes
  }
  const fresh = (): ColumnSource[] => typed.map(({ name }) => ({ name, data: [], offsetIndex: false }))
  const breathe = pace()
  let group = fresh()
  let held = 0
  const flush = (): Uint8Array => {
    file.write({ columnData: group, rowGroupSize: held })
    group = fresh()
    held = 0
    return written()
  }
  for await (const { series, rows } of batches) {
    for (const row of rows) {
      for (const [c, column] of typed.entries()) (group[c].data as unknown[]).push(storedAs(column.type, column.of(row, series)))
      if (++held < GROUP_ROWS) continue
      yield flush()
      await breathe()
    }
  }
  if (held > 0) yield flush()
  file.finish()
  yield written()
}
