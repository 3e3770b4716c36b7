import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { pushesIn } from './payloads/pushes.ts'
import { previewsOf } from './pushed-previews.ts'

const listed = [
  { name: '', reference: 'registry.example.com:5000/team/app' },
  { name: 'api', reference: 'ghcr.io/team/api' },
  { name: 'hub', reference: 'team/app' },
  { name: 'ecr', reference: '123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop' },
  { name: 'official', reference: 'nginx' },
]
const meant = (payload: unknown, repositories = listed) =>
  pushesIn(payload).flatMap((push) => previewsOf(push, repositories))

/** https://distribution.github.io/distribution/about/notifications/ */
const envelope = (host: string, target: object, action = 'push') => ({
  events: [
    {
      id: '320678d8-ca14-430f-8bb6-4ca139cd83f7',
      timestamp: '2016-03-09T14:44:26.402973972-08:00',
      action,
      target: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: 'sha256:fea8', ...target },
      request: { id: '6df24a34', addr: '192.168.64.11:42961', host, method: 'PUT' },
    },
  ],
})

describe('a push is told in the words of', () => {
  const cases: Record<string, [payload: unknown, ids: string[]]> = {
    distribution: [envelope('registry.example.com:5000', { repository: 'team/app', tag: 'pr-7' }), ['pr-7']],
    'distribution: a part without a tag': [envelope('registry.example.com:5000', { repository: 'team/app' }), []],
    'distribution: a pull': [envelope('registry.example.com:5000', { repository: 'team/app', tag: 'a' }, 'pull'), []],
    'Docker Hub': [{ push_data: { tag: 'latest' }, repository: { repo_name: 'team/app' } }, ['hub/latest']],
    'Docker Hub: an official image': [
      { push_data: { tag: '1.27' }, repository: { repo_name: 'library/nginx' } },
      ['official/1.27'],
    ],
    GHCR: [
      {
        action: 'published',
        registry_package: {
          name: 'api',
          namespace: 'Team',
          owner: { login: 'Team' },
          package_type: 'CONTAINER',
          package_version: { container_metadata: { tag: { name: 'pr-7', digest: 'sha256:1' } } },
        },
      },
      ['api/pr-7'],
    ],
    Harbor: [
      {
        type: 'PUSH_ARTIFACT',
        event_data: {
          resources: [{ digest: 'sha256:8a9e', tag: 'pr-7', resource_url: 'registry.example.com:5000/team/app:pr-7' }],
          repository: { name: 'app', namespace: 'team', repo_full_name: 'team/app', repo_type: 'private' },
        },
      },
      ['pr-7'],
    ],
    'EventBridge for ECR': [
      {
        id: '13cde686-328b-6117-af20-0e5566167482',
        'detail-type': 'ECR Image Action',
        source: 'aws.ecr',
        account: '123456789012',
        region: 'eu-central-1',
        detail: { result: 'SUCCESS', 'repository-name': 'shop', 'action-type': 'PUSH', 'image-tag': 'pr-7' },
      },
      ['ecr/pr-7'],
    ],
    'EventBridge for ECR: a delete': [
      {
        'detail-type': 'ECR Image Action',
        detail: { result: 'SUCCESS', 'repository-name': 'shop', 'action-type': 'DELETE', 'image-tag': 'pr-7' },
      },
      [],
    ],
    'a job': [{ tag: 'pr-7' }, ['pr-7']],
    'a job, with Lotan’s name': [{ tag: 'pr-7', repository: 'api' }, ['api/pr-7']],
    'a job, with the reference': [{ tag: 'pr-7', repository: 'ghcr.io/team/api' }, ['api/pr-7']],
    'a signature’s tag': [{ tag: `sha256-${'a'.repeat(64)}.sig` }, []],
    'what is no tag': [{ tag: '../pr-7' }, []],
    nobody: [null, []],
  }
  for (const [name, [payload, ids]] of Object.entries(cases)) test(name, () => assert.deepEqual(meant(payload), ids))
})

test('a registry behind a proxy is known by its path, and all that have this path are meant', () => {
  assert.deepEqual(meant(envelope('10.0.0.7:5000', { repository: 'team/app', tag: 'pr-7' })), ['pr-7', 'hub/pr-7'])
  assert.deepEqual(meant(envelope('registry', { repository: 'team/api', tag: 'pr-7' })), ['api/pr-7'])
})

test('a repository that is not listed is none of ours', () => {
  assert.deepEqual(meant(envelope('registry.example.com:5000', { repository: 'other/app', tag: 'pr-7' })), [])
  assert.deepEqual(meant({ tag: 'pr-7', repository: 'nope' }), [])
})

test('one delivery names a hundred tags at most', () => {
  const { events } = envelope('h', { repository: 'team/api' })
  const many = Array.from({ length: 5_000 }, (_, n) => ({
    ...events[0],
    target: { repository: 'team/api', tag: `t${n}` },
  }))
  assert.equal(meant({ events: many }).length, 100)
})
