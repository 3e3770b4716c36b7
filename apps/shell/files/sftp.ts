/**
 * Files of a container by SFTP, version 3 as OpenSSH speaks it (draft-ietf-secsh-filexfer-02): for `scp`, `sftp` and editors.
 * Links are read, and none is made from here.
 */
import type { Attributes, SFTPWrapper } from 'ssh2'
import type { ShellContext } from '../context.ts'
import { endProcesses } from '../helper/end-processes.ts'
import { NoEntry } from '../no-entry.ts'
import type { Session } from '../sessions/open-sessions.ts'
import type { Target } from '../target.ts'
import { endSftp } from './end-sftp.ts'
import { appends, creates, howOf, longName, octal, readFacts, readList, textsOf } from './file-facts.ts'
import { openFileLoop, type FileLoop } from './file-loop.ts'
import { FileProblem, statuses } from './file-problem.ts'
import { openFile, type OpenFile } from './open-file.ts'

const MOST_HANDLES = 100
const NAMES_AT_ONCE = 100
/** A client that does not wait for its answers is cut. Bytes. */
const MOST_WAITING = 64 * 1024 ** 2
const MOST_AT_ONCE = 256 * 1024

interface Folder {
  entries: ReturnType<typeof readList>
}

/** What a session of SFTP is in. */
export interface Entered {
  session: Session
  target: Target
}

/**
 * Takes what the client asks from now on; it is answered once the preview is up. Ends the session when the client goes.
 * @param entered rejects with NoEntry where nobody is let in: that is what each question is answered with
 */
export function serveSftp(
  sftp: SFTPWrapper,
  context: Pick<ShellContext, 'helpers' | 'log'>,
  entered: Promise<Entered>,
): void {
  const handles = new Map<number, OpenFile | Folder>()
  let nextHandle = 1
  let waitingBytes = 0
  const asking = new Set<Promise<unknown>>()
  const begun = entered.then(begin)
  // ssh's own status, for what is no status of a program.
  begun.catch((error: unknown) => endSftp(sftp, 255, statusOf(error)[1]))
  // Once all is answered that it has asked before.
  sftp.once('end', () => void Promise.allSettled(asking).then(() => endSftp(sftp, 0)))

  async function begin({ session, target }: Entered): Promise<{ loop: FileLoop; home: string; session: Session }> {
    session.inside(target.container)
    const over = () => {
      endSftp(sftp, 255)
      void endProcesses(context.helpers, target, session.id).catch(() => {})
    }
    session.signal.addEventListener('abort', over, { once: true })
    sftp.once('close', () => session.end({ why: 'closed' }))
    const loop = await openFileLoop(context.helpers, target, session)
    session.signal.addEventListener('abort', loop.close, { once: true })
    const home = (await loop.ask('start', ['/'])).toString('utf8').replace(/\n$/, '')
    return { loop, home, session }
  }

  /** Answers a question with what it finds, or with why it cannot. */
  function answer(id: number, act: (loop: FileLoop, at: (path: string) => string) => Promise<void>): void {
    const asked = async () => {
      const { loop, home, session } = await begun
      session.touch()
      await act(loop, (path) =>
        path.startsWith('/') ? path : path === '' || path === '.' ? home : `${home === '/' ? '' : home}/${path}`,
      )
    }
    const one = asked()
      .catch((error: unknown) => sftp.status(id, ...statusOf(error)))
      .finally(() => asking.delete(one))
    asking.add(one)
  }

  /** One that answers with nothing but that it is done. */
  function done(id: number, act: (loop: FileLoop, at: (path: string) => string) => Promise<unknown>): void {
    answer(id, async (loop, at) => {
      await act(loop, at)
      sftp.status(id, statuses.ok)
    })
  }

  function statusOf(error: unknown): [code: number, sentence: string] {
    if (error instanceof FileProblem) return [statuses[error.status], error.message]
    if (error instanceof NoEntry) return [statuses.failure, error.message]
    context.log.error({ err: error }, 'a question of SFTP could not be answered')
    return [statuses.failure, 'Something went wrong, which Lotan has noted in its log.']
  }

  function handed(thing: OpenFile | Folder): Buffer {
    if (handles.size >= MOST_HANDLES)
      throw new FileProblem('failure', `${MOST_HANDLES} files are open, which is as many as may be.`)
    const number = nextHandle++
    handles.set(number, thing)
    const handle = Buffer.alloc(4)
    handle.writeUInt32BE(number)
    return handle
  }

  function held(handle: Buffer): OpenFile | Folder {
    const found = handle.length === 4 ? handles.get(handle.readUInt32BE()) : undefined
    if (!found) throw new FileProblem('failure', 'There is no such handle.')
    return found
  }

  function file(handle: Buffer): OpenFile {
    const found = held(handle)
    if ('entries' in found) throw new FileProblem('failure', 'This is a folder.')
    return found
  }

  async function change(loop: FileLoop, path: string, attributes: Partial<Attributes>): Promise<void> {
    const { size, uid, gid, mode, atime, mtime } = attributes
    if (size !== undefined) await loop.ask('truncate', [path, size])
    if (uid !== undefined && gid !== undefined) await loop.ask('chown', [path, `${uid}:${gid}`])
    if (mode !== undefined) await loop.ask('chmod', [path, octal(mode)])
    if (atime !== undefined && mtime !== undefined) await loop.ask('times', [path, atime, mtime])
  }

  sftp.on('OPEN', (id, name, flags, attributes: Partial<Attributes>) =>
    answer(id, async (loop, at) => {
      const path = at(name)
      const mode = (attributes.mode ?? 0o644) & 0o777
      // Each of its pieces is written by a program of its own: until the last one its owner may write it.
      const isNew =
        creates(flags) &&
        !(await loop.ask('stat', [path]).then(
          () => true,
          () => false,
        ))
      await loop.ask('open', [path, howOf(flags), octal(mode | 0o200)])
      const lastMode = isNew && (mode & 0o200) === 0 ? mode : null
      sftp.handle(id, handed(openFile(loop, { path, appends: appends(flags), lastMode })))
    }),
  )
  sftp.on('READ', (id, handle, offset, length) =>
    answer(id, async () => {
      const bytes = await file(handle).read(offset, Math.min(length, MOST_AT_ONCE))
      if (bytes.length === 0) sftp.status(id, statuses['end-of-file'])
      else sftp.data(id, bytes)
    }),
  )
  sftp.on('WRITE', (id, handle, offset, data) => {
    waitingBytes += data.length
    if (waitingBytes > MOST_WAITING) return sftp.end()
    // What ssh2 hands out may lie in a buffer that it uses again.
    const bytes = Buffer.from(data)
    done(id, () =>
      file(handle)
        .write(offset, bytes)
        .finally(() => (waitingBytes -= bytes.length)),
    )
  })
  sftp.on('CLOSE', (id, handle) =>
    done(id, async () => {
      const found = held(handle)
      handles.delete(handle.readUInt32BE())
      if (!('entries' in found)) await found.close()
    }),
  )
  sftp.on('OPENDIR', (id, name) =>
    answer(id, async (loop, at) => {
      const path = at(name).replace(/(?<=.)\/+$/, '')
      const entries = readList(await loop.ask('list', [path]), loop.mark, `${path}/`)
      sftp.handle(id, handed({ entries }))
    }),
  )
  sftp.on('READDIR', (id, handle) =>
    answer(id, async () => {
      const found = held(handle)
      if (!('entries' in found)) throw new FileProblem('failure', 'This is no folder.')
      const some = found.entries.splice(0, NAMES_AT_ONCE)
      if (some.length === 0) return sftp.status(id, statuses['end-of-file'])
      sftp.name(
        id,
        some.map(({ filename, facts }) => ({ filename, longname: longName(filename, facts), attrs: facts.attributes })),
      )
    }),
  )
  for (const [event, verb] of [
    ['STAT', 'stat'],
    ['LSTAT', 'lstat'],
  ] as const)
    sftp.on(event, (id: number, name: string) =>
      answer(id, async (loop, at) =>
        sftp.attrs(id, readFacts((await loop.ask(verb, [at(name)])).toString('utf8')).attributes),
      ),
    )
  sftp.on('FSTAT', (id, handle) =>
    answer(id, async (loop) => {
      const { path, flushed } = file(handle)
      await flushed()
      sftp.attrs(id, readFacts((await loop.ask('stat', [path])).toString('utf8')).attributes)
    }),
  )
  sftp.on('SETSTAT', (id, name, attributes) => done(id, (loop, at) => change(loop, at(name), attributes)))
  sftp.on('FSETSTAT', (id, handle, attributes: Partial<Attributes>) =>
    done(id, async (loop) => {
      const { path, flushed, setMode } = file(handle)
      await flushed()
      if (attributes.mode !== undefined) setMode(attributes.mode & 0o7777)
      await change(loop, path, attributes)
    }),
  )
  sftp.on('MKDIR', (id, name, attributes: Partial<Attributes>) =>
    done(id, (loop, at) => loop.ask('mkdir', [at(name), octal(attributes.mode ?? 0o755)])),
  )
  sftp.on('RMDIR', (id, name) => done(id, (loop, at) => loop.ask('rmdir', [at(name)])))
  sftp.on('REMOVE', (id, name) => done(id, (loop, at) => loop.ask('remove', [at(name)])))
  sftp.on('RENAME', (id, from, to) => done(id, (loop, at) => loop.ask('rename', [at(from), at(to)])))
  for (const [event, verb] of [
    ['REALPATH', 'realpath'],
    ['READLINK', 'readlink'],
  ] as const)
    sftp.on(event, (id: number, name: string) =>
      answer(id, async (loop, at) => {
        const filename = (await loop.ask(verb, [at(name)])).toString('utf8').replace(/\n$/, '')
        sftp.name(id, [{ filename, longname: filename, attrs: {} as Attributes }])
      }),
    )
  sftp.on('SYMLINK', (id) =>
    done(id, () => Promise.reject(new FileProblem('unsupported', 'Links are not made from here.'))),
  )
  sftp.on('EXTENDED', (id, name, data) =>
    done(id, async (loop, at) => {
      const [first, second] = textsOf(data)
      if (name === 'posix-rename@openssh.com' && first !== undefined && second !== undefined)
        return loop.ask('replace', [at(first), at(second)])
      throw new FileProblem('unsupported', `${name} is not spoken here.`)
    }),
  )
}
