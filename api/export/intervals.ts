import type { Store } from '../../infra/store.js'
import { OPS } from '../../schemas/quality.js'
import { kwh, localIso } from '../format.js'
import { currentIntervals } from '../rows.js'
import { type IntervalAt, open, type Question, toRead } from '../series.js'
import { type Column, qualityName, seriesColumns } from './columns.js'
import { type Window, windows } from './windows.js'

export const intervalColumns: readonly Column<IntervalAt>[] = [
  ...seriesColumns,
  { name: 'start_utc', type: 'instant', of: ({ block, i }) => block.start[i] },
  { name: 'end_utc', type: 'instant', of: ({ block, i }) => block.end[i] },
  { name: 'start_local', type: 'text', of: ({ block, i }, { zone }) => localIso(block.start[i], zone) },
  { name: 'kwh', type: 'decimal', of: ({ block, i }) => kwh(block.milli[i], block.unit) },
  { name: 'amount_milli', type: 'integer', of: ({ block, i }) => block.milli[i] },
  { name: 'op', type: 'text', of: ({ block, i }) => OPS[block.op[i]] ?? String(block.op[i]) },
  { name: 'low_milli', type: 'integer', of: ({ block, i }) => block.low[i] },
  { name: 'high_milli', type: 'integer', of: ({ block, i }) => (block.high[i] < 0 ? null : block.high[i]) },
  { name: 'quality', type: 'text', of: ({ block, i }) => qualityName(block.quality[i]) },
  { name: 'rule', type: 'text', of: ({ block, i }) => block.words[block.rule[i]] ?? '' },
  { name: 'rev', type: 'integer', of: ({ block, i }) => block.rev[i] },
  { name: 'known_at_utc', type: 'instant', of: ({ block, i }) => block.knownAt[i] },
  { name: 'from_at_utc', type: 'instant', of: ({ block, i }) => block.fromAt[i] },
  { name: 'from_value_milli', type: 'integer', of: ({ block, i }) => block.fromValue[i] },
  { name: 'to_at_utc', type: 'instant', of: ({ block, i }) => block.toAt[i] },
  { name: 'to_value_milli', type: 'integer', of: ({ block, i }) => block.toValue[i] }
]

/** Interval rows that start in the asked range and lie in time open to the asker, by start. */
export const exportIntervals = (store: Store, question: Question): AsyncGenerator<readonly IntervalAt[]> =>
  windows(
    toRead(question),
    (at) => at,
    Number.POSITIVE_INFINITY,
    async ({ from, to }: Window) => {
      const rows: IntervalAt[] = []
      let read = 0
      for (const block of await currentIntervals(store, question, from, to, question.knownAt)) {
        read += block.rows
        for (let i = 0; i < block.rows; i++) {
          const start = block.start[i]
          if (start >= from && start < to && open(question, start, block.end[i])) rows.push({ block, i })
        }
      }
      return { rows, read }
    }
  )
