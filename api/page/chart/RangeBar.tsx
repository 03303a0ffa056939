import { type Alive, isRecent, rangeOf, respanned, SPANS, type Span, stepped, usual, type View } from './range.js'
import { HOUR_MS } from './zone.js'

interface Props {
  view: View
  text: string
  zone: string
  now: number
  alive: Alive
  nativeMs: number
  go(view: View): void
  zoomOut: (() => void) | null
}

const NAMES: Record<Span, string> = { hour: 'Hour', day: 'Day', week: 'Week', month: 'Month', year: 'Year', all: 'All' }

/** Which time is looked at: how long, and when. */
export const RangeBar = ({ view, text, zone, now, alive, nativeMs, go, zoomOut }: Props) => {
  const { from, to } = rangeOf(view, zone, now, alive)
  const speaks = isRecent(alive, now)
  const atEnd = to >= (speaks ? now : alive.last)
  const spans = SPANS.filter((span) => span !== 'hour' || nativeMs < 0.9 * HOUR_MS)
  return (
    <div class="range-bar">
      <fieldset class="choices spans" aria-label="How long" data-testid="range-choice">
        {spans.map((span) => (
          <button
            key={span}
            type="button"
            aria-pressed={'span' in view && view.span === span}
            onClick={() => go(respanned(view, span, zone, now, alive))}
          >
            {NAMES[span]}
          </button>
        ))}
      </fieldset>
      <div class="row when">
        <button
          type="button"
          class="button step"
          aria-label="Earlier"
          disabled={from <= alive.first}
          onClick={() => go(stepped(view, -1, zone, now, alive))}
        >
          ‹
        </button>
        <h2 aria-live="polite">{text}</h2>
        <button
          type="button"
          class="button step"
          aria-label="Later"
          disabled={atEnd}
          onClick={() => go(stepped(view, 1, zone, now, alive))}
        >
          ›
        </button>
        {zoomOut && (
          <button type="button" class="button quiet" onClick={zoomOut}>
            Zoom out
          </button>
        )}
        {!atEnd && (
          <button type="button" class="button quiet" onClick={() => go(usual(alive, now))}>
            {speaks ? 'Now' : 'Newest'}
          </button>
        )}
      </div>
    </div>
  )
}
