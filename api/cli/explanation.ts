// biome-ignore lint/suspicious/noExplicitAny: an answer of the API, shown as it is
type Json = Record<string, any>

/** An origin that is another word (of the demo, of what was pushed) stands for no bytes in the archive. */
const RAW = /^[0-9a-f]{64}$/

const readingLine = (label: string, reading: Json | null): string[] => {
  if (!reading) return []
  const place = [reading.file, reading.line ? `line ${reading.line}` : null].filter(Boolean).join(' ')
  return [
    `    ${label} ${reading.at}  ${reading.value} ${reading.unit}${reading.quality ? `  ${reading.quality}` : ''}${reading.device ? `  meter ${reading.device}` : ''}`,
    `         ${place}${place === '' ? '' : '  '}${reading.topic}/${reading.partition}@${reading.offset}${RAW.test(reading.origin) ? `  raw ${String(reading.origin).slice(0, 12)}…` : ''}`
  ]
}

const amount = (milli: number | null, unit: string): string =>
  milli === null
    ? 'unknown'
    : unit === 'Wh'
      ? `${(BigInt(milli) / 1_000_000n).toString()}.${String(Math.abs(milli) % 1_000_000).padStart(6, '0')} kWh`
      : `${milli} thousandths of ${unit}`

const intervalText = (row: Json, unit: string): string => {
  if (row.clipped) return '  An interval that reaches into time which is not open to you.'
  const bounds =
    row.op === 'unknown' ? `, between ${amount(row.low, unit)} and ${row.high === null ? 'nobody knows what' : amount(row.high, unit)}` : ''
  return [
    `  ${row.start} .. ${row.end}  ${amount(row.milli, unit)}  ${row.quality}${bounds}`,
    ...readingLine('from', row.from),
    ...readingLine('to  ', row.to),
    ...(row.rules ?? []).map((rule: Json | string) => `    rule ${typeof rule === 'string' ? rule : `${rule.rule}: ${rule.sentence}`}`),
    ...(row.factor ? [`    factor ${row.factor.applied}, travel since then ${row.factor.travel}`] : []),
    ...(row.suspects ?? []).map(
      (suspect: Json) =>
        `    set aside ${suspect.at}${suspect.count > 1 ? ` .. ${suspect.until} (${suspect.count} readings)` : ''}: ${suspect.value} ${suspect.unit}, ${suspect.reason}: ${suspect.detail}`
    ),
    ...((row.revisions ?? []).length > 1
      ? row.revisions.map(
          (revision: Json) =>
            `    rev ${revision.rev} known ${revision.knownAt}: ${amount(revision.milli, unit)} ${revision.quality ?? ''} ${revision.op ?? ''}`
        )
      : [])
  ].join('\n')
}

/** What the API tells of a figure, for a terminal. */
export const explanationText = (answer: Json): string => {
  const { unit, sum, count, explained, intervals } = answer
  return [
    `${answer.point} ${answer.register}, ${answer.start} .. ${answer.end} (${answer.zone})`,
    `${amount(sum.milli, unit)} out of ${count} interval${count === 1 ? '' : 's'}${explained < count ? `, ${explained} of them below (--limit)` : ''}`,
    '',
    ...intervals.map((row: Json) => intervalText(row, unit))
  ].join('\n')
}
