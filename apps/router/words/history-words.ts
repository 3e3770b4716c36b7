import { LOTAN } from '../../shared/actor.ts'
import type { Notice } from '../../shared/preview/notice.ts'
import type { ToldType } from '../../shared/preview/event.ts'
import type { StartedBy } from '../../shared/preview/preview.ts'
import type { Note } from '../../shared/store/store.ts'
import { noticeWords } from './notice-words.ts'
import { sessionWords } from './session-words.ts'
import { stopWords } from './stop-words.ts'

type Says = (detail: string | null, tag: string) => string

const starts: Record<StartedBy, string> = {
  visit: 'a visitor opened it',
  button: 'a visitor asked for another try',
  shell: 'somebody wants to look inside',
  admin: 'Start was pressed',
  api: 'asked for',
  retry: 'another try',
  reaper: 'it should run',
  verify: 'to see whether a new image answers',
}

/** A slot, a digest, or the engine's own words. */
const itself: Says = (detail) => detail ?? ''
const always =
  (text: string): Says =>
  () =>
    text

const says: Record<ToldType | Note['type'], Says> = {
  start: (detail) => lookUp(starts, detail) ?? '',
  stop: (detail) => lookUp(stopWords, detail)?.history ?? '',
  restart: always('a restart was asked for'),
  pause: always('nobody used it'),
  freeze: always('its container is frozen'),
  woken: always('its container goes on'),
  inUse: always('somebody uses it after all'),
  remove: always('its removal was asked for'),
  forget: itself,
  pin: (until) => (until ? `pinned until ${until}` : 'pinned'),
  unpin: always('not pinned any more'),
  removeSoon: always('its removal was asked for, and may be taken back'),
  keep: always('it stays after all'),
  share: (detail) => `share link ${detail}`,
  unshare: (detail) => `share link ${detail} ended`,
  approve: (number) => (number === null ? 'approved, with what is pushed later' : `pull request ${number} approved`),
  disapprove: (number) => `the approval${number === null ? '' : ` of pull request ${number}`} was taken back`,
  snapshot: (detail) => `snapshot made: ${detail}`,
  snapshotRemoved: (name) => `snapshot ${name} was deleted`,
  snapshotPublished: (name) => `other previews may begin with snapshot ${name}`,
  snapshotUnpublished: (name) => `other previews may not begin with snapshot ${name} any more`,
  reset: (name) => (name === null ? 'its volumes were emptied' : `its volumes are those of snapshot ${name} again`),
  volumeRemoved: (volume) => `its volume ${volume} was deleted`,
  secretsRead: always('its secrets were read'),
  volumeLost: (volume) => `its volume ${volume} had gone, and was made again: it is empty`,
  session: (detail) => sessionWords(detail ?? ''),
  serviceEnded: (detail) => `${(detail ?? '').replace(/ |$/, ' ended$&')}, and is started again`,
  pull: itself,
  found: always('its image was here'),
  imageGone: always('its image had gone'),
  lacks: always('an image of its services was not here'),
  missing: always('the registry does not have it'),
  pulled: (detail) => (detail ? `image ${detail.replace(/^sha256:/, '').slice(0, 8)}` : 'image pulled'),
  ahead: itself,
  unlisted: itself,
  refresh: itself,
  current: itself,
  notRenewed: itself,
  renewed: always('a newer image is here'),
  replace: always('a container of it comes up beside'),
  left: always('the older container is gone'),
  begin: itself,
  created: (detail) => (detail ? `container ${detail}` : ''),
  slotTaken: itself,
  started: itself,
  answered: (detail, tag) => (detail === null ? 'gave its first answer' : answerWords(detail, tag)),
  fail: itself,
  exited: itself,
  diskOver: itself,
  curbed: (detail) =>
    detail === 'no more'
      ? 'it may use the processor again'
      : 'it makes processes without end: it gets little of the processor',
  ending: itself,
  ended: itself,
  removed: itself,
  cleaned: always('container and image removed'),
  adopt: always('was running already'),
  copied: (of) => `made of ${of}`,
  cloned: (detail) => `cloned as ${detail}`,
  kept: (detail) => `kept as ${detail}`,
  notCopied: (detail) => `no copy was made, ${detail}`,
}

/** @param event perhaps one that this Lotan does not know */
export function historyWords(event: string, detail: string | null, tag: string): string {
  return (lookUp(says, event) ?? itself)(detail, tag)
}

/** Empty for what Lotan did by itself, and where an earlier one has not noted it. */
export function actorWords({ who, address }: { who: string | null; address: string | null }): string {
  if (who === null || who === LOTAN.who) return ''
  const by = who === 'visitor' ? '' : `by ${who}`
  return [by, address === null ? '' : `from ${address}`].filter(Boolean).join(' ')
}

/** An earlier Lotan wrote notices down in words. */
function answerWords(detail: string, tag: string): string {
  return detail.startsWith('[') ? noticeWords(tag, JSON.parse(detail) as Notice[]) : detail
}

function lookUp<T>(table: Record<string, T>, name: string | null): T | undefined {
  return name !== null && Object.hasOwn(table, name) ? table[name] : undefined
}
