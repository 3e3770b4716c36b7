/** Sandboxes: those that stand ready, and those that a generation's container joins. */
import type { Database } from 'better-sqlite3'
import { generationsOf, type Preview } from '../preview/preview.ts'
import type { Claim } from '../preview/state-machine/claim.ts'
import { idOf, type PreviewId, type PreviewKey } from '../preview/preview-id.ts'
import type { slotPool } from './slots.ts'

/**
 * `making`: the engine is asked for it. `unchecked`: it stood ready for an earlier process, perhaps in a database that was
 * restored since. `ready`: it waits for a container. `given`: a generation has it, or had it; no other gets it, ever.
 */
export type SandboxState = 'making' | 'unchecked' | 'ready' | 'given'

export interface Sandbox {
  number: number
  state: SandboxState
  /** Where slots are ports: the port inside that its own leads to. */
  port: number | null
  /** Null for one that was stopped and gave its address up. */
  slot: number | null
  /** The preview that has it; null also for one whose generation has gone. */
  preview: PreviewId | null
}

type Row = Omit<Sandbox, 'preview'> & { [K in keyof PreviewKey]: PreviewKey[K] | null }

/** @param pool its functions are called in the transaction of the caller @param slots how many it has */
export function sandboxRows(
  db: Database,
  pool: Pick<ReturnType<typeof slotPool>, 'next' | 'take' | 'free'>,
  slots: number,
) {
  const select = `
    SELECT sandbox.*, slot, generation.repository, generation.tag
    FROM sandbox
      LEFT JOIN endpoint ON endpoint.sandbox = sandbox.number
      LEFT JOIN generation ON generation.sandbox = sandbox.number
  `
  const selectAll = db.prepare<[], Row>(`${select} ORDER BY sandbox.number`)
  const selectOne = db.prepare<[number], Row>(`${select} WHERE sandbox.number = ?`)
  const selectReady = db.prepare<[number], Row>(
    `${select} WHERE sandbox.state = 'ready' AND (sandbox.port IS NULL OR sandbox.port = ?) ORDER BY sandbox.number LIMIT 1`,
  )
  const selectStopped = db.prepare<[number], unknown>(`
    SELECT 1 FROM generation JOIN preview USING (repository, tag)
    WHERE generation.sandbox = ? AND role = 'serving' AND state = 'stopped'
  `)
  const insert = db.prepare<{ port: number | null }>("INSERT INTO sandbox (state, port) VALUES ('making', @port)")
  const setState = db.prepare<{ number: number; state: SandboxState }>(
    'UPDATE sandbox SET state = @state WHERE number = @number',
  )
  const doubt = db.prepare("UPDATE sandbox SET state = 'unchecked' WHERE state = 'ready'")
  const give = db.prepare<[number]>(`
    INSERT INTO sandbox (number, state) VALUES (?, 'given')
    ON CONFLICT (number) DO UPDATE SET state = 'given' WHERE state <> 'given'
  `)
  const remove = db.prepare<[number]>('DELETE FROM sandbox WHERE number = ?')

  const toSandbox = ({ repository, tag, ...row }: Row): Sandbox => ({
    ...row,
    preview: repository === null || tag === null ? null : idOf({ repository, tag }),
  })

  const begin = db.transaction((port: number | null, now: number): Sandbox | undefined => {
    const slot = pool.next(now)
    if (slot === undefined) return undefined
    const number = Number(insert.run({ port }).lastInsertRowid)
    pool.take({ kind: 'sandbox', slot, sandbox: number })
    return toSandbox(selectOne.get(number)!)
  })

  function freeSlot(number: number, now: number): void {
    const slot = selectOne.get(number)?.slot
    if (slot != null) pool.free(slot, now)
  }

  const forget = db.transaction((number: number, now: number): void => {
    freeSlot(number, now)
    remove.run(number)
  })

  const retire = db.transaction((number: number, what: 'remove' | 'stop', givesSlot: boolean, now: number): boolean => {
    const row = selectOne.get(number)
    if (what === 'remove') {
      if (row?.tag != null) return false
      if (row) setState.run({ number, state: 'given' })
      return true
    }
    if (row?.tag == null || selectStopped.get(number) === undefined) return false
    if (givesSlot) freeSlot(number, now)
    return true
  })

  /** A container that is to come joins it only while no other has. */
  const ready = db.transaction((number: number): boolean => {
    const state = selectOne.get(number)?.state
    if (state !== 'making' && state !== 'unchecked') return false
    setState.run({ number, state: 'ready' })
    return true
  })

  return {
    list: (): Sandbox[] => selectAll.all().map(toSandbox),

    get: (number: number): Sandbox | undefined => {
      const row = selectOne.get(number)
      return row && toSandbox(row)
    },

    /** Takes a slot for one that is to be made. @returns undefined where none is free */
    begin: (port: number | null, now = Date.now()): Sandbox | undefined => begin.immediate(port, now),

    /** Those that are ready are to be looked at before they are taken. */
    doubt: (): void => void doubt.run(),

    /** It stands ready from now on. @returns false where it was forgotten meanwhile */
    ready: (number: number): boolean => ready.immediate(number),

    /**
     * Before it goes, or is stopped: from then on no start takes it, or the start of the preview that has it finds it so.
     * @param givesSlot its slot rests from now on
     * @returns false where a generation has taken it meanwhile, or its preview starts
     */
    retire: (number: number, what: 'remove' | 'stop', givesSlot = false, now = Date.now()): boolean =>
      retire.immediate(number, what, givesSlot, now),

    /** Its container is gone. */
    forget: (number: number, now = Date.now()): void => forget.immediate(number, now),

    /** The slot of an event, in its transaction: that of its sandbox, else the next in turn. */
    slotFor(sandbox: Claim['sandbox'], now: number): { slot: number; sandbox: number | null } | undefined {
      const found = sandbox && ('number' in sandbox ? selectOne.get(sandbox.number) : selectReady.get(sandbox.port))
      // LOTAN_SLOTS was lowered.
      const isBeyond = found?.slot != null && found.slot > slots
      if (isBeyond) pool.free(found.slot!, now)
      const slot = (isBeyond ? null : found?.slot) ?? pool.next(now)
      return slot === undefined ? undefined : { slot, sandbox: found?.number ?? null }
    },

    /** In the transaction of the change. */
    noteGiven(becomes: Preview): void {
      for (const { sandbox } of generationsOf(becomes)) if (sandbox !== null) give.run(sandbox)
    },
  }
}
