/** A pull request's hook as Gitea and Forgejo send it: services/webhook/deliver.go, modules/structs/hook.go. */
import { createHmac } from 'node:crypto'
import type { Hook, HookEvent, StandInChange } from '../forge.ts'
import { REPOSITORY_ID } from './shapes.ts'

const actions: Record<HookEvent, string> = {
  opened: 'opened',
  pushed: 'synchronized',
  edited: 'edited',
  closed: 'closed',
  merged: 'closed',
  reopened: 'reopened',
}

interface HookOptions {
  delivery: string
  secret: string | undefined
  isForgejo: boolean
  /** `owner/name` */
  repository: string
}

/** @param pull as the API has it */
export function giteaHook(event: HookEvent, change: StandInChange, pull: object, options: HookOptions): Hook {
  const { delivery, secret, isForgejo, repository } = options
  const [owner, name] = repository.split('/')
  const body = JSON.stringify({
    action: actions[event],
    number: change.number,
    ...(event === 'edited' && { changes: { title: { from: 'Before' } } }),
    pull_request: pull,
    requested_reviewer: null,
    repository: { id: REPOSITORY_ID, owner: { id: 1, login: owner }, name, full_name: repository, private: true },
    sender: { id: 901, login: change.author },
    commit_id: event === 'pushed' ? change.sha : '',
    review: null,
  })
  // Both send the names of the forges that they come from, too.
  const makers = [...(isForgejo ? ['forgejo'] : []), 'gitea', 'gogs']
  const type = event === 'pushed' ? 'pull_request_sync' : 'pull_request'
  const hmac = (algorithm: string) => (secret ? createHmac(algorithm, secret).update(body).digest('hex') : '')
  const headers = Object.fromEntries([
    ['content-type', 'application/json'],
    ...makers.flatMap((maker) => [
      [`x-${maker}-delivery`, delivery],
      [`x-${maker}-event`, 'pull_request'],
      [`x-${maker}-event-type`, type],
      [`x-${maker}-signature`, hmac('sha256')],
    ]),
    ['x-hub-signature', `sha1=${hmac('sha1')}`],
    ['x-hub-signature-256', `sha256=${hmac('sha256')}`],
    ['x-github-delivery', delivery],
    ['x-github-event', 'pull_request'],
    ['x-github-event-type', type],
  ]) as Record<string, string>
  return { headers, body }
}
