import { useState } from 'preact/hooks'
import { percent, qualityText } from '../format.js'
import { exact, type Missing, type Totals } from './totals.js'
import { missingText } from './words.js'

interface Props {
  totals: Totals
  unit: string
  zone: string
  csv: string
  link: string
  table: boolean
  showTable(shown: boolean): void
}

const MOST_MISSING = 20
/** What the shares beside it say better. */
const TOLD_OTHERWISE = ['PARTIAL', 'ESTIMATED']

/** The sum, exact, and how far it is to be believed. */
export const Summary = ({ totals, unit, zone, csv, link, table, showTable }: Props) => {
  const { milli, completeness, estimated, quality, unknown, missing } = totals
  if (completeness === null) return null
  return (
    <div class="curve-summary" data-testid="curve-summary">
      <p class="total">
        {/* Nothing known is not 0 kWh. */}
        <span class="figure">{quality === null ? 'No data' : `${unknown ? 'at least ' : ''}${exact(milli, unit)}`}</span>
        {quality !== null && (
          <span class="muted small">
            {percent(completeness)} covered
            {!TOLD_OTHERWISE.includes(quality) && ` · ${qualityText(quality)}`}
            {estimated > 0 && ` · up to ${percent(estimated)} estimated`}
          </span>
        )}
      </p>
      <div class="row small">
        <button type="button" class="button quiet" aria-pressed={table} onClick={() => showTable(!table)}>
          {table ? 'Hide table' : 'Show as table'}
        </button>
        <a class="button quiet" href={csv} download>
          CSV
        </a>
        <CopyLink link={link} />
      </div>
      {missing.length > 0 && <MissingList missing={missing} zone={zone} />}
    </div>
  )
}

const MissingList = ({ missing, zone }: { missing: Missing[]; zone: string }) => {
  const [first, ...others] = missing
  const text = `Missing: ${missingText(first, zone)}`
  if (others.length === 0) return <p class="missing small">{text}</p>
  const shown = missing.slice(0, MOST_MISSING).sort((a, b) => a.from - b.from)
  return (
    <details class="missing small">
      <summary>
        {text} <span class="muted">and {others.length} more</span>
      </summary>
      <ul>
        {shown.map((each) => (
          <li key={each.from}>{missingText(each, zone)}</li>
        ))}
        {missing.length > shown.length && <li class="muted">and {missing.length - shown.length} shorter ones</li>}
      </ul>
    </details>
  )
}

/** Without a clipboard (a plain http address that is not this machine) there is the address bar. */
const CopyLink = ({ link }: { link: string }) => {
  const [copied, setCopied] = useState(false)
  if (!navigator.clipboard) return null
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(link).then(
      () => setCopied(true),
      () => setCopied(false)
    )
    setTimeout(() => setCopied(false), 2000)
  }
  return (
    <button type="button" class="button quiet" onClick={() => void copy()}>
      <span aria-live="polite">{copied ? 'Copied' : 'Copy link'}</span>
    </button>
  )
}
