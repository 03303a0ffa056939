import { cpus, loadavg } from 'node:os'
import { type Figure, meetsAim, shown } from './figure.js'

const aimText = ({ aim, unit }: Figure): string => {
  if (aim?.least !== undefined) return `at least ${shown(aim.least)} ${unit}`
  return aim?.most !== undefined ? `at most ${shown(aim.most)} ${unit}` : ''
}

const verdict = (figure: Figure): string => {
  const met = meetsAim(figure)
  return met === null ? '' : met ? 'met' : '**missed**'
}

const ratio = ({ value, peer }: Figure): string => (peer ? `${shown(value / peer.value)} of ${peer.name}, ${shown(peer.value)}` : '')

const grouped = (figures: readonly Figure[]): [string, Figure[]][] => {
  const parts = new Map<string, Figure[]>()
  for (const figure of figures) parts.set(figure.part, [...(parts.get(figure.part) ?? []), figure])
  return [...parts]
}

const tableOf = ([part, figures]: [string, Figure[]]): string =>
  [
    `## ${part}`,
    '',
    '| what | figure | aim | | beside it |',
    '|---|--:|---|---|---|',
    ...figures.map(
      (figure) => `| ${figure.what} | ${shown(figure.value)} ${figure.unit} | ${aimText(figure)} | ${verdict(figure)} | ${ratio(figure)} |`
    )
  ].join('\n')

const missedText = (figure: Figure): string => {
  const note = figure.note === undefined ? '' : ` (${figure.note})`
  return `- ${figure.part}, ${figure.what}: ${shown(figure.value)} ${figure.unit}, aim ${aimText(figure)}${note}.`
}

/** A table for each heading. */
export const sectionsOf = (figures: readonly Figure[]): string => grouped(figures).map(tableOf).join('\n\n')

interface Run {
  mode: string
  seconds: number
  now: Date
}

const writtenBy = (command: string, { mode, seconds, now }: Run): string => {
  const [cpu] = cpus()
  const load = loadavg()
    .map((average) => average.toFixed(1))
    .join(', ')
  return `Written by \`${command}${mode === 'quick' ? ' -- --quick' : ''}\` on ${now.toISOString().slice(0, 10)}, in ${Math.round(seconds)} s: Node ${process.version}, ${process.platform} ${process.arch}, ${cpus().length} cores (${cpu?.model.trim() ?? 'unknown'}). Load of the machine at the end (1, 5, 15 minutes): ${load}; with more at work than cores, times on the clock are longer than they need be, and CPU time says more.`
}

const fallsShort = (figures: readonly Figure[]): string => {
  const missed = figures.filter((figure) => meetsAim(figure) === false)
  return missed.length === 0 ? 'Every aim is met.' : `What falls short:\n\n${missed.map(missedText).join('\n')}`
}

/** The chapter of bench/results.md on Kafka and Cassandra. */
export const clusterReportOf = (figures: readonly Figure[], run: Run): string =>
  `${[
    `${writtenBy('npm run bench:cluster', run)} Engines are processes of the same machine; CPU time is that of the process that folds, without them. Rows of the two folds are compared after each part.`,
    fallsShort(figures),
    sectionsOf(figures)
  ].join('\n\n')}\n`

/** The chapter of bench/results.md on homes and their groups. */
export const homesReportOf = (figures: readonly Figure[], run: Run): string =>
  `${[
    `${writtenBy('npm run bench -- homes', run)} One run. The platform is a process of its own; blocks of levels 16 and 20, a reading each 8 s, are made up beside it (bench/made-up-homes.ts). P_tot of every home is compared with what its clamps counted, and the daily rules with what was put in.`,
    sectionsOf(figures)
  ].join('\n\n')}\n`

/** The chapter of bench/results.md on InfluxDB. */
export const influxReportOf = (figures: readonly Figure[], run: Run): string =>
  `${[
    `${writtenBy('npm run bench:influx', run)} InfluxDB and Kafka are processes of the same machine; each figure is the median of rounds by turns.`,
    fallsShort(figures),
    sectionsOf(figures)
  ].join('\n\n')}\n`

/** The chapter of bench/results.md on one process with its own store. */
export const reportOf = (figures: readonly Figure[], run: Run): string =>
  `${[
    `${writtenBy('npm run bench', run)} Decode, fold and columns are in CPU time. Each figure is the median of several runs (shuffled imports and memory: one); what stands beside it was measured in the same run. Data are made up (bench/made-up.ts), the same every time.`,
    fallsShort(figures),
    sectionsOf(figures)
  ].join('\n\n')}\n`
