/**
 * How an entry of a column becomes a figure, as data: `/asyncapi.json` hands it to readers in any language, docs/columns.md says it in
 * words. schemas/columns.ts and blocks.ts do the same faster. Columns in schema order.
 */
export interface ColumnRule {
  column: string
  /** The entry of a column that has none. */
  empty: number
  /** Figures of the same row that are added to the entry, and taken from it. */
  plus?: readonly string[]
  minus?: readonly string[]
  /** Figures of the row before that are added; 0 in the first row. */
  before?: readonly string[]
  /** An entry that is the figure itself. */
  alone?: number
  /** A field of the record: where it is greater than 0, entries are figures themselves. */
  aloneIf?: string
}

const rule = (column: string, more: Partial<ColumnRule> = {}): ColumnRule => ({ column, empty: 0, ...more })
const RAW = 4

export const UNFOLDING: Record<'Readings' | 'Intervals' | 'Slots', readonly ColumnRule[]> = {
  Readings: [
    rule('at', { before: ['at'] }),
    rule('span'),
    rule('value', { before: ['value'] }),
    rule('quality', { empty: RAW }),
    rule('code'),
    rule('flags'),
    rule('line', { before: ['line'] })
  ],
  Intervals: [
    rule('start', { before: ['end'] }),
    rule('end', { plus: ['start'] }),
    rule('milli'),
    rule('op'),
    rule('low', { plus: ['milli'] }),
    rule('high', { plus: ['milli'], alone: -1 }),
    rule('quality', { empty: RAW }),
    rule('rule'),
    rule('rev'),
    rule('knownAt', { before: ['knownAt'] }),
    rule('fromAt', { plus: ['start'] }),
    rule('fromValue', { before: ['toValue'], aloneIf: 'native' }),
    rule('toAt', { plus: ['end'] }),
    rule('toValue', { plus: ['fromValue', 'milli'] }),
    rule('fromTopic', { before: ['toTopic'] }),
    rule('fromOffset', { before: ['toOffset'] }),
    rule('toTopic'),
    rule('toOffset', { before: ['toOffset'] }),
    rule('factor'),
    rule('travel')
  ],
  Slots: [
    rule('start', { before: ['end'] }),
    rule('end', { plus: ['start'] }),
    rule('amount'),
    rule('op'),
    rule('quality', { empty: RAW }),
    rule('coveredMs', { plus: ['end'], minus: ['start'] }),
    rule('estimatedMs'),
    rule('expected', { empty: -1 }),
    rule('received'),
    rule('rev'),
    rule('knownAt', { before: ['knownAt'] })
  ]
}
