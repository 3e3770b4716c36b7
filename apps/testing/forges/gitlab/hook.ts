/** A merge request's hook as GitLab sends it: WebHookService, Gitlab::HookData::MergeRequestBuilder. */
import { randomUUID } from 'node:crypto'
import type { Hook, HookEvent, StandInChange } from '../forge.ts'
import { PROJECT_ID, sourceOf } from './shapes.ts'

const actions: Record<HookEvent, string> = {
  opened: 'open',
  pushed: 'update',
  edited: 'update',
  closed: 'close',
  merged: 'merge',
  reopened: 'reopen',
}

interface HookOptions {
  delivery: string
  secret: string | undefined
  origin: string
  /** `group/name` */
  repository: string
}

export function gitlabHook(
  event: HookEvent,
  change: StandInChange,
  { delivery, secret, origin, repository }: HookOptions,
): Hook {
  const web = `${origin}/${repository}`
  const projectFields = {
    id: PROJECT_ID,
    name: repository.split('/').at(-1),
    description: null,
    web_url: web,
    git_http_url: `${web}.git`,
    namespace: repository.split('/')[0],
    visibility_level: 0,
    path_with_namespace: repository,
    default_branch: 'main',
  }
  const user = { id: 901, name: change.author, username: change.author, avatar_url: null, email: '[REDACTED]' }
  const body = {
    object_kind: 'merge_request',
    event_type: 'merge_request',
    user,
    project: projectFields,
    repository: { name: projectFields.name, url: projectFields.git_http_url, description: null, homepage: web },
    object_attributes: {
      id: 70_000 + change.number,
      iid: change.number,
      title: change.title,
      description: null,
      state: change.state === 'open' ? 'opened' : change.state,
      action: actions[event],
      // Only where its commits have changed.
      ...(event === 'pushed' && { oldrev: '0'.repeat(40) }),
      source_branch: change.branch,
      target_branch: change.base,
      source_project_id: sourceOf(change),
      target_project_id: PROJECT_ID,
      source: change.fork === 'deleted' ? null : projectFields,
      target: projectFields,
      last_commit: { id: change.sha, message: 'A commit', timestamp: new Date(change.updated).toISOString() },
      merge_commit_sha: change.state === 'merged' ? change.mergeSha : null,
      author_id: user.id,
      created_at: new Date(change.created).toISOString(),
      updated_at: new Date(change.updated).toISOString(),
      url: `${web}/-/merge_requests/${change.number}`,
      work_in_progress: false,
    },
    labels: [],
    changes: event === 'edited' ? { title: { previous: 'Before', current: change.title } } : {},
  }
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'GitLab/18.6.0',
    // The one of these that stays where GitLab tries again.
    'idempotency-key': delivery,
    'x-gitlab-event': 'Merge Request Hook',
    'x-gitlab-webhook-uuid': randomUUID(),
    'x-gitlab-event-uuid': randomUUID(),
    'x-gitlab-instance': origin,
    ...(secret !== undefined && { 'x-gitlab-token': secret }),
  }
  return { headers, body: JSON.stringify(body) }
}
