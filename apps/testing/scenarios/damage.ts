/** Ways to damage the database under a running Lotan, and visitors who look for wrong previews meanwhile. */
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { asBrowser, isWaiting, type Lotan } from '../harness/lotan.ts'

/** Each gets the database's path. */
export const ways = {
  'overwritten in its middle': (file) => overwrite(file, 4_096, fs.statSync(file).size - 4_096),
  'overwritten at its beginning': (file) => overwrite(file, 0, 4_096),
  'cut off to nothing': (file) => fs.truncateSync(file),
  'cut in half': (file) => fs.truncateSync(file, fs.statSync(file).size >> 1),
  removed: (file) => fs.rmSync(file),
  'removed with its journal': (file) => ['', '-wal', '-shm'].forEach((suffix) => fs.rmSync(file + suffix)),
  'replaced by something else': (file) => replace(file, Buffer.from('no database '.repeat(1_000))),
  'replaced by a copy of itself': (file) => replace(file, fs.readFileSync(file)),
  'without its journal': (file) => fs.rmSync(`${file}-wal`),
  'with a journal that was cut off': (file) => fs.truncateSync(`${file}-wal`),
  'with noise in its journal': (file) => overwrite(`${file}-wal`, 0, fs.statSync(`${file}-wal`).size),
  'without what it keeps in memory': (file) => fs.rmSync(`${file}-shm`),
  'without its tables': (file) => inDatabase(file, 'DROP TABLE preview; DROP TABLE generation; DROP TABLE meta'),
} satisfies Record<string, (file: string) => void>

/** Without the files that belong to it. */
export function setAside(file: string): string[] {
  const names = fs.readdirSync(path.dirname(file)).filter((name) => name.includes('.corrupt-'))
  return [...new Set(names.map((name) => name.replace(/-(wal|shm)$/, '')))]
}

/** Visits previews until `end`, and notes responses that are neither the preview nor a waiting page. */
export function keepVisiting(lotan: Lotan, tags: readonly string[]) {
  let over = false
  const seen = { wrong: [] as string[], longest: 0 }
  const visits = tags.map(async (tag) => {
    for (let last = performance.now(); !over; await sleep(30)) {
      // nginx may be starting.
      const answer = await lotan.request(tag, { path: '/plain', headers: asBrowser }).catch(() => undefined)
      if (answer?.status === 200) {
        if (answer.text !== tag) seen.wrong.push(`${tag} shows ${answer.text}`)
        seen.longest = Math.max(seen.longest, performance.now() - last)
        last = performance.now()
      } else if (answer && !isWaiting(answer) && answer.status !== 307) seen.wrong.push(`${tag}: ${answer.status}`)
    }
  })
  return {
    /** @returns what was wrong, and the longest time without the application, milliseconds */
    async end() {
      over = true
      await Promise.all(visits)
      return seen
    },
  }
}

function overwrite(name: string, from: number, bytes: number) {
  const opened = fs.openSync(name, 'r+')
  fs.writeSync(opened, Buffer.alloc(bytes, 0xa5), 0, bytes, from)
  fs.closeSync(opened)
}

function replace(file: string, bytes: Buffer) {
  fs.writeFileSync(`${file}.new`, bytes)
  fs.renameSync(`${file}.new`, file)
}

function inDatabase(file: string, sql: string) {
  const db = new Database(file)
  db.exec(sql)
  db.close()
}
