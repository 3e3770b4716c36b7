import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toldByGitea } from './gitea.ts'
import { toldByGitlab } from './gitlab.ts'

const sha = 'da1560886d4f094c3e6c9ef40349f7d38b5d27d7'

/** After the sample at docs.gitlab.com/user/project/integrations/webhook_events/#merge-request-events. */
const merge = {
  object_kind: 'merge_request',
  event_type: 'merge_request',
  user: { id: 51, name: 'Administrator', username: 'root' },
  project: { id: 1, path_with_namespace: 'gitlabhq/gitlab-test' },
  object_attributes: {
    id: 99,
    iid: 7,
    author_id: 51,
    target_branch: 'master',
    source_branch: 'ms-viewport',
    source_project_id: 14,
    target_project_id: 14,
    title: 'MS-Viewport',
    state: 'opened',
    merge_commit_sha: null,
    url: 'http://example.com/diaspora/merge_requests/1',
    updated_at: '2017-09-15 16:52:00 UTC',
    last_commit: { id: sha },
  },
}

test('a merge request of GitLab is told with its facts', () => {
  assert.deepEqual(toldByGitlab(merge), {
    path: 'gitlabhq/gitlab-test',
    number: 7,
    change: {
      number: 7,
      title: 'MS-Viewport',
      author: 'root',
      branch: 'ms-viewport',
      base: 'master',
      sha,
      fork: false,
      state: 'open',
      url: 'http://example.com/diaspora/merge_requests/1',
      updated: Date.UTC(2017, 8, 15, 16, 52),
    },
  })
  const but = (attributes: object) =>
    toldByGitlab({ ...merge, object_attributes: { ...merge.object_attributes, ...attributes } })!.change!
  assert.equal(but({ source_project_id: 15 }).fork, true)
  assert.equal(but({ author_id: 52 }).author, null)
  assert.deepEqual(
    ['opened', 'locked', 'closed', 'merged'].map((state) => but({ state }).state),
    ['open', 'open', 'closed', 'merged'],
  )
})

test('a push at GitLab leads to a look at all, a comment to none', () => {
  const { project } = merge
  assert.deepEqual(toldByGitlab({ object_kind: 'push', project }), { path: 'gitlabhq/gitlab-test', number: null, change: null }) // prettier-ignore
  assert.equal(toldByGitlab({ object_kind: 'note', project }), undefined)
  assert.equal(toldByGitlab({ object_kind: 'push' }), undefined)
})

/** As `PullRequestPayload` in Gitea's modules/structs/hook.go has it. */
const pull = {
  action: 'synchronized',
  number: 3,
  pull_request: {
    number: 3,
    user: { login: 'mina' },
    title: 'Blue',
    html_url: 'https://git.example.com/team/app/pulls/3',
    state: 'open',
    merged: false,
    merge_commit_sha: null,
    base: { ref: 'main', repo_id: 5, repo: { id: 5 } },
    head: { ref: 'blue', sha, repo_id: 6, repo: { id: 6 } },
    updated_at: '2026-03-01T10:00:00+01:00',
  },
  repository: { full_name: 'team/app' },
}

test('a pull request of Gitea is told with its facts', () => {
  const told = toldByGitea('pull_request_sync', pull)
  assert.deepEqual(told, {
    path: 'team/app',
    number: 3,
    change: {
      number: 3,
      title: 'Blue',
      author: 'mina',
      branch: 'blue',
      base: 'main',
      sha,
      fork: true,
      state: 'open',
      url: 'https://git.example.com/team/app/pulls/3',
      updated: Date.UTC(2026, 2, 1, 9),
    },
  })
  const merged = {
    ...pull.pull_request,
    state: 'closed',
    merged: true,
    head: { ...pull.pull_request.head, repo_id: 5 },
  }
  const { state, fork } = toldByGitea('pull_request', { ...pull, pull_request: merged })!.change!
  assert.deepEqual([state, fork], ['merged', false])
})

test('a pull request that was pushed to refs/for/main at Gitea is a fork’s: everybody who may read can do that', () => {
  const head = { label: '', ref: 'refs/pull/3/head', sha, repo_id: 5, repo: { id: 5 } }
  const told = toldByGitea('pull_request', { ...pull, pull_request: { ...pull.pull_request, head } })
  assert.equal(told?.change?.fork, true)
})

test('a review or a comment at Gitea leads to no look, a push to a branch to one at all', () => {
  assert.equal(toldByGitea('pull_request_comment', pull), undefined)
  assert.equal(toldByGitea('pull_request_review_approved', pull), undefined)
  const { repository } = pull
  assert.equal(toldByGitea('push', { ref: 'refs/heads/main', repository })!.number, null)
  assert.equal(toldByGitea('push', { ref: 'refs/tags/v1', repository }), undefined)
})
