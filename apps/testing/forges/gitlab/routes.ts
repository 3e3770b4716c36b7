/** What GitLab does when it is asked, below a project. */
import type { StandInStatus } from '../forge.ts'
import { fieldsOf } from '../parameters.ts'
import { pageOf, type Answer, type Asked } from '../server.ts'
import type { ForgeState } from '../state.ts'
import { OWN, PROJECT_ID, type Shapes } from './shapes.ts'

export const found = (body: unknown, status = 200): Answer => ({ status, body })
export const refused = (status: number, message: unknown): Answer => ({ status, body: { message } })
export const notFound = (what = '') => refused(404, what === '' ? '404 Not found' : `404 ${what} Not Found`)
export const invalid = (error: string): Answer => ({ status: 400, body: { error } })

interface Place {
  origin: string
  repository: string
  mostPerPage: number
}

/** Undefined where there is no such route. */
export function projectRoutes(state: ForgeState, shapes: Shapes, { origin, repository, mostPerPage }: Place) {
  const { commits } = state

  return function answer(asked: Asked, path: readonly string[]): Answer | undefined {
    const [what, which = '', part, partId] = path
    const isRead = asked.method === 'GET'
    if (what === undefined) return isRead ? found({ id: PROJECT_ID, path_with_namespace: repository }) : undefined
    if (what === 'merge_requests' && which === '') return isRead ? list(asked) : undefined
    if (what === 'merge_requests') return ofMergeRequest(asked, which, part, partId)
    if (what === 'repository' && isRead) return ofRepository(asked, which, part)
    return what === 'statuses' && asked.method === 'POST' ? setStatus(asked, which) : undefined
  }

  function paged(asked: Asked, items: readonly unknown[]): Answer {
    const page = pageOf(items, asked, origin, mostPerPage)
    const last = Math.max(1, Math.ceil(items.length / page.size))
    const headers = {
      ...page.headers,
      'X-Page': String(page.number),
      'X-Next-Page': page.number < last ? String(page.number + 1) : '',
      'X-Per-Page': String(page.size),
      'X-Total': String(items.length),
      'X-Total-Pages': String(last),
    }
    return { status: 200, body: page.items, headers }
  }

  function list(asked: Asked): Answer {
    const wanted = asked.query.get('state') ?? 'all'
    const all = state.changes().filter((change) => wanted === 'all' || shapes.stateOf(change) === wanted)
    if (asked.query.get('sort') === 'asc') all.reverse()
    return paged(
      asked,
      all.map((change) => shapes.mergeRequest(change)),
    )
  }

  function ofMergeRequest(
    asked: Asked,
    iid: string,
    part: string | undefined,
    id: string | undefined,
  ): Answer | undefined {
    if (!/^\d+$/.test(iid)) return invalid('merge_request_iid is invalid')
    const change = state.find(Number(iid))
    if (!change) return notFound(part === undefined ? '' : 'Noteable')
    if (part === undefined) return asked.method === 'GET' ? found(shapes.mergeRequest(change, true)) : undefined
    return part === 'notes' ? notes(asked, change.number, id) : undefined
  }

  function notes(asked: Asked, number: number, id: string | undefined): Answer | undefined {
    const kept = state.comments(number)
    if (asked.method === 'GET' && id === undefined) {
      const isAll = asked.query.get('activity_filter') !== 'only_comments'
      const shown = kept.filter((note) => isAll || note.author !== '')
      const sorted = asked.query.get('sort') === 'asc' ? shown : shown.toReversed()
      return paged(
        asked,
        sorted.map((note) => shapes.note(number, note)),
      )
    }
    const { body } = fieldsOf(asked.body)
    if (typeof body !== 'string' || body === '') return invalid('body is missing')
    if (asked.method === 'POST' && id === undefined)
      return found(shapes.note(number, state.addComment(number, body, OWN)), 201)
    if (asked.method !== 'PUT' || id === undefined) return undefined
    const note = kept.find((one) => one.id === id)
    if (!note) return notFound()
    if (note.author !== OWN) return refused(403, '403 Forbidden')
    return found(shapes.note(number, Object.assign(note, { text: body, updated: state.moment() })))
  }

  function ofRepository({ query }: Asked, what: string, which = ''): Answer | undefined {
    if (what === 'commits') {
      const sha = commits.find(which)
      return sha === undefined ? notFound('Commit') : found(shapes.commit(sha))
    }
    const refs = what === 'merge_base' ? query.getAll('refs[]') : [query.get('from') ?? '', query.get('to') ?? '']
    const [one, other] = refs.map((ref) => commits.find(ref))
    if (what === 'merge_base') {
      if (one === undefined || other === undefined) return refused(400, `Could not find refs: ${refs.join(', ')}`)
      const base = commits.mergeBase(one, other)
      return base === undefined ? notFound('Merge Base') : found(shapes.commit(base))
    }
    if (what !== 'compare') return undefined
    if (one === undefined || other === undefined) return notFound('Ref')
    const newer = commits.beyond(other, one).reverse().map(shapes.commit)
    return found({ commit: newer.at(-1) ?? null, commits: newer, diffs: [], compare_timeout: false, compare_same_ref: one === other }) // prettier-ignore
  }

  /** As Ci::CreateCommitStatusService does it. */
  function setStatus({ body }: Asked, given: string): Answer {
    const { state: is, description = null, target_url: url = null, name = 'default' } = fieldsOf(body) as Given
    if (!['pending', 'running', 'success', 'failed', 'canceled', 'skipped'].includes(is ?? ''))
      return invalid('state does not have a valid value')
    const sha = commits.find(given)
    if (sha === undefined) return notFound('Commit')
    const change = state.changes().find((one) => commits.beyond(one.sha, state.headOf(one.base)).includes(sha))
    // A fork's commit is in no branch of this project.
    if (change?.fork) return notFound('References for commit')
    if ((url ?? '').length > 255) return refused(400, { target_url: ['is too long (maximum is 255 characters)'] })
    if ((description ?? '').length > 255)
      return refused(400, { description: ['is too long (maximum is 255 characters)'] })
    const ofName = (state.statuses.get(sha) ?? []).filter((one) => one.context === name)
    const open = ofName.findLast((one) => ['pending', 'running'].includes(one.state))
    if (open?.state === is) {
      const event = is === 'pending' ? 'enqueue' : 'run'
      return refused(
        400,
        `Cannot transition status via :${event} from :${is} (Reason(s): Status cannot transition via "${event}")`,
      )
    }
    const status: StandInStatus = { state: is!, description, url, context: name }
    if (open) Object.assign(open, status)
    else state.addStatus(sha, status)
    return found({ id: Number(state.nextId()), sha, status: is, name, target_url: url, description }, 201)
  }
}

interface Given {
  state?: string
  description?: string | null
  target_url?: string | null
  name?: string
}
