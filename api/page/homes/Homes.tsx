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
import { MadeOf } from './made-of/MadeOf.js'
import { SensorDays } from './SensorDays.js'
import { SensorHealth } from './SensorHealth.js'
import { fitTogether, shownHomes, titleOf } from './shown.js'

/** The installations and groups of whoever looks; for administrators also how their sensors are, and what they are made of. */
export const Homes = () => {
  const all = homes.value
  if (all === null || points.value === null) return <p class="empty loading">Reading the installations …</p>
  const isAdmin = session.value?.role === 'admin'
  if (all.length === 0 && !isAdmin) return <p class="empty">No installation is open to you.</p>
  const { point: asked, params } = route.value
  const view = isAdmin ? viewOf(params.get('view')) : 'power'
  const Shown = VIEWS[view].shown
  return (
    <div class="stack homes">
      <div class="row spread">
        <h1>Homes</h1>
        {all.length > (view === 'power' ? 1 : 0) && <Choice all={all} view={view} />}
      </div>
      {isAdmin && <ViewChoice view={view} />}
      {asked !== null && !all.some(({ id }) => id === asked) ? (
        <p class="card empty">There is no installation “{asked}” here, or it is not open to you.</p>
      ) : (
        <Shown all={all} asked={asked} />
      )}
    </div>
  )
}

interface Shown {
  all: readonly Home[]
  asked: string | null
}

/** Power over a day, what it came to, what is wrong. */
const Powers = ({ all, asked }: Shown) => {
  const shown = shownHomes(all, asked)
  if (shown.length === 0) return <p class="card empty">No installation was entered yet: do it under “Made of”.</p>
  const { zone } = shown[0]
  const day = dayOf(route.value.params.get('day'), points.value ?? [], zone, now.peek())
  return (
    <>
      <DayBar day={day} zone={zone} />
      {shown.map((home) => (
        <HomeCard key={home.id} home={home} day={day} />
      ))}
    </>
  )
}

const Sensors = ({ asked }: Shown) => (
  <>
    <SensorHealth />
    <SensorDays installation={asked} />
  </>
)

const VIEWS = {
  power: { name: 'Power', shown: Powers },
  sensors: { name: 'Sensors', shown: Sensors },
  members: { name: 'Made of', shown: MadeOf }
} as const
type View = keyof typeof VIEWS

const viewOf = (text: string | null): View => (Object.keys(VIEWS) as View[]).find((each) => each === text) ?? 'power'

const ViewChoice = ({ view }: { view: View }) => (
  <fieldset class="choices views" aria-label="What of the homes">
    {(Object.keys(VIEWS) as View[]).map((each) => (
      <button key={each} type="button" aria-pressed={view === each} onClick={() => look({ view: each === 'power' ? null : each })}>
        {VIEWS[each].name}
      </button>
    ))}
  </fieldset>
)

const ALL = ''

const Choice = ({ all, view }: { all: readonly Home[]; view: View }) => {
  const { point: asked, params } = route.value
  const choose = (id: string) => {
    location.hash = hrefOf('homes', id === ALL ? undefined : id, undefined, { ...Object.fromEntries(params), from: null, to: null })
  }
  const together = view !== 'power' || fitTogether(all)
  return (
    <select
      class="field home-choice"
      aria-label="Installation"
      value={asked ?? (together ? ALL : all[0].id)}
      onChange={(event) => choose(event.currentTarget.value)}
    >
      {together && <option value={ALL}>All</option>}
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
