import type { State } from './bars.js'
import type { Scene } from './scene.js'

const NAMES: [State, string][] = [
  ['estimated', 'Estimated, wholly or in part'],
  ['partial', 'Partly covered: at least this much'],
  ['unknown', 'Amount unknown']
]

/** Only what is there needs an explanation. */
export const Legend = ({ scene }: { scene: Scene }) => {
  const there = new Set(scene.states)
  const shown = NAMES.filter(([state]) => there.has(state))
  const gaps = scene.gaps.length > 0 || there.has('none')
  if (shown.length === 0 && !gaps) return null
  return (
    <ul class="legend small muted">
      {shown.map(([state, name]) => (
        <li key={state}>
          <i class={`swatch ${state}`} />
          {name}
        </li>
      ))}
      {gaps && (
        <li>
          <i class="swatch none" />
          No data
        </li>
      )}
    </ul>
  )
}
