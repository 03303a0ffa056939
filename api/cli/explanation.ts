import { decimal } from '../format.js'

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
  milli === null ? 'unknown' : unit === 'Wh' ? `${decimal(milli, 6)} kWh` : `${milli} thousandths of ${unit}`

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
    ...((row.revisions ?? []).length > 1 ? row.revisions.map((revision: Json) => revisionText(revision, unit)) : [])
  ].join('\n')
}

/** Of an installation: who added what, since when it was made of these. */
const partText = (part: Json): string => {
  const left = ({ leftKwh }: Json): string => (Number(leftKwh) === 0 ? '' : `; ${leftKwh} kWh while others were not known`)
  return [
    `  ${part.from} .. ${part.to}  ${part.kwh} kWh; made of these since ${part.validFrom ?? 'the beginning'}, known ${part.knownAt}`,
    `    all are known in ${part.whole} of ${part.slots} slots of 8 s${part.counted < part.whole ? `, ${part.counted} of them count` : ''}`,
    ...part.members.map(
      (member: Json) =>
        `    ${member.factor < 0 ? '-' : member.factor > 0 ? '+' : '0'} ${member.point} ${member.register}${member.label ? ` (${member.label})` : ''}  ${member.kwh} kWh, known in ${member.known} slots${left(member)}`
    ),
    ...(part.others ? [`    and ${part.others.members} that are not open to you: ${part.others.kwh} kWh`] : [])
  ].join('\n')
}

const revisionText = (revision: Json, unit: string): string =>
  `    rev ${revision.rev} known ${revision.knownAt}: ${amount(revision.milli, unit)} ${revision.quality ?? ''} ${revision.op ?? ''}`

const installationText = ({ point, register, start, end, zone, unit, sum, made, revisions }: Json): string =>
  [
    `${point} ${register}, ${start} .. ${end} (${zone})`,
    `${amount(sum.milli, unit)}, from the slots of 8 seconds of its members; explain <member> tells of each`,
    '',
    ...made.map(partText),
    ...(revisions.length > 1 ? revisions.map((revision: Json) => revisionText(revision, unit)) : [])
  ].join('\n')

/** What the API tells of a figure, for a terminal. */
export const explanationText = (answer: Json): string => {
  if (answer.made) return installationText(answer)
  const { unit, sum, count, explained, intervals } = answer
  return [
    `${answer.point} ${answer.register}, ${answer.start} .. ${answer.end} (${answer.zone})`,
    `${amount(sum.milli, unit)} out of ${count} interval${count === 1 ? '' : 's'}${explained < count ? `, ${explained} of them below (--limit)` : ''}`,
    '',
    ...intervals.map((row: Json) => intervalText(row, unit))
  ].join('\n')
}
