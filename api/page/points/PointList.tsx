import { useEffect, useMemo, useState } from 'preact/hooks'
import type { PointInfo } from '../answers.js'
import { watch } from '../live.js'
import { hrefOf } from '../route.js'
import { PointCard } from './PointCard.js'
import { isLive, titleOf } from './points.js'

/** More than this many are found by typing: nobody scrolls through ten thousand meters. */
const SHOWN = 100
const SEARCHABLE = 9
const ORDER = new Intl.Collator('en', { numeric: true })

export const PointList = ({ all, chosen }: { all: readonly PointInfo[]; chosen: string | null }) => {
  const [text, setText] = useState('')
  const found = useMemo(() => {
    const words = text.toLowerCase().split(/\s+/)
    const named = all.filter((point) => {
      const told = `${point.name} ${point.id}`.toLowerCase()
      return words.every((word) => told.includes(word))
    })
    return named.sort((a, b) => ORDER.compare(titleOf(a), titleOf(b)))
  }, [all, text])
  const shown = found.slice(0, SHOWN)
  useEffect(() => {
    const ids = shown.map(({ id }) => id)
    watch(chosen === null || ids.includes(chosen) ? ids : [...ids, chosen])
  }, [found, chosen])
  const live = shown.filter(isLive)
  const quiet = shown.filter((point) => !isLive(point))
  return (
    <nav class="meter-list" aria-label="Meters">
      {all.length >= SEARCHABLE && (
        <input
          class="field"
          type="search"
          placeholder={`Find one of ${all.length.toLocaleString('en')} meters`}
          aria-label="Find a meter"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      )}
      {found.length === 0 && <p class="muted small">No meter is called that.</p>}
      {live.length > 0 && <Group title="Live" points={live} chosen={chosen} />}
      {quiet.length > 0 && <Group title={live.length > 0 ? 'From files' : 'Meters'} points={quiet} chosen={chosen} />}
      {found.length > shown.length && (
        <p class="muted small">{(found.length - shown.length).toLocaleString('en')} more: type a part of the name.</p>
      )}
    </nav>
  )
}

const Group = ({ title, points, chosen }: { title: string; points: readonly PointInfo[]; chosen: string | null }) => (
  <>
    <h3>{title}</h3>
    <ul>
      {points.map((point) => (
        <li key={point.id}>
          <a href={hrefOf('meters', point.id)} aria-current={point.id === chosen ? 'true' : undefined} data-testid={`meter ${point.id}`}>
            <PointCard point={point} />
          </a>
        </li>
      ))}
    </ul>
  </>
)
