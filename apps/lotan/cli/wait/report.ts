import { previewPath } from '../../../shared/api/paths.ts'
import { splitId, type PreviewId } from '../../../shared/preview/preview-id.ts'
import { filterSettingOf } from '../../../shared/repository.ts'
import { addressOf, type Api, type Refusal } from '../api.ts'
import { repositoryAdvice } from '../call.ts'
import { exit } from '../command.ts'
import type { Ended } from './ask.ts'
import { took } from './line.ts'
import { words, type Seen } from './seen.ts'

export interface Waiting {
  id: PreviewId
  api: Api
  seconds: number
  seen: Seen
  took: number
}

export function reportOf(ended: Ended, waiting: Waiting): { status: number; lines: string[] } {
  const { id, api, seconds, seen } = waiting
  switch (ended.end) {
    case 'running':
      return { status: exit.done, lines: [`${id} answers, after ${took(waiting.took)}`] }
    case 'refused':
      return refused(ended.problem, waiting)
    case 'away':
      return {
        status: exit.away,
        lines: [
          `no Lotan answers at ${api.base} (${addressOf(api)}): ${ended.why}`,
          'start it with npm start, or set LOTAN_API to where it is, and LOTAN_ADMIN_TOKEN',
        ],
      }
    case 'strange':
      return {
        status: exit.away,
        lines: [
          `${api.base} answers ${ended.status}, which is not what Lotan says`,
          ended.location
            ? `it leads to ${ended.location}: set LOTAN_API to the address there`
            : 'set LOTAN_API to the address of the admin page',
        ],
      }
    case 'other':
      return {
        status: exit.late,
        lines: [
          `${id} runs ${ended.digest ?? 'an image without a digest'}, and not yet ${ended.wanted}, after ${seconds} s`,
          `is that what was pushed as ${id}? docker push prints the digest; wait longer with --timeout SECONDS`,
        ],
      }
    case 'late': {
      const known = seen.stage === 'asking' && ended.state ? `it is ${ended.state}` : words(seen)
      const where = ended.trouble ? `${api.base} is in trouble: ${ended.trouble}` : known
      if (ended.state === 'running')
        return {
          status: exit.late,
          lines: [
            `${id} runs, but its newer image has not taken over yet, after ${seconds} s`,
            `wait longer with --timeout SECONDS, or look at ${pageOf(waiting)}`,
          ],
        }
      return {
        status: exit.late,
        lines: [
          `${id} does not answer yet, after ${seconds} s: ${where}`,
          seen.missing
            ? 'push it first, check its name, or wait longer with --timeout SECONDS'
            : `it goes on starting: wait longer with --timeout SECONDS, or look at ${pageOf(waiting)}`,
        ],
      }
    }
  }
}

function refused({ status, detail, advice }: Refusal, waiting: Waiting): { status: number; lines: string[] } {
  const { id, api } = waiting
  switch (status) {
    case 401:
      return {
        status: exit.token,
        lines: [
          `the Lotan at ${api.base} does not accept this admin token`,
          'set LOTAN_ADMIN_TOKEN to its own: where it runs, it is the file admin-token in its data directory',
        ],
      }
    case 403:
      return {
        status: exit.notOffered,
        lines: [
          detail,
          `choose a tag that it offers, or have ${filterSettingOf(splitId(id).repository)} changed where Lotan runs`,
        ],
      }
    case 404:
      return { status: exit.missing, lines: [detail, repositoryAdvice] }
    case 409:
      return { status: exit.stopped, lines: [detail, `to start it again: lotan wait ${id}`] }
    default:
      return {
        status: exit.failed,
        lines: [`${id} failed: ${detail}`, ...adviceOf(advice, pageOf(waiting))],
      }
  }
}

/** What to do, and where the engine's words and the output are. */
function adviceOf(told: unknown, page: string): string[] {
  const where = `the rest is on ${page}`
  if (typeof told !== 'string') return [where]
  const placed = told.replace('on the admin page', `on ${page}`)
  return placed === told ? [told, where] : [placed]
}

function pageOf({ api, id }: Waiting): string {
  return `${api.base}${previewPath(id)}`
}
