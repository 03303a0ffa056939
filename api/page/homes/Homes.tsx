import '../chart/chart.css'
import './homes.css'
import type { Home } from '../answers.js'
import { rangeText } from '../chart/words.js'
import { now } from '../live.js'
import { points } from '../points/points.js'
import { hrefOf, look, route } from '../route.js'
import { session } from '../session.js'
import { DayBar } from './DayBar.js'
import { DayEnergy } from './DayEnergy.js'
import { type Day, dayOf, partOf, rangeOfDay, todayIn } from './day.js'
import { HomeAlerts } from './HomeAlerts.js'
import { HomeChart } from './HomeChart.js'
import { homes } from './homes.js'
import { SensorHealth } from './SensorHealth.js'
import { fitTogether, shownHomes, titleOf } from './shown.js'

/** The installations and groups of whoever looks: their power over a day, what it came to, what is wrong. */
export const Homes = () => {
  const all = homes.value
  if (all === null || points.value === null) return <p class="empty loading">Reading the installations …</p>
  if (all.length === 0) return <p class="empty">No installation is open to you.</p>
  const { point: asked, params } = route.value
  const shown = shownHomes(all, asked)
  const { zone } = shown[0] ?? all[0]
  const day = dayOf(params.get('day'), points.value, zone, now.peek())
  return (
    <div class="stack homes">
      <div class="row spread">
        <h1>Homes</h1>
        {all.length > 1 && <Choice all={all} shown={shown} />}
      </div>
      <DayBar day={day} zone={zone} />
      {shown.length === 0 && <p class="card empty">There is no installation “{asked}” here, or it is not open to you.</p>}
      {shown.map((home) => (
        <HomeCard key={home.id} home={home} day={day} />
      ))}
      {session.value?.role === 'admin' && <SensorHealth />}
    </div>
  )
}

const ALL = ''

const Choice = ({ all, shown }: { all: readonly Home[]; shown: readonly Home[] }) => {
  const choose = (id: string) => {
    const { params } = route.value
    location.hash = hrefOf('homes', id === ALL ? undefined : id, undefined, { day: params.get('day') })
  }
  return (
    <select
      class="field home-choice"
      aria-label="Installation"
      value={shown.length === 1 ? shown[0].id : ALL}
      onChange={(event) => choose(event.currentTarget.value)}
    >
      {fitTogether(all) && <option value={ALL}>All</option>}
      {all.map(({ id, name }) => (
        <option key={id} value={id}>
          {name === '' ? id : `${id} · ${name}`}
        </option>
      ))}
    </select>
  )
}

const HomeCard = ({ home, day }: { home: Home; day: Day }) => {
  const { id, name, zone } = home
  const { params } = route.value
  const whole = rangeOfDay(day, zone)
  const part = partOf({ from: Number(params.get('from')), to: Number(params.get('to')) }, whole)
  const live = day === todayIn(zone, now.value)
  const zoomOut = () => look({ from: null, to: null })
  return (
    <section class="card stack home" data-testid={`home ${id}`} aria-label={titleOf(home)}>
      <div class="row spread">
        <h2>
          {titleOf(home)} {name !== '' && <span class="muted small">{id}</span>}
        </h2>
        {part !== null && (
          <span class="row small">
            {rangeText(part, zone)}
            <button type="button" class="button" onClick={zoomOut}>
              Whole day
            </button>
          </span>
        )}
      </div>
      <HomeChart
        home={home}
        range={part ?? whole}
        live={live}
        zoom={(range) => {
          const chosen = partOf(range, whole)
          if (chosen !== null) look({ day, from: String(chosen.from), to: String(chosen.to) })
        }}
        zoomOut={zoomOut}
      />
      <DayEnergy home={home} day={day} live={live} />
      <HomeAlerts home={home} />
    </section>
  )
}
