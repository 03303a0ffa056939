import './points.css'
import { Curve } from '../chart/Curve.js'
import { LiveOthers } from '../compare/LiveOthers.js'
import { hrefOf, route } from '../route.js'
import { PointHeader } from './PointHeader.js'
import { PointList } from './PointList.js'
import { isLive, points, pointsProblem, registersOf } from './points.js'

/** The meters on one side, the chosen one on the other; on a phone one after the other. */
export const Meters = () => {
  const all = points.value
  if (all === null) return <p class="empty loading">{pointsProblem.value ?? 'Reading the meters …'}</p>
  if (all.length === 0)
    return (
      <section class="empty">
        <h2>No meter yet</h2>
        <p>
          Drop files of your meters anywhere on this page, or see <a href={hrefOf('files')}>Files</a>.
        </p>
      </section>
    )
  const asked = route.value.point
  const chosen = all.find(({ id }) => id === asked)
  const shown = chosen ?? (asked === null ? (all.find(isLive) ?? all[0]) : null)
  return (
    <div class={`meters-layout ${asked === null ? 'choosing' : 'reading'}`}>
      <PointList all={all} chosen={shown?.id ?? null} />
      <section class="meter">
        {shown === null ? (
          <p class="empty">There is no meter “{asked}” here, or it is not open to you.</p>
        ) : (
          <Meter key={shown.id} point={shown} />
        )}
      </section>
    </div>
  )
}

const Meter = ({ point }: { point: NonNullable<typeof points.value>[number] }) => {
  const registers = registersOf(point)
  const register = registers.find((each) => each.register === route.value.register) ?? registers[0]
  if (!register) return <p class="empty">Nothing has been read of this meter yet.</p>
  return (
    <>
      <PointHeader point={point} register={register} registers={registers} />
      <LiveOthers point={point.id} register={register.register} unit={register.unit} zone={point.zone} />
      <Curve key={register.register} point={point} register={register.register} />
    </>
  )
}
