import type { Store } from '../../infra/store.js'
import { covers } from '../../schemas/access.js'
import type { Readings } from '../../schemas/generated.js'
import { hasValue } from '../../schemas/quality.js'
import { decimal, localIso } from '../format.js'
import { type Question, toRead } from '../series.js'
import { type Column, qualityName, seriesColumns } from './columns.js'
import { type Window, windows } from './windows.js'

/** One reading of a block, without copying it. */
export interface ReadingAt {
  block: Readings
  i: number
}

const told = ({ block, i }: ReadingAt): boolean => hasValue(block.quality[i])

export const readingColumns: readonly Column<ReadingAt>[] = [
  ...seriesColumns.filter(({ name }) => name !== 'unit'),
  { name: 'source_unit', type: 'text', of: ({ block }) => block.unit },
  { name: 'kind', type: 'text', of: ({ block }) => block.kind },
  { name: 'curve', type: 'text', of: ({ block }) => block.curve },
  { name: 'at_utc', type: 'instant', of: ({ block, i }) => block.at[i] },
  { name: 'at_local', type: 'text', of: ({ block, i }, { zone }) => localIso(block.at[i], zone) },
  { name: 'span_ms', type: 'integer', of: ({ block, i }) => block.span[i] },
  { name: 'value', type: 'decimal', of: (row) => (told(row) ? decimal(row.block.value[row.i], row.block.scale) : null) },
  { name: 'value_scaled', type: 'integer', of: (row) => (told(row) ? row.block.value[row.i] : null) },
  { name: 'scale', type: 'integer', of: ({ block }) => block.scale },
  { name: 'quality', type: 'text', of: ({ block, i }) => qualityName(block.quality[i]) },
  { name: 'code', type: 'integer', of: ({ block, i }) => block.code[i] },
  { name: 'flags', type: 'integer', of: ({ block, i }) => block.flags[i] },
  { name: 'device', type: 'text', of: ({ block }) => block.device },
  { name: 'source', type: 'text', of: ({ block }) => block.source },
  { name: 'file', type: 'text', of: ({ block }) => block.attrs.file ?? '' },
  { name: 'line', type: 'integer', of: ({ block, i }) => (block.line[i] > 0 ? block.line[i] : null) },
  { name: 'origin', type: 'text', of: ({ block }) => block.origin },
  { name: 'revision', type: 'integer', of: ({ block }) => block.revision },
  { name: 'parser_version', type: 'integer', of: ({ block }) => block.parserVersion },
  { name: 'ingested_at_utc', type: 'instant', of: ({ block }) => block.ingestedAt }
]

/**
 * Readings at instants of the asked range that are open to the asker, by instant: all that sources said, also what was said twice, was
 * corrected later or not believed.
 */
export const exportReadings = (store: Store, question: Question): AsyncGenerator<readonly ReadingAt[]> => {
  const { knownAt = Number.POSITIVE_INFINITY, ranges } = question
  return windows(
    toRead(question),
    (at) => at,
    Number.POSITIVE_INFINITY,
    async ({ from, to }: Window) => {
      const rows: ReadingAt[] = []
      let read = 0
      for (const { block } of await store.readings(question, from, to)) {
        read += block.rows
        if (block.ingestedAt > knownAt) continue
        for (let i = 0; i < block.rows; i++) {
          const [at, span] = [block.at[i], block.span[i]]
          if (at >= from && at < to && covers(ranges, at - span, span > 0 ? at : at + 1)) rows.push({ block, i })
        }
      }
      return { rows: rows.sort((a, b) => a.block.at[a.i] - b.block.at[b.i]), read }
    }
  )
}
