import { AlertMark } from '../alerts/Alerts.js'
import { alarmed } from '../alerts/told.js'
import type { PointInfo, RegisterInfo } from '../answers.js'
import { ago, isEnergy, power, registerName, shownByRegister } from '../format.js'
import { keyOf, newestOf, now, wattsNow } from '../live.js'
import { registersOf, titleOf } from './points.js'
import { Spark } from './Spark.js'

/** A meter in the list: what passes now, and how old that is. */
export const PointCard = ({ point }: { point: PointInfo }) => {
  const energy = registersOf(point).filter(({ unit }) => isEnergy(unit))
  const [main] = energy.length > 0 ? energy : registersOf(point)
  const alarms = alarmed.value.get(point.id) ?? 0
  return (
    <>
      <span class="name">
        {alarms > 0 && <AlertMark count={alarms} />} {titleOf(point)}
      </span>
      {main && (
        <>
          <Now point={point.id} register={main} />
          {energy[1]?.register.startsWith('2.8.0') && <Exporting point={point.id} register={energy[1]} />}
          <Spark series={keyOf(point.id, main.register)} />
          <Age point={point.id} registers={point.registers} />
        </>
      )}
    </>
  )
}

const Now = ({ point, register }: { point: string; register: RegisterInfo }) => {
  const watts = wattsNow(keyOf(point, register.register))
  if (watts !== null) {
    const { value, unit } = power(watts)
    return (
      <span class="figure now" data-testid={`power ${point}`}>
        {value}
        <small>{unit}</small>
      </span>
    )
  }
  const { latest } = register
  if (!latest?.value) return null
  const { value, unit } = shownByRegister(latest.value, register.unit)
  return (
    <span class="figure now past">
      {value}
      <small>{unit}</small>
    </span>
  )
}

const Exporting = ({ point, register }: { point: string; register: RegisterInfo }) => {
  const watts = wattsNow(keyOf(point, register.register))
  if (watts === null || watts < 0.5) return null
  const { value, unit } = power(watts)
  return (
    <span class="exporting" title={registerName(register.register)}>
      {value} {unit} out
    </span>
  )
}

const Age = ({ point, registers }: { point: string; registers: readonly RegisterInfo[] }) => {
  const heard = registers.map(({ register, last }) =>
    Math.max(newestOf(keyOf(point, register)).value?.end ?? 0, last === null ? 0 : Date.parse(last))
  )
  const last = Math.max(0, ...heard)
  return last === 0 ? null : <span class="age">{ago(now.value - last)}</span>
}
