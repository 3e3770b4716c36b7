/** Which tags a registry says were pushed, in the words of each. Pure. */
import { isArtifact, isTag, type Tag } from '../../../shared/tag.ts'
import { at, listAt, textAt } from './fields.ts'

export interface Push {
  tag: Tag
  /** Of the registry, with its port; null where it is not told. */
  host: string | null
  /** `team/app`, or what Lotan knows the repository by; null where it is not told. */
  repository: string | null
}

/** What may be no tag. */
type Named = Omit<Push, 'tag'> & { tag: string | null }

/** One delivery names few, but for one that means harm. */
const MOST = 100

export function pushesIn(payload: unknown): Push[] {
  const named = formats.flatMap((format) => format(payload))
  const pushes = named.filter((push): push is Push => push.tag !== null && isTag(push.tag) && !isArtifact(push.tag))
  const byName = new Map(pushes.map((push) => [`${push.host} ${push.repository} ${push.tag}`, push]))
  return [...byName.values()].slice(0, MOST)
}

/** What tells one delivery from another, for a registry that sends no header that does. */
export function deliveryIn(payload: unknown): string | null {
  const ids = listAt(payload, 'events').map((event) => textAt(event, 'id'))
  return textAt(payload, 'id') ?? (ids.length > 0 && ids.every((id) => id !== null) ? ids.join(' ') : null)
}

const formats = [distribution, hub, github, harbor, eventBridge, byTag]

/** https://distribution.github.io/distribution/about/notifications/: a push without a tag is of a part of an image. */
function distribution(payload: unknown): Named[] {
  return listAt(payload, 'events')
    .filter((event) => at(event, 'action') === 'push')
    .map((event) => ({
      tag: textAt(event, 'target', 'tag'),
      host: textAt(event, 'request', 'host'),
      repository: textAt(event, 'target', 'repository'),
    }))
}

/** https://docs.docker.com/docker-hub/repos/manage/webhooks/ */
function hub(payload: unknown): Named[] {
  const [tag, repository] = [textAt(payload, 'push_data', 'tag'), textAt(payload, 'repository', 'repo_name')]
  return [{ tag, host: 'docker.io', repository }]
}

/** https://docs.github.com/en/webhooks/webhook-events-and-payloads#registry_package, which `package` is the older form of. */
function github(payload: unknown): Named[] {
  return ['registry_package', 'package'].map((kind) => {
    const found = at(payload, kind)
    const [owner, name] = [textAt(found, 'owner', 'login') ?? textAt(found, 'namespace'), textAt(found, 'name')]
    return {
      tag: textAt(found, 'package_version', 'container_metadata', 'tag', 'name'),
      host: 'ghcr.io',
      // An image's name is in small letters, its owner's need not be.
      repository: owner === null || name === null ? null : `${owner}/${name}`.toLowerCase(),
    }
  })
}

/** https://goharbor.io/docs/2.13.0/working-with-projects/project-configuration/configure-webhooks/ */
function harbor(payload: unknown): Named[] {
  if (at(payload, 'type') !== 'PUSH_ARTIFACT') return []
  const repository = textAt(payload, 'event_data', 'repository', 'repo_full_name')
  return listAt(payload, 'event_data', 'resources').map((resource) => ({
    tag: textAt(resource, 'tag'),
    host: textAt(resource, 'resource_url')?.split('/')[0] ?? null,
    repository,
  }))
}

/** https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html */
function eventBridge(payload: unknown): Named[] {
  if (at(payload, 'detail-type') !== 'ECR Image Action') return []
  const detail = at(payload, 'detail')
  if (at(detail, 'action-type') !== 'PUSH' || at(detail, 'result') !== 'SUCCESS') return []
  const [account, region] = [textAt(payload, 'account'), textAt(payload, 'region')]
  return [
    {
      tag: textAt(detail, 'image-tag'),
      host: account === null || region === null ? null : `${account}.dkr.ecr.${region}.amazonaws.com`,
      repository: textAt(detail, 'repository-name'),
    },
  ]
}

/** What a job sends by hand: `{"tag": "pr-7", "repository": "api"}`. */
function byTag(payload: unknown): Named[] {
  return [{ tag: textAt(payload, 'tag'), host: null, repository: textAt(payload, 'repository') }]
}
