import './files.css'
import { useEffect, useState } from 'preact/hooks'
import { hrefOf } from '../route.js'
import { maySend } from './may.js'
import { dropped } from './pick.js'
import { enqueue } from './queue.js'

const holdsFiles = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes('Files') ?? false

/** The whole page takes files. Whoever may not send any sees nothing of it, and a dropped file then does not replace the page. */
export const DropTarget = () => {
  const [over, setOver] = useState(false)
  const may = maySend()
  useEffect(() => {
    const stop = new AbortController()
    const on = (name: 'dragenter' | 'dragover' | 'dragleave' | 'drop', then: (event: DragEvent) => void) =>
      document.addEventListener(name, (event) => holdsFiles(event) && then(event), { signal: stop.signal })
    on('dragenter', () => setOver(may))
    on('dragover', (event) => {
      event.preventDefault()
      if (event.dataTransfer) event.dataTransfer.dropEffect = may ? 'copy' : 'none'
    })
    on('dragleave', (event) => {
      // Leaving one thing for another inside the page has a target; leaving the page has none.
      if (event.relatedTarget === null) setOver(false)
    })
    on('drop', (event) => {
      event.preventDefault()
      setOver(false)
      if (!may || event.dataTransfer === null) return
      void dropped(event.dataTransfer).then(enqueue)
      location.hash = hrefOf('files')
    })
    return () => stop.abort()
  }, [may])
  if (!over) return null
  return (
    <div class="drop-overlay" data-testid="drop-overlay">
      <div>
        <strong>Drop to read</strong>
        <span>Files or whole folders. What was read before changes nothing.</span>
      </div>
    </div>
  )
}
