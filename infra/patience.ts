const PATIENCE_MS = 2_000

/**
 * Asks something that may take long, or for ever, to answer: null when it has answered, otherwise why it has not, within 2 s. While a
 * question is open no other is put, so that asking often costs nothing.
 */
export const patience = (name: string, ask: () => Promise<unknown>): (() => Promise<string | null>) => {
  let open: Promise<string | null> | null = null
  return async () => {
    open ??= ask()
      .then(
        () => null,
        (error: Error) => error.message
      )
      .finally(() => {
        open = null
      })
    let timer: NodeJS.Timeout | undefined
    const silence = new Promise<string>((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MS, `${name} has not answered for ${PATIENCE_MS / 1000} s.`)
    })
    const said = await Promise.race([open, silence])
    clearTimeout(timer)
    return said
  }
}
