/** A terminal whose keys all go to the other end. It is as before when this process ends, however that is. */

/** @returns gives the terminal back */
export function makeRaw(terminal: NodeJS.ReadStream): () => void {
  terminal.setRawMode(true)
  const giveBack = () => {
    process.off('exit', giveBack)
    terminal.setRawMode(false)
  }
  // Also after an error that nothing catches. SIGTERM and SIGHUP lead to it, see session.ts.
  process.on('exit', giveBack)
  return giveBack
}

/** A terminal that does not tell its size has 0 columns. */
export function sizeOf(terminal: NodeJS.WriteStream): { columns: number; rows: number } {
  return { columns: terminal.columns || 80, rows: terminal.rows || 24 }
}
