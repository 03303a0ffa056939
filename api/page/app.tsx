import './app.css'
import { useEffect } from 'preact/hooks'
import { Alerts } from './alerts/Alerts.js'
import { followAlerts } from './alerts/told.js'
import { Changes } from './changes/Changes.js'
import { Rules } from './compare/Rules.js'
import { DropTarget } from './files/DropTarget.js'
import { Files } from './files/Files.js'
import { Gaps } from './gaps/Gaps.js'
import { Homes } from './homes/Homes.js'
import { homes, loadHomes } from './homes/homes.js'
import { follow } from './live.js'
import { Meters } from './points/Meters.js'
import { loadPoints, points } from './points/points.js'
import { hrefOf, type Page, route } from './route.js'
import { session, sessionProblem, signOut } from './session.js'
import { SignIn } from './signin/SignIn.js'
import { Status } from './status.js'

const TITLES: Record<Page, string> = {
  meters: 'Meters',
  homes: 'Homes',
  alerts: 'Alerts',
  gaps: 'Gaps',
  changes: 'Changes',
  files: 'Files',
  rules: 'Rules'
}
const SHOWN: Record<Page, () => preact.JSX.Element | null> = {
  meters: Meters,
  homes: Homes,
  alerts: Alerts,
  gaps: Gaps,
  changes: Changes,
  files: Files,
  rules: Rules
}

export const App = () => {
  if (session.value === undefined) return <Opening />
  return session.value === null ? <SignIn /> : <Shell />
}

const Opening = () => (
  <main class="opening loading" aria-busy="true">
    {sessionProblem.value !== null && <p class="muted">{sessionProblem.value}</p>}
  </main>
)

const Shell = () => {
  useEffect(() => {
    let client: ReturnType<typeof follow> | null = null
    void loadPoints().finally(() => {
      client = follow(points.value?.length ?? 0)
    })
    const leave = followAlerts()
    void loadHomes()
    return () => {
      client?.close()
      leave()
    }
  }, [])
  const { page } = route.value
  const Shown = SHOWN[page]
  // Who has no installation, and may enter none, needs no tab for them.
  const hasHomes = session.value?.role === 'admin' || (homes.value?.length ?? 0) > 0
  const tabs = (Object.keys(TITLES) as Page[]).filter((each) => each !== 'homes' || hasHomes)
  useEffect(() => {
    document.title = `${TITLES[page]} · Wattledger`
  }, [page])
  return (
    <>
      <header class="bar">
        <a class="brand" href={hrefOf('meters')}>
          <img src="/favicon.svg" alt="" width="26" height="26" />
          <span>Wattledger</span>
        </a>
        {session.value?.demo && (
          <span class="tag warn demo">
            Demo<span>: a made-up street</span>
          </span>
        )}
        <nav class="tabs" aria-label="Pages">
          {tabs.map((each) => (
            <a key={each} href={hrefOf(each)} aria-current={each === page ? 'page' : undefined}>
              {TITLES[each]}
            </a>
          ))}
        </nav>
        <Status />
        <button type="button" class="button quiet sign-out" onClick={() => void signOut()} title={`Signed in as ${session.value?.name}`}>
          Sign out
        </button>
      </header>
      <main class={`page ${page}`}>
        <Shown />
      </main>
      <DropTarget />
    </>
  )
}
