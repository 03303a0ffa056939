import type { Scene } from './scene.js'
import { barText } from './words.js'

const MOST_ROWS = 500

/** The bars as a table: the same figures for those who read rather than look. */
export const SlotTable = ({ scene, unit, zone, explain }: { scene: Scene; unit: string; zone: string; explain(start: number): void }) => (
  <div class="scroll-x slot-table">
    <table class="table small">
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col" class="num">
            Energy
          </th>
          <th scope="col" class="num">
            Mean power
          </th>
          <th scope="col">Data</th>
        </tr>
      </thead>
      <tbody>
        {scene.bars.slice(0, MOST_ROWS).map((bar, i) => {
          const text = barText(bar, scene.states[i], unit, zone, scene.now)
          return (
            <tr key={bar.start}>
              <td>
                <button type="button" class="as-link" onClick={() => explain(bar.start)} title="Explain this figure">
                  {text.when}
                </button>
              </td>
              <td class="num">{text.amount}</td>
              <td class="num">{text.power ?? '–'}</td>
              <td>{text.state}</td>
            </tr>
          )
        })}
      </tbody>
    </table>
    {scene.bars.length > MOST_ROWS && (
      <p class="muted small">
        The first {MOST_ROWS} of {scene.bars.length.toLocaleString('en')} rows; the CSV has all of them.
      </p>
    )}
  </div>
)
