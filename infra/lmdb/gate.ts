/** A place in the queue; `open` when its holder may go on. */
export interface Ticket {
  open: boolean
}

/** Lets a few in at a time, in the order they came. */
export class Gate {
  #inside = 0
  readonly #queue: { ticket: Ticket; opened: () => void }[] = []

  constructor(private readonly most: number) {}

  /** `opened` is called if the ticket opens later. Every ticket must be given back. */
  take(opened: () => void): Ticket {
    const ticket = { open: this.#inside < this.most }
    if (ticket.open) this.#inside++
    else this.#queue.push({ ticket, opened })
    return ticket
  }

  giveBack(ticket: Ticket): void {
    const place = this.#queue.findIndex((entry) => entry.ticket === ticket)
    if (place >= 0) this.#queue.splice(place, 1)
    if (!ticket.open) return
    ticket.open = false
    const next = this.#queue.shift()
    if (!next) this.#inside--
    else {
      next.ticket.open = true
      next.opened()
    }
  }
}
