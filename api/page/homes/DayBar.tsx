import { now } from '../live.js'
import { look } from '../route.js'
import { type Day, movedDay, todayIn } from './day.js'

/** Which day is looked at. */
export const DayBar = ({ day, zone }: { day: Day; zone: string }) => {
  const today = todayIn(zone, now.value)
  const go = (to: Day) => look({ day: to, from: null, to: null })
  return (
    <div class="row day-bar">
      <button type="button" class="button step" aria-label="Day before" onClick={() => go(movedDay(day, -1))}>
        ‹
      </button>
      <input
        class="field"
        type="date"
        aria-label="Day"
        max={today}
        value={day}
        onChange={(event) => {
          // Empty while a date is being typed.
          if (event.currentTarget.value !== '') go(event.currentTarget.value)
        }}
      />
      <button type="button" class="button step" aria-label="Day after" disabled={day >= today} onClick={() => go(movedDay(day, 1))}>
        ›
      </button>
      {day < today && (
        <button type="button" class="button quiet" onClick={() => go(today)}>
          Today
        </button>
      )}
    </div>
  )
}
