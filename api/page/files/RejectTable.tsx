import type { RejectExample } from '../answers.js'

const shared = (lines: readonly RejectExample[], column: 'expected' | 'advice'): string | null =>
  lines.every((line) => line[column] === lines[0][column]) ? (lines[0]?.[column] ?? null) : null

/** Lines that could not be read. What is the same for all of them is said once, above. */
export const RejectTable = ({ lines }: { lines: readonly RejectExample[] }) => {
  const [expected, advice] = [shared(lines, 'expected'), shared(lines, 'advice')]
  const fields = lines.some(({ field }) => field !== '')
  return (
    <>
      <p class="small">
        {expected !== null && <>Expected: {expected}. </>}
        {advice !== null && <span class="advice">{advice}</span>}
      </p>
      <div class="scroll-x">
        <table class="table rejects small">
          <thead>
            <tr>
              <th class="num">Line</th>
              {fields && <th>Field</th>}
              {expected === null && <th>Expected</th>}
              <th>Found</th>
              {advice === null && <th>What to do</th>}
            </tr>
          </thead>
          <tbody>
            {lines.map((line) => (
              <tr key={`${line.line} ${line.field} ${line.found}`}>
                <td class="num">{line.line > 0 ? line.line : 'file'}</td>
                {fields && <td>{line.field}</td>}
                {expected === null && <td>{line.expected}</td>}
                <td class="found">
                  <code>{line.found || 'nothing'}</code>
                </td>
                {advice === null && <td>{line.advice}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  )
}
