import { createHash, randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** The kernel's limit for a socket's path is 107 bytes. */
const SOCKET_PATH_BYTES = 100
const LONGEST_SOCKET = 'queue-processor.sock'

/** @throws when it cannot be made or written to */
export function makeDataDir(dir: string) {
  // These have a meaning in nginx's configuration, where the paths of sockets stand.
  if (/[\p{Cc}"'\\$;:{}]/u.test(dir)) throw new Error('a path with quotes, control characters or any of \\ $ ; : { }')
  makeDir(dir)
  fs.accessSync(dir, fs.constants.R_OK | fs.constants.W_OK | fs.constants.X_OK)
}

/** In the data directory; below `temp` where that path is too long for a socket. @throws also when another user's */
export function makeRunDir(dataDir: string, temp = os.tmpdir()): string {
  const dir = runDirOf(dataDir, temp)
  if (!fits(dir)) throw new Error('its path is too long for sockets')
  makeDir(dir)
  if (dir === path.join(dataDir, 'run')) return dir
  // Another user of this machine may have made something of that name.
  if (!isOurs(dir)) throw new Error(`${dir}, its place for sockets, is not ours`)
  // The group may enter: nginx's workers do.
  if (fs.lstatSync(dir).mode & 0o067) fs.chmodSync(dir, 0o700)
  return dir
}

/** As `makeRunDir`, but makes nothing: undefined where there is none, or it is another user's. */
export function findRunDir(dataDir: string, temp = os.tmpdir()): string | undefined {
  const dir = runDirOf(dataDir, temp)
  if (!fs.existsSync(dir)) return undefined
  return dir === path.join(dataDir, 'run') || isOurs(dir) ? dir : undefined
}

/** One line, made when missing: concurrent processes all get the same. @throws also when the file is damaged */
export function kept(file: string, isRight: RegExp, make: () => string): string {
  if (!fs.existsSync(file)) {
    // A link appears whole and never replaces: the first one wins.
    const mine = `${file}.${randomBytes(4).toString('hex')}`
    fs.writeFileSync(mine, `${make()}\n`, { mode: 0o600, flag: 'wx', flush: true })
    try {
      fs.linkSync(mine, file)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    } finally {
      fs.unlinkSync(mine)
    }
  }
  const text = fs.readFileSync(file, 'utf8').trim()
  if (!isRight.test(text)) throw new Error(`the file ${file} is damaged: remove it, and a new one is made`)
  if (fs.statSync(file).mode & 0o077) fs.chmodSync(file, 0o600)
  return text
}

/** What `kept` would find; undefined where there is none, and where it cannot be read. */
export function found(file: string, isRight: RegExp): string | undefined {
  try {
    const text = fs.readFileSync(file, 'utf8').trim()
    return isRight.test(text) ? text : undefined
  } catch {
    return undefined
  }
}

/** Node's own `recursive` never returns where the kernel says ENOENT for a directory that is there (/proc). */
function makeDir(dir: string) {
  if (fs.existsSync(dir)) return
  makeDir(path.dirname(dir))
  try {
    fs.mkdirSync(dir, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

function runDirOf(dataDir: string, temp: string): string {
  const usual = path.join(dataDir, 'run')
  if (fits(usual)) return usual
  return path.join(temp, `lotan-${uid()}-${createHash('sha256').update(dataDir).digest('hex').slice(0, 8)}`)
}

function isOurs(dir: string): boolean {
  const found = fs.lstatSync(dir)
  return found.isDirectory() && found.uid === uid()
}

function uid(): number {
  return process.getuid?.() ?? 0
}

function fits(dir: string): boolean {
  return Buffer.byteLength(path.join(dir, LONGEST_SOCKET)) <= SOCKET_PATH_BYTES
}
