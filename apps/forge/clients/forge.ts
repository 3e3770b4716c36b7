/** What Lotan asks of a forge: GitHub, GitLab, and Gitea with Forgejo are one each. */
import type { Change } from '../../shared/forge/change.ts'

/** As the forge tells it, without the name that Lotan knows its repository by. */
export type ForgeChange = Omit<Change, 'repository'>

export type StatusState = 'pending' | 'success' | 'failure'

export interface Status {
  state: StatusState
  /** At most 140 characters. */
  description: string
  /** Where the status leads; null: nowhere. */
  url: string | null
}

/** Where a branch's image runs, in the forge's list of environments. */
export interface Deployment {
  sha: string
  /** Ends only what has this task: the environment is everybody's. */
  task: string
  description: string
}

export type DeploymentState = 'queued' | 'in_progress' | 'success' | 'failure' | 'inactive'

/** One client a repository. Every call may throw a ForgeError. */
export interface Forge {
  /** All that are open, of as many pages as there are. */
  openChanges: () => Promise<ForgeChange[]>
  /** Undefined where there is none of that number. */
  change: (number: number) => Promise<ForgeChange | undefined>
  /**
   * How many commits of the change are newer than the one an image shows: `Behind.commits`. Asks nothing where the
   * revision is the head itself.
   */
  commitsBehind: (change: Pick<ForgeChange, 'sha' | 'number'>, revision: string) => Promise<number | null>

  /** The id of the comment that begins with the mark, on whatever page; undefined where there is none. */
  findComment: (number: number, mark: string) => Promise<string | undefined>
  addComment: (number: number, text: string) => Promise<string>
  /** @returns false where a person has deleted it */
  editComment: (number: number, id: string, text: string) => Promise<boolean>

  setStatus: (sha: string, status: Status) => Promise<void>

  /** Undefined where the forge knows no deployments. */
  deployments?: {
    /** @returns its id */
    add: (deployment: Deployment) => Promise<string>
    setState: (id: string, state: DeploymentState, url: string | null) => Promise<void>
    /** Makes it inactive first. One that is gone already is no error. */
    remove: (id: string) => Promise<void>
    /** Ids of those of the task, so that one whose id was not kept is found again. */
    find: (task: string) => Promise<string[]>
  }
}

/**
 * `limited`: asked too often, `retryAt` says when again. `refused`: the token does not let it. `missing`: there is no such
 * repository, change or commit. `rejected`: the forge does not take what was sent. `down`: no answer, or a 5xx.
 */
export type ForgeErrorCode = 'limited' | 'refused' | 'missing' | 'rejected' | 'down'

export class ForgeError extends Error {
  readonly code: ForgeErrorCode
  /** Milliseconds since 1970. */
  readonly retryAt: number | undefined

  constructor(code: ForgeErrorCode, message: string, options: { retryAt?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.name = 'ForgeError'
    this.code = code
    this.retryAt = options.retryAt
  }
}
