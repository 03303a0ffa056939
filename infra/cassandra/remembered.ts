/** What this process has already written, so that it is not written again; forgotten as a whole when it grows. */
export class Remembered<Value> {
  #values = new Map<string, Value>()

  constructor(private readonly most = 200_000) {}

  get(name: string): Value | undefined {
    return this.#values.get(name)
  }

  set(name: string, value: Value): void {
    if (this.#values.size >= this.most) this.#values = new Map()
    this.#values.set(name, value)
  }

  delete(name: string): void {
    this.#values.delete(name)
  }
}
