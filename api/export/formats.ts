import { pace } from '../../infra/pace.js'
import { type Cell, csvLine, iso } from '../format.js'
import type { Batch, Column, Series } from './columns.js'
import { parquet } from './parquet.js'

/** How rows become bytes. Whatever is streamed can break off: each format says at its very end that it is whole. */
export interface Format {
  contentType: string
  encode<Row>(columns: readonly Column<Row>[], batches: AsyncIterable<Batch<Row>>): AsyncGenerator<string | Uint8Array>
}

const PIECE_ROWS = 500

const cellOf = <Row>(column: Column<Row>, row: Row, series: Series): Cell => {
  const cell = column.of(row, series)
  return column.type === 'instant' && cell !== null ? iso(cell as number) : cell
}

/** Text by line: `head`, a line a row, and a last line with the number of rows. */
async function* lines<Row>(
  batches: AsyncIterable<Batch<Row>>,
  head: string,
  lineOf: (row: Row, series: Series) => string,
  end: (rows: number) => string
): AsyncGenerator<string> {
  const breathe = pace()
  let count = 0
  yield head
  for await (const { series, rows } of batches) {
    for (let from = 0; from < rows.length; from += PIECE_ROWS) {
      let piece = ''
      for (const row of rows.slice(from, from + PIECE_ROWS)) piece += lineOf(row, series)
      yield piece
      await breathe()
    }
    count += rows.length
  }
  yield end(count)
}

/** The name that stands in the first column of a CSV's last line. No point begins so. */
export const CSV_END = '#end'

export const FORMATS = {
  csv: {
    contentType: 'text/csv; charset=utf-8',
    encode: (columns, batches) =>
      lines(
        batches,
        csvLine(columns.map(({ name }) => name)),
        (row, series) => csvLine(columns.map((column) => cellOf(column, row, series))),
        (rows) => csvLine(columns.map((_, i) => (i === 0 ? CSV_END : i === 1 ? rows : null)))
      )
  },
  jsonl: {
    contentType: 'application/x-ndjson',
    encode: (columns, batches) =>
      lines(
        batches,
        '',
        (row, series) => `${JSON.stringify(Object.fromEntries(columns.map((column) => [column.name, cellOf(column, row, series)])))}\n`,
        (rows) => `${JSON.stringify({ end: { rows } })}\n`
      )
  },
  parquet: { contentType: 'application/vnd.apache.parquet', encode: parquet }
} as const satisfies Record<string, Format>

export type FormatName = keyof typeof FORMATS
export const FORMAT_NAMES = Object.keys(FORMATS) as [FormatName, ...FormatName[]]

/** The format a client accepts by its media type; CSV when it does not care. */
export const acceptedFormat = (accept: string | undefined): FormatName => {
  const named = (accept ?? '').split(',').map((range) => range.split(';')[0].trim().toLowerCase())
  return FORMAT_NAMES.find((name) => named.includes(FORMATS[name].contentType.split(';')[0])) ?? 'csv'
}
