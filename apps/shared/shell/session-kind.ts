/** What somebody does inside a preview, and how they came. Pure. */

/**
 * `shell`: an interactive one. `exec`: one command. `attach`: what its container runs. `run`: a container of its own, of the same
 * image. `forward`: connections to ports of its stack. `files`: reading or writing files.
 */
export const sessionKinds = ['shell', 'exec', 'attach', 'run', 'forward', 'files'] as const
export type SessionKind = (typeof sessionKinds)[number]

export type SessionVia = 'ssh' | 'api' | 'page'

/** How a session ended. */
export type SessionEnd =
  /** Its command ended. */
  | { why: 'exited'; code: number }
  /** Its client closed it, or vanished. */
  | { why: 'closed' }
  | { why: 'idle' }
  /** Its preview was stopped, or its container ended. */
  | { why: 'stopped' }
  /** Lotan itself ended. */
  | { why: 'lotan-ended' }
  | { why: 'failed'; detail: string }

export const sessionEnds = ['exited', 'closed', 'idle', 'stopped', 'lotan-ended', 'failed'] as const satisfies SessionEnd['why'][] // prettier-ignore
