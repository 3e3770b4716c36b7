/** `~.` at the begin of a line leaves a session, as in ssh; `~~` sends a `~`. Pure. */

const TILDE = 0x7e
const DOT = 0x2e
const isLineEnd = (byte: number) => byte === 0x0d || byte === 0x0a

type At = 'begin' | 'tilde' | 'within'

/** @returns what each piece of typed bytes means */
export function openEscape(): (typed: Buffer) => { send: Buffer; leaves: boolean } {
  let at: At = 'begin'
  return (typed) => {
    const send: number[] = []
    for (const byte of typed) {
      if (at === 'tilde' && byte === DOT) return { send: Buffer.from(send), leaves: true }
      if (at === 'begin' && byte === TILDE) {
        at = 'tilde'
        continue
      }
      // It was meant for the program, then.
      if (at === 'tilde' && byte !== TILDE) send.push(TILDE)
      send.push(byte)
      at = isLineEnd(byte) ? 'begin' : 'within'
    }
    return { send: Buffer.from(send), leaves: false }
  }
}
