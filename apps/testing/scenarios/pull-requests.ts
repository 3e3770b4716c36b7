/** A pull request for each tag, at a GitHub that tells of it by hooks, and that is read besides. */
import type { HookEvent, StandInForge } from '../forges/forge.ts'
import { openGitHub } from '../forges/github.ts'
import type { Lotan } from '../harness/lotan.ts'
import { NAMELESS, splitId, type PreviewId } from '../../shared/preview/preview-id.ts'
import { request } from '../clients/http.ts'

const hookSecret = 'what the hooks are signed with'.replaceAll(' ', '-')
const token = 'of-the-forge-alone'

const done = {
  close: { act: ({ close }, number) => close(number), event: 'closed' },
  reopen: { act: ({ reopen }, number) => reopen(number), event: 'reopened' },
  commit: { act: ({ push }, number) => void push(number), event: 'pushed' },
} satisfies Record<string, { act: (github: StandInForge, number: number) => void; event: HookEvent }>
type What = keyof typeof done

export type PullRequests = Awaited<ReturnType<typeof openPullRequests>>

export async function openPullRequests(ids: readonly PreviewId[]) {
  const github = await openGitHub({ token, hookSecret })
  const names = [...new Set(ids.map((id) => splitId(id).repository))]
  // All repositories of images are built from the one at the forge. A branch is named as the tag that is built from it.
  const tags = [...new Set(ids.map((id) => splitId(id).tag))]
  const numbers = new Map(tags.map((branch) => [branch, github.openChange({ branch }).number]))

  return {
    github,

    settings: {
      LOTAN_FORGE: 'github',
      LOTAN_FORGE_API: github.api,
      LOTAN_FORGE_REPOSITORY: names
        .map((name) => (name === NAMELESS ? github.repository : `${name}=${github.repository}`))
        .join(' '),
      LOTAN_FORGE_TOKEN: token,
      LOTAN_FORGE_TAG: '{branch}',
      LOTAN_FORGE_FORKS: 'open',
      LOTAN_FORGE_INTERVAL_MINUTES: '0.1',
      LOTAN_CLOSED_MINUTES: '0.2',
      LOTAN_HOOK_SECRET: hookSecret,
    },

    /** As people do it there. @param isTold false where the hook is lost @throws where Lotan does not take the hook */
    async tell(lotan: Lotan, what: What, id: PreviewId, isTold = true): Promise<void> {
      const number = numbers.get(splitId(id).tag)!
      const { act, event } = done[what]
      act(github, number)
      if (!isTold) return
      const { headers, body } = github.hook(event, number)
      const host = `${lotan.domain}:${lotan.port}`
      const { status } = await request(lotan.port, { host, method: 'POST', path: '/hooks/forge', headers, body })
      if (status !== 202) throw new Error(`POST /hooks/forge: ${status}`)
    },

    /** What its own description knows otherwise, and more than one comment of Lotan. */
    faults(): string[] {
      const twice = [...numbers.values()].flatMap((number) => {
        const marks = github.comments(number).map(({ text }) => text.split('\n')[0]!)
        return marks.filter((mark, i) => marks.indexOf(mark) < i).map((mark) => `#${number} has ${mark} twice`)
      })
      return [...github.violations, ...twice]
    },

    close: () => github.stop(),
  }
}
