// What the page says of its session. Pure.

/** @param idle minutes after which a session without a byte is ended */
export function endWords(end, { idle, preview }) {
  switch (end.why) {
    case 'exited':
      return end.code === 0 ? 'The shell has ended.' : `The shell has ended, with exit code ${end.code}.`
    case 'idle':
      return `Nothing was typed or written for ${idle}, so the session was ended.`
    case 'stopped':
      return `${preview} was stopped, or its container ended, and the shell with it.`
    case 'lotan-ended':
      return 'Lotan itself was stopped or restarted, and the shell with it.'
    case 'failed':
      return `The session failed: ${end.detail}`
    default:
      return 'The session was closed.'
  }
}

/** A connection that broke. @param in and left seconds; left: how long the shell is kept still, null before it began */
export function brokenWords({ again, left }) {
  const next = again > 0 ? `Trying again in ${again} s.` : 'Trying again now.'
  if (left === null) return `Lotan does not answer. ${next}`
  return `The connection is lost. ${next} The shell goes on, and is kept for ${left} s.`
}

// Nobody came back within 30 s, or Lotan was restarted.
export const lostWords = 'The connection was lost, and the shell has ended meanwhile. What it wrote stays here.'
