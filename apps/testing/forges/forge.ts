/** A forge that tests run against over HTTP: what its stand-ins have in common, whichever API they speak. */
import type { Trouble } from './troubles.ts'

export interface StandInOptions {
  /** The only one that is let in. */
  token: string
  /** What hooks are signed with; without it they are not. */
  hookSecret?: string
  /** `owner/name` */
  repository?: string
  /** Listed at most on one page, whatever is asked for. */
  mostPerPage?: number
}

export interface StandInForge {
  /** For LOTAN_FORGE_API. */
  api: string
  /** For LOTAN_FORGE_REPOSITORY: `owner/name` */
  repository: string

  /** What is left out is made up: the next number, a branch of its own, a commit of its own on top of the base. */
  openChange: (change?: NewChange) => StandInChange
  change: (number: number) => StandInChange
  /** @returns the new head, on top of the one before */
  push: (number: number, sha?: string) => string
  /** @returns the new head: the branch begins again at its base */
  forcePush: (number: number, sha?: string) => string
  /** @returns the commit that tests base and head together: its second parent is the head as it is now */
  testMerge: (number: number) => string
  merge: (number: number) => void
  close: (number: number) => void
  reopen: (number: number) => void

  /** The oldest first. */
  comments: (number: number) => StandInComment[]
  /** A person's. @returns its id */
  addComment: (number: number, text: string, author?: string) => string
  /** By a person's hand. */
  deleteComment: (number: number, id: string) => void
  /** Of a commit, the newest last. */
  statuses: (sha: string) => StandInStatus[]
  deployments: () => StandInDeployment[]

  /** Each request that has changed something, or would have. */
  writes: readonly AskedOf[]
  /** All of them, those that were refused too. */
  asked: readonly AskedOf[]
  /** What the forge's own description knows otherwise, of requests and of answers. Tests assert that it stays empty. */
  violations: readonly string[]
  /** What the token is let do: `pull_requests: 'read'`, by the forge's own names. Tests take a right away here. */
  rights: Record<string, 'read' | 'write' | undefined>

  /** Answers so from now on; null: as it should. */
  trouble: (trouble: Trouble | null) => void
  /** Connections are refused from now on. */
  goAway: () => Promise<void>
  /** At the same address, with all that it had. */
  comeBack: () => Promise<void>

  /** As the forge would send it, about the change as it is now. @param delivery its id, for one that is sent again */
  hook: (event: HookEvent, number: number, options?: { delivery?: string; secret?: string }) => Hook
  stop: () => Promise<void>
}

export type HookEvent = 'opened' | 'pushed' | 'edited' | 'closed' | 'merged' | 'reopened'

export interface Hook {
  headers: Record<string, string>
  body: string
}

export interface NewChange {
  number?: number
  title?: string
  author?: string
  branch?: string
  base?: string
  sha?: string
  /** `deleted`: a fork whose repository is gone. */
  fork?: boolean | 'deleted'
}

export interface StandInChange {
  number: number
  title: string
  author: string
  branch: string
  base: string
  sha: string
  fork: boolean | 'deleted'
  state: 'open' | 'closed' | 'merged'
  /** The last test merge, or the merge commit. */
  mergeSha: string | null
  /** Milliseconds since 1970. */
  created: number
  updated: number
}

export interface StandInComment {
  id: string
  author: string
  text: string
  created: number
  updated: number
}

export interface StandInStatus {
  state: string
  description: string | null
  url: string | null
  context: string
}

export interface StandInDeployment {
  id: string
  sha: string
  task: string
  environment: string
  description: string | null
  /** As it was sent, for what the forge has its own names for. */
  sent: Record<string, unknown>
  /** The oldest first. */
  states: { state: string; url: string | null; sent: Record<string, unknown> }[]
}

export interface AskedOf {
  method: string
  /** With the query. */
  path: string
  body: unknown
  /** Milliseconds since 1970. */
  at: number
  /** The answer's; 0: it was given none. */
  status: number
}

/** Sends it to where Lotan hears hooks. */
export async function deliver(to: string | URL, { headers, body }: Hook): Promise<{ status: number; body: string }> {
  const response = await fetch(to, { method: 'POST', headers, body })
  return { status: response.status, body: await response.text() }
}
