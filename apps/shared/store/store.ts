/**
 * `apply` is the one place that changes a preview: read, `next`, write, in one immediate transaction. To wait for a
 * change, compare `version()`, which costs microseconds. `schema/schema.sql` shows the tables.
 */
import { next } from '../preview/state-machine/transitions.ts'
import { LOTAN, type Actor } from '../actor.ts'
import type { Approval, ChangeKey } from '../forge/change.ts'
import { FREE, type Standing } from '../forge/standing.ts'
import type { Log } from '../log.ts'
import type { Event } from '../preview/event.ts'
import { fresh, generationOf, countsAsRunning, isBarred, type Image, type Preview } from '../preview/preview.ts'
import { claimOf } from '../preview/state-machine/claim.ts'
import { talliesOf } from '../preview/tally.ts'
import { requestOf, tracedTo } from '../preview/trace.ts'
import { idOf, logFields, splitId, type PreviewId } from '../preview/preview-id.ts'
import { changeRows } from './changes.ts'
import { copyWishes, type CopyWish } from './copy-wishes.ts'
import { counterRows } from './counters.ts'
import { openFile } from './file.ts'
import { changeHistory, detailOf, isTold, type Note, type ServiceEnd } from './history.ts'
import { hintRows } from './hints.ts'
import { impatientWrites } from './impatient.ts'
import { hostLabels } from './labels.ts'
import { storeFacts } from './facts.ts'
import { missingTags } from './missing.ts'
import { overview } from './overview.ts'
import { passingNotes } from './best-effort.ts'
import { offeredTags } from './offered.ts'
import { previewRows } from './previews.ts'
import { passRows } from './passes.ts'
import { pulledImages } from './pulled.ts'
import { usageSamples } from './samples.ts'
import { sandboxRows } from './sandboxes.ts'
import { serviceImageRows } from './service-images.ts'
import { shellSessionRows } from './shell-sessions.ts'
import { serviceRows } from './services.ts'
import { sessionRows } from './sessions.ts'
import { shareRows } from './shares.ts'
import { resetRows } from './resets.ts'
import { slotPool } from './slots.ts'
import { snapshotRows } from './snapshots.ts'
import { stackNetworkRows } from './stack-networks.ts'
import { stackSalts } from './stack-salts.ts'
import { standings, type ForgeRules } from './standings.ts'
import { openStreams } from './streams.ts'
import { ticketRows } from './tickets.ts'
import { tokenRows } from './tokens.ts'
import { volumeRows } from './volumes.ts'
import { untilNextCommit } from './until-next-commit.ts'

export { DAMAGED, isDamage, isLocked, whatIsDamaged } from './damage.ts'
export { setAsideIfCorrupt } from './file.ts'
export type { CopyWish } from './copy-wishes.ts'
export type { Change, HistoryRow, Note, ServiceEnd } from './history.ts'
export type { Hint, HintKind } from './hints.ts'
export type { Said, Tried } from './changes.ts'
export type { OfferedTag, UnfitTag } from './offered.ts'
export type { Fact } from './facts.ts'
export type { Pulled } from './pulled.ts'
export type { ServiceImage } from './service-images.ts'
export type { Slept } from './overview.ts'
export type { Sandbox } from './sandboxes.ts'
export type { OpenedStream } from './streams.ts'
export type { Grant, Pass } from './passes.ts'
export type { Session } from './sessions.ts'
export type { LeftSession, ShellSession } from './shell-sessions.ts'
export { MOST_SHARES, type Share } from './shares.ts'
export type { Reset } from './resets.ts'
export type { Snapshot } from './snapshots.ts'
export type { Token } from './tokens.ts'
export type Store = ReturnType<typeof openStore>

/** What a copy was made of. */
export interface CopyParts {
  image: Image
  /** Names of volumes on the engine. */
  volumes: readonly string[]
  /** What the secrets are made of that its data know; undefined where there is none. */
  salt: string | undefined
  trusted: boolean
  /** For how long its original stood still for that, milliseconds. */
  frozen: number
}

/** What brings a preview up, or an image of it here: what may not run gets none of it. */
const brings: ReadonlySet<Event['type']> = new Set(['start', 'restart', 'pull', 'begin', 'refresh', 'replace', 'ahead'])

/** It may have been otherwise when the event was chosen. */
function isAgainst(event: Event, standing: Standing): boolean {
  const isFree = standing.is === 'free'
  if (event.type === 'stop') return isFree && isBarred(event.why)
  // A pin would let it run, and is no approval.
  if (event.type === 'pin') return standing.is === 'asks' || standing.is === 'refused'
  if (!brings.has(event.type)) return false
  return !isFree || ('trusted' in event && event.trusted === true && !standing.isTrusted)
}

/** The time of a smaller pull is that of its questions. */
const SIZED_BYTES = 1_000_000

/**
 * Brings the schema up to date.
 * @param options.slots how many slots the pool has, for the processes that hand them out
 * @param options.label the label of a preview's host, or of its service's, kept beside it so that the host finds it again
 * @param options.busyMs how long another process's write is waited for, if not 5 s
 * @throws when the file is no database, or is from a newer Lotan
 */
export function openStore(
  file: string,
  options: {
    slots: number
    label: (id: PreviewId, service?: string) => string
    /** Null, or left out, where no forge is configured. */
    forge?: ForgeRules | null
    log: Log
    onDamage?: (error: Error) => void
    busyMs?: number
  },
) {
  const { slots, label, forge = null, log, ...opening } = options
  const { db, busyMs, ...opened } = openFile(file, opening)
  // What is taken out by name is for `apply` alone; the rest is the store's.
  const { find, put, remove, list, ...previews } = previewRows(db, label)
  const { noteLately, lately, facts } = storeFacts(db)
  const { noteChange, note, lastGeneration, ...history } = changeHistory(db)
  const { tally, counters } = counterRows(db)
  const { noteMissing, forgetMissing, ...missing } = missingTags(db)
  const tags = offeredTags(db, label)
  const {
    next: nextSlot,
    noteEndpoints,
    take,
    free,
    nextForService,
    countGiven,
    restService,
    ...pool
  } = slotPool(db, facts, slots)
  const { slotFor, noteGiven, ...sandboxes } = sandboxRows(db, { next: nextSlot, take, free }, slots)
  const { followStreams, noteStreams, isResting } = openStreams(db)
  const { writeSoon, whyNotSoon } = impatientWrites(db, busyMs)
  const changes = changeRows(db)
  const salts = stackSalts(db)
  const volumes = volumeRows(db, salts)
  const { standing, barred } = standings(db, { forge, changes, version: opened.version })

  const commit = db.transaction((id: PreviewId, event: Event, now: number, actor: Actor) => {
    const was = find(id)
    if (forge && isAgainst(event, standing(id, was, now))) return undefined
    const whole = withClaim(was, event, now)
    if (!whole) return undefined
    const changed = counted(was, next(was, id, whole, now))
    if (!changed) return undefined
    const becomes = { ...changed, request: requestOf(was, changed, actor) }
    write(was, becomes, now)
    learn(was, becomes, whole)
    if (whole.type === 'missing') noteMissing(id, now)
    if (whole.type === 'start') forgetMissing(id, now)
    noteChange(was, becomes, event, now, actor)
    tally(talliesOf(was, becomes, whole))
    followStreams(whole, becomes)
    return { was, becomes }
  })

  /** In the transaction that counts what there is. Undefined where there is none. */
  function withClaim(was: Preview | undefined, event: Event, now: number): Event | undefined {
    const { places, slot, sandbox } = claimOf(event, was)
    const hasPlace = !was || countsAsRunning(was.state)
    if (places !== undefined && !hasPlace && previews.places() >= places) return undefined
    if (slot === undefined) return event
    if (slot !== 'next') return pool.isTaken(slot) ? undefined : event
    const claimed = was && slotFor(sandbox, now)
    return claimed && { ...event, ...claimed }
  }

  /** A preview that comes back after its row went counts its generations on: a late report of an old one stays one. */
  function counted(was: Preview | undefined, becomes: Preview | undefined): Preview | undefined {
    if (was || !becomes) return becomes
    return { ...becomes, generations: Math.max(becomes.generations, lastGeneration(idOf(becomes)) ?? 0) }
  }

  function write(was: Preview | undefined, becomes: Preview, now: number) {
    noteEndpoints(was, becomes, now)
    noteGiven(becomes)
    if (becomes.state !== 'unknown') return put(becomes)
    tags.forgetDigest(idOf(becomes))
    remove(idOf(becomes))
  }

  /** What other previews, and this one after its row has gone, may use. */
  function learn(was: Preview | undefined, becomes: Preview, event: Event) {
    const { took } = becomes
    const fetched = was?.state === 'pulling' ? (was.progress?.total ?? 0) : 0
    if (event.type === 'pulled' && took.pull && fetched >= SIZED_BYTES) noteLately('pullRate', fetched / took.pull)
    if (event.type === 'answered' && was?.state === 'starting') noteLately('start', took.start ?? 0)
    if (event.type === 'pulled' || event.type === 'renewed' || event.type === 'ahead')
      tags.digest(idOf(becomes), event.image.digest)
  }

  function noteDone(id: PreviewId, done: Note, now: number, actor: Actor): void {
    note(find(id) ?? { ...fresh, ...splitId(id), since: now, state: 'unknown', why: 'never' }, done, now, actor)
    if (done.type === 'session') tally([{ name: 'shellSession', label: `${done.kind} ${done.end.why}`, by: 1 }])
  }

  const wishes = copyWishes(db)

  const made = db.transaction((wish: CopyWish, parts: CopyParts, now: number): boolean => {
    const { copy, of, kept, lasts, actor } = wish
    const until = lasts === null ? null : now + lasts
    const event = {
      type: 'copied',
      copy: { of: splitId(of).tag, at: now, kept, trusted: parts.trusted },
      image: parts.image,
      until,
    } as const
    wishes.forget(copy)
    if (!commit(copy, event, now, actor)) return false
    volumes.switchTo(parts.volumes, parts.salt === undefined ? undefined : { id: copy, salt: parts.salt })
    const original = find(of)
    const as = splitId(copy).tag
    if (original) note(original, { type: kept ? 'kept' : 'cloned', as, frozen: parts.frozen }, now, actor)
    return true
  })

  return {
    /** @returns the preview as it now is (state `unknown` when its row went); undefined when nothing has changed */
    apply(id: PreviewId, event: Event, now = Date.now(), actor = LOTAN): Preview | undefined {
      const done = commit.immediate(id, event, now, actor)
      if (!done) return undefined
      const { was, becomes } = done
      log[isTold(event) ? 'info' : 'debug'](
        {
          ...logFields(id),
          event: event.type,
          was: was?.state ?? 'unknown',
          state: becomes.state,
          change: becomes.change,
          generation: generationOf(becomes)?.number,
          detail: detailOf(event, becomes) ?? undefined,
          who: actor.who,
          address: actor.address ?? undefined,
          request: tracedTo(was, becomes, actor) ?? undefined,
        },
        'preview changed',
      )
      return becomes
    },

    /**
     * Lets a fork's change run, or not any more. @param change null where it is not known: then it is about the tag
     * @param approval null takes it back
     */
    approve: db.transaction(
      (id: PreviewId, change: ChangeKey | null, approval: Approval | null, now: number, actor: Actor) => {
        if (change) changes.approve(change, approval)
        if (!change || !approval) changes.approveTag(id, approval)
        const preview: Preview = find(id) ?? { ...fresh, ...splitId(id), since: now, state: 'unknown', why: 'never' }
        note(preview, { type: approval ? 'approve' : 'disapprove', number: change?.number ?? null }, now, actor)
      },
    ).immediate,

    /** Writes into its history what was done about it; it need not have a row any more. */
    noteDone: db.transaction(noteDone).immediate,
    /** Tells in its preview's history that a service has ended, and is started again; and counts that. */
    noteServiceEnd: db.transaction((id: PreviewId, end: Omit<ServiceEnd, 'type'>, now: number): void => {
      const preview = find(id)
      if (preview) note(preview, { type: 'serviceEnded', ...end }, now, LOTAN)
      tally([{ name: 'serviceRestart', label: '', by: 1 }])
    }).immediate,

    /** Whether it may run, as its change stands. */
    standing: (id: PreviewId, now: number): Standing => (forge ? standing(id, find(id), now) : FREE),
    barred,

    ...pool,
    sandboxes,
    sessions: sessionRows(db),
    shares: shareRows(db, (id, ...noted) => {
      const preview = find(id)
      if (preview) note(preview, ...noted)
    }),
    passes: passRows(db),
    tokens: tokenRows(db),
    changes,
    hints: hintRows(db),
    serviceImages: serviceImageRows(db),
    services: serviceRows(db, { nextForService, countGiven, restService }),
    stackNetworks: stackNetworkRows(db),
    volumes,
    snapshots: snapshotRows(db, noteDone),
    resets: resetRows(db, volumes, noteDone),
    stackSalts: salts,
    tickets: ticketRows(db),
    shellSessions: shellSessionRows(db),
    copies: {
      ...wishes,
      /** All parts of a copy are here: its row, its volumes and the end of the wish, at once. @returns false where it cannot be */
      made: (wish: CopyWish, parts: CopyParts, now = Date.now()): boolean => made.immediate(wish, parts, now),
    },
    ...previews,
    /** By repository and tag. The same ones until the next commit of any process: do not change them. */
    list: untilNextCommit(opened.version, list),
    lastGeneration,
    ...history,
    counters,
    ...missing,
    ...tags,
    ...hostLabels(db, label),
    ...pulledImages(db),
    ...usageSamples(db),
    overview: overview(db, file),
    facts,
    lately,
    isResting,
    writeSoon,
    ...passingNotes(db, file, facts, noteStreams, whyNotSoon, log),
    ...opened,
  }
}
