import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lotan-create-'))
after(() => fs.rmSync(dir, { recursive: true }))

/** Where SQLite made the file, one of the first few was lost. */
const RACES = 60

test('processes that start at once on a new database all come up, and none sees it empty', async (t) => {
  const opener = path.join(dir, 'opener.ts')
  fs.writeFileSync(
    opener,
    `import fs from 'node:fs'
     import { openFile } from ${JSON.stringify(path.join(import.meta.dirname, 'file.ts'))}
     process.on('message', (file) => {
       try {
         while (!fs.existsSync(file + '.go')) {}
         const isEmpty = fs.statSync(file, { throwIfNoEntry: false })?.size === 0
         const opened = openFile(file)
         opened.db.prepare('SELECT count(*) FROM preview').get()
         opened.close()
         process.send(isEmpty ? 'it is empty' : 'well')
       } catch (error) {
         process.send(String(error))
       }
     })
     process.send('ready')`,
  )
  const openers = Array.from({ length: 3 }, () => fork(opener))
  t.after(() => openers.forEach((child) => child.kill('SIGKILL')))
  await Promise.all(openers.map((child) => once(child, 'message')))
  for (let race = 0; race < RACES; race++) {
    const file = path.join(dir, `${race}.sqlite`)
    const said = openers.map(async (child) => (await once(child, 'message'))[0] as string)
    for (const child of openers) child.send(file)
    fs.writeFileSync(`${file}.go`, '')
    assert.deepEqual(await Promise.all(said), ['well', 'well', 'well'], `race ${race}`)
  }
  assert.deepEqual(
    fs.readdirSync(dir).filter((name) => name.includes('.new-')),
    [],
  )
})
