import type { PointInfo, RegisterInfo } from '../answers.js'
import { ago, moment, power, qualityText, registerName, shownByRegister } from '../format.js'
import { keyOf, newestOf, now, wattsNow } from '../live.js'
import { hrefOf } from '../route.js'
import { titleOf } from './points.js'

interface Props {
  point: PointInfo
  register: RegisterInfo
  registers: readonly RegisterInfo[]
}

/** What the meter is, what passes through it now, and how old that is. */
export const PointHeader = ({ point, register, registers }: Props) => (
  <header class="point-header">
    <a class="button quiet back" href={hrefOf('meters')}>
      ‹ All meters
    </a>
    <div class="what">
      <h1>{titleOf(point)}</h1>
      <p class="muted small">
        {point.name && <span class="mono">{point.id}</span>} {register.source} · {point.zone}
        {register.device && register.device !== point.id && (
          <>
            {' '}
            · device <span class="mono">{register.device.slice(0, 40)}</span>
          </>
        )}
      </p>
    </div>
    <Now point={point} register={register} />
    {registers.length > 1 && (
      <nav class="choices registers" aria-label="Registers">
        {registers.map((each) => (
          <RegisterChoice key={each.register} point={point.id} register={each} chosen={each.register === register.register} />
        ))}
      </nav>
    )}
  </header>
)

const RegisterChoice = ({ point, register, chosen }: { point: string; register: RegisterInfo; chosen: boolean }) => (
  <button
    type="button"
    aria-pressed={chosen}
    title={`${register.register} (${register.unit})`}
    onClick={() => {
      location.hash = hrefOf('meters', point, register.register)
    }}
  >
    {registerName(register.register)}
  </button>
)

const Now = ({ point, register }: Pick<Props, 'point' | 'register'>) => {
  const key = keyOf(point.id, register.register)
  const newest = newestOf(key).value
  const watts = wattsNow(key)
  const { latest } = register
  const end = Math.max(newest?.end ?? 0, latest ? Date.parse(latest.at) : 0)
  if (end === 0) return null
  const old = now.value - end
  const shown = watts !== null ? power(watts) : latest?.value ? shownByRegister(latest.value, register.unit) : { value: '–', unit: '' }
  return (
    <dl class="now-large" data-testid="now">
      <dt class="muted small">{watts !== null ? 'Power now' : register.kind === 'INTERVAL' ? 'Last interval' : 'Last reading'}</dt>
      <dd class="figure">
        {shown.value}
        <small>{shown.unit}</small>
      </dd>
      <dd class="muted small" title={moment(end, point.zone)}>
        {ago(old)}
        {newest !== null && watts !== null ? `, ${qualityText(newest.quality)}` : ''}
      </dd>
    </dl>
  )
}
